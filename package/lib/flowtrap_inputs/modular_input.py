"""Runs one kind of input as splunkd's child: one process for each input, one run each time.

    sys.exit(run(KIND, sys.argv, sys.stdin.buffer, sys.stdout.buffer))

splunkd starts it every `interval` seconds. A run takes the input's lease (a second instance waits),
reads the account, collects, and tells its health. SIGTERM ends it at the next safe place.

One process each, because the vendors' limits are for a tenant and few sites have several inputs of
one tenant, which then share it out; and because what befalls one input leaves the others alone.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Callable, NamedTuple

from flowtrap.model.errors import FlowtrapError
from flowtrap_splunk.errors import LeaseError, SplunkdError
from flowtrap_splunk.kv_rows import KVRows
from flowtrap_splunk.lease import Lease
from flowtrap_splunk.splunkd import Splunkd

from .checkpoint import COLLECTION, Checkpoints, key_of
from .delivery import EventStream
from .errors import ClosedError, StoppedError
from .forms import PROXY, FormError, Network, network
from .health import INDEX, SOURCETYPE, Health
from .input_xml import read_items, read_session, refusal, scheme
from .saved_forms import SETTINGS_CONF, saved_form
from .stop import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .input_xml import Argument, Session, Stanza

RENEW_S = 30.0
LOG_BYTES = 10_000_000
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Runtime:
    """What a run works with (see runtime.py), splunkd, and the rows of the inputs' collection."""

    delivery: EventStream
    checkpoints: Checkpoints
    health: Health
    stop: Stop
    log: logging.Logger
    splunkd: Splunkd
    rows: KVRows


class Job(NamedTuple):
    """What a run is to do: the input's form, its account's with secrets, the way out.

    `sharers` is how many inputs of this kind use the account, this one among them.
    """

    name: str
    form: Mapping[str, str]
    account: Mapping[str, str]
    network: Network
    sharers: int


class InputKind(NamedTuple):
    """A kind of input; `account` is the tab that its accounts are on.

    `check` raises FlowtrapError for a form that cannot be used.
    """

    name: str
    title: str
    about: str
    account: str
    arguments: Sequence[Argument]
    check: Callable[[Mapping[str, str]], object]
    collect: Callable[[Job, Runtime], None]


def run(kind: InputKind, argv: Sequence[str], read: IO[bytes], write: IO[bytes]) -> int:
    """Do what splunkd asks; return the exit code."""
    if "--scheme" in argv:
        write.write(scheme(kind.title, kind.about, kind.arguments).encode())
        return 0
    try:
        if "--validate-arguments" in argv:
            kind.check(read_items(read.read()).form)
            return 0
        session = read_session(read.read())
    except FlowtrapError as error:
        write.write(refusal(str(error)).encode())
        return 1
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.set)
    return max([_run(kind, session, stanza, stop, write) for stanza in session.stanzas], default=0)


def _run(kind: InputKind, session: Session, stanza: Stanza, stop: Stop, write: IO[bytes]) -> int:
    log = _log(stanza.name)
    health = Health(stanza.name, interval_s=_seconds(stanza.form.get("interval", "")))
    stream = EventStream(write, stanza.name, health)
    try:
        state, message = _outcome(kind, session, stanza, stop, stream, health, log)
        if state != "waiting":
            stream.tell(health.event(state, message), index=INDEX, sourcetype=SOURCETYPE)
        stream.close()
    except ClosedError as error:
        log.info("%s", error)
        return 0
    return 1 if state == "failed" else 0


def _seconds(interval: str) -> int:
    """Return an interval, 0 where it is no number of seconds but a cron schedule, or absent."""
    return int(interval) if interval.isascii() and interval.isdigit() else 0


def _outcome(
    kind: InputKind,
    session: Session,
    stanza: Stanza,
    stop: Stop,
    stream: EventStream,
    health: Health,
    log: logging.Logger,
) -> tuple[str, str]:
    """Run under the lease; return health's state and message."""
    try:
        splunkd = Splunkd(session.uri, session.session_key)
        log.setLevel(_log_level(splunkd))
        rows = KVRows(splunkd, COLLECTION)
        runtime = Runtime(stream, Checkpoints(rows, health, log), health, stop, log, splunkd, rows)
        with _Held(rows, stanza.name, stop, log):
            kind.collect(_job(kind, splunkd, stanza), runtime)
        return ("stopped", "") if stop.is_set() else ("", "")
    except StoppedError:
        return "stopped", ""
    except LeaseError as error:
        log.warning("%s", error)
        return "waiting", ""
    except ClosedError:
        raise
    except FlowtrapError as error:
        log.error("%s", error)  # noqa: TRY400 - what happened is in the text, for an administrator
        return "failed", str(error)
    except Exception as error:  # its own text may quote anything, so it is not passed on
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("internal error %s, please report it\n%s", type(error).__name__, where)  # noqa: TRY400
        return "failed", f"internal error {type(error).__name__}, see the add-on's log"


def _job(kind: InputKind, splunkd: Splunkd, stanza: Stanza) -> Job:
    kind.check(stanza.form)
    name = stanza.form.get("account", "")
    account = saved_form(splunkd, f"ta_flowtrap_{kind.account}", name)
    if account is None:
        raise FormError("does not exist", place=f"account {name!r}", cure="choose another")
    way_out = network(saved_form(splunkd, SETTINGS_CONF, PROXY) or {})
    sharers = _sharers(splunkd, kind.name, name)
    return Job(stanza.name, stanza.form, account, way_out, max(1, sharers))


def _sharers(splunkd: Splunkd, kind: str, account: str) -> int:
    """Return how many enabled inputs of a kind use an account."""
    entries = splunkd.get(f"data/inputs/{kind}", count="0")["entry"]
    forms = [entry["content"] for entry in entries]
    return sum(
        form.get("account") == account and str(form.get("disabled")).lower() not in ("1", "true")
        for form in forms
    )


def _log_level(splunkd: Splunkd) -> str:
    level = (saved_form(splunkd, SETTINGS_CONF, "logging") or {}).get("loglevel", "").upper()
    return level if level in LEVELS else "INFO"


class _Held:
    """The input's lease, renewed while the context lasts; if it is lost, the run is stopped."""

    def __init__(self, rows: KVRows, name: str, stop: Stop, log: logging.Logger) -> None:
        row = {"_key": f"{key_of(name)}:lease", "input": name, "kind": "lease"}
        self._lease = Lease(rows, row, f"process {os.getpid()}", sleep=stop.pause)
        self._stop, self._log = stop, log
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> None:
        self._lease.acquire()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        try:
            self._lease.release()
        except SplunkdError as error:
            self._log.warning("the lease is left to end by itself: %s", error)

    def _renew(self) -> None:
        while not self._over.wait(RENEW_S):
            try:
                self._lease.renew()
            except SplunkdError as error:
                self._log.warning("the lease could not be renewed: %s", error)
            except LeaseError as error:
                self._log.warning("%s; this run ends", error)
                self._stop.set()
                return


def _log(name: str) -> logging.Logger:
    """Return the log of an input: var/log/splunk/ta_flowtrap_KIND_NAME.log, which Splunk indexes.

    Outside Splunk, standard error, which splunkd would write into its own log.
    """
    log = logging.getLogger(f"flowtrap_inputs.{name}")
    log.propagate = False
    home = os.environ.get("SPLUNK_HOME")
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if home:
        file = "ta_" + re.sub(r"\W+", "_", name) + ".log"
        path = Path(home) / "var" / "log" / "splunk" / file
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8", delay=True
        )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return log
