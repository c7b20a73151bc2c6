"""Cloud Audit Logs: secrets, stored objects, builds, and what else an account may change.

Example: `storage.objects.get` on `projects/_/buckets/payroll/objects/q1.csv` gives bucket, object
and bucket_kind `other`; `gcf-v2-sources-…`, where deployments keep code, is `deployment`.

Sources: Cloud Storage, Secret Manager and Cloud Build, "Audit logging"; Cloud Run functions,
"Build process overview" (buckets that deployments make).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import gcp_names as names
from .gcp_parts import Part, mapping, member, pick, rows, words
from .values import text

if TYPE_CHECKING:
    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

_SECRET = re.compile(r"projects/([^/]+)/(?:locations/[^/]+/)?secrets/([^/:]+)")
_OBJECT = re.compile(r"buckets/([^/]+)(?:/objects/(.+))?")
# gcf-sources-…, gcf-v2-uploads-…, run-sources-PROJECT-REGION, PROJECT_cloudbuild,
# PROJECT_REGION_cloudbuild, NUMBER.cloudbuild-logs.…, [REGION.]artifacts.PROJECT.appspot.com
_DEPLOYMENT = re.compile(
    r"gcf(-v2)?-(sources|uploads|artifacts)-|run-sources-|.*_cloudbuild$|.*cloudbuild-logs"
    r"|([\w-]+\.)?artifacts\.|staging\.|.*-cloud-build-|.*\.cloudfunctions\.appspot\.com$"
)
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def secret_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read a call of Secret Manager."""
    path = words(payload, "resourceName", "request.name")
    found = _SECRET.search(path)
    if found:
        fields["secret"] = f"projects/{found[1]}/secrets/{found[2]}"
        fields["secret_name"] = found[2]
    return f"{action} {path}".rstrip()


def storage_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read a call of Cloud Storage; keys for its old interface are credentials too."""
    path = words(payload, "resourceName")
    found = _OBJECT.search(path)
    bucket = found[1] if found else words(labels, "bucket_name")
    if bucket:
        fields["bucket"] = bucket
        deployment = _DEPLOYMENT.match(bucket.lower())
        fields["bucket_kind"] = "deployment" if deployment else "other"
    if found and found[2]:
        fields["object"] = f"{bucket}/{found[2]}"
        return f"{action} gs://{bucket}/{found[2]}"
    return f"{action} gs://{bucket}" if bucket else f"{action} {path}".rstrip()


def build_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read CreateBuild: which account the build runs as.

    Named in the request or answer, else the caller if code may run as it, else the project's build
    account. `build_account_kind` tells the default compute account, which other code shares.
    """
    builds = [
        pick(payload, path)
        for path in ("request.build", "response.build", "response.metadata.build", "response")
    ]
    given = next((found for b in builds if (found := words(b, "serviceAccount"))), "")
    actor, project = (str(fields.get(name, "")) for name in ("actor", "account"))
    account = names.email_of(given) or (actor if names.is_account(actor) else "")
    if account:
        fields["build_account"] = names.with_alias(account, project)
        fields["build_account_email"] = account
        fields["build_account_kind"] = names.kind_of(account) or "unknown"
    elif project:
        fields["build_account"] = (names.build_alias(project),)
    build = next((found for b in builds if (found := words(b, "id"))), "")
    line = " ".join(filter(None, (action, build or words(payload, "resourceName"))))
    return line + (f" as {account}" if account else "")


def compute_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read a call of Compute Engine: a firewall opened to everybody, keys put into metadata."""
    path = words(payload, "resourceName")
    ranges = pick(payload, "request.sourceRanges")
    shown = [text(item) for item in ranges] if isinstance(ranges, list) else []
    line = f"{action} {path}".rstrip()
    if any(item in _EVERYWHERE for item in shown):
        fields["open_to_all"] = "true"
        ports = [
            f"{words(row, 'IPProtocol', 'ipProtocol')} {_ports(row)}".strip()
            for row in rows(pick(payload, "request.alloweds") or pick(payload, "request.allowed"))
        ]
        line += f": lets in {', '.join(ports) or 'traffic'} from {', '.join(shown)}"
    keys = _metadata_keys(payload) if "etadata" in action else ()
    if keys:
        fields["metadata_keys"] = keys
        line += f": {', '.join(keys)}"
    return line


def _ports(row: Part) -> str:
    ports = member(row, "ports")
    return ",".join(text(port) for port in ports) if isinstance(ports, list) else ""


def _metadata_keys(payload: Part) -> tuple[str, ...]:
    # Example: {"metadata": {"projectMetadataDelta": {"modifiedMetadataKeys": ["ssh-keys"]}}}
    found: list[str] = []
    for name in ("projectMetadataDelta", "instanceMetadataDelta"):
        delta = mapping(pick(payload, f"metadata.{name}"))
        for key in ("addedMetadataKeys", "modifiedMetadataKeys"):
            values = member(delta, key)
            found += [text(v) for v in values if text(v)] if isinstance(values, list) else []
    return tuple(dict.fromkeys(found))


def other_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read a call that nothing special is known of."""
    path = words(payload, "resourceName", "request.name", "request.parent")
    if path:
        fields["target"] = path
    return f"{action} {path}".rstrip()
