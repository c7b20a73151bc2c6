"""Looks at what ucc-gen made: all that must be there is, and nothing that must not.

Example: `problems(Path("output/TA_flowtrap"), document, "0.1.0")` returns a line for each fault.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

from compiler.splunk import conf
from compiler.splunk.searches import searches
from compiler.splunk.spl import Spl
from flowtrap.model.errors import FlowtrapError

from .staging import REPO, RUNTIME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEEDED = (
    "VERSION",
    "app.manifest",
    "LICENSE.txt",
    "README.txt",
    "appserver/static/js/build/globalConfig.json",
    "bin/import_declare_test.py",
    "bin/TA_flowtrap_rh_settings.py",
    "bin/TA_flowtrap_rh_list_entry.py",
    "default/app.conf",
    "default/inputs.conf",
    "default/macros.conf",
    "default/props.conf",
    "default/restmap.conf",
    "default/savedsearches.conf",
    "default/transforms.conf",
    "default/web.conf",
    "default/data/ui/nav/default.xml",
    "default/data/ui/views/configuration.xml",
    "default/data/ui/views/flowtrap_cases.xml",
    "lib/flowtrap/pipeline.py",
    "lib/solnlib/__init__.py",
    "lib/splunklib/__init__.py",
    "lib/splunktaucclib/__init__.py",
    "lookups/flowtrap_sources.csv",
    "metadata/default.meta",
    "static/appIcon.png",
    "static/appIcon_2x.png",
    RUNTIME,
)
_NATIVE = re.compile(r"\.(so|pyd|dylib|dll|a)(\.|$)")
_MOST_BYTES = 20_000_000


def problems(product: Path, document: dict[str, Any], version: str) -> list[str]:
    """Return what is wrong with the built add-on, [] if it is as it should be."""
    found = [f"{name} is missing" for name in NEEDED if not (product / name).is_file()]
    if found:
        return found
    found = [*_strangers(product), *_unreadable(product)]
    return found or [
        *_version(product, version),
        *_scripts(product),
        *_replaced(product),
        *_searches(product, document),
        *_commands(product),
    ]


def _strangers(product: Path) -> Iterator[str]:
    size = 0
    for path in product.rglob("*"):
        name = str(path.relative_to(product))
        size += path.stat().st_size if path.is_file() else 0
        if path.is_file() and _NATIVE.search(path.name):
            yield f"{name} is native code"
        if path.name == "__pycache__" or path.suffix == ".pyc":
            yield f"{name} is a leftover of Python"
        if path.name.startswith("."):
            yield f"{name} is hidden"
    if size > _MOST_BYTES:
        yield f"the add-on has {size} bytes, more than {_MOST_BYTES}"


def _version(product: Path, version: str) -> Iterator[str]:
    app = conf.parse((product / "default/app.conf").read_text("utf-8"), "app.conf")
    told = {
        "app.conf [launcher]": app.get("launcher", {}).get("version"),
        "app.conf [id]": app.get("id", {}).get("version"),
        "app.manifest": json.loads((product / "app.manifest").read_text("utf-8"))["info"]["id"][
            "version"
        ],
        "VERSION": (product / "VERSION").read_text("utf-8").split("\n")[0].strip(),
    }
    for place, value in told.items():
        if value != version:
            yield f"{place} says version {value}, not {version}"


def _scripts(product: Path) -> Iterator[str]:
    """Every script of ours must be Python, and every handler that restmap.conf names must exist."""
    for path in [*(product / "bin").glob("*.py"), *(product / "lib").glob("flowtrap*/**/*.py")]:
        try:
            ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
        except SyntaxError as error:
            yield f"{path.relative_to(product)}:{error.lineno}: {error.msg}"
    restmap = conf.parse((product / "default/restmap.conf").read_text("utf-8"), "restmap.conf")
    for stanza, row in restmap.items():
        file = row.get("handlerfile")
        if file and not (product / "bin" / file).is_file():
            yield f"restmap.conf [{stanza}]: bin/{file} is missing"


def _replaced(product: Path) -> Iterator[str]:
    """Yield scripts that ucc-gen replaced by its own, whose inputs emit a made-up event."""
    for ours in sorted((REPO / "package/bin").glob("*.py")):
        built = product / "bin" / ours.name
        if not built.is_file() or built.read_bytes() != ours.read_bytes():
            yield f"bin/{ours.name} is not the one of package/bin"
    for stanza in conf.parse((product / "default/inputs.conf").read_text("utf-8"), "inputs.conf"):
        if not (REPO / "package/bin" / f"{stanza}.py").is_file():
            yield f"inputs.conf [{stanza}]: package/bin/{stanza}.py is missing"


def _unreadable(product: Path) -> Iterator[str]:
    for path in sorted((product / "default").glob("*.conf")):
        try:
            conf.parse(path.read_text("utf-8"), path.name)
        except FlowtrapError as error:
            yield str(error)


def _searches(product: Path, document: dict[str, Any]) -> Iterator[str]:
    shipped = conf.parse((product / "default/savedsearches.conf").read_text("utf-8"))
    wanted = set(searches(document["detections"]))
    if set(shipped) != wanted:
        yield f"savedsearches.conf differs from the detections: {sorted(set(shipped) ^ wanted)}"
    yield from Spl.of_addon(product).problems()


def _commands(product: Path) -> Iterator[str]:
    path = product / "default/commands.conf"
    if not path.is_file():
        yield "commands.conf is missing: the commands are not part of the tree"
        return
    for name, row in conf.parse(path.read_text("utf-8"), "commands.conf").items():
        if not (product / "bin" / row.get("filename", f"{name}.py")).is_file():
            yield f"commands.conf [{name}]: {row.get('filename')} is missing"
