"""`flowtrap compile`: detection files to the runtime JSON that the core reads."""

from __future__ import annotations

import json
from pathlib import Path

import click

from . import content, exit_codes
from .messages import Messages
from .outlet import outlet


@click.command("compile")
@click.option("--check", is_flag=True, help="Compile, write nothing.")
@click.option(
    "--output", metavar="FILE", default=None,
    help="Where to write.  [default: package/lib/flowtrap/content/detections.json]",
)  # fmt: skip
def compile_verb(check: bool, output: str | None) -> int:
    """Compile every detection file to the runtime JSON."""
    document = content.compiled()
    target = Path(output) if output else content.COMPILED
    if not check:
        with outlet(str(target)) as file:
            json.dump(document, file, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
            file.write("\n")
    done = "compile" if check else f"are compiled to {target}"
    Messages().say(f"{len(document['detections'])} detections {done}")
    return exit_codes.DONE
