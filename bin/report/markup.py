"""The template engine, set so that no value can leave its place in the page.

Every value passes through `sanitise` (nothing invisible, nothing that steers a terminal or turns
text round), then through HTML escaping; templates never mark values as safe. A name that a
template asks for and does not get is an error. The one script and the one style sheet are named by
their hashes in the page's Content-Security-Policy, which forbids all else and all network.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from flowtrap.output.text import sanitise

from .names import clip

LONGEST_NAME = 240
FOLDER = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Return the engine for the templates of this package."""
    engine = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    engine.filters["link"] = web_address
    engine.filters["short"] = lambda text: clip(str(text), LONGEST_NAME)
    engine.filters["px"] = lambda number: f"{number:.1f}".removesuffix(".0")
    return engine


def visible(value: Any) -> Any:
    """Return what a template writes, without anything invisible."""
    if isinstance(value, Markup):
        return value
    return sanitise(str(value))


def web_address(text: str) -> str:
    """Return a reference that may become a link, "" where it is anything but plain https."""
    plain = text.isascii() and text.isprintable() and " " not in text
    return text if plain and text.startswith("https://") else ""


def asset(name: str) -> Markup:
    """Return our own style sheet or script; a log's text never comes this way."""
    return Markup((FOLDER / name).read_text(encoding="utf-8"))


def policy(style: str, script: str) -> str:
    """Return the page's Content-Security-Policy: our style, our script, nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
