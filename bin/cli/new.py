"""`flowtrap new NAME`: a detection file from the template, with tests to fill."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import click

from . import content, exit_codes
from .messages import Messages

if TYPE_CHECKING:
    from pathlib import Path

ANALYTICS = ("AN1053", "AN1054", "AN1055")
PLATFORMS = ("aws", "azure", "gcp", "m365", "workspace")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
LONGEST_NAME = 60
TEMPLATE = "_template.yml"


@click.command("new")
@click.argument("name")
@click.option("--analytic", type=click.Choice(ANALYTICS), default="AN1053", show_default=True)
@click.option("--platform", type=click.Choice(PLATFORMS), default="aws", show_default=True)
def new_verb(name: str, analytic: str, platform: str) -> int:
    """Write a new detection, detections/<analytic>_<platform>/NAME.yml, with failing tests.

    NAME is the detection's name and its file's: small letters, digits and single underscores,
    beginning with the platform, such as aws_lambda_alias_moved.
    """
    path = write_detection(name, analytic, platform, content.DETECTIONS)
    Messages().say(f"wrote {path}: fill it in, then run bin/flowtrap lint and ./build.sh test")
    return exit_codes.DONE


def write_detection(name: str, analytic: str, platform: str, folder: Path) -> Path:
    """Write the file and return its path; raise a usage error for a bad or taken name."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise click.UsageError(
            f"{name!r} is not a detection's name: use small letters, digits and single "
            f"underscores, at most {LONGEST_NAME}, such as {platform}_lambda_alias_moved"
        )
    if not name.startswith(f"{platform}_"):
        raise click.UsageError(f"a detection for {platform} is named {platform}_…, not {name!r}")
    taken = next(folder.rglob(f"{name}.yml"), None)
    if taken:
        raise click.UsageError(f"{taken} is there already: choose another name")
    text = (folder / TEMPLATE).read_text(encoding="utf-8")
    path = folder / f"{analytic.lower()}_{platform}" / f"{name}.yml"
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(filled(text, name, analytic))
    return path


def filled(template: str, name: str, analytic: str) -> str:
    """Return the template with its name, id and analytic set."""
    values = {"name": name, "id": str(uuid.uuid4()), "analytic": analytic}
    for key, value in values.items():
        template = re.sub(rf"^{key}:.*$", f"{key}: {value}", template, count=1, flags=re.MULTILINE)
    return template
