"""A group of verbs that are loaded when they are called: some libraries take half a second."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group; `later` names the place of each verb that is not loaded yet, as module:name."""

    def __init__(self, *args: Any, later: Mapping[str, str], **more: Any) -> None:
        super().__init__(*args, **more)
        self._later = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs."""
        return sorted({*super().list_commands(ctx), *self._later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb."""
        if cmd_name not in self._later:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._later[cmd_name].partition(":")
        verb: click.Command = getattr(import_module(module), name)
        return verb
