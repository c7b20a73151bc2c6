"""Whatever the services answer, a run ends, or fails with a reason; what is sound comes out."""

from __future__ import annotations

import contextlib
import json
import logging
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.errors import FlowtrapError, RecordError
from flowtrap.normalise.table import recognise
from flowtrap_inputs.evidence import Outlet
from flowtrap_inputs.flow_definitions import collect as flows
from flowtrap_inputs.flow_definitions.api import FlowApi
from flowtrap_inputs.script_content import collect as scripts
from flowtrap_inputs.script_content.api import ScriptApi
from flowtrap_inputs.stop import Stop

NAMES = st.sampled_from(
    ["value", "name", "nextLink", "properties", "lastModifiedTime", "definition", "actions", "inputs",
     "host", "processes", "nextPageToken", "startTime", "files", "source", "type", "updateTime"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("SERVER_JS")
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=5)
ANSWERS = st.lists(OBJECTS, min_size=1, max_size=6)


class Answers:
    """Stands for the service: gives its answers in turn, then empty ones."""

    def __init__(self, answers):
        self.left = list(answers)

    def get(self, address, tokens):
        """Return the next."""
        return self.left.pop(0) if self.left else {"value": []}


def outlet(out):
    """Return an outlet whose events go to a list."""
    nothing = SimpleNamespace(
        load=lambda name: None, save=lambda name, record: None, error=lambda code: None
    )
    delivery = SimpleNamespace(write=lambda event, **about: out.append(event), flush=lambda: None)
    log = logging.getLogger("fuzz")
    log.disabled = True
    runtime = SimpleNamespace(
        delivery=delivery, checkpoints=nothing, health=nothing, stop=Stop(), log=log
    )
    return Outlet(runtime, "fuzz", index="", source="", host="")


def check(go, out):
    """Run it: it may fail with a reason, and with nothing else.

    Every event that came out is read by its feed, or refused for its time.
    """
    with contextlib.suppress(FlowtrapError):
        go()
    for text in out:
        record = json.loads(text)
        try:
            assert recognise(record).normalise(record).fields["summary"]
        except RecordError:
            assert record["kind"] == scripts.PROCESS


@given(ANSWERS)
def test_flow_definitions(answers):
    out = []
    api = FlowApi(Answers([{"value": [{"name": "e"}]}, *answers]), None, None)
    check(flows.Run(api, "tenant", outlet(out)).go, out)


@given(ANSWERS)
def test_scripts_and_runs(answers):
    out = []
    api = ScriptApi(Answers(answers), None)
    people = [scripts.Watched("C", "a@example.com", ("1", "2")), scripts.Watched("C", "b@x.y", ())]
    check(lambda: scripts.Run(lambda user: api, outlet(out)).go(people), out)
