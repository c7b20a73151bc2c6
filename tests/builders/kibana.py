"""A model of Kibana for tests: status, rules, exception lists, saved objects, on loopback.

    with KibanaModel() as kibana:
        Kibana(kibana.origin, Access(user="elastic", password="right"))

It keeps what it is sent and answers as the API reference tells (8.19). `answers` are statuses to
give instead, one a request; `version` is what /api/status says. What it does not know is a 404.
"""

from __future__ import annotations

import base64
import json
import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from builders.local_server import LocalServer

PASSWORD = "right"


class KibanaModel(LocalServer):
    """Rules by rule_id, exception lists by list_id, saved objects by type/id; `requests` made."""

    def __init__(self, version: str = "8.19.0", certificate: Path | None = None) -> None:
        self.version = version
        self.rules: dict[str, dict[str, Any]] = {}
        self.lists: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.answers: list[int] = []
        self.refused: dict[str, str] = {}
        self.requests: list[str] = []
        super().__init__(certificate, _handler(self))

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, Any]:
        """Return status and body of an answer."""
        self.requests.append(f"{method} {path}")
        if self.answers:
            return self.answers.pop(0), {"message": "as the test wants"}
        expected = "Basic " + base64.b64encode(f"elastic:{PASSWORD}".encode()).decode()
        if headers.get("Authorization") != expected:
            return 401, {"message": "unable to authenticate"}
        if not headers.get("kbn-xsrf"):
            return 400, {"message": "Request must contain a kbn-xsrf header."}
        parts = urlsplit(re.sub(r"^/s/[^/]+", "", path))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        name = f"{method} {parts.path}"
        if method == "DELETE" and parts.path.startswith("/api/saved_objects/"):
            return _gone(self.objects.pop(parts.path.removeprefix("/api/saved_objects/"), None))
        act = ACTS.get(name)
        return act(self, query, body) if act else (404, {"message": "Not Found"})

    # --- what it can do ------------------------------------------------------------------------

    def _status(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        return 200, {"version": {"number": self.version}}

    def _find_rules(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        tag = re.fullmatch(r'alert\.attributes\.tags:"(.+)"', query["filter"])
        assert tag, query
        found = [rule for rule in self.rules.values() if tag[1] in rule["tags"]]
        size, page = int(query["per_page"]), int(query["page"])
        return 200, {"data": found[(page - 1) * size : page * size], "total": len(found)}

    def _import_rules(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        errors = []
        for rule in _lines_of(body):
            if rule["rule_id"] in self.refused:
                error = {"status_code": 400, "message": self.refused[rule["rule_id"]]}
                errors.append({"rule_id": rule["rule_id"], "error": error})
            elif rule["rule_id"] in self.rules and query.get("overwrite") != "true":
                error = {"status_code": 409, "message": "already exists"}
                errors.append({"rule_id": rule["rule_id"], "error": error})
            else:
                self.rules[rule["rule_id"]] = {"enabled": False, "actions": [], **rule}
        return 200, {"success": not errors, "errors": errors}

    def _delete_rule(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        return _gone(self.rules.pop(query["rule_id"], None))

    def _get_list(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        found = self.lists.get(query["list_id"])
        return (200, found) if found else (404, {"message": "exception list not found"})

    def _make_list(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        row = json.loads(body)
        if row["list_id"] in self.lists:
            return 409, {"message": "already exists"}
        self.lists[row["list_id"]] = row
        return 200, row

    def _delete_list(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        return _gone(self.lists.pop(query["list_id"], None))

    def _get_objects(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        missing = {"statusCode": 404, "error": "Not Found"}
        rows = [
            self.objects.get(f"{one['type']}/{one['id']}", {**one, "error": missing})
            for one in json.loads(body)
        ]
        return 200, {"saved_objects": rows}

    def _import_objects(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        errors = []
        rows = _lines_of(body)
        known = self.objects.keys() | {f"{row['type']}/{row['id']}" for row in rows}
        for row in rows:
            lost = [r for r in row["references"] if f"{r['type']}/{r['id']}" not in known]
            if lost:
                error = {"type": "missing_references", "references": lost}
                errors.append({"type": row["type"], "id": row["id"], "error": error})
            else:
                self.objects[f"{row['type']}/{row['id']}"] = row
        return 200, {"success": not errors, "successCount": len(rows), "errors": errors}


def _gone(row: object) -> tuple[int, Any]:
    return (200, {}) if row else (404, {"message": "not found"})


def _lines_of(body: bytes) -> list[dict[str, Any]]:
    """Return the rows of the NDJSON file in a form."""
    border, _, rest = body.partition(b"\r\n")
    head, _, rest = rest.partition(b"\r\n\r\n")
    assert b'name="file"' in head, head
    content, _, end = rest.rpartition(b"\r\n" + border)
    assert end.startswith(b"--"), end
    return [json.loads(line) for line in content.splitlines() if line.strip()]


ACTS = {
    "GET /api/status": KibanaModel._status,
    "GET /api/detection_engine/rules/_find": KibanaModel._find_rules,
    "POST /api/detection_engine/rules/_import": KibanaModel._import_rules,
    "DELETE /api/detection_engine/rules": KibanaModel._delete_rule,
    "GET /api/exception_lists": KibanaModel._get_list,
    "POST /api/exception_lists": KibanaModel._make_list,
    "DELETE /api/exception_lists": KibanaModel._delete_list,
    "POST /api/saved_objects/_bulk_get": KibanaModel._get_objects,
    "POST /api/saved_objects/_import": KibanaModel._import_objects,
}


def _handler(model: KibanaModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = model.answer(self.command, self.path, body, self.headers)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
