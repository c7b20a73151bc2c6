"""`flowtrap <verb>`: the group, and how every end of a run becomes an exit code."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import click

import flowtrap as core
from flowtrap.model.errors import FlowtrapError

from . import exit_codes
from .compile import compile_verb
from .hunt import hunt_verb
from .lazy import LazyGroup
from .lint import lint_verb
from .messages import Messages
from .new import new_verb
from .outlet import discard_stdout

if TYPE_CHECKING:
    from collections.abc import Sequence


class Verbs(LazyGroup):
    """A group that ends with the design's exit codes instead of click's."""

    def main(  # type: ignore[override]  # click overloads by standalone_mode alone
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a verb; in standalone mode exit with its code, else return it."""
        code = self._run(args, prog_name or "flowtrap", extra)
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(self, args: Sequence[str] | None, prog_name: str, extra: dict[str, Any]) -> int:
        say = Messages().say
        try:
            code = super().main(args, prog_name, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            say(_one_line(error))
        except FlowtrapError as error:
            for line in str(error).split("\n"):
                say(line)
        except (click.Abort, KeyboardInterrupt):
            say("stopped before the end: there are no findings of this run")
            return exit_codes.INTERRUPTED
        except BrokenPipeError:
            discard_stdout()
            return exit_codes.DONE
        except OSError as error:
            say(f"{error.filename or 'output'}: {error.strerror or error}")
        else:
            return code if isinstance(code, int) else exit_codes.DONE
        return exit_codes.BAD_INPUT


def _one_line(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    advice = f" (see {context.command_path} --help)" if context else ""
    return f"{' '.join(error.format_message().split())}{advice}"


@click.group(
    cls=Verbs,
    later={"elastic": "cli.elastic:elastic_group"},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(core.__version__, message="flowtrap %(version)s")
def flowtrap() -> None:
    """Find serverless execution (MITRE ATT&CK T1648) in cloud audit logs.

    Exit codes: 0 done, 1 bad input or usage, 2 incomplete run, 3 findings with
    --fail-on-findings.
    """


for verb in (hunt_verb, lint_verb, compile_verb, new_verb):
    flowtrap.add_command(verb)


def main() -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know no dashes
    code: int = flowtrap.main(standalone_mode=False)
    return code
