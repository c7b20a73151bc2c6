"""One run: for every watched user, the code of the scripts that were changed, and new runs.

    watched users -> their scripts -> changed? -> emit project and content -> emit new runs

Of a user of whom no script is known, as where a script is bound to a document, the user's own list
of runs is read. What cannot be read is told and left out; the others go on.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from flowtrap_inputs.errors import RefusedError
from flowtrap_inputs.evidence import Outlet, digest, iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .api import ScriptApi

CONTENT, PROCESS = "flowtrap#scriptContent", "flowtrap#scriptProcess"
SOURCETYPES = {CONTENT: "flowtrap:script_content", PROCESS: "flowtrap:script_process"}
_ID = re.compile(r"[\w-]+", re.ASCII)
BACK_S = 2 * 86_400  # how far back runs are read: twice the usual window


class Watched(NamedTuple):
    """A user in an open case, of a customer, with the scripts that the case names."""

    customer: str
    user: str
    scripts: tuple[str, ...]


class Run:
    """One run; `api_of(user)` gives the API as that user."""

    def __init__(self, api_of: Callable[[str], ScriptApi], outlet: Outlet) -> None:
        self._api_of, self._outlet = api_of, outlet

    def go(self, watched: Iterable[Watched]) -> None:
        """Read what is watched; raise RefusedError where nothing of anybody can be read."""
        refused: list[RefusedError] = []
        read = 0
        try:
            for one in watched:
                for what, step in self._steps(one):
                    try:
                        step()
                        read += 1
                    except RefusedError as error:
                        refused.append(error)
                        self._outlet.left_out(f"{what} as {one.user}", error)
        finally:
            self._outlet.save()
        if refused and not read:
            raise refused[0]

    def _steps(self, one: Watched) -> Iterator[tuple[str, Callable[[], None]]]:
        api = self._api_of(one.user)
        since = iso(self._outlet.clock() - BACK_S)
        scripts = [script for script in one.scripts if _ID.fullmatch(script)]
        for script in scripts:
            yield f"script {script}", partial(self._code, one, api, script)
            runs = api.runs_of(script, since)
            yield f"the runs of script {script}", partial(self._runs, one, script, runs)
        if not scripts:
            yield "the list of runs", partial(self._runs, one, "", api.runs(since))

    def _code(self, one: Watched, api: ScriptApi, script: str) -> None:
        project, content = api.project(script), api.content(script)
        key = digest([one.customer, script])
        state = digest([project.get("updateTime"), content])
        if self._outlet.is_new(key, state):
            self._send(CONTENT, one, script, key, state, project=project, content=content)

    def _runs(self, one: Watched, script: str, runs: Iterable[dict[str, Any]]) -> None:
        for process in runs:
            # A run counts once, though its status and duration change while it lasts.
            lasting = [process.get(k) for k in ("projectName", "functionName", "startTime")]
            key = digest([one.customer, one.user, script, *lasting])
            if self._outlet.is_new(key, ""):
                self._send(PROCESS, one, script, key, "", process=process)

    def _send(
        self, kind: str, one: Watched, script: str, key: str, state: str, **given: dict[str, Any]
    ) -> None:
        event: dict[str, Any] = {"kind": kind, "customerId": one.customer, "user": one.user}
        if script:
            event["scriptId"] = script
        self._outlet.send({**event, **given}, SOURCETYPES[kind], key, state)
