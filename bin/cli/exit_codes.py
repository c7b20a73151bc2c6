"""What the command says to the shell (design, section 7)."""

from __future__ import annotations

DONE = 0
BAD_INPUT = 1
INCOMPLETE = 2
FINDINGS = 3
INTERRUPTED = 130
