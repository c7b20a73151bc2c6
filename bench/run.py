"""Weighs Flowtrap and its peers side by side, and writes docs/benchmarks.md.

    ./build.sh bench                    1 M events a profile, three rounds, then growth to 5 M
    python bench/run.py --quick         100 k events, one round, small growth, no page written

Each competitor is a process of its own (bench/peers.py). What counts is its CPU time, user and
system, and its peak memory, both as the kernel reports them for that process (os.wait4), start-up
and imports included. Rounds alternate and each begins with another competitor; ratios are of medians.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "output" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"
sys.path.insert(0, str(ROOT / "bench"))

import make_data  # noqa: E402
import peers  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDER = tuple(peers.PEERS)
TITLES = {
    "flowtrap": "Flowtrap, all shipped detections, standard library",
    "flowtrap+": "Flowtrap, all shipped detections, accelerators",
    "flowtrap-star": "Flowtrap, the star join alone, standard library",
    "flowtrap-star+": "Flowtrap, the star join alone, accelerators",
    "orjson-all": "orjson.loads of every line",
    "json-all": "json.loads of every line",
    "duckdb-star": "DuckDB, the star join as SQL (1 thread)",
    "eql-pairs": "eql engine, write -> effect (orjson decodes)",
    "ripgrep": "ripgrep, four literals",
}


class Bar(NamedTuple):
    """A budget of design section 9: `ours` may cost at most `most` times `theirs`."""

    profile: str
    ours: str
    theirs: str
    most: float

    @property
    def text(self) -> str:
        if self.most < 1 / 4 and self.theirs == "eql-pairs":
            return f"≥ {1 / self.most:.0f} × faster"
        return f"≤ {self.most:g} ×"


BARS = [
    bar
    for plain, quick in (("flowtrap-star", "flowtrap-star+"), ("flowtrap", "flowtrap+"))
    for bar in (
        Bar("management", plain, "orjson-all", 0.5),
        Bar("management", plain, "eql-pairs", 1 / 8),
        Bar("management", plain, "duckdb-star", 1),
        Bar("management", quick, "orjson-all", 0.25),
        Bar("management", quick, "eql-pairs", 1 / 18),
        Bar("management", quick, "duckdb-star", 0.6),
        Bar("management", quick, "ripgrep", 4),
        Bar("data_events", plain, "orjson-all", 0.85),
        Bar("data_events", quick, "orjson-all", 0.55),
    )
]


class Run(NamedTuple):
    """What one process cost and said."""

    cpu_s: float
    peak_mb: float
    said: dict[str, Any]


def weigh(*command: str) -> Run:
    """Run one process to its end; raise if it fails."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([sys.executable, *command], stdout=out, cwd=ROOT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}")
        out.seek(0)
        said = json.loads(out.read())
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def data_file(profile: str, events: int) -> Path:
    """Return the data, made on first use."""
    path = WORK / f"{profile}-{events}-{make_data.EDITION}.jsonl"
    if not path.exists():
        say(f"making {path.relative_to(ROOT)}")
        weigh_quietly(
            "bench/make_data.py", "--events", str(events), "--profile", profile, str(path)
        )
    return path


def weigh_quietly(*command: str) -> None:
    """Run a process that says nothing."""
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


def compile_detections() -> int:
    """Compile what ships, as a release holds it; return how many detections there are.

    In a process of its own: a child's peak counts what its parent held when it was forked.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    program = (
        "import compiler, json, sys; json.dump(compiler.compile_all(), open(sys.argv[1], 'w'))"
    )
    paths = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "package" / "lib", ROOT / "bin")))}
    command = [sys.executable, "-c", program, str(peers.RUNTIME)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, **paths})
    return peers.RUNTIME.read_text(encoding="ascii").count('"chain": {')


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


# -- side by side ------------------------------------------------------------------------------


def side_by_side(profile: str, events: int, rounds: int, names: list[str]) -> dict[str, list[Run]]:
    """Run every competitor `rounds` times over one file."""
    path = data_file(profile, events)
    warm(path)
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            say(f"{profile}: round {number + 1} of {rounds}: {name}")
            runs[name].append(weigh("bench/peers.py", name, str(path)))
    return runs


def warm(path: Path) -> None:
    """Bring a file into the page cache, for all alike."""
    with path.open("rb") as stream:
        while stream.read(1 << 20):
            pass


def cpu(runs: list[Run]) -> float:
    """Return the median CPU time in seconds."""
    return statistics.median(run.cpu_s for run in runs)


def peak(runs: list[Run]) -> float:
    """Return the highest peak in MiB."""
    return max(run.peak_mb for run in runs)


def found(runs: list[Run]) -> str:
    """Return in a few words what a competitor found."""
    said = runs[0].said
    if "anchors" in said and "findings" not in said:
        return f"{len(said['anchors'])} anchors"
    for name, text in (
        ("findings", "findings"),
        ("pairs", "pairs"),
        ("lines", "lines"),
        ("events", "events"),
    ):
        if name in said:
            return f"{said[name]:,} {text}"
    return ""


def peer_table(profile: str, events: int, runs: dict[str, list[Run]]) -> Iterator[str]:
    """Yield a table of all competitors over one profile."""
    base = cpu(runs["orjson-all"])
    yield f"### {profile}: {events:,} events"
    yield ""
    yield "| competitor | CPU s | µs an event | × orjson-all | peak MiB | found |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for name, rows in runs.items():
        spread = f"{min(r.cpu_s for r in rows):.2f}–{max(r.cpu_s for r in rows):.2f}"
        yield (
            f"| {TITLES[name]} | {cpu(rows):.2f} ({spread}) | {1e6 * cpu(rows) / events:.2f} "
            f"| {cpu(rows) / base:.2f} | {peak(rows):.0f} | {found(rows)} |"
        )
    yield ""


def bar_table(runs: dict[str, dict[str, list[Run]]]) -> Iterator[str]:
    """Yield a table of the budgets that could be weighed."""
    yield "| profile | what | against | bar | measured | held |"
    yield "| --- | --- | --- | --- | ---: | --- |"
    for bar in BARS:
        rows = runs.get(bar.profile, {})
        if bar.ours not in rows or bar.theirs not in rows:
            yield f"| {bar.profile} | {bar.ours} | {bar.theirs} | {bar.text} | not weighed | – |"
            continue
        ratio = cpu(rows[bar.ours]) / cpu(rows[bar.theirs])
        shown = f"{1 / ratio:.1f} × faster" if bar.theirs == "eql-pairs" else f"{ratio:.2f} ×"
        yield f"| {bar.profile} | {bar.ours} | {bar.theirs} | {bar.text} | {shown} | {_held(ratio <= bar.most)} |"
    yield ""


def _held(held: bool) -> str:
    return "yes" if held else "**no**"


def agreement(
    profile: str, runs: dict[str, list[Run]], chains: list[dict[str, str]]
) -> Iterator[str]:
    """Yield what the competitors agree on; a disagreement is a bug of one of them."""
    ours = [
        r.said["anchors"]
        for name in ("flowtrap-star", "flowtrap-star+")
        for r in runs.get(name, ())
    ]
    theirs = [r.said["anchors"] for r in runs.get("duckdb-star", ())]
    if theirs:
        same = all(row == theirs[0] for row in ours + theirs)
        yield f"* {profile}: Flowtrap's star and DuckDB fire for the same {len(theirs[0])} anchors: {_held(same)}."
        counts = [
            r.said["runs"] for name in ("flowtrap-star", "duckdb-star") for r in runs.get(name, ())
        ]
        yield f"* {profile}: and count as many runs ({counts[0]}; DuckDB {counts[-1]})."
    names = [name for name in ("flowtrap", "flowtrap+") if name in runs]
    for name in names:
        said = runs[name][0].said
        missed = [c["function"] for c in chains if c["function"] not in said["entities"]]
        yield f"* {profile}: {name} finds {len(chains) - len(missed)} of the {len(chains)} seeded chains."
    if len(names) == 2:
        same = runs["flowtrap"][0].said["verdicts"] == runs["flowtrap+"][0].said["verdicts"]
        yield f"* {profile}: with and without accelerators the same verdicts: {_held(same)}."
    for name in names[:1]:
        verdicts = sorted(runs[name][0].said["verdicts"].items())
        yield (
            f"* {profile}: verdicts: "
            + ", ".join(f"{verdict} {n}" for verdict, n in verdicts)
            + "."
        )


# -- growth --------------------------------------------------------------------------------------


def growth_of_events(sizes: list[int]) -> Iterator[str]:
    """Yield a table of cost and memory as the input grows."""
    yield "| events | " + " | ".join(f"{n} µs an event | peak MiB" for n in GROWING) + " |"
    yield "| ---: |" + " ---: |" * (2 * len(GROWING))
    for events in sizes:
        path = data_file("management", events)
        cells = []
        for name in GROWING:
            say(f"growth: {events:,} events: {name}")
            run = weigh("bench/peers.py", name, str(path))
            cells.append(f"{1e6 * run.cpu_s / events:.2f} | {run.peak_mb:.0f}")
        yield f"| {events:,} | " + " | ".join(cells) + " |"
    yield ""


GROWING = ("flowtrap", "flowtrap+", "flowtrap-star")


def growth_of_state(few: int, many: int, rounds: int) -> Iterator[str]:
    """Yield what open cases and a hot key cost the engine."""
    yield "| what | bar | measured | held |"
    yield "| --- | --- | ---: | --- |"
    cost = {n: _median_of("event_us", "open-cases", n, rounds) for n in (few, many)}
    ratio = cost[many] / cost[few]
    text = f"{ratio:.2f} × ({cost[few]:.1f} -> {cost[many]:.1f} µs)"
    yield f"| cost of an event, {many:,} open cases against {few:,} | ≤ 2 × | {text} | {_held(ratio <= 2)} |"
    each = _median_of("bytes_each", "memory", 200_000, 1)
    yield f"| memory an open case (200,000 of them) | ≤ 250 bytes | {each:.0f} bytes | {_held(each <= 250)} |"
    hot = _median_of("event_us", "hot-key", 3_000, rounds)
    yield f"| 3,000 anchors × 3,000 related hits on one key | ≤ 3 µs an event | {hot:.1f} µs | {_held(hot <= 3)} |"
    yield ""


def _median_of(measure: str, name: str, count: int, rounds: int) -> float:
    say(f"growth: {name} {count:,}")
    runs = [weigh("bench/growth.py", name, str(count)) for _ in range(rounds)]
    return statistics.median(run.said[measure] for run in runs)


# -- the page ------------------------------------------------------------------------------------


def machine() -> str:
    """Return what this was measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            r.partition(":")[2].strip() for r in info.read_text().splitlines() if "model name" in r
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def versions() -> str:
    """Return the versions of the peers."""
    shown = []
    for name in ("orjson", "duckdb", "eql", "ahocorasick_rs"):
        try:
            shown.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            shown.append(f"{name} absent")
    reason = peers.missing("ripgrep")
    if not reason:
        out = subprocess.run(["rg", "--version"], stdout=subprocess.PIPE, check=False).stdout
        shown.append(out.decode().splitlines()[0])
    return ", ".join(shown) + (f"; {reason}" if reason else "")


HEAD = """# Benchmarks

Written by `./build.sh bench` (bench/run.py) on {day}; do not edit.

Machine: {machine}. Peers: {versions}. Load average before and after: {load}.

**How it was measured.** `bench/make_data.py` makes the logs, the same bytes everywhere: CloudTrail as
JSON lines, about 1.5 kB an event in the vendor's key order, 100,000 a day, up to ten minutes out of
order, one seeded attack in 10,000 events. `management`: 5 % of the events bear a name that some
detection asks for. `data_events`: 50 % Invoke and 20 % GetObject. There are 3,000 functions in ten
accounts, of which one in eight is under development and takes all the writes but the seeded. Each competitor is a process of its
own over the same file, already in the page cache; start-up, imports and reading count. CPU time is
user and system time of the process, peak memory its largest resident set, both from `os.wait4`.
Rounds: {rounds}, alternating, each beginning with another competitor; medians (in brackets the range).
Flowtrap runs its pipeline with the compiled detections ({detections} shipped, or the star join alone:
what DuckDB does, and eql in two steps); the command line would add its own imports.
"""


def page(args: argparse.Namespace) -> str:
    """Measure everything and return the page."""
    before = os.getloadavg()
    detections = compile_detections()
    names = [name for name in ORDER if not peers.missing(name) and name not in (args.without or ())]
    weigh("bench/peers.py", "flowtrap+", str(data_file("management", 1_000)))  # compiles bytecode
    runs = {p: side_by_side(p, args.events, args.repeat, names) for p in args.profiles}
    body: list[str] = []
    for profile, rows in runs.items():
        body += peer_table(profile, args.events, rows)
    body += ["### Bars (design, section 9)", "", *bar_table(runs), "### Agreement", ""]
    for profile, rows in runs.items():
        chains = json.loads(data_file(profile, args.events).with_suffix(".chains.json").read_text())
        body += agreement(profile, rows, chains)
    body += ["", "### Growth", ""]
    if args.growth:
        body += growth_of_events(args.sizes)
        body += growth_of_state(8_000, args.open_cases, args.repeat)
    load = " -> ".join(f"{number:.1f}" for number in (before[0], os.getloadavg()[0]))
    head = HEAD.format(
        day=datetime.datetime.now(datetime.timezone.utc).date(),
        machine=machine(),
        versions=versions(),
        load=load,
        rounds=args.repeat,
        detections=detections,
    )
    return head + "\n" + "\n".join(body).rstrip() + "\n"


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, help="events a profile (default 1,000,000)")
    parser.add_argument("--repeat", type=int, help="rounds (default 3)")
    parser.add_argument("--quick", action="store_true", help="small, and no page is written")
    parser.add_argument("--profiles", nargs="*", default=["management", "data_events"])
    parser.add_argument("--without", nargs="*", help="leave out these competitors")
    parser.add_argument("--no-growth", dest="growth", action="store_false")
    parser.add_argument("--no-page", dest="page", action="store_false", help="print only")
    args = parser.parse_args(given)
    args.events = args.events or (100_000 if args.quick else 1_000_000)
    args.repeat = args.repeat or (1 if args.quick else 3)
    args.sizes = [20_000, 100_000] if args.quick else [100_000, 1_000_000, 5_000_000]
    args.open_cases = 100_000 if args.quick else 1_000_000
    args.page = args.page and not args.quick
    return args


def main() -> None:
    """Measure, print, and write the page."""
    args = arguments()
    text = page(args)
    print(text)
    if args.page:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
        say(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
