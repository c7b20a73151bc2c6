"""Small proxies on loopback that ask for a user and a password: HTTP CONNECT, also over TLS, and SOCKS5.

Source: RFC 9110 (CONNECT), RFC 7617 (Basic), RFC 1928 and 1929 (SOCKS5 with user name and password).
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from pathlib import Path


class _Proxy:
    kind = ""

    def __init__(self, user: str, password: str, *, certificate: Path | None = None) -> None:
        self.user, self.password = user, password
        self.login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.tunnels = 0
        self._certificate = certificate
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._listening.close()

    def __del__(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(asking,), daemon=True).start()

    def _serve(self, asking: socket.socket) -> None:
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            asking = context.wrap_socket(asking, server_side=True)
        with asking, contextlib.suppress(OSError):
            target = self.handshake(asking)
            if target:
                self.tunnels += 1
                with socket.create_connection(target) as other:
                    back = threading.Thread(target=_pump, args=(other, asking), daemon=True)
                    back.start()
                    _pump(asking, other)
                    back.join(5)

    def handshake(self, asking: socket.socket) -> tuple[str, int] | None:
        raise NotImplementedError


class HttpProxy(_Proxy):
    """Answers CONNECT."""

    kind = "http"

    def handshake(self, asking: socket.socket) -> tuple[str, int] | None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += asking.recv(1)
        if self.user and f"Proxy-Authorization: Basic {self.login}".encode() not in head:
            asking.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
            )
            return None
        asking.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = head.split()[1].decode().rpartition(":")
        return host, int(port)


class Socks5Proxy(_Proxy):
    """Answers CONNECT of SOCKS5, by address or by name."""

    kind = "socks5"

    def handshake(self, asking: socket.socket) -> tuple[str, int] | None:
        take = asking.makefile("rb", buffering=0).read
        _, methods = take(2)
        take(methods)
        asking.sendall(b"\x05\x02")
        user = take(take(2)[1])
        password = take(take(1)[0])
        right = (user.decode(), password.decode()) == (self.user, self.password)
        asking.sendall(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return None
        kind = take(4)[3]
        host = take(take(1)[0]).decode() if kind == 3 else socket.inet_ntoa(take(4))
        port = int.from_bytes(take(2), "big")
        asking.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        return host, port


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
