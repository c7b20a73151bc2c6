"""Google Cloud names: accounts, who they belong to, and what a function or service is called.

A service account's address is unique in all of Google Cloud, so acts are joined by it alone. The
default accounts bear the project's number, which writes rarely show; they get an alias,
`compute-default@PROJECT`, that a write and an act in the same project share.

Example: `kind_of("123456789-compute@developer.gserviceaccount.com")` is `default`, and
`function_of("projects/p/locations/l/functions/Billing_Sync").name` is `Billing_Sync`.

Sources: IAM, "Service agents" and "Types of service accounts"; Cloud Run functions, "Function
identity" (default accounts) and "Naming" (the service under a function is in lower case).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

KEPT = 8_192
CONSUMER_DOMAINS = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
        *("yahoo.com", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com"),
        *("gmx.com", "gmx.net", "gmx.de", "web.de", "mail.com", "mail.ru", "yandex.ru"),
        *("yandex.com", "tutanota.com", "zoho.com", "qq.com", "163.com", "googlegroups.com"),
    )
)
PUBLIC = frozenset(("allusers", "allauthenticatedusers"))
_AGENT = re.compile(
    r"(?:service-\d+|p?\d+(?:-\d+)?)@(?:gcp-sa-[\w-]+|\w+-admin-robot|container-engine-robot"
    r"|serverless-robot-prod|compute-system|gs-project-accounts|dataproc-accounts|cloud-redis"
    r"|dataflow-service-producer-prod|gae-api-prod|sourcerepo-service-accounts|container-analysis)"
    r"(?:\.google\.com)?\.iam\.gserviceaccount\.com"
    r"|\d+@cloudservices\.gserviceaccount\.com|[\w.-]+@system\.gserviceaccount\.com"
)
_BUILDER = re.compile(r"\d+@cloudbuild\.gserviceaccount\.com")
_COMPUTE = re.compile(r"\d+-compute@developer\.gserviceaccount\.com")
_APPSPOT = re.compile(r"[\w.-]+@appspot\.gserviceaccount\.com")
_PLACE = re.compile(
    r"(?:^|/)(?:projects|namespaces)/([^/]+)(?:/(?:locations|regions)/([^/]+))?"
    r"/(functions|services|jobs|workerpools)/([^/:?]+)",
    re.IGNORECASE,
)
_PARENT = re.compile(r"(?:^|/)(?:projects|namespaces)/([^/]+)(?:/(?:locations|regions)/([^/]+))?")
_SOURCES = re.compile(r"gcf(?:-v2)?-(?:sources|uploads)-(\d{6,})-|-(\d{9,})\.[\w-]+\.run\.app")


class Place(NamedTuple):
    """A function, service or job as a record names it; what the spelling does not say is ""."""

    kind: str
    name: str
    project: str = ""
    region: str = ""
    resource: str = ""


def email_of(value: str) -> str:
    """Return the account's address, or numeric id, in lower case, whatever stands before it.

    Example: `projects/-/serviceAccounts/A@B` and `serviceAccount:a@b` are `a@b`.
    """
    last = value.rsplit("/", 1)[-1]
    name = (last if "@" in last or last.isdigit() else value).lower()
    head, colon, rest = name.partition(":")
    return rest if colon and head in ("user", "serviceaccount", "group", "deleted") else name


@lru_cache(maxsize=KEPT)
def kind_of(actor: str) -> str:
    """Return agent, builder, default, service_account, person or federated, "" where unknown."""
    if "@" not in actor:
        return "federated" if "/" in actor else ""
    if _AGENT.match(actor):
        return "agent"
    if _BUILDER.fullmatch(actor):
        return "builder"
    if _COMPUTE.fullmatch(actor) or _APPSPOT.fullmatch(actor):
        return "default"
    return "service_account" if actor.endswith(".gserviceaccount.com") else "person"


def is_account(actor: str) -> bool:
    """Tell whether an address is a service account's that code may run as."""
    return kind_of(actor) in ("builder", "default", "service_account")


def with_alias(account: str, project: str) -> tuple[str, ...]:
    """Return the names under which an account's acts in a project are joined."""
    if project and _COMPUTE.fullmatch(account):
        return account, compute_alias(project)
    if project and _BUILDER.fullmatch(account):
        return account, build_alias(project)
    return (account,)


def compute_alias(project: str) -> str:
    """Return the alias of a project's default compute account."""
    return f"compute-default@{project}"


def build_alias(project: str) -> str:
    """Return the alias of a project's default build account."""
    return f"build-default@{project}"


def default_compute(project: str, hint: str) -> str:
    """Return the default compute account, by the project's number if a text shows it."""
    found = _SOURCES.search(hint)
    number = (found[1] or found[2]) if found else ""
    if number:
        return f"{number}-compute@developer.gserviceaccount.com"
    return compute_alias(project)


def domain_of(address: str) -> str:
    """Return an address's domain, or ""."""
    return address.rpartition("@")[2] if "@" in address else ""


def same_house(one: str, other: str) -> bool:
    """Tell whether two domains are one, or one is below the other."""
    return one == other or one.endswith("." + other) or other.endswith("." + one)


@lru_cache(maxsize=KEPT)
def function_of(path: str) -> Place | None:
    """Return what a resource path names, else None."""
    found = _PLACE.search(path)
    if found is None:
        return None
    project, region, kind, name = found.groups()
    return Place(kind.lower(), name, project, region or "", path.split("//", 1)[-1])


@lru_cache(maxsize=KEPT)
def parent_of(path: str) -> tuple[str, str]:
    """Return the project and location of a path such as `projects/p/locations/l`, each or ""."""
    found = _PARENT.search(path)
    if found is None or found[1] in ("-", "_"):
        return "", found[2] or "" if found else ""
    return found[1], found[2] or ""


def function_key(place: Place) -> str:
    """Return what joins a function with the service under it: project, location, folded name."""
    name = place.name.lower().replace("_", "-")
    kind = place.kind if place.kind in ("jobs", "workerpools") else "services"
    return f"{place.project.lower()}/{place.region.lower() or 'any'}/{kind}/{name}"
