"""The HTTPS client: pins, redirects, TLS, proxies, answers that end early; nothing secret in errors."""

from __future__ import annotations

import base64
import gzip
import socket
import threading
from email.utils import formatdate

import pytest
from builders.certificate import make_certificate
from builders.m365_api import Answered, M365Api
from builders.proxies import HttpProxy, Socks5Proxy
from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs.errors import ElsewhereError, FetchError, MalformedError, TransientError
from flowtrap_inputs.http import HttpClient, Proxy

PIN = "https://api.example.com/v1/TENANT/"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(certificate):
    with M365Api(certificate) as server:
        server.before = lambda path: Answered(200, b'{"ok": true}')
        yield server


def client(server, certificate, **more):
    return HttpClient([server.root + "/a/"], ca_file=str(certificate), **more)


@pytest.mark.parametrize(
    "address",
    ["https://api.example.com/v1/TENANT/x", "https://API.example.com/v1/tenant/x?y=z%20&next=https://b.example.net/",
     "https://api.example.com:443/v1/TENANT/", "https://api.example.com/v1/TENANT/a$b@c/d"],
)  # fmt: skip
def test_address_below_a_pin(address):
    HttpClient([PIN]).check(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com/v1/TENANT/x",
        "https://api.example.net/v1/TENANT/x",
        "https://api.example.com.example.net/v1/TENANT/x",
        "https://api.example.com:8443/v1/TENANT/x",
        "https://api.example.com@b.example.net/v1/TENANT/x",
        "https://user:word@api.example.com/v1/TENANT/x",
        "https://api.example.com\\@b.example.net/v1/TENANT/x",
        "https://api.example.com/v1/TENANT",
        "https://api.example.com/v1/OTHER/x",
        "https://api.example.com/v1/TENANT/../OTHER/x",
        "https://api.example.com/v1/TENANT/%2e%2e/OTHER/x",
        "https://api.example.com/v1/TENANT/..%2fOTHER/x",
        "https://api.example.com/v1/TENANT/..%5cOTHER/x",
        "https://api.example.com/v1/TENANT/x#https://b.example.net/",
        "https://api.example.com/v1/TENANT/x y",
        "https://api.example.com/v1/TENANT/x\r\nHost: b.example.net",
        " https://api.example.com/v1/TENANT/x",
        "https://аpi.example.com/v1/TENANT/x",  # noqa: RUF001 (a Cyrillic a)
        "//api.example.com/v1/TENANT/x",
        "",
    ],
)
def test_address_elsewhere(address):
    with pytest.raises(ElsewhereError, match="gets no request"):
        HttpClient([PIN]).check(address)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_reaches_another_host(before, after):
    """Whatever the check lets through, urllib3 too reads as the pinned host and path."""
    from urllib3.util import parse_url

    address = before + PIN + after
    try:
        HttpClient([PIN]).check(address)
    except ElsewhereError:
        return
    parsed = parse_url(address)
    assert (parsed.scheme, parsed.host, parsed.port, parsed.auth) == (
        "https",
        "api.example.com",
        None,
        None,
    )
    assert (parsed.path or "").startswith("/v1/TENANT/")


def test_exact_pin_allows_itself_with_any_query():
    one = HttpClient(["https://login.example.com/token"])
    one.check("https://login.example.com/token?x=1")
    with pytest.raises(ElsewhereError):
        one.check("https://login.example.com/token/more")


def test_answer(server, certificate):
    with client(server, certificate) as http, http.open("GET", server.root + "/a/b") as answer:
        assert (answer.status, answer.json()) == (200, {"ok": True})
        assert answer.headers["content-LENGTH"] == "12"
        assert abs(answer.server_time_s() - server.now_s()) < 2


def test_certificate_that_is_not_trusted(server):
    with HttpClient([server.root + "/"]) as http, pytest.raises(FetchError) as caught:
        http.open("GET", server.root + "/a/")
    assert not isinstance(caught.value, TransientError)
    assert "certificate is not trusted" in str(caught.value)
    assert server.calls == []


def test_environment_is_not_asked(server, certificate, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password something\n")
    for name, value in {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HOME": str(tmp_path),
        "REQUESTS_CA_BUNDLE": "/none",
    }.items():
        monkeypatch.setenv(name, value)
    with client(server, certificate) as http, http.open("GET", server.root + "/a/"):
        pass
    assert server.secrets_seen == []


def test_no_cookie_is_kept(server, certificate):
    server.before = lambda path: Answered(200, b"{}", {"Set-Cookie": "a=b; Path=/"})
    with client(server, certificate) as http:
        for _ in range(2):
            with http.open("GET", server.root + "/a/") as answer:
                answer.read()
        assert len(http._session.cookies) == 0


def test_body_that_ends_before_its_length(server, certificate, monkeypatch):
    monkeypatch.setattr("builders.m365_api.FAULTS", ("truncated",))
    server.fault_rate = 1.0
    with client(server, certificate) as http, pytest.raises(TransientError, match="cut off"):
        http.open("GET", server.root + "/a/").read()


def test_connection_that_is_dropped(server, certificate, monkeypatch):
    monkeypatch.setattr("builders.m365_api.FAULTS", ("dropped",))
    server.fault_rate = 1.0
    with client(server, certificate) as http, pytest.raises(TransientError, match="cut off"):
        http.open("GET", server.root + "/a/")


def test_server_that_says_nothing(server, certificate):
    server.latency_s = 0.5
    with (
        client(server, certificate, read_s=0.1) as http,
        pytest.raises(TransientError, match="no answer in time"),
    ):
        http.open("GET", server.root + "/a/")


def test_answer_that_never_ends(server, certificate):
    server.before = lambda path: Answered(200, b"x" * 1_000_000)
    with (
        client(server, certificate, whole_s=-1) as http,
        pytest.raises(TransientError, match="took more than"),
    ):
        http.open("GET", server.root + "/a/").read()


def test_nobody_listens(certificate):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        root = f"https://127.0.0.1:{listening.getsockname()[1]}"
    with (
        HttpClient([root + "/"]) as http,
        pytest.raises(TransientError, match="refused or cut off"),
    ):
        http.open("GET", root + "/")


def test_name_that_is_none():
    address = "https://nowhere.invalid/"
    with HttpClient([address]) as http, pytest.raises(TransientError, match="cannot be resolved"):
        http.open("GET", address)


def test_whole_answers_are_bounded(server, certificate):
    server.before = lambda path: Answered(
        200, gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}
    )
    with client(server, certificate) as http, pytest.raises(MalformedError, match="more than"):
        http.open("GET", server.root + "/a/").read()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff"])
def test_answer_that_is_no_json(server, certificate, body):
    server.before = lambda path: Answered(200, body)
    with client(server, certificate) as http, pytest.raises(MalformedError, match="not JSON"):
        http.open("GET", server.root + "/a/").json()


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [("7", 7), ("0", 0), ("", None), ("soon", None), ("-3", None), ("1e9", None), ("9" * 40, None)],
)
def test_retry_after(server, certificate, said, wait_s):
    server.before = lambda path: Answered(429, b"", {"Retry-After": said})
    with client(server, certificate) as http, http.open("GET", server.root + "/a/") as answer:
        assert answer.retry_after_s() == wait_s


def test_retry_after_as_a_date_is_by_the_servers_clock(server, certificate):
    server.skew_s = 50_000
    date = formatdate(server.now_s() + 90, usegmt=True)
    server.before = lambda path: Answered(503, b"", {"Retry-After": date})
    with client(server, certificate) as http, http.open("GET", server.root + "/a/") as answer:
        assert 87 <= answer.retry_after_s() <= 91


@pytest.mark.parametrize("kind", [HttpProxy, Socks5Proxy])
def test_proxy_with_a_password(server, certificate, kind):
    with kind("someone", "p@ss:w/ord") as through:
        proxy = Proxy(through.kind, "127.0.0.1", through.port, "someone", "p@ss:w/ord")
        assert "p@ss" not in repr(proxy)
        with (
            client(server, certificate, proxy=proxy) as http,
            http.open("GET", server.root + "/a/") as answer,
        ):
            assert answer.status == 200
        assert through.tunnels == 1


@pytest.mark.parametrize("kind", [HttpProxy, Socks5Proxy])
def test_proxy_that_refuses_the_password(server, certificate, kind):
    with kind("someone", "right") as through:
        proxy = Proxy(through.kind, "127.0.0.1", through.port, "someone", "not-right")
        with client(server, certificate, proxy=proxy) as http, pytest.raises(FetchError) as caught:
            http.open("GET", server.root + "/a/")
    assert "proxy" in str(caught.value)
    assert "not-right" not in str(caught.value) + repr(caught.value.__cause__)
    assert not isinstance(caught.value, TransientError)
    assert server.calls == []


def test_proxy_over_tls(server, certificate):
    with HttpProxy("", "", certificate=certificate) as through:
        proxy = Proxy("https", "127.0.0.1", through.port)
        with (
            client(server, certificate, proxy=proxy) as http,
            http.open("GET", server.root + "/a/") as answer,
        ):
            assert answer.status == 200
        assert through.tunnels == 1


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_proxy_that_is_not_there(server, certificate, kind):
    proxy = Proxy(kind, "127.0.0.1", 9)
    with (
        client(server, certificate, proxy=proxy) as http,
        pytest.raises(TransientError, match="proxy"),
    ):
        http.open("GET", server.root + "/a/")
    assert server.calls == []


def test_threads_share_a_client(server, certificate):
    server.latency_s = 0.02
    statuses = []
    with client(server, certificate) as http:

        def ask():
            for _ in range(5):
                with http.open("GET", server.root + "/a/") as answer:
                    answer.read()
                    statuses.append(answer.status)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 40


def test_basic_login_of_a_proxy_is_its_own():
    """The model of the proxy asks for what RFC 7617 says, so that the tests above mean something."""
    assert HttpProxy("someone", "right").login == base64.b64encode(b"someone:right").decode()
