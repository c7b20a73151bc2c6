"""`python -m addon`: build the add-on, look at it, pack it.

PYTHONPATH=package/lib:bin python -m addon --ucc .venv-ucc --output output
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import click

from . import archive, product, staging, ucc


@click.command()
@click.option("--ucc", "venv", type=Path, required=True, help="Virtual environment of ucc-gen.")
@click.option("--output", type=Path, default=staging.REPO / "output", help="Where it goes.")
@click.option("--placeholders", is_flag=True, help="Do without the search commands.", hidden=True)
def main(venv: Path, output: Path, placeholders: bool) -> None:
    """Build TA_flowtrap and pack it."""
    try:
        click.echo(build(venv.absolute(), output, commands=not placeholders))
    except ucc.BuildError as error:
        raise SystemExit(f"addon: {error}") from None


def build(venv: Path, output: Path, *, commands: bool = True) -> Path:
    """Return the archive. Raises BuildError with all that is wrong with the product."""
    version = staging.version()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        work, made = root / "staging", root / "made"
        work.mkdir()
        made.mkdir()
        document = staging.stage(work)
        ucc.generate(work, made, version, venv)
        built = made / staging.NAME
        _tidy(built)
        faults = product.problems(built, document, version)
        if not commands:
            faults = [f for f in faults if "commands.conf is missing" not in f]
        if faults:
            raise ucc.BuildError("the product is not right:\n" + "\n".join(faults))
        target = output / f"{staging.NAME}-{version}.tar.gz"
        archive.pack(built, target, _commit_time())
        kept = output / staging.NAME
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(built, kept)
    return target


def _tidy(built: Path) -> None:
    """Take away what pip and Python leave behind, and programs that nobody calls."""
    for path in [*built.rglob("__pycache__"), built / "lib" / "bin"]:
        shutil.rmtree(path, ignore_errors=True)


def _commit_time() -> int:
    """Return the time of the last commit, SOURCE_DATE_EPOCH where it is set, else now."""
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return int(os.environ["SOURCE_DATE_EPOCH"])
    command = ["git", "-C", str(staging.REPO), "log", "-1", "--format=%ct"]
    told = subprocess.run(command, capture_output=True, text=True)
    return int(told.stdout) if told.stdout.strip().isdigit() else int(time.time())


if __name__ == "__main__":
    main()
