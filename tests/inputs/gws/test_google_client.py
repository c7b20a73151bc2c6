"""Google's own client pages the model, and its discovery document accepts every request of ours."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import warnings

import pytest
from builders.gws_api import refusal

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # that it will drop this Python one day
    import httplib2
    from google.oauth2.credentials import Credentials
    from google_auth_httplib2 import AuthorizedHttp
    from googleapiclient import discovery, discovery_cache


@pytest.fixture(scope="module")
def document():
    return json.loads(discovery_cache.get_static_doc("admin", "reports_v1"))


def test_googles_client_pages_the_model(api, document, certificate):
    api.page_size = 3
    now_s = time.time()
    for n in range(8):
        api.add("drive", now_s - 60 - n)
    api._tokens.add("made-up")
    http = AuthorizedHttp(
        Credentials("made-up"), http=httplib2.Http(ca_certs=str(certificate), timeout=10)
    )
    service = discovery.build_from_document(
        document, http=http, client_options={"api_endpoint": api.root}
    )
    request = service.activities().list(
        userKey="all", applicationName="drive", startTime=iso(now_s - 3600), endTime=iso(now_s)
    )
    found = []
    while request is not None:
        answer = request.execute()
        found += answer["items"]
        request = service.activities().list_next(request, answer)
    assert [one["id"]["time"] for one in found] == sorted(
        (one.activity["id"]["time"] for one in api.shown["drive"]), reverse=True
    )
    http.close()


def iso(time_s):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time_s))


def test_the_discovery_document_accepts_every_request_of_ours(api, document, room, run_once):
    api.page_size = 2
    api.before = lambda path: refusal(503, "backendError") if api.dice.random() < 0.2 else None
    for application in ("drive", "gmail", "workspace_studio"):
        for n in range(5):
            api.add(application, time.time() - 60 - n)
    assert run_once(room(applications="drive,gmail,workspace_studio")) == 0
    method = document["resources"]["activities"]["methods"]["list"]
    known = {**document["parameters"], **method["parameters"]}
    calls = [call for call in api.calls if "/activity/" in call]
    assert any("pageToken" in call for call in calls)
    assert api.root.endswith("/")
    assert document["rootUrl"] == "https://admin.googleapis.com/"
    for call in calls:
        verb, address = call.split(" ")
        parts = urllib.parse.urlsplit(address)
        assert verb == method["httpMethod"]
        template = re.escape("/" + document["servicePath"] + method["flatPath"])
        path = re.sub(r"\\{\w+\\}", "([^/]+)", template)
        user, application = re.fullmatch(path, parts.path).groups()
        assert user == "all"
        assert application in known["applicationName"]["enum"]
        for name, value in urllib.parse.parse_qsl(parts.query, strict_parsing=True):
            accepts(known[name], value)


def accepts(parameter, value):
    """Hold a value against a parameter of the document."""
    if "pattern" in parameter:
        assert re.fullmatch(parameter["pattern"], value), (parameter["pattern"], value)
    if parameter["type"] == "integer":
        assert int(parameter["minimum"]) <= int(value) <= int(parameter["maximum"])
    if parameter["type"] == "boolean":
        assert value in ("true", "false")
    if "enum" in parameter:
        assert value in parameter["enum"]
