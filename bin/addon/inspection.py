"""Runs AppInspect, Splunk's own check of add-ons, and reads its reports.

No run may show a failure or an error, and every warning must be one that we know and can explain.

    python -m addon.inspection .venv-appinspect output/TA_flowtrap-0.1.0.tar.gz
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUNS: dict[str, tuple[str, ...]] = {
    "precert": (),
    "cloud": ("cloud",),
    "private_victoria": ("private_victoria",),
    "future": ("future",),
}
_BAD = ("error", "failure", "future_failure")
# Check -> why its warning stays. docs/splunk.md shows the same table.
REASONS = {
    "check_for_splunk_js": "Splunk counts who uses its scripts; UCC's configuration page does.",
    "check_for_splunk_js_header_and_footer_view": "UCC's configuration page names the old header "
    "view and does not show it.",
    "check_for_python_script_existence": "The add-on has Python files, for Python 3 alone; the "
    "check asks whether they run on 2 as well.",
    "check_python_sdk_version": "splunk-sdk 3 needs Python 3.13; Splunk 9 runs add-ons on 3.9.",
    "check_for_possible_threading": "The inputs fetch with a few threads that end with the run; "
    "solnlib has a thread pool and asks btool, which nothing of ours calls.",
    "check_hostnames_and_ips": "An example address in the description of PySocks.",
    "check_collections_conf": "The commands keep open cases in the KV store; no action required.",
    "check_for_custom_mako_templates": "UCC's page is a Mako template until UCC has another.",
    "check_for_supported_tls": "solnlib and splunktaucclib talk to the local splunkd, whose "
    "certificate is its own.",
    "check_for_modular_inputs": "Says that the add-on has inputs; no action required.",
    "check_for_indexer_synced_configs": "Inputs run on a search head or a heavy forwarder, not on "
    "indexers.",
    "check_ucc_dependencies": "Says that UCC's libraries are there; no action required.",
}


def inspect(venv: Path, archive: Path, run: str, report: Path) -> dict[str, Any]:
    """Run AppInspect once and return its report. Raises RuntimeError if it gives none."""
    command = [
        str(venv / "bin" / "splunk-appinspect"),
        "inspect",
        str(archive),
        "--mode",
        "precert",
        *(word for tag in RUNS[run] for word in ("--included-tags", tag)),
        "--data-format",
        "json",
        "--output-file",
        str(report),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if not report.is_file():
        raise RuntimeError(f"AppInspect gave no report: {done.stderr.strip()[-500:]}")
    found = json.loads(report.read_text(encoding="utf-8"))["reports"][0]
    return dict(found)


def faults(report: dict[str, Any]) -> Iterator[str]:
    """Yield what must not be: failures, errors, and warnings without a reason of ours."""
    for check in checks(report):
        told = "; ".join(message["message"] for message in check["messages"])[:300]
        if check["result"] in _BAD:
            yield f"{check['result']}: {check['name']}: {told}"
        elif check["result"] == "warning" and check["name"] not in REASONS:
            yield f"a warning without a reason: {check['name']}: {told}"


def checks(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the checks of a report."""
    for group in report["groups"]:
        yield from group["checks"]


def summary(run: str, report: dict[str, Any]) -> str:
    """Return a line about a run."""
    told = report["summary"]
    kinds = ("error", "failure", "future_failure", "warning", "success")
    return f"AppInspect {run}: " + ", ".join(f"{told[kind]} {kind}" for kind in kinds)


def main(arguments: Sequence[str]) -> int:
    """Run all four; 1 if anything is wrong."""
    venv, archive = Path(arguments[0]).absolute(), Path(arguments[1]).absolute()
    bad: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for run in RUNS:
            report = inspect(venv, archive, run, Path(folder) / f"{run}.json")
            print(summary(run, report), flush=True)  # noqa: T201 - a command's output
            bad += faults(report)
    print(*dict.fromkeys(bad), sep="\n", file=sys.stderr, end="\n" if bad else "")  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
