"""What splunkd and a modular input say to each other in XML, but for the events.

splunkd asks three things: `--scheme` (what are you?), `--validate-arguments` (is this input well
configured?), and, with neither, to run: then standard input tells of the session and the input.
Source: "Create modular inputs", Splunk's developer manual.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from .errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Argument(NamedTuple):
    """A field of an input."""

    name: str
    title: str
    required: bool = False


class Stanza(NamedTuple):
    """An input: `name` in full (flowtrap_workspace://corp) and what its form says."""

    name: str
    form: Mapping[str, str]


class Session(NamedTuple):
    """How to reach splunkd, and the inputs to run: one, unless splunkd runs all in one process."""

    uri: str
    session_key: str
    stanzas: Sequence[Stanza]


def scheme(title: str, about: str, arguments: Sequence[Argument]) -> str:
    """Return the answer to --scheme: one process for each input."""
    fields = "".join(
        f"<arg name={quoteattr(a.name)}><title>{escape(a.title)}</title>"
        f"<required_on_create>{str(a.required).lower()}</required_on_create>"
        "<required_on_edit>false</required_on_edit></arg>"
        for a in arguments
    )
    return (
        f"<scheme><title>{escape(title)}</title><description>{escape(about)}</description>"
        "<use_external_validation>true</use_external_validation>"
        "<streaming_mode>xml</streaming_mode><use_single_instance>false</use_single_instance>"
        f"<endpoint><args>{fields}</args></endpoint></scheme>\n"
    )


def refusal(problem: str) -> str:
    """Return the answer to --validate-arguments that refuses an input."""
    return f"<error><message>{escape(problem)}</message></error>\n"


def read_session(text: bytes) -> Session:
    """Return what splunkd says to an input that it runs; raise MalformedError."""
    root = _root(text)
    stanzas = [_stanza(element) for element in root.iterfind("configuration/stanza")]
    return Session(root.findtext("server_uri", ""), root.findtext("session_key", ""), stanzas)


def read_items(text: bytes) -> Stanza:
    """Return the input that --validate-arguments asks about; raise MalformedError."""
    item = _root(text).find("item")
    if item is None:
        raise MalformedError("splunkd named no input")
    return _stanza(item)


def _root(text: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise MalformedError("what splunkd wrote to the input is not XML") from None


def _stanza(element: ElementTree.Element) -> Stanza:
    form = {p.get("name", ""): (p.text or "").strip() for p in element.iterfind("param")}
    return Stanza(element.get("name", ""), form)
