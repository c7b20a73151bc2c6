"""The example exports beside AWS: a few attacks and ordinary work, in the form people export them.

make_examples.py writes them next to the AWS trail; the same script always writes the same files.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from builders import scenarios_azure, scenarios_gcp, scenarios_m365, scenarios_workspace
from builders.scenario import DAY

if TYPE_CHECKING:
    from builders.scenario import Platform, Record


class Tenant(NamedTuple):
    """What of a platform's scenarios is in its export, each on a day of its own, and how written."""

    folder: str
    platform: Platform
    attacks: tuple[str, ...]
    quiet: tuple[str, ...]
    wrapper: str


TENANTS = (
    Tenant(
        "exports/gcp",
        scenarios_gcp.PLATFORM,
        ("G02", "G04"),
        ("B12", "G-B1", "G-B5", "G-B7"),
        "gcloud logging read",
    ),
    Tenant(
        "exports/azure",
        scenarios_azure.PLATFORM,
        ("Z01", "Z02"),
        ("B13", "B13-terraform", "B13-pim", "web-deploy"),
        "Event Hub document",
    ),
    Tenant(
        "exports/m365",
        scenarios_m365.PLATFORM,
        ("M02", "M03"),
        ("B14", "B15", "B16"),
        "Purview CSV",
    ),
    Tenant(
        "exports/workspace",
        scenarios_workspace.PLATFORM,
        ("W02", "W05"),
        ("B17", "B18", "Q-sharing"),
        "pages",
    ),
)


def records_of(tenant: Tenant) -> list[Record]:
    """Return the tenant's records in time order: a scenario a day, ordinary work on the first."""
    platform = tenant.platform
    found: list[Record] = []
    for day, name in enumerate(tenant.attacks, 1):
        attack = next(attack for attack in platform.attacks if attack.id == name)
        found += [
            platform.moved(record, platform.seconds(record) + day * DAY)
            for record in attack.build(attack.delay, False).records()
        ]
    for quiet in platform.quiet:
        if quiet.id in tenant.quiet:
            found += quiet.build()
    return sorted(found, key=platform.seconds)


def files() -> dict[str, str]:
    """Return the text of every file by its path within the examples."""
    made: dict[str, str] = {}
    for tenant in TENANTS:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            tenant.platform.wrappers[tenant.wrapper](folder, records_of(tenant))
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    name = f"{tenant.folder}/{path.relative_to(folder)}"
                    made[name] = path.read_text(encoding="utf-8")
    return made
