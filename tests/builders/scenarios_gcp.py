"""The Google Cloud scenarios: attacks G01 to G05 and their kin, look-alikes, and traps.

Times are seconds after the last write. `stranger` puts another account, function or project in the
place of the one that was written.
"""

from __future__ import annotations

from builders import gcp, gcp_wrappers
from builders.gcp import HOME, NUMBER, Caller, Function, Record, account, person
from builders.scenario import (
    HOUR,
    MINUTE,
    Chain,
    Platform,
    Quiet,
    Scenario,
    Step,
    act,
    noise,
    optional,
    setup,
    write,
)

EVE = person("eve")
OLGA = person("olga", src="203.0.113.60")
SYNC = Function("Billing_Sync", account("billing-sync"))
OTHER = Function("invoice-mail", account("invoice-mail"))
STOLEN = account("deployer")
CI = Caller(account("ci-deploy"), "198.51.100.77", gcp.TERRAFORM)
KEYED = Caller(
    CI.email,
    "198.51.100.77",
    gcp.TERRAFORM,
    (
        (
            "serviceAccountKeyName",
            f"//iam.googleapis.com/projects/{HOME}/serviceAccounts/{CI.email}/keys/0a1b2c",
        ),
    ),
)
BUILDER = Caller(f"{NUMBER}@cloudbuild.gserviceaccount.com", "198.51.100.90", gcp.GCLOUD)
COMPUTE = f"{NUMBER}-compute@developer.gserviceaccount.com"
DEFAULTED = Function("hello", COMPUTE)


def _writes(records: list[Record]) -> list[Step]:
    return [write(record) for record in records]


def _acting(fn: Function, stranger: bool) -> Caller:
    return (OTHER if stranger else fn).acts()


def _names(*names: str, fn: Function = SYNC) -> list[str]:
    return [fn.account, EVE.email, EVE.src, *names]


# --- attacks ----------------------------------------------------------------------------------


def g01(delay: float, stranger: bool) -> Chain:
    """Create a function as a strong account, call it; it gives the intruder a role."""
    fn = _acting(SYNC, stranger)
    return Chain(
        [
            *_writes(gcp.create_gen1(EVE, SYNC, 0)),
            optional(gcp.call_function(EVE, SYNC, MINUTE)),
            act(gcp.project_policy(fn, delay, "roles/owner", "user:mallory@example.org")),
        ],
        names=_names("roles/owner", "user:mallory@example.org"),
        automation=[SYNC.path],
    )


def g01_small_role(delay: float, stranger: bool) -> Chain:
    """The same with a role that is not in role_scope, in a function of the second generation."""
    fn = _acting(SYNC, stranger)
    return Chain(
        [
            *_writes(gcp.write_gen2(EVE, SYNC, 0)),
            act(gcp.project_policy(fn, delay, "roles/viewer", "user:mallory@example.org")),
        ],
        names=_names("roles/viewer", "user:mallory@example.org", SYNC.uri),
        automation=[SYNC.path],
    )


def g01_granted(delay: float, stranger: bool) -> Chain:
    """Somebody else gives the account its power; the function makes a new account."""
    fn = _acting(SYNC, stranger)
    xenia = person("xenia", src="203.0.113.11")
    return Chain(
        [
            setup(
                gcp.project_policy(xenia, -HOUR, "roles/editor", f"serviceAccount:{SYNC.account}")
            ),
            *_writes(gcp.write_gen2(EVE, SYNC, 0, "UpdateFunction")),
            act(gcp.create_account(fn, delay, "helper")),
        ],
        names=_names(xenia.email, xenia.src, "roles/editor", account("helper")),
        automation=[SYNC.path],
    )


def g01_default(delay: float, stranger: bool) -> Chain:
    """A function on the default compute account, which only the act shows by its number."""
    fn = Function("hello", "")
    create = gcp.write_gen2(EVE, fn, 0)
    create[0]["protoPayload"]["request"]["function"]["service_config"] = {}
    create[1]["protoPayload"]["response"] = {"name": fn.path}
    actor = OTHER.acts() if stranger else DEFAULTED.acts()
    return Chain(
        [
            *_writes(create),
            act(gcp.project_policy(actor, delay, "roles/owner", "user:mallory@example.org")),
        ],
        names=[COMPUTE, EVE.email, EVE.src, "roles/owner", "user:mallory@example.org"],
        says=["one of these"],
        automation=[fn.path],
    )


def g02(delay: float, stranger: bool) -> Chain:
    """Create, let oneself call it; it makes a key for another account, which is then used."""
    fn = _acting(SYNC, stranger)
    key = gcp.key_of(STOLEN)
    key_name = f"//iam.googleapis.com/{key}"
    thief = Caller(STOLEN, "192.0.2.77", "curl/8.4", (("serviceAccountKeyName", key_name),))
    return Chain(
        [
            *_writes(gcp.create_gen1(EVE, SYNC, 0)),
            setup(
                gcp.function_policy(
                    EVE, SYNC, 30, "roles/cloudfunctions.invoker", f"user:{EVE.email}"
                )
            ),
            optional(gcp.call_function(EVE, SYNC, MINUTE)),
            act(gcp.create_key(fn, delay, STOLEN)),
            noise(
                gcp.any_call(
                    thief,
                    delay + HOUR / 2,
                    "iam",
                    "google.iam.admin.v1.ListServiceAccounts",
                    f"projects/{HOME}",
                )
            ),
        ],
        names=_names(key, STOLEN, "roles/cloudfunctions.invoker"),
        automation=[SYNC.path],
    )


def g03(delay: float, stranger: bool) -> Chain:
    """Replace the source; the account, named only by the last entry, takes another's token."""
    fn = _acting(SYNC, stranger)
    return Chain(
        [
            *_writes(gcp.update_gen1(EVE, SYNC, 0)),
            optional(gcp.call_function(EVE, SYNC, MINUTE)),
            optional(gcp.token(fn, delay, STOLEN)),
        ],
        names=_names(STOLEN, "GenerateAccessToken"),
        automation=[SYNC.path],
    )


def g04(delay: float, stranger: bool) -> Chain:
    """Create a function of the second generation, open the service under it to everybody."""
    fn = OTHER if stranger else SYNC
    return Chain(
        [
            *_writes(gcp.write_gen2(EVE, SYNC, 0)),
            noise(gcp.create_service_v1(Caller(gcp.AGENT), SYNC, -20)),
            act(gcp.service_policy(EVE, fn, delay, "allUsers")),
        ],
        names=_names("allUsers", "roles/run.invoker", SYNC.uri),
        automation=[SYNC.path],
    )


def g04_outside(delay: float, stranger: bool) -> Chain:
    """The same with a user of another domain, on a function of the first generation."""
    fn = OTHER if stranger else SYNC
    return Chain(
        [
            *_writes(gcp.create_gen1(EVE, SYNC, 0)),
            act(
                gcp.function_policy(
                    EVE, fn, delay, "roles/cloudfunctions.invoker", "user:rival@rival.example"
                )
            ),
        ],
        names=_names("rival@rival.example", "roles/cloudfunctions.invoker"),
        automation=[SYNC.path],
    )


def g05(delay: float, stranger: bool) -> Chain:
    """Create; the build's account then reads what no deployment keeps (in a project of its own)."""
    project = "acme-data"
    fn = Function("Billing_Sync", account("billing-sync", project), project)
    builder = Caller("731004589126@cloudbuild.gserviceaccount.com")
    reader = Caller(account("invoice", project) if stranger else builder.email, "192.0.2.80")
    return Chain(
        [
            *_writes(gcp.create_gen1(EVE, fn, 0)),
            setup(gcp.create_build(builder, -30, project=project)),
            optional(gcp.read_object(reader, delay, "acme-payroll", project=project)),
            optional(gcp.read_object(reader, delay, "acme-backups", "db.sql", project=project)),
        ],
        names=_names(builder.email, "acme-payroll", "acme-backups", reader.src, fn=fn),
        automation=[fn.path],
    )


def g06(delay: float, stranger: bool) -> Chain:
    """A Cloud Run service, written in one entry, reads many secrets that nobody handed to it."""
    fn = _acting(SYNC, stranger)
    secrets = [f"prod-{n}" for n in range(7)]
    return Chain(
        [
            write(gcp.create_service_v1(EVE, SYNC, 0)),
            *(optional(gcp.read_secret(fn, delay, name)) for name in secrets),
        ],
        names=_names("prod-0", "prod-6"),
        counts=[7],
        automation=[f"namespaces/{HOME}/services/{SYNC.service_name}"],
    )


def g07(delay: float, stranger: bool) -> Chain:
    """A Cloud Run job lets an outsider act as a service account, after refused attempts."""
    job = Function("night-job", account("night-job"), kind="jobs")
    fn = _acting(job, stranger)
    refused = gcp.create_job_v2(EVE, job, -HOUR)[0]
    refused["protoPayload"]["status"] = {"code": 7, "message": "PERMISSION_DENIED"}
    refused["operation"]["last"] = True
    return Chain(
        [
            noise(refused),
            *_writes(gcp.create_job_v2(EVE, job, 0)),
            act(
                gcp.account_policy(
                    fn,
                    delay,
                    STOLEN,
                    "roles/iam.serviceAccountTokenCreator",
                    "user:mallory@example.org",
                )
            ),
        ],
        names=[job.account, EVE.email, EVE.src, STOLEN, "user:mallory@example.org"],
        automation=[job.path],
    )


DATA_LOG = "its acts are in the Data Access log"
ATTACKS = (
    Scenario("G01", "created, then it gives a role", g01),
    Scenario("G01-small-role", "second generation, an unimportant role", g01_small_role),
    Scenario("G01-granted", "account granted by another, changed by P", g01_granted),
    Scenario("G01-default", "default compute account", g01_default),
    Scenario("G02", "created, caller set, key made and used", g02),
    Scenario(
        "G03", "source replaced, another account's token", g03, unlogged="quiet", reason=DATA_LOG
    ),
    Scenario("G04", "second generation opened to everybody", g04),
    Scenario("G04-outside", "opened to another domain", g04_outside),
    Scenario("G05", "the build's account reads elsewhere", g05, unlogged="quiet", reason=DATA_LOG),
    Scenario("G06", "service reads many secrets", g06, unlogged="quiet", reason=DATA_LOG),
    Scenario("G07", "job opens a service account", g07),
)


# --- look-alikes and traps --------------------------------------------------------------------


def _own(name: str) -> Function:
    """Return a function with an account of its own, so that look-alikes do not meet."""
    return Function(name, account(f"sa-{name}"))


def b12() -> list[Record]:
    """Deploy with gcloud: pair, build, callers are a group of the house."""
    fn = _own("b12")
    return [
        *gcp.write_gen2(OLGA, fn, 0),
        gcp.create_build(BUILDER, -40),
        gcp.create_service_v1(Caller(gcp.AGENT), fn, -10),
        gcp.service_policy(OLGA, fn, 20, "group:billing@example.com"),
        gcp.read_object(
            BUILDER,
            -35,
            f"gcf-v2-sources-{NUMBER}-{gcp.REGION}",
            "b12/function-source.zip",
        ),
        gcp.read_object(BUILDER, -34, f"{HOME}_cloudbuild", "source/1.tgz"),
    ]


def terraform(caller: Caller) -> list[Record]:
    """Account, roles, function, invoker: as the Google provider applies them."""
    fn = _own(f"mail-{caller.email[:4]}")
    scheduler = f"serviceAccount:{account('scheduler')}"
    return [
        gcp.create_account(caller, -300, "invoice-mail"),
        gcp.project_policy(caller, -280, "roles/datastore.user", f"serviceAccount:{fn.account}"),
        gcp.project_policy(
            caller, -270, "roles/secretmanager.secretAccessor", f"serviceAccount:{fn.account}"
        ),
        gcp.account_policy(
            caller, -260, fn.account, "roles/iam.serviceAccountUser", f"serviceAccount:{CI.email}"
        ),
        *gcp.write_gen2(caller, fn, 0),
        gcp.service_policy(caller, fn, 30, scheduler),
        *gcp.write_gen2(caller, fn, 2 * HOUR, "UpdateFunction"),
        gcp.read_secret(fn.acts(), 3 * HOUR, "smtp-password"),
        gcp.read_object(fn.acts(), 3 * HOUR + 5, "acme-invoices", "1.pdf"),
    ]


def own_deployer() -> list[Record]:
    """A pipeline that deploys code to run as itself, and manages roles all day."""
    fn = Function("ci-hook", CI.email)
    return [
        *gcp.write_gen2(CI, fn, 0),
        gcp.project_policy(CI, HOUR, "roles/owner", "group:admins@example.com"),
        gcp.create_account(CI, 2 * HOUR, "new-app"),
        gcp.create_key(CI, 3 * HOUR, account("new-app")),
    ]


def keyed_elsewhere() -> list[Record]:
    """A user deploys code on the pipeline's account; the pipeline itself works by a key."""
    fn = Function("ci-hook", CI.email)
    federated = Caller(
        CI.email, "198.51.100.78", gcp.TERRAFORM,
        (("serviceAccountDelegationInfo", [{"principalSubject": "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/subject/repo"}]),),
    )  # fmt: skip
    return [
        *gcp.write_gen2(OLGA, fn, 0),
        gcp.project_policy(KEYED, HOUR, "roles/owner", "group:admins@example.com"),
        gcp.create_key(federated, 2 * HOUR, account("new-app")),
    ]


def cloud_build_ci() -> list[Record]:
    """Cloud Build deploys at each commit and reads its own things and its state."""
    built = Function("api", account("api"))
    return [
        gcp.create_build(OLGA, -200, BUILDER.email),
        gcp.read_object(BUILDER, -190, "acme-tfstate", "default.tfstate"),
        *gcp.write_gen2(BUILDER, built, 0, "UpdateFunction"),
        gcp.create_build(BUILDER, -30),
        gcp.service_policy(BUILDER, built, 20, "group:eng@example.com"),
        gcp.read_object(BUILDER, 60, "acme-tfstate", "default.tfstate"),
        gcp.project_policy(BUILDER, 90, "roles/viewer", "group:eng@example.com"),
        gcp.create_service_v1(BUILDER, built, HOUR, "ReplaceService"),
    ]


def default_account_work() -> list[Record]:
    """Functions on the default compute account do what such accounts do."""
    who = DEFAULTED.acts()
    return [
        *gcp.write_gen2(OLGA, DEFAULTED, 0),
        gcp.read_object(who, 600, "acme-uploads"),
        gcp.any_call(
            who, 610, "pubsub", "google.pubsub.v1.Publisher.Publish", f"projects/{HOME}/topics/t"
        ),
        gcp.any_call(
            who, 620, "compute", "v1.compute.instances.stop", f"projects/{HOME}/zones/z/instances/i"
        ),
        gcp.token(who, 630, COMPUTE, "SignBlob"),
        gcp.read_secret(who, 640, "api-key"),
        gcp.any_call(
            who,
            650,
            "bigquery",
            "google.cloud.bigquery.v2.JobService.InsertJob",
            f"projects/{HOME}/jobs/j",
        ),
        # the build of somebody's infrastructure, on the same account, by its tools
        gcp.project_policy(
            Caller(COMPUTE, agent=gcp.TERRAFORM), 2 * HOUR, "roles/viewer", "group:eng@example.com"
        ),
        gcp.create_account(Caller(COMPUTE, agent=gcp.GCLOUD), 2 * HOUR, "web"),
    ]


def scheduled() -> list[Record]:
    """Cloud Scheduler calls a function each hour."""
    agent = Caller(
        f"service-{NUMBER}@gcp-sa-cloudscheduler.iam.gserviceaccount.com",
        agent="Google-Cloud-Scheduler",
    )
    calls = [gcp.call_function(agent, _own("hourly"), n * HOUR) for n in range(10)]
    return [*gcp.create_gen1(OLGA, _own("hourly"), 0), *calls]


def known_worker() -> list[Record]:
    """An account-vending function is deployed again and goes on with its work, with other roles."""
    fn = _own("vending")
    acts = []
    for time, role in ((-5 * HOUR, "roles/viewer"), (HOUR, "roles/logging.viewer")):
        name = f"team-{role[6:13]}"
        acts.append(gcp.create_account(fn.acts(), time, name))
        acts.append(gcp.project_policy(fn.acts(), time + 5, role, f"user:{name}@example.com"))
    return [*gcp.write_gen2(CI, fn, 0, "UpdateFunction"), *acts]


def failed_write() -> list[Record]:
    """The write fails in its last entry; the account acts all the same."""
    fn = _own("failed-write")
    error = {"code": 3, "message": "Build failed"}
    return [
        *gcp.create_gen1(EVE, fn, 0, error=error),
        gcp.create_key(fn.acts(), HOUR, STOLEN),
    ]


def refused_write() -> list[Record]:
    """The write is refused: not granted, no status."""
    fn = _own("refused-write")
    first = gcp.create_gen1(EVE, fn, 0)[0]
    del first["protoPayload"]["status"]
    for check in first["protoPayload"]["authorizationInfo"]:
        del check["granted"]
    first["operation"]["last"] = True
    return [first, gcp.create_key(fn.acts(), HOUR, STOLEN)]


def failed_act() -> list[Record]:
    """The act is refused."""
    fn = _own("failed-act")
    refused = gcp.create_key(fn.acts(), HOUR, STOLEN)
    refused["protoPayload"]["status"] = {"code": 7, "message": "PERMISSION_DENIED"}
    later = gcp.project_policy(fn.acts(), HOUR, "roles/owner", "user:mallory@example.org")
    later["protoPayload"]["authorizationInfo"] = [{"permission": "x", "granted": False}]
    return [*gcp.create_gen1(EVE, fn, 0), refused, later]


def namesakes() -> list[Record]:
    """A function and an account of the same name in another project and region do the acting."""
    fn = _own("namesakes")
    abroad = Function(fn.name, account("billing-sync", gcp.ABROAD), project=gcp.ABROAD)
    east = Function(fn.name, account("billing-east"), region="europe-west1")
    return [
        *gcp.write_gen2(OLGA, fn, 0),
        gcp.project_policy(
            abroad.acts(), HOUR, "roles/owner", "user:m@example.org", project=gcp.ABROAD
        ),
        gcp.create_key(east.acts(), HOUR, STOLEN),
        gcp.service_policy(EVE, abroad, HOUR, "allUsers"),
        gcp.service_policy(EVE, east, HOUR, "allUsers"),
        gcp.create_build(BUILDER, -30),
        gcp.read_object(
            Caller("999999999999@cloudbuild.gserviceaccount.com"),
            100,
            "lab-data",
            project=gcp.ABROAD,
        ),
    ]


def no_delta() -> list[Record]:
    """Policies that people set as a whole: the strange member may be an old one; one takes away."""
    fn = _own("no-delta")
    return [
        *gcp.write_gen2(OLGA, fn, 0, "UpdateFunction"),
        gcp.project_policy(OLGA, HOUR, "roles/owner", f"serviceAccount:{fn.account}", delta=False),
        gcp.service_policy(OLGA, fn, 600, "allUsers", "group:billing@example.com"),
        gcp.project_policy(fn.acts(), HOUR, "roles/owner", "user:old@example.org", action="REMOVE"),
    ]


def small_update() -> list[Record]:
    """Labels and memory change, in one entry; the account makes a key as it does."""
    fn = _own("small-update")
    update = gcp.update_gen1(OLGA, fn, 0, "labels,availableMemoryMb")[0]
    update["operation"]["last"] = True
    return [update, gcp.create_key(fn.acts(), HOUR, STOLEN)]


def by_hand() -> list[Record]:
    """A developer takes the account's token and makes a key with it: not the function."""
    fn = _own("by-hand")
    hand = (
        ("serviceAccountDelegationInfo", [{"firstPartyPrincipal": {"principalEmail": OLGA.email}}]),
    )
    return [
        *gcp.write_gen2(OLGA, fn, 0),
        gcp.token(OLGA, 300, fn.account),
        gcp.create_key(Caller(fn.account, identity=hand), 310, STOLEN),
    ]


def never_opened() -> list[Record]:
    """Callers of the house: a sub-domain, the own domain, other projects' accounts, agents."""
    fn = _own("never-opened")
    return [
        *gcp.create_gen1(OLGA, fn, 0),
        gcp.function_policy(
            OLGA, fn, 60, "roles/cloudfunctions.invoker",
            "group:ops@corp.example.com", "domain:example.com", f"user:{OLGA.email}",
            f"serviceAccount:{account('push', gcp.ABROAD)}", f"serviceAccount:{gcp.AGENT}",
        ),
    ]  # fmt: skip


def mounted_secrets() -> list[Record]:
    """A service reads the six secrets that its deployment mounts."""
    service = gcp.create_service_v1(OLGA, _own("web"), 0)
    env = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "latest"}}}]
    spec = service["protoPayload"]["request"]["service"]["spec"]["template"]["spec"]
    spec["containers"] = [{"image": "gcr.io/acme/web", "env": env}]
    return [service, *(gcp.read_secret(_own("web").acts(), 60 + n, f"web-{n}") for n in range(6))]


QUIET = (
    Quiet("B12", "gcloud deploys a function of the second generation", b12),
    Quiet("G-B1", "Terraform as a service account", lambda: terraform(CI)),
    Quiet("G-B2", "Terraform as a user", lambda: terraform(OLGA)),
    Quiet("G-B3", "a pipeline deploys code as itself", own_deployer),
    Quiet("G-B4", "the account works by key and federation", keyed_elsewhere),
    Quiet("G-B5", "Cloud Build deploys", cloud_build_ci),
    Quiet("G-B6", "default compute account at work", default_account_work),
    Quiet("G-B7", "Cloud Scheduler calls", scheduled),
    Quiet("G-B8", "a vending function goes on", known_worker),
    Quiet("G-B9", "callers of the house", never_opened),
    Quiet("G-B10", "mounted secrets", mounted_secrets),
    Quiet("G-T1", "the write failed", failed_write),
    Quiet("G-T2", "the write was refused", refused_write),
    Quiet("G-T3", "the act was refused", failed_act),
    Quiet("G-T4", "namesakes elsewhere", namesakes),
    Quiet("G-T5", "policies without delta", no_delta),
    Quiet("G-T6", "labels and memory", small_update),
    Quiet("G-T7", "a person acts as the account", by_hand),
)
PLATFORM = Platform("gcp", ATTACKS, QUIET, gcp_wrappers.WRAPPERS, gcp.seconds_of, gcp.moved)
