"""Text from logs made safe to show: an intruder chose it, a terminal must not obey it.

Example: `sanitise("ok\\x1b[2J")` gives `ok\\x1b[2J` spelt out, so that it clears no screen and a
right-to-left override cannot turn a name round.
"""

from __future__ import annotations

import re
import unicodedata

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Cc control, Cf format (bidi marks, zero width, tags), Cs lone surrogates, Co private use,
# Zl and Zp line and paragraph separators; Cn is not assigned, so no terminal agrees on its width.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PRINTABLE_ASCII = re.compile(r"[ -~]*")
_BLANKS = re.compile(r"[^\S ]")  # no-break and other wide spaces, which hide trailing text


def sanitise(text: str) -> str:
    """Return the text on one line, with all that is invisible or steers a terminal spelt out."""
    if _PRINTABLE_ASCII.fullmatch(text):
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if unicodedata.category(char) not in _HIDDEN and not _BLANKS.match(char):
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shorten(text: str, most: int) -> str:
    """Return the text cut to `most` characters, with how many more there were."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… (+{len(text) - most} characters)"
