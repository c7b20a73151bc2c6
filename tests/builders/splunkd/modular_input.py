"""The XML that splunkd writes to a modular input's standard input.

Example: `input_xml(splunkd, "flowtrap_m365", folder)` tells of every enabled input of that kind.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from .server import Splunkd


def input_xml(splunkd: Splunkd, kind: str, checkpoints: Path, *names: str) -> str:
    """Return it for the named inputs of a kind, by default all that are enabled."""
    known = splunkd.inputs[kind]
    chosen = names or tuple(n for n, row in known.items() if not row.get("disabled"))
    stanzas = "".join(_stanza(f"{kind}://{name}", known[name]) for name in chosen)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<input>'
        f"<server_host>localhost</server_host><server_uri>{splunkd.uri}</server_uri>"
        f"<session_key>{splunkd.session_key}</session_key>"
        f"<checkpoint_dir>{escape(str(checkpoints))}</checkpoint_dir>"
        f"<configuration>{stanzas}</configuration></input>"
    )


def _stanza(name: str, settings: dict[str, object]) -> str:
    params = "".join(
        f"<param name={quoteattr(key)}>{escape(str(value))}</param>"
        for key, value in settings.items()
    )
    return f'<stanza name={quoteattr(name)} app="TA_flowtrap">{params}</stanza>'
