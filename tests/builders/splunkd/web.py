"""A model of Splunk Web, as far as UCC's pages need it: /en-US/app/TA_flowtrap/configuration.

The pages are the built add-on's own files. What Splunk adds to them (its header, its themes, its
catalogue of words) is put in their place by a few lines of script.
"""

from __future__ import annotations

import json
import mimetypes
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from .server import Splunkd

TOKEN = "a-form-token"
_LAYOUT = """
window.__splunk_layout__ = {create: () => {
  const box = document.createElement('div');
  document.body.appendChild(box);
  return {getContainerElement: () => box};
}};
"""
_THEME = "window.__get_theme__ = {getTheme: () => Promise.resolve('light')};"
_WORDS = "window._i18n_locale = {locale_name: 'en_US'}; window._ = text => text;"


class Web:
    """The server, as a context; `told` are its answers of 500 and more."""

    def __init__(self, addon: Path, splunkd: Splunkd) -> None:
        self.addon, self.splunkd, self.told = addon, splunkd, []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *args: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]
        self.uri = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Web:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def page(self, path: str) -> tuple[str, bytes] | None:
        """Return media type and bytes of a path below /en-US/, None where nothing is."""
        script = {
            "config": f"window.$C = {json.dumps(self._settings())};",
            "i18ncatalog": "",
        }.get(path)
        if path.startswith("app/TA_flowtrap/"):
            return "text/html", (self.addon / "appserver/templates/base.html").read_bytes()
        if path.endswith("js/i18n.js"):
            script = _WORDS
        if path.endswith("build/api/layout.js"):
            script = _LAYOUT
        if path.endswith("build/api/get_theme.js"):
            script = _THEME
        if script is not None:
            return "text/javascript", script.encode()
        static = re.fullmatch(r"static/@[^/]*/app/TA_flowtrap/(.+)", path)
        if static:
            root = self.addon / "appserver/static"
            file = (root / static[1]).resolve()
            if root.resolve() in file.parents and file.is_file():
                return mimetypes.guess_type(file.name)[0] or "text/plain", file.read_bytes()
        return None

    def _settings(self) -> dict[str, object]:
        return {
            "SPLUNKD_PATH": "/en-US/splunkd/__raw", "LOCALE": "en-US", "USERNAME": "admin",
            "MRSPARKLE_PORT_NUMBER": self.port, "MRSPARKLE_ROOT_PATH": "", "BUILD_NUMBER": 1,
        }  # fmt: skip


def _handler(owner: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path.removeprefix("/en-US/")
            if path.startswith("splunkd/__raw/"):
                self._proxy(body)
                return
            found = owner.page(path)
            self._send(200 if found else 404, *(found or ("text/plain", b"nothing here")))

        do_POST = do_DELETE = do_GET

        def _proxy(self, body: bytes) -> None:
            if self.command != "GET" and self.headers.get("X-Splunk-Form-Key") != TOKEN:
                self._send(403, "text/plain", b"the form key is missing")
                return
            path = self.path.replace("/en-US/splunkd/__raw", "", 1)
            answer = owner.splunkd.answer(self.command, path, body)
            if answer.status >= 500:
                owner.told.append(f"{self.command} {path}: {answer.data}")
            self._send(answer.status, *answer.body(as_json=True))

        def _send(self, status: int, kind: str, text: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Set-Cookie", f"splunkweb_csrf_token_{owner.port}={TOKEN}; Path=/")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
