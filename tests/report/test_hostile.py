"""An intruder chose every text of a log: none of it may leave its place in the page."""

from __future__ import annotations

import json
import unicodedata

import pytest
from builders import findings as made
from builders.html_page import Page
from hypothesis import given, settings
from hypothesis import strategies as st

from report import RawEvents, Run, raw_event, render

TAGS = {
    "html", "head", "meta", "title", "style", "body", "script", "a", "header", "main", "footer", "nav",
    "section", "article", "div", "span", "p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd",
    "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "form", "label", "input",
    "select", "option", "fieldset", "legend", "button", "code", "pre", "strong", "time", "figure",
    "figcaption", "svg", "desc", "defs", "marker", "pattern", "path", "rect", "text", "g",
}  # fmt: skip
ATTRIBUTES = {
    "class", "id", "href", "rel", "lang", "charset", "http-equiv", "content", "name", "hidden", "type",
    "value", "checked", "placeholder", "autocomplete", "spellcheck", "role", "tabindex", "scope", "open",
    "for", "aria-label", "aria-labelledby", "aria-hidden", "focusable", "data-case", "data-severity",
    "data-detection", "data-copy", "data-label", "data-go", "viewbox", "width", "height", "x", "y", "rx",
    "d", "fill", "text-anchor", "marker-end", "refx", "refy", "markerwidth", "markerheight", "orient",
    "patternunits", "patterntransform", "preserveaspectratio",
}  # fmt: skip
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
OURS = Page(render([], Run()))
TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from(made.HOSTILE),
    st.lists(
        st.sampled_from([*"<>\"'&/=-! ;{}%`", "script", "--", "onload", "\u202e"]), max_size=14
    ).map("".join),
)


def check(document: str) -> Page:
    """Fail if the page holds anything but what its templates say."""
    page = Page(document)
    assert {e.tag for e in page.elements} <= TAGS
    assert {name for e in page.elements for name in e.attributes} <= ATTRIBUTES
    assert not page.comments
    assert [e.text for e in page.all("script")] == [e.text for e in OURS.all("script")]
    assert [e.text for e in page.all("style")] == [e.text for e in OURS.all("style")]
    for link in page.all("a"):
        assert link.attributes["href"].startswith(("#", "https://attack.mitre.org/techniques/T"))
    strange = {c for c in document if unicodedata.category(c) in HIDDEN} - {"\n"}
    assert not strange, strange
    document.encode("utf-8")
    return page


def shown(text: str) -> Page:
    """Return the page on which a text stands wherever a log's text can."""
    finding = made.hostile(text)
    raw = {
        (e.feed, e.event_id): raw_event({text: [text], "n": {text: text}}) for e in finding.evidence
    }
    run = Run(
        inputs=(text,), messages=(text,), incomplete=True, reason=text, settings=text, version=text
    )
    return check(render([finding], run, raw=RawEvents(raw, text)))


@pytest.mark.parametrize("text", made.HOSTILE, ids=range(len(made.HOSTILE)))
def test_hostile_text_stays_text(text: str) -> None:
    shown(text)


@given(TEXT)
@settings(max_examples=60, deadline=None)
def test_any_text_stays_text(text: str) -> None:
    shown(text)


@pytest.mark.parametrize("text", made.HOSTILE[:12], ids=range(12))
def test_copy_gives_the_value_itself(text: str) -> None:
    page = Page(render([made.hostile(text)], Run()))
    copied = {e.attributes["data-copy"] for e in page.all("button", "copy")}
    assert {json.loads(value) for value in copied} == {text}
    assert all(value.isascii() for value in copied)


def test_long_names_do_not_swell_the_page() -> None:
    assert len(render([made.hostile("x" * 100_000)], Run())) < 1_000_000


def test_check_can_fail() -> None:
    document = render([made.finding()], Run())
    for bad in (
        "<img src=x>",
        "<b>",
        "<!-- -->",
        '<a href="javascript:1">x</a>',
        "\u202e",
        "</div>",
    ):
        with pytest.raises(AssertionError):
            check(document.replace("<main>", f"<main>{bad}"))
