"""Over TLS and with credentials, as real clusters ask for them: a proxy before the real node.

Whatever goes wrong is one line, and the secret is in no output and in nothing that is kept.
"""

from __future__ import annotations

import base64
import json
import signal
import socket
import threading
from functools import partial
from pathlib import Path

import pytest
from builders import all_scenarios
from builders import elastic_running as running
from builders.certificate import make_certificate
from builders.elastic_meddler import Broken, Headed, Meddler
from builders.kept_originals import load
from builders.kibana import KibanaModel

from cli import content, main
from elastic.client import Access
from elastic.errors import ClusterError
from elastic.kibana import Kibana

KEY = "dGhlIGlkOnRoZSBzZWNyZXQgcGFydA=="
PASSWORD = "correct:horse-battery€"
API_KEY = {"FLOWTRAP_ELASTIC_API_KEY": KEY}
BASIC = {"FLOWTRAP_ELASTIC_USER": "eve", "FLOWTRAP_ELASTIC_PASSWORD": PASSWORD}
ONCE = ("--final", "--step=400d", "--slices=1")
ACCEPTED = {
    f"ApiKey {KEY}",
    f"Basic {base64.b64encode(f'eve:{PASSWORD}'.encode()).decode()}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder):
    return make_certificate(folder, "authority", host="authority.example.com")


@pytest.fixture(scope="module")
def certificate(folder, authority):
    return make_certificate(folder, authority=authority)


def guarded(request, forward):
    """Forward what bears one of the credentials, refuse the rest as Elasticsearch does."""
    if request.headers.get("Authorization") in ACCEPTED:
        return forward()
    return 401, {"error": {"type": "security_exception", "reason": "unable to authenticate"}}


@pytest.fixture
def proxy(node_url, certificate):
    with Meddler(node_url, certificate) as meddler:
        meddler.meddle = guarded
        yield meddler


@pytest.fixture
def bare(certificate):
    """Return a proxy with nothing behind it."""
    with Meddler(certificate=certificate) as meddler:
        meddler.meddle = guarded
        yield meddler


@pytest.fixture
def failing(monkeypatch, capsys):
    """Return what does a run in this process that must fail, and returns the first line of it."""
    compiled = json.loads(Path(running.compiled()).read_text(encoding="utf-8"))
    monkeypatch.setattr(content, "compiled", lambda: compiled)
    for name in ("URL", "CLOUD_ID", "API_KEY", "USER", "PASSWORD", "CA"):
        monkeypatch.delenv(f"FLOWTRAP_ELASTIC_{name}", raising=False)
    before = signal.getsignal(signal.SIGTERM)

    def run(url, *options, **env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        place = [f"--url={url}"] if url else []
        code = main.flowtrap.main(["elastic", "run", *place, *options], standalone_mode=False)
        out = capsys.readouterr()
        assert code == 1, out.err
        unseen(out.out + out.err)
        first, *rest = out.err.splitlines()
        gave_up = "flowtrap: given up: no state was saved, the next run begins at the same place"
        assert rest in ([], [gave_up]), out.err
        return first

    yield run
    signal.signal(signal.SIGTERM, before)


def records():
    """Return those of one attack: enough for findings."""
    return next(iter(all_scenarios.attacks("gcp").values()))


def unseen(text: str) -> None:
    for secret in (KEY, PASSWORD, *(header.partition(" ")[2] for header in ACCEPTED)):
        assert secret not in text


@pytest.mark.server
@pytest.mark.parametrize("secret", [API_KEY, BASIC], ids=["API key", "user"])
def test_run_over_tls_gives_findings_and_keeps_no_secret(
    node, proxy, room, authority, secret, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    indices = load(node, room, records())
    done = running.run(proxy.origin, room, f"--ca={authority}", *indices, *ONCE, **secret)
    assert done.returncode == 0, done.stderr
    found = running.findings(node, room)
    assert found
    assert {request.headers["Authorization"] in ACCEPTED for request in proxy.requests} == {True}
    unseen(done.stdout + done.stderr + json.dumps(found))
    state = node.search(index="flowtrap-state", size=100)
    unseen(json.dumps(state["hits"]["hits"]) + json.dumps(node.indices.get_index_template().body))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.server
def test_key_from_a_file_and_address_from_a_cloud_id(node, proxy, room, authority, tmp_path):
    indices = load(node, room, records())
    file = tmp_path / "key"
    file.write_text(f"{KEY}\r\n")
    # As Elastic writes it: the host is the second part, below the first; here 127.0.0.1
    cloud_id = "mine:" + base64.b64encode(f"0.0.1:{proxy.port}$127$kibana".encode()).decode()
    place = (f"--cloud-id={cloud_id}", f"--api-key-file={file}", f"--ca={authority}")
    done = running.run("", room, *place, *indices, *ONCE)
    assert done.returncode == 0, done.stderr
    assert running.findings(node, room)
    unseen(done.stdout + done.stderr)


BAD = {  # what is wrong with a certificate, how to make it so, what is told
    "of another authority": (None, "its certificate is not trusted (name its CA with --ca)"),
    "expired": ({"days": -1}, "its certificate has expired (it must be renewed there"),
    "of another name": (
        {"host": "es.example.com"}, "its certificate is for another host (use an address that",
    ),
    "of another address": (
        {"host": "192.0.2.7"}, "its certificate is for another host (use an address that",
    ),
}  # fmt: skip


def bad_certificate(folder, authority, changed):
    signed_by = make_certificate(folder, "other") if changed is None else authority
    return make_certificate(folder, "bad", authority=signed_by, **(changed or {}))


@pytest.mark.parametrize(("changed", "told"), BAD.values(), ids=BAD)
def test_certificate_that_is_not_good_is_told_at_once(failing, folder, authority, changed, told):
    bad = bad_certificate(folder, authority, changed)
    with Meddler(certificate=bad) as proxy:
        line = failing(proxy.origin, f"--ca={authority}", "--patience=50s", **API_KEY)
    assert line.startswith(f"flowtrap: {proxy.origin}: {told}")
    assert proxy.requests == []


def test_authority_that_nobody_named_is_told(failing, bare):
    assert "its certificate is not trusted" in failing(bare.origin, **API_KEY)


def test_address_of_a_server_without_tls_is_told(failing):
    with Meddler() as plain:
        address = plain.origin.replace("http:", "https:")
        line = failing(address, "--patience=50s", **API_KEY)
    assert "does not speak TLS (check scheme and port of the address)" in line


def test_handshake_that_breaks_is_tried_again(failing):
    """A listener that hangs up at once, as a load balancer without a live node does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = []

        def hang_up():
            while True:
                try:
                    taken.append(listener.accept()[0].close())
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        line = failing(address, "--patience=2s", **API_KEY)
    assert f"{address}: cannot be reached" in line
    assert len(taken) > 1


@pytest.mark.parametrize("secret", ["FLOWTRAP_ELASTIC_API_KEY", "FLOWTRAP_ELASTIC_PASSWORD"])
def test_wrong_secret_is_one_line(failing, bare, authority, secret):
    wrong = {"FLOWTRAP_ELASTIC_USER": "eve"} if "PASSWORD" in secret else {}
    line = failing(bare.origin, f"--ca={authority}", **wrong, **{secret: "d3Jvbmcga2V5"})
    assert line.endswith(": the user, password or API key is wrong (401)")
    assert "d3Jvbmcga2V5" not in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "holds no key"),
        (" \n\n", "holds no key"),
        (f"{KEY}\nx", "this is no API key (put its encoded form alone there, in one line)"),
        (f'{{"encoded": "{KEY}"}}', "this is no API key"),
        (f"{KEY}€", "cannot be read: it is not text"),
        (None, "cannot be read: No such file or directory"),
        (..., "cannot be read: Is a directory"),
    ],
    ids=["empty", "blank", "two lines", "JSON", "not text", "missing", "a folder"],
)
def test_key_file_that_is_no_good_is_one_line(failing, tmp_path, content, told):
    file = tmp_path / "key"
    if content is ...:
        file.mkdir()
    elif content is not None:
        file.write_text(content)
    line = failing("https://127.0.0.1:9", f"--api-key-file={file}")
    assert told in line


def test_key_that_is_none_on_the_environment_is_not_repeated(failing):
    line = failing("https://127.0.0.1:9", FLOWTRAP_ELASTIC_API_KEY=f"{KEY}\r\nHost: x")
    assert "FLOWTRAP_ELASTIC_API_KEY: this is no API key" in line


@pytest.mark.parametrize(
    ("cloud_id", "told"),
    [
        ("mine:!!", "cloud mine: cannot be used"),
        ("mine:" + base64.b64encode(b"example.com").decode(), "cloud mine: cannot be used"),
        ("mine:" + base64.b64encode(b"example.com:port$es$k").decode(), "cloud mine: cannot be"),
        (KEY, "--cloud-id: cannot be used"),
    ],
    ids=["no base64", "no cluster", "no port", "a key"],
)
def test_cloud_id_that_is_none_is_one_line(failing, cloud_id, told):
    line = failing("", f"--cloud-id={cloud_id}", **BASIC)
    assert told in line
    assert line.endswith("(copy it from the deployment's page: NAME:…)")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://es.example.com:9200", "credentials would travel in the clear"),
        (f"https://eve:{PASSWORD}@127.0.0.1:9200", "the address holds a user or password"),
        ("es.example.com:9200", "--url: is no address (write https://HOST:PORT)"),
        ("https://[::1:9200", "--url: is no address"),
        ("https://127.0.0.1:x", "--url: is no address"),
    ],
)
def test_address_that_must_not_be_used_is_one_line(failing, address, told):
    assert told in failing(address, **API_KEY)


@pytest.mark.parametrize(
    ("file", "told"),
    [("", "holds no certificate (PEM)"), (None, "cannot be read: No such file or directory")],
    ids=["empty", "missing"],
)
def test_ca_that_is_none_is_one_line(failing, tmp_path, file, told):
    path = tmp_path / "ca.pem"
    if file is not None:
        path.write_text(file)
    line = failing("https://127.0.0.1:9", f"--ca={path}", **API_KEY)
    assert f"--ca: {path} {told}" in line


def test_redirect_is_not_followed(failing, bare, authority, certificate):
    with Meddler(certificate=certificate) as elsewhere:
        there = {"Location": f"{elsewhere.origin}/_search"}
        bare.meddle = lambda request, forward: (302, Headed(None, there))
        line = failing(bare.origin, f"--ca={authority}", **API_KEY)
    assert "answered 302: it sends elsewhere, which is not followed" in line
    assert elsewhere.requests == []


@pytest.mark.server
def test_connections_that_break_midway_are_asked_again(node, proxy, room, authority):
    indices = load(node, room, records())
    broken: list[str] = []

    def meddle(request, forward):
        status, answer = guarded(request, forward)
        kind = request.path.partition("?")[0].rpartition("/")[2]
        if kind not in broken:
            broken.append(kind)
            return status, Broken(answer)
        return status, answer

    proxy.meddle = meddle
    done = running.run(proxy.origin, room, f"--ca={authority}", *indices, *ONCE, **API_KEY)
    assert done.returncode == 0, done.stderr
    assert {"_field_caps", "_pit", "_search", "_bulk", room} <= set(broken)
    assert running.findings(node, room)
    unseen(done.stderr)


def test_connection_that_always_breaks_is_one_line(failing, bare, authority):
    bare.meddle = lambda request, forward: (200, Broken({"indices": ["x" * 1000]}))
    line = failing(bare.origin, f"--ca={authority}", "--patience=1s", **API_KEY)
    assert f"{bare.origin}: cannot be reached" in line


def test_what_a_cluster_deprecates_is_not_shown(failing, bare, authority):
    told = {"Warning": '299 Elasticsearch-8.19.0 "this request accesses system indices"'}
    empty = {"indices": [], "fields": {}}
    bare.meddle = lambda request, forward: (
        (404, {}) if "flowtrap-state" in request.path
        else (200, Headed(empty if "_field_caps" in request.path else {}, told))
    )  # fmt: skip
    line = failing(bare.origin, f"--ca={authority}", **API_KEY)
    assert "no index of any feed is there" in line
    assert any("_field_caps" in request.path for request in bare.requests)


# --- Kibana -------------------------------------------------------------------------------------


def refused(url, **access) -> str:
    """Return the line of a Kibana that cannot be asked."""
    with pytest.raises(ClusterError) as caught:
        Kibana(url, Access(**access)).check_version()
    unseen(str(caught.value))
    return str(caught.value)


ELASTIC = {"user": "elastic", "password": "right"}


@pytest.mark.server
def test_deploy_plans_over_tls(proxy, certificate, authority, monkeypatch, capsys):
    """Only the plan: what deploy makes has one name in a cluster, and other tests share it."""
    monkeypatch.setenv("FLOWTRAP_ELASTIC_PASSWORD", ELASTIC["password"])
    header = Access(**ELASTIC).authorization
    monkeypatch.setattr(f"{__name__}.ACCEPTED", {header})
    with KibanaModel(certificate=certificate) as kibana:
        place = [f"--url={proxy.origin}", f"--kibana={kibana.origin}", "--user=elastic"]
        command = ["elastic", "deploy", *place, f"--ca={authority}"]
        code = main.flowtrap.main(command, standalone_mode=False)
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "create index template" in said.out or "keep index template" in said.out
    assert "create rule: " in said.out
    assert kibana.requests
    assert {request.headers["Authorization"] for request in proxy.requests} == {header}
    assert header.partition(" ")[2] not in said.out + said.err


def test_kibana_over_tls(certificate, authority):
    with KibanaModel(certificate=certificate) as kibana:
        access = Access(**ELASTIC, ca=str(authority))
        assert Kibana(kibana.origin, access).check_version() == "8.19.0"
        assert "user, password or API key is wrong (401)" in refused(
            kibana.origin, api_key=KEY, ca=str(authority)
        )
        assert "is not trusted (name its CA with --ca)" in refused(kibana.origin, **ELASTIC)
        plain = kibana.origin.replace("https", "http")
        assert "cannot be reached" in refused(plain, **ELASTIC)


@pytest.mark.parametrize(("changed", "told"), BAD.values(), ids=BAD)
def test_certificate_of_kibana_that_is_not_good_is_told(folder, authority, changed, told):
    bad = bad_certificate(folder, authority, changed)
    with KibanaModel(certificate=bad) as kibana:
        line = refused(kibana.origin, **ELASTIC, ca=str(authority))
    assert line.startswith(f"{kibana.origin}: {told}")
    assert kibana.requests == []


def test_kibana_that_sends_elsewhere_or_breaks_is_told(certificate, authority):
    ask = partial(refused, api_key=KEY, ca=str(authority))
    with Meddler(certificate=certificate) as kibana, Meddler(certificate=certificate) as elsewhere:
        there = {"Location": elsewhere.origin}
        kibana.meddle = lambda request, forward: (307, Headed(None, there))
        assert "answered 307: it sends elsewhere, which is not followed" in ask(kibana.origin)
        kibana.meddle = lambda request, forward: (200, Broken({"version": "x" * 1000}))
        assert f"{kibana.origin}: cannot be reached: IncompleteRead" in ask(kibana.origin)
    assert elsewhere.requests == []


def test_address_without_tls_is_no_kibana_with_it():
    with KibanaModel() as kibana:
        line = refused(kibana.origin.replace("http", "https"), **ELASTIC)
    assert "does not speak TLS" in line
