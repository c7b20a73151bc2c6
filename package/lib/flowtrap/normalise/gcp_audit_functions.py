"""Cloud Audit Logs: functions of both generations, Cloud Run services and jobs.

A write is a long operation: `phase` tells whether a record begins it (`first`), ends it (`last`) or
is all of it (`single`). The account that the code runs as is read from the answer, else from the
request, else it is one of the default accounts. What begins a write may name none although its end
does: `run_as_named` tells which.

Example: CreateFunction with `serviceAccountEmail` gives function
`p/us-central1/services/billing-sync`, run_as, phase and the summary
`CreateFunction projects/p/locations/us-central1/functions/Billing_Sync to run as sync@p.iam…`.

Sources: Cloud Functions v1 and v2, Cloud Run v1 and v2 REST references; Cloud Run functions,
"Function identity"; events.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import gcp_names as names
from .gcp_parts import Part, folded, is_true, mapping, member, pick, words
from .values import text

if TYPE_CHECKING:
    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

_SUBJECTS = ("function", "service", "job", "workerPool")
_ACCOUNTS = (
    "serviceConfig.serviceAccountEmail",
    "serviceAccountEmail",
    "template.serviceAccount",
    "template.template.serviceAccount",
    "spec.template.spec.serviceAccountName",
    "spec.template.spec.template.spec.serviceAccountName",
)
_URLS = ("serviceConfig.uri", "uri", "url", "httpsTrigger.url", "status.url", "status.address.url")
_BUILD_ACCOUNTS = ("buildConfig.serviceAccount", "buildServiceAccount")
_SOURCES = (
    "sourceUploadUrl",
    "sourceArchiveUrl",
    "sourceRepository.url",
    "buildConfig.source.storageSource.bucket",
    "buildConfig.source.repoSource.repoName",
)
_PLAIN_CHANGES = (  # neither the code, nor what runs it, nor what it runs as
    *("labels", "timeout", "description", "availablememory", "availablecpu", "mininstance"),
    *("maxinstance", "concurrency", "egress", "vpcconnector", "updatetime", "traffic", "scaling"),
)
_REGION_LABELS = ("location", "region")
_LOCATION_LABEL = "cloud.googleapis.com/location"


def read_function(fields: Fields, payload: Part, labels: Part) -> str:
    """Set which function, service or job a call is about; return it in words, or ""."""
    place = _place(payload, labels)
    if place is None:
        return ""
    place = place._replace(
        project=_project(place.project, fields),
        region=place.region or _region(payload, labels),
    )
    fields["function"] = names.function_key(place)
    fields["function_name"] = place.name
    if place.region:
        fields["region"] = place.region.lower()
    fields["function_resource"] = place.resource
    return place.resource


def write_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read the making or changing of a function, service or job."""
    what = read_function(fields, payload, labels)
    request = _subject(mapping(member(payload, "request")))
    response = mapping(member(payload, "response"))
    _read_identity(fields, request, response)
    _read_build(fields, request, response)
    change = _change(mapping(member(payload, "request")))
    if change:
        fields["change"] = change
    url = words(response, *_URLS) or words(request, *_URLS)
    if url:
        fields["url"] = url
    if _open_to_all(request) or _open_to_all(response):
        fields["door"], fields["certain"] = "public", "true"
        fields["opened_to"] = ("allusers",)
        fields["let_in"] = ("everybody (invoker check switched off)",)
        fields["opened_by"] = "write"
    if _mounts_secrets(request) or _mounts_secrets(response):
        fields["mounts_secrets"] = "true"
    return _write_line(fields, action, what, words(request, *_SOURCES))


def _write_line(fields: Fields, action: str, what: str, source: str) -> str:
    line = f"{action} {what}".rstrip()
    if "runs_as" in fields:
        line += f" to run as {fields['runs_as']}"
    if source:
        line += f", source {source.partition('?')[0]}"
    if fields.get("door") == "public":
        line += ", open to everybody"
    return line + {"first": " (begun)", "last": " (finished)"}.get(str(fields["phase"]), "")


def call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read any other call: which function it is about."""
    return f"{action} {read_function(fields, payload, labels)}".rstrip()


# --- which function ---------------------------------------------------------------------------


def _place(payload: Part, labels: Part) -> names.Place | None:
    request, response = (mapping(member(payload, key)) for key in ("request", "response"))
    subject = _subject(request)
    paths = (
        words(payload, "resourceName"),
        *(words(part, "name", "resource") for part in (subject, request, response)),
    )
    for path in paths:
        found = names.function_of(path)
        if found:
            return found
    # Example (Run v1): {"parent": "namespaces/p", "service": {"metadata": {"name": "billing"}}}
    # Example (functions v2): {"parent": "projects/p/locations/l", "functionId": "billing"}
    name = (
        words(request, "functionId", "serviceId", "jobId", "workerPoolId")
        or words(subject, "metadata.name")
        or words(labels, "function_name", "service_name", "job_name")
    )
    if not name:
        return None
    parent = words(request, "parent", "location") or words(payload, "resourceName")
    project, region = names.parent_of(parent)
    kind = _kind(fields_of=request, labels=labels)
    head = f"{parent}/{kind}/" if project else ""
    return names.Place(kind, name, project, region, head + name)


def _kind(fields_of: Part, labels: Part) -> str:
    for kind in ("function", "service", "job", "workerPool"):
        if member(fields_of, kind) is not None or member(fields_of, kind + "Id") is not None:
            return kind.lower() + "s"
        if words(labels, f"{kind}_name"):
            return kind.lower() + "s"
    return "services"


def _project(found: str, fields: Fields) -> str:
    """Return the project's id; a number only where nothing says more."""
    if found and not found.isdigit():
        return found
    return str(fields.get("account", found))


def _region(payload: Part, labels: Part) -> str:
    region = words(labels, *_REGION_LABELS)
    if region:
        return region
    # Example: {"resourceLocation": {"currentLocations": ["us-west1"]}}
    places = pick(payload, "resourceLocation.currentLocations")
    if isinstance(places, list) and places and text(places[0]):
        return text(places[0])
    for part in ("request", "response"):
        subject = _subject(mapping(member(payload, part)))
        for path in ("metadata.labels", "spec.template.metadata.labels"):
            found = text(mapping(pick(subject, path)).get(_LOCATION_LABEL))
            if found:
                return found
        region = names.parent_of(words(mapping(member(payload, part)), "parent", "name"))[1]
        if region:
            return region
    return ""


def _subject(request: Part) -> Part:
    """Return the function, service or job within a request; the part itself if it has none."""
    for name in _SUBJECTS:
        found = member(request, name)
        if isinstance(found, dict):
            return found
    return request


# --- what it runs as --------------------------------------------------------------------------


def _read_identity(fields: Fields, request: Part, response: Part) -> None:
    project = str(fields.get("function", fields.get("account", ""))).partition("/")[0]
    given = words(response, *_ACCOUNTS) or words(request, *_ACCOUNTS)
    account = _full_name(names.email_of(given), project) if given else ""
    if account and account != "default":
        fields["run_as"] = fields["run_as_email"] = account
        fields["run_as_named"] = "true"
        shared = names.kind_of(account) == "default"
        note = " (a default account: of the code that shares it, one of these acts)"
        fields["runs_as"] = account + (note if shared else "")
        if shared:
            fields["run_as_shared"] = "true"
    elif project:
        _read_default(fields, project, words(response, *_URLS, _SOURCES[3]))
    if fields.get("actor") and fields["actor"] in (account, *fields.get("run_as", ())):
        fields["self_run"] = "true"


def _full_name(account: str, project: str) -> str:
    """Return a service account's address, also where only its name was given."""
    if "@" in account or account == "default" or account.isdigit():
        return account
    return f"{account}@{project}.iam.gserviceaccount.com"


def _read_default(fields: Fields, project: str, hint: str) -> None:
    """Set the default accounts: the record does not say which one it is."""
    compute = names.default_compute(project, hint)
    candidates = [compute]
    if fields.get("service") == "cloudfunctions":
        candidates.append(f"{project}@appspot.gserviceaccount.com")
    fields["run_as"] = tuple(candidates)
    fields["run_as_shared"] = "true"
    known = [account for account in candidates if names.is_account(account)]
    if known:
        fields["run_as_email"] = tuple(known)
    shown = " or ".join(a if a in known else "the default compute account" for a in candidates)
    fields["runs_as"] = f"a default account (one of these, which other code may share: {shown})"


def _read_build(fields: Fields, request: Part, response: Part) -> None:
    """Set the account that builds the code: the one named, else the project's build account."""
    given = words(response, *_BUILD_ACCOUNTS) or words(request, *_BUILD_ACCOUNTS)
    project = str(fields.get("function", fields.get("account", ""))).partition("/")[0]
    actor = str(fields.get("actor", ""))
    if given:
        fields["build_account"] = names.with_alias(names.email_of(given), project)
    elif project:
        fields["build_account"] = (names.build_alias(project),)
    if names.kind_of(actor) == "builder" or actor in fields.get("build_account", ()):
        fields["self_built"] = "true"


# --- what changes -----------------------------------------------------------------------------


def _change(request: Part) -> str:
    """Return code, account or plain for an update by its mask, "" where it has none.

    Example: `{"updateMask": "sourceUploadUrl,labels"}` and
    `{"update_mask": {"paths": ["build_config.source"]}}` are code.
    """
    mask = member(request, "updateMask")
    if isinstance(mask, dict):
        mask = member(mask, "paths")
    if isinstance(mask, str):
        mask = mask.split(",")
    named = mask if isinstance(mask, list) else ()
    paths = [folded(path.strip()) for path in named if text(path)]
    if not paths:
        return ""
    if all(any(plain in path for plain in _PLAIN_CHANGES) for path in paths):
        return "plain"
    return "account" if all("serviceaccount" in path for path in paths) else "code"


def _open_to_all(subject: Part) -> bool:
    # Example (Run v1): {"metadata": {"annotations":
    #   {"run.googleapis.com/invoker-iam-disabled": "true"}}}
    if is_true(member(subject, "invokerIamDisabled")):
        return True
    marks: Any = pick(subject, "metadata.annotations")
    return is_true(mapping(marks).get("run.googleapis.com/invoker-iam-disabled"))


def _mounts_secrets(subject: Part) -> bool:
    config = mapping(member(subject, "serviceConfig")) or subject
    if any(member(config, key) for key in ("secretEnvironmentVariables", "secretVolumes")):
        return True
    return "secretkeyref" in folded(repr(member(subject, "template") or member(subject, "spec")))


WRITES = dict.fromkeys(
    (
        *("createfunction", "updatefunction", "createservice", "replaceservice", "updateservice"),
        *("createjob", "replacejob", "updatejob", "createworkerpool", "updateworkerpool"),
    ),
    write_call,
)
