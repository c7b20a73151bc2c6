"""What the inputs cost: events a second, memory with one huge content, the largest checkpoint.

    ./build.sh bench-inputs [--contents 600]

The vendor is the tests' model of its API, in a process of its own, with 150 ms before each answer. The
input is a process of its own too, as splunkd starts it, and writes its stream of XML to a pipe that
is read. Its own limiter (1,800 requests in any minute) is off for the first measurement, which is
about the workers; with it on, contents of 100 events allow 3,000 events a second for good. Time is wall-clock
time of the whole run, start-up and sign-in included; memory is the process's largest resident set.
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


def serve(certificate: str, contents: int, huge: bool, pipe) -> None:
    """Be the vendor until the pipe says otherwise."""
    from builders.m365_api import M365Api

    with M365Api(Path(certificate)) as api:
        api.latency_s, api.page_size = LATENCY_S, 200
        now_s = time.time()
        for number in range(contents):
            events = [record(number * EVENTS + n) for n in range(EVENTS)]
            api.add(TYPE, events, now_s - 3600 + number / 10)
        if huge:
            one = json.dumps(record(0))
            count = HUGE_BYTES // len(one)
            body = "[" + ",".join(json.dumps(record(n)) for n in range(count)) + "]"
            api.add(TYPE, [], now_s - 3600, body=body.encode())
        pipe.send((api.root, api.secret, sum(len(c.body) for c in api.contents[TYPE])))
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
    Runtime.delivery.close()
    print(Runtime.health.event().decode(), file=sys.stderr)


def measure(contents: int, huge: bool) -> dict[str, float]:
    """Return what one run took: events, seconds, CPU seconds, MiB, bytes of events and checkpoint."""
    from builders.m365_api import make_certificate

    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        server = multiprocessing.get_context("spawn").Process(
            target=serve, args=(str(certificate), contents, huge, theirs), daemon=True
        )
        server.start()
        root, secret, size_bytes = ours.recv()
        command = [sys.executable, __file__, "--collect", root, secret, str(certificate), folder]
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        events = 0
        tail = b""
        while piece := process.stdout.read1(1 << 20):
            events += (tail + piece).count(b"</event>") - tail.count(b"</event>")
            tail = piece[-7:]
        told = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took_s = time.monotonic() - began
        checkpoint = Path(folder, "bench.json").stat().st_size
        ours.send("done")
        server.join(10)
    if process.returncode:
        raise SystemExit(told)
    return {
        "events": events, "s": took_s, "cpu_s": usage.ru_utime + usage.ru_stime,
        "mib": usage.ru_maxrss / 1024, "bytes": size_bytes, "checkpoint": checkpoint,
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


def main() -> None:
    """Measure, print the table, fail where a bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contents", type=int, default=600)
    parser.add_argument("--collect", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.collect:
        collect_once(*options.collect)
        return
    many, huge = measure(options.contents, False), measure(0, True)
    rate = many["events"] / many["s"]
    largest = largest_checkpoint()
    rows = [
        ("Microsoft 365: events a second (8 threads, 150 ms, contents of 100)", "≥ 3,000",
         f"{rate:,.0f}", rate >= 3000),
        ("the same: CPU µs an event", "-", f"{many['cpu_s'] / many['events'] * 1e6:,.0f}", True),
        ("the same: memory, MiB", "≤ 150", f"{many['mib']:.0f}", many["mib"] <= 150),
        (f"one content of {huge['bytes'] / 1e6:.0f} MB ({huge['events']:,.0f} events): memory, MiB", "≤ 150",
         f"{huge['mib']:.0f}", huge["mib"] <= 150),
        ("the same: seconds", "-", f"{huge['s']:.1f}", True),
        ("largest checkpoint, bytes", "≤ 1,000,000", f"{largest:,}", largest <= 1_000_000),
        (f"checkpoint after {options.contents:,} contents, bytes", "≤ 1,000,000",
         f"{many['checkpoint']:,.0f}", many["checkpoint"] <= 1_000_000),
    ]  # fmt: skip
    complete = many["events"] == options.contents * EVENTS
    print("| what | bar | measured | held |\n| --- | --- | ---: | --- |")
    for what, bar, measured, held in rows:
        print(f"| {what} | {bar} | {measured} | {'yes' if held else '**no**'} |")
    print(f"\nEvery event out: {'yes' if complete else 'NO'} ({many['events']:,.0f}).")
    sys.exit(not (complete and all(held for *_, held in rows)))


if __name__ == "__main__":
    main()
