"""Makes activities of the Google Workspace Reports API: invented, in the vendor's shape.

Times are seconds after START. A record is one activity with its `events[]`, as activities.list gives
it. Shapes: shared events.md, section 8; drive events of doc_type script are inferred there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from builders.scenario import at

Record = dict[str, Any]
CUSTOMER, OTHER_CUSTOMER = "C01exampl", "C09foreig"
AUTH = "https://www.googleapis.com/auth/"
MAIL = "https://mail.google.com/"
EXTERNAL_REQUEST = f"{AUTH}script.external_request"
SCRIPTAPP = f"{AUTH}script.scriptapp"
DRIVE = f"{AUTH}drive"
CURRENT_SHEET = f"{AUTH}spreadsheets.currentonly"
CONTAINER_UI = f"{AUTH}script.container.ui"


@dataclass(frozen=True)
class User:
    """Somebody who acts; `customer` is the tenant that logs it."""

    email: str
    src: str = "198.51.100.7"
    customer: str = CUSTOMER

    @property
    def profile(self) -> str:
        """Return the profile id."""
        return str(10**20 + int(hashlib.sha256(self.email.encode()).hexdigest()[:15], 16))


@dataclass(frozen=True)
class App:
    """An OAuth client."""

    name: str
    client_id: str


@dataclass(frozen=True)
class File:
    """A Drive file."""

    doc_id: str
    title: str
    kind: str
    owner: str
    visibility: str = "private"

    def seen(self, visibility: str) -> File:
        """Return the file with another visibility."""
        return replace(self, visibility=visibility)


def parameter(name: str, value: Any) -> dict[str, Any]:
    """Return a parameter of the API's type for a value."""
    if isinstance(value, bool):
        return {"name": name, "boolValue": value}
    if isinstance(value, int):
        return {"name": name, "intValue": str(value)}
    if isinstance(value, list):
        typed = "multiMessageValue" if value and isinstance(value[0], dict) else "multiValue"
        return {"name": name, typed: value}
    return {"name": name, "value": value}


def member(name: str, kind: str = "", **parameters: Any) -> dict[str, Any]:
    """Return a member of an activity."""
    given = [parameter(key, value) for key, value in parameters.items() if value is not None]
    return {**({"type": kind} if kind else {}), "name": name, "parameters": given}


def activity(
    application: str, user: User, seconds: float, *members: dict[str, Any], **more: Any
) -> Record:
    """Return an activity."""
    moment = at(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    seed = f"{moment}{user.email}{members}"
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": moment,
            "uniqueQualifier": str(int(hashlib.sha256(seed.encode()).hexdigest()[:15], 16)),
            "applicationName": application,
            "customerId": user.customer,
        },
        "etag": '"example/etag"',
        "actor": {"callerType": "USER", "email": user.email, "profileId": user.profile},
        "ipAddress": user.src,
        "events": list(members),
        **more,
    }


def _file(file: File, **more: Any) -> dict[str, Any]:
    return {
        "primary_event": True,
        "billable": True,
        **more,
        "doc_id": file.doc_id,
        "doc_type": file.kind,
        "is_encrypted": False,
        "doc_title": file.title,
        "visibility": file.visibility,
        "actor_is_collaborator_account": False,
        "owner": file.owner,
        "owner_is_shared_drive": False,
        "owner_is_team_drive": False,
    }


def on_file(user: User, name: str, file: File, seconds: float, **more: Any) -> Record:
    """Return one act on a file."""
    return activity("drive", user, seconds, member(name, "access", **_file(file, **more)))


def create(user: User, file: File, seconds: float) -> Record:
    """Return what the making of a file gives: create, edit, and the owner's own access."""
    members = [
        member("create", "access", **_file(file)),
        member("edit", "access", **{**_file(file), "primary_event": False}),
        member(
            "change_user_access",
            "acl_change",
            **{
                **_file(file, visibility_change="none", target_user=file.owner),
                "primary_event": False,
                "old_value": ["none"],
                "new_value": ["owner"],
            },
        ),
    ]
    return activity("drive", user, seconds, *members)


def copy_in(user: User, file: File, seconds: float, kind: str = "external") -> Record:
    """Return the copying of a file from outside."""
    return on_file(user, "copy", file, seconds, copy_type=kind)


def trigger(user: User, file: File, seconds: float, **more: Any) -> Record:
    """Return the making of an installable trigger."""
    return on_file(user, "create_script_trigger", file, seconds, **more)


def fetch(user: User, script: File, seconds: float, *urls: str) -> Record:
    """Return a script's fetches."""
    asked = {"accessed_url": list(urls), "script_id": script.doc_id}
    return on_file(user, "access_url", script, seconds, **asked)


def share(user: User, file: File, seconds: float, target: str, change: str = "external") -> Record:
    """Return the opening of a file to somebody."""
    opened = _file(
        file.seen("shared_externally"),
        visibility_change=change,
        target_user=target,
        old_visibility=file.visibility,
        old_value=["none"],
        new_value=["can_view"],
    )
    return activity("drive", user, seconds, member("change_user_access", "acl_change", **opened))


def publish(user: User, file: File, seconds: float) -> Record:
    """Return the opening of a file to everybody with the link: two members."""
    opened = {
        **_file(file.seen("people_with_link")),
        "visibility_change": "external",
        "target_domain": "all",
        "old_value": ["private"],
        "new_value": ["people_with_link"],
    }
    scope = {**opened, "new_value": ["can_view"], "primary_event": False}
    return activity(
        "drive",
        user,
        seconds,
        member("change_document_access_scope", "acl_change", **scope),
        member("change_document_visibility", "acl_change", **opened),
    )


def content_read(user: User, app: App, file: File, seconds: float) -> Record:
    """Return an app's reading of a file's content."""
    record = on_file(user, "access_item_content", file, seconds, api_method="drive.files.get")
    used = {"oauthClientId": app.client_id, "applicationName": app.name, "impersonation": True}
    record["actor"]["applicationInfo"] = used
    return record


def authorize(user: User, app: App, seconds: float, *scopes: str, **more: Any) -> Record:
    """Return an OAuth grant."""
    data = [
        {
            "parameter": [
                {"name": "scope_name", "value": scope},
                {"name": "product_bucket", "multiValue": [_bucket(scope)]},
            ]
        }
        for scope in scopes
    ]
    given = {
        "client_id": app.client_id,
        "app_name": app.name,
        "client_type": "WEB",
        "scope_data": data or None,
        "scope": list(scopes) or None,
        **more,
    }
    return activity("token", user, seconds, member("authorize", "auth", **given))


def _bucket(scope: str) -> str:
    if "script" in scope:
        return "APPS_SCRIPT_RUNTIME"
    return "GMAIL" if "mail" in scope else "DRIVE" if "drive" in scope else "OTHER"


def api_call(
    user: User, app: App, seconds: float, api: str, method: str, size: int = 4_096
) -> Record:
    """Return an app's API call; token activities have no type."""
    given = {
        "api_name": api,
        "method_name": method,
        "client_id": app.client_id,
        "num_response_bytes": size,
        "product_bucket": api.upper(),
        "app_name": app.name,
        "client_type": "WEB",
    }
    return activity("token", user, seconds, member("activity", **given))


def forward(user: User, seconds: float, target: str, *, application: str = "login") -> Record:
    """Return a mail forward, as one of the two applications reports it."""
    given = {"email_forwarding_destination_address": target}
    made = member("email_forwarding_out_of_domain", "email_forwarding_change", **given)
    return activity(application, user, seconds, made)


def delegate(user: User, app: App, seconds: float, *scopes: str) -> Record:
    """Return the grant of domain-wide delegation."""
    given = {
        "DOMAIN_NAME": "",
        "API_CLIENT_NAME": app.client_id,
        "API_SCOPES": ",".join(scopes),
    }
    made = member("AUTHORIZE_API_CLIENT_ACCESS", "DOMAIN_SETTINGS", **given)
    return activity("admin", user, seconds, made)


def log_in(user: User, seconds: float) -> Record:
    """Return a sign-in."""
    given = {"login_type": "google_password", "is_suspicious": False}
    return activity("login", user, seconds, member("login_success", "login", **given))


def script_run(project: str, script: File, seconds: float, invocation: str = "trigger") -> Record:
    """Return a line of a script's console output in Cloud Logging."""
    moment = at(seconds).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {
        "insertId": hashlib.sha256(f"{moment}{script}".encode()).hexdigest()[:16],
        "jsonPayload": {"message": "done", "serviceContext": {"service": script.doc_id}},
        "resource": {
            "type": "app_script_function",
            "labels": {
                "invocation_type": invocation,
                "function_name": "onWake",
                "project_id": project,
            },
        },
        "timestamp": moment,
        "severity": "INFO",
        "labels": {
            "script.googleapis.com/process_id": "EAEA1example",
            "script.googleapis.com/project_key": script.doc_id,
        },
        "logName": f"projects/{project}/logs/script.googleapis.com%2Fconsole_logs",
        "receiveTimestamp": moment,
    }
