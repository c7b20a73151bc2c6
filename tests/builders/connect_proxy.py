"""An HTTP proxy that leads every tunnel to servers on loopback, whatever host is asked for.

Example: `ConnectProxy({"login.microsoftonline.com": api_port})`; another host is refused with 403.
With `login` it asks for "user:password" and answers 407 without it.
"""

from __future__ import annotations

import base64
import select
import socket
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler

from builders.local_server import LocalServer


class ConnectProxy(LocalServer):
    """The proxy, as a context; `asked` are the hosts that were asked for."""

    def __init__(self, ports: Mapping[str, int], login: str = "") -> None:
        self.ports, self.login = ports, login
        self.asked: list[str] = []
        super().__init__(None, _handler(self))


def _handler(owner: ConnectProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            host = self.path.partition(":")[0]
            owner.asked.append(host)
            wanted = "Basic " + base64.b64encode(owner.login.encode()).decode()
            if owner.login and self.headers.get("Proxy-Authorization") != wanted:
                self.send_error(407)
                return
            if host not in owner.ports:
                self.send_error(403)
                return
            with socket.create_connection(("127.0.0.1", owner.ports[host])) as server:
                self.send_response(200)
                self.end_headers()
                _join(self.connection, server)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _join(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until either side ends."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65_536)
            if not data:
                return
            (other if ready is one else one).sendall(data)
