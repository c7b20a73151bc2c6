"""More forms of the Google Cloud attacks, and ordinary days that look like them.

The scenarios have one form of each attack; logs have many: one entry of a write or both, older
names of a method, other things whose policy is set, deployers that are no people.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from builders import gcp
from builders.gcp import HOME, NUMBER, Caller, Function, account, entry
from builders.scenario import DAY, HOUR, Quiet, Variant
from builders.scenarios_gcp import BUILDER, CI, COMPUTE, DEFAULTED, EVE, OLGA, STOLEN, SYNC

if TYPE_CHECKING:
    from builders.scenario import Record

POOL = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/git"
FEDERATED = Caller("", identity=(("principalEmail", None), ("principalSubject", f"{POOL}/main")))
LOADER = Function("loader", account("loader"))
MALLORY = "user:mallory@example.com"


# --- attacks ----------------------------------------------------------------------------------


def _created(*acts: Record) -> list[Record]:
    return [*gcp.create_gen1(EVE, SYNC, 0), *acts]


def _opens_bucket() -> list[Record]:
    change = {"action": "ADD", "role": "roles/storage.objectViewer", "member": MALLORY}
    policy = entry(
        SYNC.acts(), "storage", "storage.setIamPermissions", HOUR, "projects/_/buckets/acme-payroll",
        labels={"bucket_name": "acme-payroll"}, serviceData={"policyDelta": {"bindingDeltas": [change]}},
    )  # fmt: skip
    return _created(policy)


def _shares_disk() -> list[Record]:
    path = f"projects/{HOME}/global/snapshots/ledger"
    policy = {"bindings": [{"role": "roles/compute.storageAdmin", "members": [MALLORY]}]}
    method = "v1.compute.snapshots.setIamPolicy"
    return _created(entry(SYNC.acts(), "compute", method, HOUR, path, request={"policy": policy}))


def _database_user() -> list[Record]:
    path = f"projects/{HOME}/instances/orders"
    return _created(entry(SYNC.acts(), "cloudsql", "cloudsql.users.create", HOUR, path))


def _policy_of_another_function() -> list[Record]:
    return _created(
        gcp.function_policy(SYNC.acts(), LOADER, HOUR, "roles/cloudfunctions.admin", MALLORY)
    )


def _policy_without_delta() -> list[Record]:
    return _created(gcp.project_policy(SYNC.acts(), HOUR, "roles/owner", MALLORY, delta=False))


def _federated_writer() -> list[Record]:
    return [*gcp.create_gen1(FEDERATED, SYNC, 0), gcp.create_key(SYNC.acts(), HOUR, STOLEN)]


def _first_entry_alone() -> list[Record]:
    first = gcp.write_gen2(EVE, DEFAULTED, 0)[0]
    del first["protoPayload"]["request"]["function"]["service_config"]
    return [first, gcp.create_key(DEFAULTED.acts(), HOUR, STOLEN)]


def _last_entry_alone() -> list[Record]:
    return [gcp.write_gen2(EVE, SYNC, 0)[1], gcp.create_key(SYNC.acts(), HOUR, SYNC.account)]


def _older_method() -> list[Record]:
    records = _created(gcp.create_key(SYNC.acts(), HOUR, STOLEN))
    for record in records[:2]:
        method = record["protoPayload"]["methodName"]
        record["protoPayload"]["methodName"] = method.replace("v1.", "v1beta2.")
    return records


def _account_of_another_project() -> list[Record]:
    fn = Function("Hub_Sync", account("hub", gcp.ABROAD))
    return [
        *gcp.write_gen2(EVE, fn, 0, "UpdateFunction"),
        gcp.project_policy(fn.acts(), HOUR, "roles/editor", MALLORY, project=gcp.ABROAD),
    ]


def _named_by_parent() -> list[Record]:
    """Return G04 where the write's path is the location and the policy tells its delta."""
    first, last = gcp.write_gen2(EVE, SYNC, 0)
    for record in (first, last):
        record["protoPayload"]["resourceName"] = f"projects/{HOME}/locations/{gcp.REGION}"
    change = {"action": "ADD", "role": "roles/run.invoker", "member": "allUsers"}
    opened = copy.deepcopy(gcp.service_policy(EVE, SYNC, HOUR, "allUsers"))
    opened["protoPayload"]["methodName"] = "google.cloud.run.v2.Services.SetIamPolicy"
    opened["protoPayload"]["serviceData"] = {"policyDelta": {"bindingDeltas": [change]}}
    return [first, last, opened]


def _build_account_makes_key() -> list[Record]:
    taken = Caller(BUILDER.email, "192.0.2.80", "curl/8.4")
    return _created(gcp.create_build(BUILDER, -30), gcp.create_key(taken, HOUR, STOLEN))


ATTACKS = (
    Variant("opens a bucket", _opens_bucket, (SYNC.account, MALLORY, "acme-payroll")),
    Variant("shares a disk's copy", _shares_disk, (SYNC.account, "snapshots/ledger")),
    Variant("makes a database user", _database_user, (SYNC.account, "instances/orders")),
    Variant("opens another function", _policy_of_another_function, (SYNC.account, LOADER.path)),
    Variant("policy without delta", _policy_without_delta, (SYNC.account, f"projects/{HOME}")),
    Variant("federated writer", _federated_writer, (SYNC.account, f"{POOL}/main", STOLEN)),
    Variant("first entry alone", _first_entry_alone, (COMPUTE, EVE.src, STOLEN)),
    Variant("last entry alone", _last_entry_alone, (gcp.key_of(SYNC.account), EVE.email)),
    Variant("an older method", _older_method, (SYNC.account, STOLEN)),
    Variant("account of another project", _account_of_another_project, (MALLORY, gcp.ABROAD)),
    Variant("named by its parent", _named_by_parent, (SYNC.uri, "allUsers", EVE.email)),
    Variant("the build account makes a key", _build_account_makes_key, (BUILDER.email, STOLEN)),
)


# --- ordinary days ----------------------------------------------------------------------------


def _deployment(who: Caller, fn: Function, when: float) -> list[Record]:
    """Return an account, its least roles, its function, and what the new function reads."""
    member = f"serviceAccount:{fn.account}"
    work = fn.acts()
    return [
        gcp.create_account(who, when - 300, fn.name),
        gcp.project_policy(who, when - 290, "roles/datastore.user", member),
        gcp.account_policy(
            who, when - 280, fn.account, "roles/iam.serviceAccountUser", f"user:{OLGA.email}"
        ),
        *gcp.write_gen2(who, fn, when),
        gcp.create_build(BUILDER, when - 30),
        gcp.read_object(BUILDER, when - 20, f"gcf-v2-sources-{NUMBER}-{gcp.REGION}"),
        gcp.service_policy(who, fn, when + 20, "group:eng@example.com"),
        *(gcp.read_secret(work, when + 60 + n, f"{fn.name}-{n}") for n in range(3)),
        *(gcp.read_object(work, when + 70 + n, f"{fn.name}-{n % 2}") for n in range(6)),
        gcp.token(work, when + 80, fn.account, "SignBlob"),
    ]


def many_deployments(who: Caller) -> list[Record]:
    """Return a day of Terraform or a pipeline: eight functions, each with an account of its own."""
    code = [Function(f"job-{n}", account(f"job-{n}")) for n in range(8)]
    return [record for n, fn in enumerate(code) for record in _deployment(who, fn, n * HOUR)]


def event_function() -> list[Record]:
    """A function for uploads: Google's agents get their roles and keep its service in step."""
    fn = Function("On-Upload", account("on-upload"))
    agents = {
        "roles/eventarc.serviceAgent": "gcp-sa-eventarc",
        "roles/pubsub.publisher": "gs-project-accounts",
        "roles/iam.serviceAccountTokenCreator": "gcp-sa-pubsub",
    }
    grants = [
        gcp.project_policy(
            OLGA, -600, role, f"serviceAccount:service-{NUMBER}@{agent}.iam.gserviceaccount.com"
        )
        for role, agent in agents.items()
    ]
    invoker = f"serviceAccount:{fn.account}"
    return [
        *grants,
        gcp.project_policy(OLGA, -590, "roles/eventarc.eventReceiver", invoker),
        *gcp.write_gen2(OLGA, fn, 0),
        gcp.create_service_v1(Caller(gcp.AGENT), fn, -10),
        gcp.service_policy(Caller(gcp.AGENT), fn, -5, invoker),
        gcp.read_object(fn.acts(), 300, "uploads"),
    ]


def new_project() -> list[Record]:
    """The first function of a project: default accounts are born with Editor, and it works."""
    manager = Caller("service-agent-manager@system.gserviceaccount.com")
    return [
        gcp.project_policy(manager, -HOUR, "roles/editor", f"serviceAccount:{COMPUTE}"),
        *gcp.write_gen2(OLGA, DEFAULTED, 0),
        gcp.create_build(Caller(COMPUTE), -30, COMPUTE),
        gcp.call_function(OLGA, DEFAULTED, 60),
        gcp.read_secret(DEFAULTED.acts(), 61, "db"),
        gcp.read_object(DEFAULTED.acts(), 62, "first-data"),
    ]


def public_service() -> list[Record]:
    """A public Cloud Run service is deployed anew each day, and each time made public."""
    fn = Function("shop", account("shop"), kind="services")
    return [
        record
        for day in range(3)
        for record in (
            gcp.create_service_v1(CI, fn, day * DAY, "ReplaceService"),
            gcp.service_policy(CI, fn, day * DAY + 30, "allUsers"),
        )
    ]


def shared_builder() -> list[Record]:
    """Code on the account that builds too reads something new after two weeks at work."""
    work = DEFAULTED.acts()
    usual = [gcp.read_object(work, day * DAY, "lake") for day in range(-14, 0)]
    return [
        *usual,
        *gcp.write_gen2(OLGA, LOADER, 0),
        gcp.create_build(Caller(COMPUTE), -30, COMPUTE),
        gcp.read_object(work, HOUR, "new-data"),
    ]


def pipeline_beside_a_person() -> list[Record]:
    """Builds deploy on two accounts, with tools that name themselves or not; a person deploys too."""
    api, hook = Function("api", account("api")), Function("hook", account("hook"))
    firebase = Caller(BUILDER.email, BUILDER.src, "FirebaseCLI/13.1.0")
    nameless = Caller(COMPUTE, "198.51.100.90", "")
    return [
        *gcp.write_gen2(OLGA, LOADER, 0),
        gcp.create_build(BUILDER, -30),
        *gcp.write_gen2(OLGA, DEFAULTED, 60),
        *gcp.write_gen2(firebase, api, HOUR),
        gcp.service_policy(firebase, api, HOUR + 30, "group:eng@example.com"),
        gcp.project_policy(
            firebase, HOUR + 40, "roles/run.invoker", f"serviceAccount:{api.account}"
        ),
        *gcp.write_gen2(nameless, hook, 2 * HOUR),
        gcp.service_policy(nameless, hook, 2 * HOUR + 30, "group:eng@example.com"),
    ]


QUIET = (
    Quiet("terraform", "a day of Terraform", lambda: many_deployments(CI)),
    Quiet("federated", "a day of a federated pipeline", lambda: many_deployments(FEDERATED)),
    Quiet("builder", "a day of Cloud Build", lambda: many_deployments(BUILDER)),
    Quiet("person", "a day of a developer", lambda: many_deployments(OLGA)),
    Quiet("events", "a function for uploads", event_function),
    Quiet("new-project", "a project's first function", new_project),
    Quiet("pipeline", "builds deploy, and a person", pipeline_beside_a_person),
    Quiet("public", "a public service deployed anew", public_service),
    Quiet("shared", "code reads on the account that builds", shared_builder),
)
