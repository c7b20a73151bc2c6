"""`| firstseen`: puts the add-on's libraries on the path and runs the command."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from flowtrap_splunk.first_seen import FirstSeen
from flowtrap_splunk.serve import serve

sys.exit(serve(FirstSeen, "firstseen", sys.stdin.buffer, sys.stdout.buffer))
