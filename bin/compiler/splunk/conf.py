"""Conf files as Splunk reads them: `{"stanza": {"key": "value"}}` to text, and back for the checks.

Example: `text({"m": {"definition": "a\\nb"}})` writes a continued line, `a \\\\` and `b`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowtrap.model.errors import DetectionError

Stanzas = Mapping[str, Mapping[str, str]]
HEAD = (
    "# Written from the detections when the add-on is built. Change the local folder, not this.\n"
)


def text(stanzas: Stanzas, head: str = HEAD) -> str:
    """Return a conf file's text; stanzas and keys keep their order."""
    parts = [head]
    for name, settings in stanzas.items():
        lines = [f"[{name}]", *(f"{key} = {_value(value)}" for key, value in settings.items())]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _value(value: str) -> str:
    lines = [line.rstrip() for line in value.strip().split("\n")]
    return " \\\n".join(lines)


def parse(source: str, place: str = "conf") -> dict[str, dict[str, str]]:
    """Return the stanzas of a conf file; raise DetectionError for a line that is none of its kinds.

    A stanza or key that stands twice is an error too: Splunk would silently take the last.
    """
    stanzas: dict[str, dict[str, str]] = {}
    current: dict[str, str] | None = None
    for number, line in _lines(source):
        where = f"{place}:{number}"
        if line.startswith("["):
            name = line.strip()[1:-1]
            if not line.strip().endswith("]") or name in stanzas:
                raise DetectionError(f"stanza {line.strip()} is broken or twice", place=where)
            current = stanzas[name] = {}
        else:
            key, sign, value = line.partition("=")
            if not sign or not key.strip() or " " in key.strip():
                raise DetectionError(f"{line[:60]!r} is no setting", place=where)
            if current is None:
                current = stanzas.setdefault("default", {})
            if key.strip() in current:
                raise DetectionError(f"{key.strip()} stands twice", place=where)
            current[key.strip()] = value.strip()
    return stanzas


def _lines(source: str) -> list[tuple[int, str]]:
    """Return the lines that say something, continued ones joined by a line end."""
    found: list[tuple[int, str]] = []
    open_line = ""
    for number, line in enumerate(source.splitlines(), 1):
        if not open_line and (not line.strip() or line.lstrip().startswith("#")):
            continue
        whole = f"{open_line}\n{line}" if open_line else line
        if line.endswith("\\"):
            open_line = whole[:-1].rstrip()
            continue
        open_line = ""
        found.append((number, whole))
    if open_line:
        found.append((len(source.splitlines()), open_line))
    return found
