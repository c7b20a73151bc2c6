"""`flowtrap lint`: what is wrong with the detection files, one line each."""

from __future__ import annotations

import click

from flowtrap.output.text import sanitise

from . import content, exit_codes
from .messages import Messages


@click.command("lint")
def lint_verb() -> int:
    """Check the detection files; exit 1 if any has an error."""
    from compiler.lint.run import has_errors, lint  # here, since pySigma takes its time to load

    issues = lint(content.DETECTIONS)
    for issue in issues:
        click.echo(sanitise(str(issue)))
    Messages().say(f"{len(issues)} issues" if issues else "no issues")
    return exit_codes.BAD_INPUT if has_errors(issues) else exit_codes.DONE
