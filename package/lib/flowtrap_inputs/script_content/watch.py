"""Whose scripts to read: the users that findings of the last days name, with their scripts.

A finding of any severity will do, so that evidence is there before a case is grave. They are read
from the index of findings, by the macros that the dashboards use.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .collect import Watched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowtrap_splunk.splunkd import Splunkd

ANALYTIC = "AN1055"
BACK = "-2d"  # twice the usual window
QUERY = f'search `flowtrap_findings` "{ANALYTIC}" | `flowtrap_latest` | fields _raw'


def watched(splunkd: Splunkd) -> list[Watched]:
    """Return the users to read for; raise SplunkdError."""
    rows = splunkd.search(QUERY, earliest_time=BACK, latest_time="now")
    return users_of(row.get("_raw") for row in rows if isinstance(row, dict))


def users_of(findings: Iterable[Any]) -> list[Watched]:
    """Return users and scripts of findings (JSON lines), each user of a customer once."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for line in findings:
        entities = _entities(line)
        for customer in entities.get("account", ()):
            for user in entities.get("user", ()):
                if "@" in user:
                    scripts = found.setdefault((customer, user.lower()), {})
                    scripts.update(dict.fromkeys(entities.get("script", ())))
    return [Watched(customer, user, tuple(ids)) for (customer, user), ids in found.items()]


# Example: {"analytic": "AN1055", "entities": [{"type": "user", "value": "eve@example.com"}, …], …}
def _entities(line: Any) -> dict[str, list[str]]:
    """Return the entities of a Workspace finding by type; none of what is no such finding."""
    try:
        finding = json.loads(line)
    except (TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(finding, dict) or finding.get("analytic") != ANALYTIC:
        return {}
    found: dict[str, list[str]] = {}
    rows = finding.get("entities")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("value"), str):
            found.setdefault(str(row.get("type")), []).append(row["value"])
    return found
