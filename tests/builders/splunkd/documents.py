"""The KV store: documents of a collection by key, queries, batches."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from .answer import Answer, message

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
MAX_BATCH = 1000
Documents = dict[str, dict[str, Any]]


def answer(
    documents: Documents, method: str, key: str, words: dict[str, str], body: bytes
) -> Answer:
    """Answer a call at storage/collections/data/COLLECTION[/KEY]; changes the documents."""
    if key == "batch_save" and method == "POST":
        return _batch(documents, json.loads(body))
    if key:
        return _one(documents, method, key, body)
    found = [
        row for row in documents.values() if _matches(row, json.loads(words.get("query") or "{}"))
    ]
    if method == "GET":
        skip, limit = int(words.get("skip") or 0), int(words.get("limit") or 0)
        return Answer(200, found[skip : skip + limit if limit else None])
    if method == "DELETE":
        for row in found:
            del documents[row["_key"]]
        return Answer(200)
    if len(body) > MAX_DOCUMENT_BYTES:
        return message(400, "document is too large")
    row = json.loads(body)
    row.setdefault("_key", uuid.uuid4().hex)
    if row["_key"] in documents:
        return message(409, "A document with the same key and user already exists.")
    documents[row["_key"]] = row
    return Answer(201, {"_key": row["_key"]})


def _one(documents: Documents, method: str, key: str, body: bytes) -> Answer:
    if key not in documents:
        return message(404, "no such item")
    if method == "DELETE":
        del documents[key]
        return Answer(200)
    if method == "POST":
        if len(body) > MAX_DOCUMENT_BYTES:
            return message(400, "document is too large")
        documents[key] = {**json.loads(body), "_key": key}
        return Answer(200, {"_key": key})
    return Answer(200, documents[key])


def _batch(documents: Documents, rows: list[dict[str, Any]]) -> Answer:
    if len(rows) > MAX_BATCH:
        return message(400, f"Request exceeds API limits: more than {MAX_BATCH} documents")
    keys = [row.setdefault("_key", uuid.uuid4().hex) for row in rows]
    documents.update(zip(keys, rows, strict=True))
    return Answer(200, keys)


def _matches(row: dict[str, Any], query: dict[str, Any]) -> bool:
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "$lt": lambda value, than: value is not None and value < than,
        "$lte": lambda value, than: value is not None and value <= than,
        "$gt": lambda value, than: value is not None and value > than,
        "$gte": lambda value, than: value is not None and value >= than,
        "$ne": lambda value, other: value != other,
        "$in": lambda value, those: value in those,
    }
    for name, wanted in query.items():
        if name in ("$or", "$and"):
            met = (any if name == "$or" else all)(_matches(row, part) for part in wanted)
            if not met:
                return False
            continue
        asked = wanted if isinstance(wanted, dict) else {"$in": [wanted]}
        if not all(tests[op](row.get(name), operand) for op, operand in asked.items()):
            return False
    return True
