"""`flowtrap compile`: detection files to the runtime JSON that the core reads."""

from __future__ import annotations

import click

from . import content, exit_codes
from .messages import Messages
from .outlet import outlet


@click.command("compile")
@click.option("--check", is_flag=True, help="Compile, but write nothing.")
@click.option(
    "--output",
    metavar="FILE",
    default=str(content.COMPILED),
    help="Where to write, - for stdout.  [default: where the core looks for it]",
)
def compile_verb(check: bool, output: str) -> int:
    """Compile every detection file to the runtime JSON."""
    from compiler.runtime_json import dumps  # here, since pySigma takes its time to load

    document = content.compile_anew()
    if not check:
        with outlet(output) as file:
            file.write(dumps(document))
    done = "compile" if check else f"are compiled to {output}"
    Messages().say(f"{len(document['detections'])} detections {done}")
    return exit_codes.DONE
