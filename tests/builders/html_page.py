"""Reads a report as a browser would, strictly: an element left open or closed twice is an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}
RAW = ("script", "style")


@dataclass(eq=False)
class Element:
    """An element with its attributes; `text` is that in it and in its descendants."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    parts: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


class Page(HTMLParser):
    """All elements of a page in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, [element.tag for element in self._open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, {k: v or "" for k, v in attrs}, tuple(e.tag for e in self._open))
        if self._open:
            self._open[-1].children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert [element.tag for element in self._open[-1:]] == [tag]
        self._open.pop()

    def handle_data(self, data):
        for element in self._open:
            element.parts.append(data)

    def handle_comment(self, data):
        self.comments.append(data)

    def all(self, tag="", cls=""):
        """Return the elements of a tag, of a class."""
        return [
            element
            for element in self.elements
            if (not tag or element.tag == tag) and (not cls or cls in element.classes)
        ]

    def one(self, tag="", cls=""):
        (element,) = self.all(tag, cls)
        return element

    def by_id(self, name):
        (element,) = [e for e in self.elements if e.attributes.get("id") == name]
        return element
