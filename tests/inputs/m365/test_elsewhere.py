"""An address outside the vendor's gets no request and no credential, whoever names it.

The fixture `elsewhere` is a second server with a certificate that the client trusts as well; when a
test ends, it must not have been asked anything, nor have seen any secret.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.m365_api import TENANT, Answered, event

from flowtrap_inputs.errors import ElsewhereError
from flowtrap_inputs.m365.clouds import Cloud

TYPE = "Audit.Exchange"
FOREIGN = "99999999-8888-4777-8666-555555555555"


def fill(api, contents=4):
    for number in range(contents):
        api.add(TYPE, [event(number, api.now_s())], api.now_s() - 100 - number)


def test_content_uri_elsewhere_is_rebuilt_from_its_id(api, elsewhere, run):
    fill(api)
    api.content_uri = lambda content_id: (
        f"{elsewhere.root}/api/v1.0/{FOREIGN}/activity/feed/audit/{content_id}"
    )
    runtime = run()
    assert len(runtime.lines()) == 4
    assert runtime.health.errors["foreign_contentUri"] == 4
    assert all(f"/{TENANT}/" in call for call in api.calls)


@pytest.mark.parametrize(
    "address",
    [
        "{elsewhere}/api/v1.0/{tenant}/activity/feed/subscriptions/content?nextPage=1",
        "{root}@{bare}/api/v1.0/{tenant}/activity/feed/subscriptions/content?nextPage=1",
        "{root}/api/v1.0/{foreign}/activity/feed/subscriptions/content?nextPage=1",
        "{root}/api/v1.0/{tenant}/activity/feed/../../../../{foreign}/x?nextPage=1",
        "{root}/api/v1.0/{tenant}/activity/feed/%2e%2e/%2E./x?nextPage=1",
        "http://{bare}/api/v1.0/{tenant}/activity/feed/subscriptions/content?nextPage=1",
        "//{bare}/api/v1.0/{tenant}/activity/feed/subscriptions/content?nextPage=1",
        "\\\\{bare}\\x",
        "https:{bare}/x",
        " {elsewhere}/x",
        "/api/v1.0/{tenant}/activity/feed/subscriptions/content?nextPage=1",
    ],
)
def test_next_page_elsewhere_is_not_followed_and_moves_nothing(api, elsewhere, run, address):
    fill(api)
    named = address.format(
        elsewhere=elsewhere.root, bare=elsewhere.root[len("https://") :], root=api.root,
        tenant=TENANT, foreign=FOREIGN,
    )  # fmt: skip
    api.next_page = lambda page: named
    runtime = run()
    assert runtime.health.errors["ElsewhereError"] == 1
    assert not any(FOREIGN in call for call in api.calls)
    api.next_page = lambda page: page
    assert len(run().lines()) == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("part", ["/token", "/subscriptions/list", "/content?", "/audit/"])
def test_redirect_is_not_followed(api, elsewhere, run, part, status):
    fill(api)
    location = {"Location": f"{elsewhere.root}/api/v1.0/{TENANT}/activity/feed/x"}
    api.before = lambda path: Answered(status, b"", location) if part in path else None
    if part in ("/token", "/subscriptions/list"):
        with pytest.raises(ElsewhereError, match="redirect"):
            run()
    else:
        runtime = run()
        assert runtime.lines() == []
        assert sum(runtime.health.errors.values()) >= 1
    api.before = lambda path: None
    if part != "/audit/":
        assert len(run().lines()) == 4


def test_sign_in_elsewhere_than_pinned_gets_no_secret(api, elsewhere, run, account, monkeypatch):
    """A sign-in whose address is not that of the account's cloud: the client refuses it."""
    monkeypatch.setattr(Cloud, "pins", lambda self, tenant: [self.feed(tenant)])
    moved = replace(account, cloud=Cloud(api.root, elsewhere.root))
    with pytest.raises(ElsewhereError, match="gets no request"):
        run(account=moved)
    assert api.calls == []


@pytest.mark.parametrize(
    "content_id", ["../../../../x", "a/../../b", "..", "?x=1#y", "a b\r\nX: y"]
)
def test_content_id_cannot_leave_the_tenants_path(api, run, content_id):
    fill(api, 2)
    api.contents[TYPE][0] = api.contents[TYPE][0]._replace(content_id=content_id)
    runtime = run()
    feed = f"/api/v1.0/{TENANT}/activity/feed/"
    assert all(feed in call or "/token" in call for call in api.calls)
    assert not any("/../" in call or call.endswith("/..") for call in api.calls)
    assert len(runtime.lines()) in (1, 2)


def test_secrets_are_in_no_log_event_or_checkpoint(api, run, caplog):
    caplog.set_level(0)
    fill(api)
    api.fault_rate = 0.3
    runtime = run()
    assert len(runtime.lines()) == 4
    written = caplog.text + "".join(
        path.read_text() for path in runtime.folder.rglob("*") if path.is_file()
    )
    secrets = {text.removeprefix("Bearer ") for text in api.secrets_seen}
    secrets = {text for text in secrets if text.startswith("token-") or text == api.secret}
    assert len(secrets) >= 2
    assert not [text for text in secrets if text in written]
