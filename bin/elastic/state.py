"""The state of a run, kept in an index of the cluster, so that it can go on from any machine.

A state is one head document and numbered parts (documents have a limit: http.max_content_length).
Parts are written first; then the head takes the place of the old one, only if that is still the one
that was read: of two runs with one state the slower gets an error and changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from elasticsearch import BadRequestError, ConflictError, NotFoundError

from flowtrap.model.errors import StateError
from flowtrap.sieve import Waiting

from .errors import ClusterError
from .templates import STATE_INDEX, state_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .client import Cluster

FORMAT = 2
_ANEW = "delete the document to start anew, or name another state with --state"
PART_CHARACTERS = 2_000_000
HITS_A_LINE = 1_000
PIECE_BYTES = 1_000_000
QUICK = 1  # zlib's levels beyond it take thrice as long and save a fifth


class Saved(NamedTuple):
    """What a run goes on from: until when all is read, the engine's state, and what waits.

    When loaded, `waiting` is to be read after the engine's hits, and both once.
    """

    until_ms: int
    engine: dict[str, Any]
    waiting: Iterable[Waiting]


class IndexState:
    """The state of runs in an index, one for each name."""

    def __init__(self, cluster: Cluster, name: str, index: str = STATE_INDEX) -> None:
        self._cluster = cluster
        self._name = name
        self._index = index
        self._head: dict[str, Any] | None = None

    @property
    def place(self) -> str:
        """Return where the state is, for messages."""
        return f"{self._index}/{self._name}"

    def load(self) -> Saved | None:
        """Return the saved state, None where there is none yet; raise StateError."""
        self._head = self._get(self._name)
        if self._head is None:
            return None
        head = self._head["_source"]
        if head.get("format") != FORMAT:
            raise StateError("is of another version of Flowtrap", place=self.place, cure=_ANEW)
        parts = [self._get(self._part(head, n)) for n in range(int(head["parts"]))]
        text = "".join(part["_source"]["content"] for part in parts if part)
        if hashlib.sha256(text.encode()).hexdigest() != head["sha256"]:
            raise StateError("is damaged", place=self.place, cure=_ANEW)
        lines = map(json.loads, _unpacked(base64.b64decode(text)))
        until_ms, engine = next(lines)
        hits = itertools.chain.from_iterable(itertools.islice(lines, engine["hits"]))
        return Saved(until_ms, {**engine, "hits": hits}, itertools.starmap(Waiting, lines))

    def save(self, state: Saved) -> None:
        """Put a state in the place of the one that was loaded; raise StateError if it was moved."""
        if self._head is None:
            self._make_index()
        old = self._head
        generation = int(old["_source"]["generation"]) + 1 if old else 1
        text = base64.b64encode(_packed(state)).decode()
        pieces = [text[n : n + PART_CHARACTERS] for n in range(0, len(text), PART_CHARACTERS)]
        digest = hashlib.sha256(text.encode()).hexdigest()
        head = {
            "format": FORMAT, "generation": generation, "parts": len(pieces), "sha256": digest
        }  # fmt: skip
        for number, piece in enumerate(pieces):
            self._put(self._part(head, number), {"content": piece})
        self._put_head(head, old)
        if old:
            self._drop(old["_source"])

    def _put_head(self, head: dict[str, Any], old: dict[str, Any] | None) -> None:
        where: dict[str, Any] = {"op_type": "create"}
        if old:
            where = {"if_seq_no": old["_seq_no"], "if_primary_term": old["_primary_term"]}
        try:
            answer = self._put(self._name, head, **where)
        except ClusterError as error:
            if not isinstance(error.__cause__, ConflictError):
                raise
            now = self._get(self._name)
            if now is None or now["_source"] != head:  # else: an answer that was lost
                raise StateError(
                    "was replaced by another run while this one was at work",
                    place=self.place,
                    cure="let one run at a time use a state, or name another with --state",
                ) from error
            answer = now
        self._head = {
            "_source": head,
            "_seq_no": answer["_seq_no"],
            "_primary_term": answer["_primary_term"],
        }

    def _part(self, head: dict[str, Any], number: int) -> str:
        return f"{self._name}:{head['sha256'][:16]}:{number}"

    def _drop(self, head: dict[str, Any]) -> None:
        if self._head and head["sha256"] == self._head["_source"]["sha256"]:
            return
        for number in range(int(head["parts"])):
            self._delete(self._part(head, number))

    def _make_index(self) -> None:
        try:
            self._cluster.ask(
                lambda client: client.indices.create(
                    index=self._index, **state_template(self._index)["template"]
                )
            )
        except ClusterError as error:
            cause = error.__cause__
            if not (isinstance(cause, BadRequestError) and "already_exists" in str(cause)):
                raise

    def _get(self, key: str) -> dict[str, Any] | None:
        try:
            answer = self._cluster.ask(lambda client: client.get(index=self._index, id=key))
        except ClusterError as error:
            if isinstance(error.__cause__, NotFoundError):
                return None
            raise
        return dict(answer)

    def _put(self, key: str, document: dict[str, Any], **where: Any) -> dict[str, Any]:
        return dict(
            self._cluster.ask(
                lambda client: client.index(index=self._index, id=key, document=document, **where)
            )
        )

    def _delete(self, key: str) -> None:
        try:
            self._cluster.ask(lambda client: client.delete(index=self._index, id=key))
        except ClusterError as error:
            if not isinstance(error.__cause__, NotFoundError):
                raise


def _packed(state: Saved) -> bytes:
    """Return a state compressed: a line for all but its hits, then hits, then what waits.

    No text of the whole is ever held, for it may be a hundred times as long.
    """
    hits = state.engine["hits"]
    portions = [hits[n : n + HITS_A_LINE] for n in range(0, len(hits), HITS_A_LINE)]
    engine = {**state.engine, "hits": len(portions)}
    compressor = zlib.compressobj(QUICK)
    packed = []
    for row in itertools.chain([[state.until_ms, engine]], portions, state.waiting):
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        packed.append(compressor.compress(line))
    return b"".join([*packed, compressor.flush()])


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """Yield the lines of a compressed text, one at a time."""
    rest: list[bytes] = []
    for piece in _inflated(packed):
        *ends, last = piece.split(b"\n")
        for end in ends:
            yield b"".join([*rest, end])
            rest.clear()
        rest.append(last)


def _inflated(packed: bytes) -> Iterator[bytes]:
    decompressor = zlib.decompressobj()
    while packed and not decompressor.eof:
        yield decompressor.decompress(packed, PIECE_BYTES)
        packed = decompressor.unconsumed_tail
    yield decompressor.flush()
