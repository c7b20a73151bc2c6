"""Whatever the service answers, a run ends with an error that names it, or goes on; nothing is lost."""

from __future__ import annotations

import contextlib
import json
import tempfile
from functools import partial
from pathlib import Path

from builders.input_runtime import Runtime
from builders.m365_api import CLIENT, TENANT, Answered, M365Api, event
from hypothesis import given, settings
from hypothesis import strategies as st

from flowtrap.model.errors import FlowtrapError
from flowtrap_inputs.m365.clouds import Cloud
from flowtrap_inputs.m365.collect import collect
from flowtrap_inputs.m365.settings import Account, Settings
from flowtrap_inputs.m365.token import Secret
from flowtrap_inputs.retry import Retry

TYPE = "Audit.Exchange"
QUICK = partial(Retry, tries=2, first_s=0.0001, most_s=0.0001)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["contentId", "contentUri", "contentCreated", "contentType", "status", "error",
                         "code", "Id", "CreationTime", "access_token", "expires_in", "Operation"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
BODIES = (
    st.binary(max_size=40)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.lists(JSON).map(lambda value: json.dumps(value).encode())
)
HEADERS = st.dictionaries(
    st.sampled_from(["NextPageUri", "Retry-After", "Location", "Content-Encoding"]),
    st.sampled_from(["", "0", "x", "gzip", "https://b.example.net/", "https://127.0.0.1/", "-1"]),
    max_size=2,
)
ANSWERS = st.builds(
    Answered,
    st.sampled_from([200, 200, 200, 204, 302, 400, 401, 403, 404, 408, 429, 500]),
    BODIES,
    HEADERS,
)
PARTS = st.sampled_from(
    ["/token", "/subscriptions/list", "/subscriptions/start", "/content?", "/audit/"]
)


@settings(max_examples=60)
@given(st.lists(st.tuples(PARTS, ANSWERS), min_size=1, max_size=4))
def test_any_answers(certificate, answers):
    with M365Api(certificate) as api, tempfile.TemporaryDirectory() as folder:
        expected = set()
        for number in range(3):
            one = api.add(TYPE, [event(number, api.now_s())], api.now_s() - 100 - number)
            expected.add(json.dumps(json.loads(one.body)[0]).encode())
        queue = list(answers)

        def before(path):
            for at, (part, answer) in enumerate(queue):
                if part in path:
                    del queue[at]
                    return answer
            return None

        account = Account(
            TENANT, CLIENT, Secret(api.secret), Cloud(api.root, api.root), ca_file=str(certificate)
        )
        for change in (before, lambda path: None, lambda path: None):
            api.before = change
            runtime = Runtime(Path(folder))
            with contextlib.suppress(FlowtrapError), contextlib.closing(runtime):
                collect(Settings("m365", account, (TYPE,)), runtime, retry=QUICK)
        missing = expected - set(runtime.lines())
        parked = json.loads((Path(folder) / "m365.json").read_text())["types"][TYPE]["parked"]
        gone = [answer for part, answer in answers if part == "/audit/" and answer.status < 300]
        assert len(missing) <= len(parked) + len(gone)
