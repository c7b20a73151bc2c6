"""Makes Cloud Audit Logs entries as Google Cloud writes them, quirks included.

A write is two entries that share an operation: the first has the request and the caller's address,
the last the answer. All names are invented. Shapes: shared events.md, section 4.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from builders.scenario import Record, at, seconds_after_start

HOME, ABROAD = "acme-prod", "acme-lab"
NUMBER = "481516234200"
REGION = "us-central1"
GCLOUD = "google-cloud-sdk gcloud/468.0.0 command/gcloud.functions.deploy interactive/True"
CODE = "google-api-python-client/2.108.0 Python/3.12.1 (gzip),gzip(gfe)"
TERRAFORM = "Terraform/1.7.5 terraform-provider-google/5.21.0,gzip(gfe)"
TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
AGENT = f"service-{NUMBER}@gcf-admin-robot.iam.gserviceaccount.com"
GEN1 = "google.cloud.functions.v1.CloudFunctionsService"
GEN2 = "google.cloud.functions.v2.FunctionService"
LONG = 57  # seconds between the first and the last entry of a write


@dataclass(frozen=True)
class Caller:
    """Who calls, from where, with what."""

    email: str
    src: str = "203.0.113.10"
    agent: str = GCLOUD
    identity: tuple[tuple[str, Any], ...] = ()

    def authentication(self) -> dict[str, Any]:
        """Return authenticationInfo."""
        kind = "serviceAccount" if self.email.endswith("gserviceaccount.com") else "user"
        known = {"principalEmail": self.email, "principalSubject": f"{kind}:{self.email}"}
        return {**known, **dict(self.identity)}


@dataclass(frozen=True)
class Function:
    """A function, service or job, and the account that it runs as."""

    name: str
    account: str
    project: str = HOME
    region: str = REGION
    kind: str = "functions"

    @property
    def path(self) -> str:
        """Return its resource path."""
        return f"projects/{self.project}/locations/{self.region}/{self.kind}/{self.name}"

    @property
    def service_name(self) -> str:
        """Return the name of the service under a function of the second generation."""
        return self.name.lower().replace("_", "-")

    @property
    def uri(self) -> str:
        """Return the address of that service."""
        return f"https://{self.service_name}-q7x2k-uc.a.run.app"

    def acts(self, src: str = "198.51.100.20") -> Caller:
        """Return its account as code uses it."""
        return Caller(self.account, src, CODE)


def account(name: str, project: str = HOME) -> str:
    """Return a service account's address."""
    return f"{name}@{project}.iam.gserviceaccount.com"


def stamp(seconds: float) -> str:
    """Return a time as log entries write it, to the nanosecond."""
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"


def seconds_of(record: Record) -> float:
    """Return an entry's time in whole seconds after START; all entries bear the same fraction."""
    return int(seconds_after_start(record["timestamp"]) // 1)


def moved(record: Record, seconds: float) -> Record:
    """Return a copy of an entry at another time."""
    copied = copy.deepcopy(record)
    copied["timestamp"] = copied["receiveTimestamp"] = stamp(seconds)
    return copied


def entry(
    who: Caller,
    service: str,
    method: str,
    seconds: float,
    resource: str,
    *,
    project: str = HOME,
    data: bool = False,
    labels: dict[str, str] | None = None,
    operation: dict[str, Any] | None = None,
    **payload: Any,
) -> Record:
    """Return an entry. `payload` adds request, response, serviceData and so on."""
    log = "data_access" if data else "activity"
    body = {
        "@type": TYPE,
        "status": {},
        "authenticationInfo": who.authentication(),
        "requestMetadata": {"callerIp": who.src, "callerSuppliedUserAgent": who.agent},
        "serviceName": f"{service}.googleapis.com",
        "methodName": method,
        "authorizationInfo": [{"resource": resource, "permission": "x.y.z", "granted": True}],
        "resourceName": resource,
        **payload,
    }
    made: Record = {
        "protoPayload": {key: value for key, value in body.items() if value is not None},
        "insertId": f"i{abs(hash_of(method, resource, seconds)):x}",
        "resource": {
            "type": "audited_resource",
            "labels": {"project_id": project, **(labels or {})},
        },
        "timestamp": stamp(seconds),
        "severity": "NOTICE",
        "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2F{log}",
        "receiveTimestamp": stamp(seconds),
    }
    if operation:
        made["operation"] = operation
    return made


def hash_of(*parts: object) -> int:
    """Return a number for some parts, the same in every run."""
    value = 7
    for character in repr(parts):
        value = (value * 131 + ord(character)) % (1 << 61)
    return value


def long_write(
    who: Caller,
    fn: Function,
    service: str,
    method: str,
    seconds: float,
    request: dict[str, Any],
    response: dict[str, Any],
    *,
    took: float = LONG,
    error: dict[str, Any] | None = None,
) -> list[Record]:
    """Return the first and the last entry of a write that ends at `seconds`."""
    name = f"operations/op-{hash_of(fn.path, method, seconds):x}"
    labels = {"function_name": fn.name, "region": fn.region}
    common = {"project": fn.project, "labels": labels}
    first = entry(
        who, service, method, seconds - took, fn.path, **common, request=request,
        operation={"id": name, "producer": f"{service}.googleapis.com", "first": True},
    )  # fmt: skip
    last = entry(
        Caller(who.email, identity=who.identity), service, method, seconds, fn.path, **common,
        authorizationInfo=None, requestMetadata={}, response=None if error else response,
        status=error or {}, operation={"id": name, "producer": f"{service}.googleapis.com", "last": True},
    )  # fmt: skip
    return [first, last]


def create_gen1(who: Caller, fn: Function, seconds: float, **extra: Any) -> list[Record]:
    """Return CreateFunction of the first generation."""
    function = {
        "name": fn.path,
        "runtime": "python312",
        "entryPoint": "main",
        "sourceUploadUrl": "https://storage.googleapis.com/uploads-1/2.zip?X-Goog-Signature=0a",
        "httpsTrigger": {},
        "serviceAccountEmail": fn.account,
    }
    parent = f"projects/{fn.project}/locations/{fn.region}"
    response = {"name": fn.path, "serviceAccountEmail": fn.account, "status": "ACTIVE"}
    request = {"location": parent, "function": function}
    return long_write(
        who, fn, "cloudfunctions", f"{GEN1}.CreateFunction", seconds, request, response, **extra
    )


def update_gen1(
    who: Caller, fn: Function, seconds: float, mask: str = "sourceUploadUrl"
) -> list[Record]:
    """Return UpdateFunction of the first generation; the request names no account."""
    request = {
        "updateMask": mask,
        "function": {"name": fn.path, "sourceUploadUrl": "https://storage.googleapis.com/u/3.zip"},
    }
    response = {"name": fn.path, "serviceAccountEmail": fn.account, "status": "ACTIVE"}
    return long_write(
        who, fn, "cloudfunctions", f"{GEN1}.UpdateFunction", seconds, request, response
    )


def write_gen2(
    who: Caller, fn: Function, seconds: float, action: str = "CreateFunction", **extra: Any
) -> list[Record]:
    """Return CreateFunction or UpdateFunction of the second generation: snake case, then camel."""
    parent = f"projects/{fn.project}/locations/{fn.region}"
    function = {
        "name": fn.path,
        "build_config": {"runtime": "python312", "entry_point": "main"},
        "service_config": {"service_account_email": fn.account},
    }
    request: dict[str, Any] = {"parent": parent, "function_id": fn.name, "function": function}
    if action == "UpdateFunction":
        request = {
            "function": function,
            "update_mask": {"paths": ["build_config.source.storage_source"]},
        }
    config = {"serviceAccountEmail": fn.account, "uri": fn.uri, "ingressSettings": "ALLOW_ALL"}
    response = {"name": fn.path, "state": "ACTIVE", "serviceConfig": config}
    return long_write(
        who, fn, "cloudfunctions", f"{GEN2}.{action}", seconds, request, response, **extra
    )


def create_service_v1(
    who: Caller, fn: Function, seconds: float, action: str = "CreateService"
) -> Record:
    """Return the making of a Cloud Run service in one entry; its path has no location."""
    service = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": fn.service_name, "namespace": fn.project},
        "spec": {"template": {"spec": {"serviceAccountName": fn.account}}},
    }
    return entry(
        who, "run", f"google.cloud.run.v1.Services.{action}", seconds,
        f"namespaces/{fn.project}/services/{fn.service_name}", project=fn.project,
        labels={"location": fn.region, "service_name": fn.service_name},
        request={"parent": f"namespaces/{fn.project}", "service": service},
        response={"metadata": {"name": fn.service_name}, "status": {"url": fn.uri}},
    )  # fmt: skip


def create_job_v2(who: Caller, fn: Function, seconds: float) -> list[Record]:
    """Return the making of a Cloud Run job."""
    job = {
        "template": {
            "template": {"service_account": fn.account, "containers": [{"image": "gcr.io/x/y"}]}
        }
    }
    request = {
        "parent": f"projects/{fn.project}/locations/{fn.region}",
        "job_id": fn.name,
        "job": job,
    }
    response = {"name": fn.path, "template": {"template": {"serviceAccount": fn.account}}}
    return long_write(
        who, fn, "run", "google.cloud.run.v2.Jobs.CreateJob", seconds, request, response, took=3
    )


def call_function(who: Caller, fn: Function, seconds: float) -> Record:
    """Return a test call (Data Access log)."""
    return entry(
        who, "cloudfunctions", f"{GEN1}.CallFunction", seconds, fn.path, project=fn.project,
        data=True, request={"name": fn.path, "data": "{}"},
    )  # fmt: skip


def function_policy(who: Caller, fn: Function, seconds: float, role: str, *members: str) -> Record:
    """Return a bare SetIamPolicy on a function: the whole policy, no delta."""
    policy = {"bindings": [{"role": role, "members": list(members)}], "etag": "BwXexample"}
    return entry(
        who, "cloudfunctions", "SetIamPolicy", seconds, fn.path, project=fn.project,
        request={"resource": fn.path, "policy": policy},
    )  # fmt: skip


def service_policy(who: Caller, fn: Function, seconds: float, *members: str) -> Record:
    """Return SetIamPolicy on the service under a function: no delta, no service in the labels."""
    path = f"projects/{fn.project}/locations/{fn.region}/services/{fn.service_name}"
    policy = {"bindings": [{"role": "roles/run.invoker", "members": list(members)}]}
    return entry(
        who, "run", "google.cloud.run.v1.Services.SetIamPolicy", seconds, path, project=fn.project,
        labels={"location": fn.region, "service_name": "", "revision_name": ""}, status=None,
        request={"resource": path, "policy": policy}, response=policy,
    )  # fmt: skip


def project_policy(
    who: Caller,
    seconds: float,
    role: str,
    member: str,
    *,
    project: str = HOME,
    delta: bool = True,
    action: str = "ADD",
) -> Record:
    """Return SetIamPolicy on a project; the request holds the whole policy."""
    whole = [
        {"role": "roles/owner", "members": ["user:founder@example.com"]},
        {"role": role, "members": [member]},
    ]
    change = {
        "policyDelta": {"bindingDeltas": [{"action": action, "role": role, "member": member}]}
    }
    return entry(
        who, "cloudresourcemanager", "SetIamPolicy", seconds, f"projects/{project}", project=project,
        request={"resource": project, "policy": {"bindings": whole}}, serviceData=change if delta else None,
    )  # fmt: skip


def account_policy(
    who: Caller, seconds: float, on: str, role: str, member: str, project: str = HOME
) -> Record:
    """Return SetIAMPolicy, in capitals, on a service account that is named by its number."""
    change = {"policyDelta": {"bindingDeltas": [{"action": "ADD", "role": role, "member": member}]}}
    return entry(
        who, "iam", "google.iam.admin.v1.SetIAMPolicy", seconds, "projects/-/serviceAccounts/103566171230474107362",
        project=project, labels={"email_id": on, "unique_id": "103566171230474107362"}, serviceData=change,
    )  # fmt: skip


def create_account(who: Caller, seconds: float, name: str, project: str = HOME) -> Record:
    """Return CreateServiceAccount."""
    made = account(name, project)
    return entry(
        who, "iam", "google.iam.admin.v1.CreateServiceAccount", seconds, f"projects/{project}", project=project,
        request={"account_id": name, "name": f"projects/{project}"},
        response={"email": made, "name": f"projects/{project}/serviceAccounts/{made}"}, labels={"email_id": made},
    )  # fmt: skip


def key_of(target: str) -> str:
    """Return the name of the key that `create_key` makes."""
    return f"projects/{HOME}/serviceAccounts/{target}/keys/{hash_of(target):016x}a1b2c3"


def create_key(who: Caller, seconds: float, target: str, project: str = HOME) -> Record:
    """Return CreateServiceAccountKey; the resource names the account by its number."""
    return entry(
        who, "iam", "google.iam.admin.v1.CreateServiceAccountKey", seconds,
        "projects/-/serviceAccounts/103566171230474107362", project=project, labels={"email_id": target},
        request={"name": f"projects/-/serviceAccounts/{target}"}, response={"name": key_of(target)},
    )  # fmt: skip


def token(who: Caller, seconds: float, target: str, action: str = "GenerateAccessToken") -> Record:
    """Return a token or signature in an account's name (Data Access log)."""
    return entry(
        who, "iamcredentials", action, seconds, "projects/-/serviceAccounts/103566171230474107362", data=True,
        request={"name": f"projects/-/serviceAccounts/{target}"}, labels={"email_id": target},
    )  # fmt: skip


def read_secret(who: Caller, seconds: float, name: str, project: str = HOME) -> Record:
    """Return the reading of a secret (Data Access log)."""
    return entry(
        who, "secretmanager", "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", seconds,
        f"projects/{NUMBER}/secrets/{name}/versions/latest", project=project, data=True,
        request={"name": f"projects/{project}/secrets/{name}/versions/latest"},
    )  # fmt: skip


def read_object(
    who: Caller, seconds: float, bucket: str, name: str = "q1.csv", project: str = HOME
) -> Record:
    """Return the reading of a stored object (Data Access log)."""
    return entry(
        who, "storage", "storage.objects.get", seconds, f"projects/_/buckets/{bucket}/objects/{name}",
        project=project, data=True, labels={"bucket_name": bucket},
    )  # fmt: skip


def create_build(who: Caller, seconds: float, runs_as: str = "", project: str = HOME) -> Record:
    """Return CreateBuild."""
    build = {"serviceAccount": f"projects/{project}/serviceAccounts/{runs_as}"} if runs_as else {}
    return entry(
        who, "cloudbuild", "google.devtools.cloudbuild.v1.CloudBuild.CreateBuild", seconds,
        f"projects/{project}/builds", project=project, request={"project_id": project, "build": {**build, "steps": []}},
    )  # fmt: skip


def any_call(
    who: Caller, seconds: float, service: str, method: str, resource: str, project: str = HOME
) -> Record:
    """Return a call of no interest."""
    return entry(who, service, method, seconds, resource, project=project)


def person(
    name: str, domain: str = "example.com", src: str = "203.0.113.10", agent: str = GCLOUD
) -> Caller:
    """Return a user."""
    return Caller(f"{name}@{domain}", src, agent)
