"""Whatever Google answers, a run ends by itself and tells; nothing else than our errors comes out."""

from __future__ import annotations

import json
import logging
import unittest.mock
from functools import partial

from builders.gws_api import ServiceAccount
from hypothesis import given, settings
from hypothesis import strategies as st

from flowtrap.model.errors import FlowtrapError
from flowtrap_inputs.gws.reports_api import ReportsApi
from flowtrap_inputs.gws.run import Run
from flowtrap_inputs.gws.settings import Settings
from flowtrap_inputs.gws.token import Tokens
from flowtrap_inputs.health import Health
from flowtrap_inputs.http import Answer
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.modular_input import Runtime
from flowtrap_inputs.retry import Retry
from flowtrap_inputs.signer import signer
from flowtrap_inputs.stop import Stop

NOW_S = 1_800_000_000.0
KEY = ServiceAccount().key_file()
SIGNER = signer(KEY["private_key"])  # reading a key takes a tenth of a second


class Scripted:
    """Answers with what a test gave, then with empty pages and tokens."""

    def __init__(self, answers):
        self._answers = list(answers)

    def open(self, method, url, *, headers=None, body=None):
        status, text = self._answers.pop() if self._answers else (200, b"{}")
        if method == "POST" and not self._answers:
            status, text = 200, b'{"access_token":"t","expires_in":3599}'
        return ScriptedAnswer(status, text)


class ScriptedAnswer(Answer):
    def __init__(self, status, text):
        self.status, self.headers, self.place, self._text = status, {}, "model", text

    def __exit__(self, *_):
        pass

    def chunks(self):
        yield self._text


class Rows(dict):
    """The KV store, in memory."""

    read = dict.get

    def put(self, *rows):
        self.update({row["_key"]: json.loads(json.dumps(row)) for row in rows})

    def delete(self, **query):
        pass


class Memory:
    """Takes events and checkpoints."""

    def __init__(self, saved=None):
        self.events, self.saved = [], saved

    def write(self, event, **where):
        self.events.append(event)

    def flush(self):
        pass

    def load(self, name):
        return self.saved

    def save(self, name, record):
        self.saved = record


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ACTIVITY = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.fixed_dictionaries({"time": st.just("2027-01-15T07:59:00Z") | JSON}),
        "events": JSON | st.lists(JSON, max_size=3),
    },
)
PAGE = st.fixed_dictionaries(
    {}, optional={"items": st.lists(ACTIVITY, max_size=3) | JSON, "nextPageToken": JSON}
)
REFUSAL = st.fixed_dictionaries(
    {"error": JSON | st.fixed_dictionaries({}, optional={"errors": JSON, "message": JSON})}
)
BODY = st.binary(max_size=50) | (PAGE | REFUSAL | JSON).map(
    lambda value: json.dumps(value).encode()
)
ANSWERS = st.lists(
    st.tuples(st.sampled_from([200, 200, 200, 400, 401, 403, 404, 429, 500, 503]), BODY), max_size=8
)


def one_run(answers, saved=None):
    """Run once against a script; return what came of it."""
    stop = Stop(clock=lambda: 0.0, sleep=lambda seconds: None)
    stop.pause = lambda seconds: stop.check()
    health, memory = Health("x", clock=lambda: NOW_S), Memory(saved)
    http = Scripted(answers)
    with unittest.mock.patch("flowtrap_inputs.gws.token.signer", return_value=SIGNER):
        tokens = Tokens(http, KEY, "admin@example.com", clock=lambda: NOW_S)
    api = ReportsApi(http, tokens, Limiter(10_000, stop), health, clock=lambda: NOW_S)
    log = logging.getLogger("flowtrap_inputs.fuzz")
    log.disabled = True
    runtime = Runtime(memory, memory, health, stop, log, None, Rows())
    retry = partial(Retry, tries=2)(stop)
    told = Settings("x", ("drive", "token"), start_s=int(NOW_S) - 1800)
    try:
        Run(told, runtime, api, retry).go()
    except FlowtrapError as error:
        health.error(type(error).__name__)
    return memory, json.loads(health.event())


@settings(max_examples=150)
@given(ANSWERS)
def test_any_answers(answers):
    memory, told = one_run(answers)
    assert told["state"] in ("ok", "degraded")
    assert all(isinstance(event, bytes) for event in memory.events)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": JSON,
            "applications": JSON
            | st.fixed_dictionaries(
                {
                    "drive": JSON,
                    "token": st.fixed_dictionaries(
                        {"read_until_s": JSON, "recent_s": JSON, "whole_s": JSON}
                    ),
                }
            ),
        },
    )
)
def test_any_checkpoint(saved):
    """What an older or broken run left is read from the start again, and told."""
    memory, told = one_run([], saved)
    assert memory.saved["applications"]["drive"]["read_until_s"] == NOW_S
    assert set(told["errors"]) <= {"checkpoint"}
