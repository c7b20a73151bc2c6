"""What the inputs cost: events a second, memory with one huge content, the largest checkpoint.

    ./build.sh bench-inputs [--contents 600] [--activities 20000]

The vendor is the tests' model of its API, in a process of its own, with 150 ms before each answer.
The input is a process of its own too, as splunkd starts it, and writes its stream of XML to a file.
Microsoft 365: eight threads; the input's own limiter (1,800 requests in any minute, which is 3,000
events a second for good) is off, because this is about the workers. Workspace: page after page, as
Google hands them out. Time is wall-clock time of the whole run, start-up and sign-in included; memory
is the process's largest resident set.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "tests"), str(REPO / "package" / "lib")]
LATENCY_S, THREADS, EVENTS = 0.150, 8, 100
HUGE_BYTES = 68_000_000
TYPE = "Audit.General"


def record(number: int) -> dict[str, object]:
    """Return an audit record of about 1.4 kB."""
    from builders.m365_api import event

    return event(number, time.time() - 600, ExtendedProperties=[
        {"Name": f"property{n}", "Value": f"{number * 31 + n:032x}"} for n in range(16)
    ])  # fmt: skip


def serve_m365(certificate: str, folder: str, contents: int, huge: bool, pipe) -> None:
    """Be Microsoft until the pipe says otherwise; tell how to run the input."""
    from builders.m365_api import M365Api

    with M365Api(Path(certificate)) as api:
        api.latency_s, api.page_size = LATENCY_S, 200
        now_s = time.time()
        for number in range(contents):
            events = [record(number * EVENTS + n) for n in range(EVENTS)]
            api.add(TYPE, events, now_s - 3600 + number / 10)
        if huge:
            count = HUGE_BYTES // len(json.dumps(record(0)))
            body = "[" + ",".join(json.dumps(record(n)) for n in range(count)) + "]"
            api.add(TYPE, [], now_s - 3600, body=body.encode())
        size_bytes = sum(len(content.body) for content in api.contents[TYPE])
        pipe.send((["--m365", api.root, api.secret, certificate, folder], size_bytes))
        pipe.recv()


def serve_workspace(certificate: str, folder: str, activities: int, _: bool, pipe) -> None:
    """Be Google, and splunkd, until the pipe says otherwise; tell how to run the input."""
    from builders.gws_api import GwsApi, ServiceAccount
    from builders.splunkd import Splunkd
    from builders.workspace_input import configure

    with GwsApi(Path(certificate), ServiceAccount()) as api, Splunkd(Path(certificate)) as splunkd:
        api.latency_s = LATENCY_S
        for number in range(activities):
            api.add("drive", time.time() - 3600 - number / 100)
        room = configure(splunkd, api, Path(certificate), Path(folder), applications="drive")
        pipe.send((["--workspace", folder, *room[1:]], 0))
        pipe.recv()


def collect_once(root: str, secret: str, ca_file: str, folder: str) -> None:
    """Be the input: one run, to standard output."""
    import logging

    from builders.input_runtime import Checkpoints
    from builders.m365_api import CLIENT, TENANT

    from flowtrap_inputs.delivery import EventStream
    from flowtrap_inputs.health import Health
    from flowtrap_inputs.m365.clouds import Cloud
    from flowtrap_inputs.m365.collect import collect
    from flowtrap_inputs.m365.settings import Account, Settings
    from flowtrap_inputs.m365.token import Secret
    from flowtrap_inputs.stop import Stop

    class Runtime:
        health = Health("flowtrap_m365://bench")
        delivery = EventStream(sys.stdout.buffer, "flowtrap_m365://bench", health)
        checkpoints = Checkpoints(Path(folder))
        stop = Stop()
        log = logging.getLogger("bench")

    account = Account(TENANT, CLIENT, Secret(secret), Cloud(root, root), ca_file=ca_file)
    collect(Settings("bench", account, (TYPE,), threads=THREADS), Runtime(), per_minute=1_000_000)
    Runtime.delivery.tell(Runtime.health.event())
    Runtime.delivery.close()


def measure(serve, amount: int, huge: bool = False) -> dict[str, float]:
    """Return what one run took: events, seconds, CPU seconds, MiB, bytes of events."""
    from builders.certificate import make_certificate

    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        spawned = multiprocessing.get_context("spawn")
        ours, theirs = spawned.Pipe()
        server = spawned.Process(
            target=serve, args=(str(certificate), folder, amount, huge, theirs), daemon=True
        )
        server.start()
        how, size_bytes = ours.recv()
        with Path(folder, "events").open("wb") as events:
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, __file__, *how], stdout=events, stderr=subprocess.PIPE
            )
            told = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            took_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(told)
        with Path(folder, "events").open("rb") as events:
            count = sum(line.count(b"</event>") for line in events) - 1  # one is its health
        ours.send("done")
        server.join(10)
    return {
        "events": count, "s": took_s, "cpu_s": usage.ru_utime + usage.ru_stime,
        "mib": usage.ru_maxrss / 1024, "bytes": size_bytes,
    }  # fmt: skip


def largest_checkpoint() -> int:
    """Return the bytes of a checkpoint in which everything is at its bound."""
    from flowtrap_inputs.m365 import progress as limits
    from flowtrap_inputs.m365.activity_api import Blob
    from flowtrap_inputs.m365.clouds import CONTENT_TYPES
    from flowtrap_inputs.m365.progress import Progress, Recent, key_of

    types = {}
    now_s = 1_800_000_000
    each = limits.MOST_DONE // len(CONTENT_TYPES)
    for name in CONTENT_TYPES:
        one = Progress(now_s, now_s - limits.WEEK_S)
        for number in range(each):  # spread over the week: a minute each, which is the dearest form
            content_id = (
                f"{number:020d}$20261124120000000000001$audit_general$Audit_General$emea0001"
            )
            one.finish(Blob(content_id, now_s - 60 * number))
        for number in range(limits.MOST_PARKED):
            content_id = (
                f"p{number:019d}$20261124120000000000001$audit_general$Audit_General$emea0001"
            )
            one.park(Blob(content_id, now_s - number), now_s)
        types[name] = one.plain()
    recent = Recent(key_of(str(n)) for n in range(limits.MOST_RECENT)).plain()
    return len(json.dumps({"types": types, "recent": recent}, separators=(",", ":")))


def run_workspace(folder: str, token_uri: str, root: str, xml: str) -> None:
    """Be the input for Workspace: one run, as splunkd starts it."""
    from builders.workspace_input import Room, run_input

    run_input(Room(Path(folder), token_uri, root, xml))


def main() -> None:
    """Measure, print the table, fail where a bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contents", type=int, default=600, help="of 100 events, Microsoft 365")
    parser.add_argument("--activities", type=int, default=20_000, help="Google Workspace")
    parser.add_argument("--m365", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--workspace", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.m365:
        collect_once(*options.m365)
    elif options.workspace:
        run_workspace(*options.workspace)
    else:
        sys.exit(not report(options.contents, options.activities))


def report(contents: int, activities: int) -> bool:
    """Print the table; return whether all is held and every event is out."""
    many = measure(serve_m365, contents)
    huge = measure(serve_m365, 0, huge=True)
    google = measure(serve_workspace, activities)
    largest = largest_checkpoint()
    rate, google_rate = many["events"] / many["s"], google["events"] / google["s"]
    rows = [
        ("Microsoft 365, contents of 100 events: events a second", "≥ 3,000", f"{rate:,.0f}", rate >= 3000),
        ("the same: CPU µs an event", "-", f"{many['cpu_s'] / many['events'] * 1e6:,.0f}", True),
        ("the same: memory, MiB", "≤ 150", f"{many['mib']:.0f}", many["mib"] <= 150),
        (f"one content of {huge['bytes'] / 1e6:.0f} MB, {huge['events']:,} events: memory, MiB", "≤ 150",
         f"{huge['mib']:.0f}", huge["mib"] <= 150),
        ("the same: seconds", "-", f"{huge['s']:.1f}", True),
        ("its largest checkpoint, bytes", "≤ 1,000,000", f"{largest:,}", largest <= 1_000_000),
        ("Google Workspace, pages of 1,000: events a second", "-", f"{google_rate:,.0f}", True),
        ("the same: CPU µs an event", "-", f"{google['cpu_s'] / google['events'] * 1e6:,.0f}", True),
        ("the same: memory, MiB", "≤ 150", f"{google['mib']:.0f}", google["mib"] <= 150),
    ]  # fmt: skip
    print("| what | bar | measured | held |\n| --- | --- | ---: | --- |")
    for what, bar, measured, held in rows:
        print(
            f"| {what} | {bar} | {measured} | {('yes' if held else '**no**') if bar != '-' else ''} |"
        )
    complete = many["events"] == contents * EVENTS and google["events"] >= activities
    print(
        f"\nEvery event is out: {'yes' if complete else 'NO'}; {many['events']:,} and {google['events']:,}."
    )
    return complete and all(held for *_, held in rows)


if __name__ == "__main__":
    main()
