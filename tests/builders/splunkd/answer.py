"""What splunkd answers: entries in JSON or Atom, documents, or a message.

Example: `entries("data/indexes", [Entry("main", {})]).body(json=True)`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

ACL = {
    "app": "TA_flowtrap", "owner": "nobody", "sharing": "app", "modifiable": True,
    "removable": True, "can_write": True, "perms": {"read": ["*"], "write": ["admin"]},
}  # fmt: skip


class Entry(NamedTuple):
    """One named thing with its settings."""

    name: str
    content: dict[str, Any]


class Answer(NamedTuple):
    """A status with one of: entries of a path, plain data, nothing."""

    status: int
    data: Any = None
    path: str | None = None  # of the entries, where data are some
    alone: bool = False  # one entry without a feed around it, as a search job is in Atom
    xml: str = ""  # the same data, where splunkd speaks XML unless it is asked for JSON

    def body(self, *, as_json: bool) -> tuple[str, bytes]:
        """Return the media type and the bytes."""
        if self.path is None:
            if self.xml and not as_json:
                return "text/xml", self.xml.encode()
            return "application/json", b"" if self.data is None else json.dumps(self.data).encode()
        if as_json:
            return "application/json", json.dumps(_feed(self.path, self.data)).encode()
        lone = _atom_entry(self.path, self.data[0], _SPACES) if self.alone else None
        text = lone or _atom_feed(self.path, self.data)
        return "application/atom+xml", text.encode()


def entries(path: str, found: Sequence[Entry], status: int = 200) -> Answer:
    """Answer with entries."""
    return Answer(status, found, path)


def message(status: int, text: str) -> Answer:
    """Answer with an error."""
    told = f'<messages><msg type="ERROR">{escape(text)}</msg></messages>'
    data = {"messages": [{"type": "ERROR", "text": text}]}
    return Answer(status, data, xml=f"<response>{told}</response>")


def named(status: int, name: str, value: str) -> Answer:
    """Answer with one value, such as a sid."""
    xml = f"<response><{name}>{escape(value)}</{name}></response>"
    return Answer(status, {name: value}, xml=xml)


NOT_FOUND = message(404, "Not Found")


def _link(path: str, name: str) -> str:
    """Slashes in a name are encoded twice: clients decode links once before they follow them."""
    return f"/servicesNS/nobody/TA_flowtrap/{path}/" + quote(name, safe="").replace("%2F", "%252F")


def _feed(path: str, found: Sequence[Entry]) -> dict[str, Any]:
    rows = [
        {
            "name": e.name, "id": _link(path, e.name), "acl": ACL, "content": {**e.content, "eai:acl": None},
            "links": {"alternate": _link(path, e.name)},
        }
        for e in found
    ]  # fmt: skip
    paging = {"total": len(rows), "perPage": len(rows), "offset": 0}
    return {"links": {}, "origin": path, "entry": rows, "paging": paging, "messages": []}


_SPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest"'
    ' xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


def _atom_entry(path: str, entry: Entry, spaces: str = "") -> str:
    link = _link(path, entry.name)
    return (
        f"<entry {spaces}><title>{escape(entry.name)}</title><id>{escape(link)}</id>"
        "<updated>2026-01-01T00:00:00+00:00</updated>"
        f'<link href={quoteattr(link)} rel="alternate"/><author><name>nobody</name></author>'
        f'<content type="text/xml">{_value({**entry.content, "eai:acl": ACL})}</content></entry>'
    )


def _atom_feed(path: str, found: Sequence[Entry]) -> str:
    rows = "".join(_atom_entry(path, entry) for entry in found)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed {_SPACES}>'
        f"<title>{escape(path)}</title><id>{escape(path)}</id>"
        f"<opensearch:totalResults>{len(found)}</opensearch:totalResults>{rows}</feed>"
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        keys = (f"<s:key name={quoteattr(k)}>{_value(v)}</s:key>" for k, v in value.items())
        return f"<s:dict>{''.join(keys)}</s:dict>"
    if isinstance(value, list):
        return f"<s:list>{''.join(f'<s:item>{_value(v)}</s:item>' for v in value)}</s:list>"
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else escape(str(value))
