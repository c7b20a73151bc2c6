"""Acts on Drive files: scripts written or bound to a trigger, files read, copied and opened.

Example: `edit` of a file with doc_type `script` becomes script_change "edited" and script, the
file's id; `change_user_access` for somebody of another domain becomes opened "named".

Sources: Reports API, Drive activity events; names and parameters marked [inferred] in events.md,
section 8 (doc_type script, triggers) are read under every spelling that third parties give them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable
from urllib.parse import urlsplit

from .gws_activity import Activity, domains_of, text

if TYPE_CHECKING:
    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

_SCRIPTS = ("script", "apps_script", "appsscript", "google_script", "google_apps_script")
_HOLDERS = {  # files that a script may be bound to
    "spreadsheet", "document", "form", "presentation",
    "sheet", "doc", "slides", "slide",
}  # fmt: skip
_MIME = re.compile(r"^application/vnd\.google-apps\.")
_PUBLIC = ("people_with_link", "public_on_the_web", "anyone", "public")
_OPEN = (*_PUBLIC, "shared_externally")
_TRIGGER = ("trigger_type", "script_trigger_type", "trigger_event", "event_type", "trigger")
# Google's own hosts, which scripts ask all day; web apps made of scripts and buckets are anybody's.
_GOOGLE = re.compile(r"(?:^|\.)(?:google|googleapis|gstatic|googleusercontent)\.com$")
_ANYBODYS = ("script.google.com", "script.googleusercontent.com", "storage.googleapis.com")
_WORDS = {"create": "created", "upload": "created", "edit": "edited", "copy": "copied"}


def any_file(activity: Activity, fields: Fields) -> str:
    """Read what all acts on files have: the file, its owner, who can see it."""
    kind = _MIME.sub("", activity.one("doc_type").lower().replace(" ", "_"))
    given = (
        ("doc_id", activity.one("doc_id", "document_id", "file_id", "item_id")),
        ("doc_title", activity.one("doc_title")),
        ("doc_type", "script" if kind in _SCRIPTS else kind),
        ("owner", activity.one("owner").lower()),
        ("visibility", activity.one("visibility").lower()),
        ("copy_type", activity.one("copy_type").lower()),
        ("originating_app", activity.one("originating_app_id")),
        ("primary", activity.one("primary_event")),
        ("script", activity.one("script_id")),
    )
    fields.update({name: value for name, value in given if value})
    if fields.get("doc_type") == "script" and "doc_id" in fields:
        fields.setdefault("script", fields["doc_id"])
    if fields.get("doc_type", "document") in _HOLDERS:  # a sparse copy may not name the type
        fields["holds_script"] = "maybe"
    if fields.get("owner") and fields.get("owner") == fields.get("actor"):
        fields["own_file"] = "true"
    _read_app(activity, fields)
    return _summary(activity, fields)


def _read_app(activity: Activity, fields: Fields) -> None:
    # Example: "applicationInfo": {"oauthClientId": "1068…", "applicationName": "x",
    #   "impersonation": true}
    app = activity.app
    given = (
        ("client_id", text(app.get("oauthClientId")).lower()),
        ("app", text(app.get("applicationName"))),
        ("impersonation", text(app.get("impersonation"))),
        ("method", activity.one("api_method")),
    )
    fields.update({name: value for name, value in given if value})


def _summary(activity: Activity, fields: Fields, more: str = "") -> str:
    get = fields.get
    kind = get("doc_type", "file") if get("doc_type") != "unknown" else "file"
    title = f' "{get("doc_title")}"' if get("doc_title") else ""
    owner = f" of {get('owner')}" if get("owner") else ""
    by = f" through {get('app') or get('client_id')}" if get("client_id") or get("app") else ""
    actor = get("actor", "")
    who = f" by {actor}" if actor and actor != get("owner") else ""
    return f"{activity.name} {kind} {get('doc_id', 'without id')}{title}{owner}{more}{by}{who}"


def _written(activity: Activity, fields: Fields) -> str:
    any_file(activity, fields)
    word = _WORDS[activity.name.lower().rpartition("_")[2]]
    outside = fields.get("copy_type") == "external"
    if fields.get("doc_type") == "script":
        fields["script_change"] = word
    _ask_for_fetches(fields)
    if outside and ("holds_script" in fields or "script_change" in fields):
        fields["script_change"] = "copied from outside"
    if word == "created" and "own_file" in fields and "actor_domain" in fields:
        fields["home_domain"] = fields["actor_domain"]
    return _summary(activity, fields, f" (copy_type {fields['copy_type']})" if outside else "")


def _ask_for_fetches(fields: Fields) -> None:
    """Read by what names the fetches of a script are found: its id, or who acted."""
    asked = fields.get("identities", ())
    asked = asked if isinstance(asked, tuple) else (asked,)
    script = fields.get("script")
    fields["fetchers"] = (*([script] if isinstance(script, str) else []), *asked)


def _triggered(activity: Activity, fields: Fields) -> str:
    """Read an installable trigger; no public record shows its parameters."""
    any_file(activity, fields)
    fields["trigger_type"] = kind = activity.one(*_TRIGGER) or "unspecified"
    if "doc_id" in fields:
        fields.setdefault("script", fields["doc_id"])
    _ask_for_fetches(fields)
    if activity.name.lower().startswith("create"):
        fields["script_change"] = "bound to a trigger"
    return _summary(activity, fields, f" (trigger {kind})")


def _fetched(activity: Activity, fields: Fields) -> str:
    any_file(activity, fields)
    urls = activity.all("accessed_url", "url", "sheets_import_url")
    if urls:
        fields["url"] = urls
    hosts = tuple(dict.fromkeys(host for host in map(host_of, urls) if host))
    if hosts:
        fields["url_host"] = hosts
        outside = tuple(host for host in hosts if not is_google(host))
        if outside:
            fields["outside_host"] = outside
            fields["outside_domain"] = tuple(part for host in outside for part in domains_of(host))
    # By the script where the record names it, else by who acted.
    known = fields.get("script") or fields.get("identity")
    if known:
        fields["fetcher"] = known
    return _summary(activity, fields, f": {', '.join(urls[:5]) or 'an unknown address'}")


def host_of(url: str) -> str:
    """Return the host of an address in small letters, "" where it has none."""
    try:
        return (urlsplit(url if "://" in url else f"//{url}").hostname or "").lower()
    except ValueError:
        return ""


def is_google(host: str) -> bool:
    """Tell whether a host is Google's own and none that serves what anybody puts there."""
    return host not in _ANYBODYS and bool(_GOOGLE.search(host))


def _opened(activity: Activity, fields: Fields) -> str:
    """Read a change of who may see a file, and whether it lets somebody from outside in."""
    any_file(activity, fields)
    target = activity.one("target_user", "new_owner", "target_domain", "target").lower()
    domain = target.rpartition("@")[2]
    new, old = activity.all("new_value", "new_settings_state"), activity.all("old_value")
    change = activity.one("visibility_change").lower()
    if target not in ("", "all"):
        fields["target"] = target
    if "." in domain:
        fields["target_domain"] = domains_of(domain)
    fields.update(
        {name: value for name, value in (("new_value", new), ("old_value", old)) if value}
    )
    if change:
        fields["visibility_change"] = change
    way = _way(fields, domain, [value.lower() for value in new], change)
    if way:
        fields["opened"] = way
    to = f" for {target}" if target else ""
    what = f" from {', '.join(old) or 'none'} to {', '.join(new)}" if new else ""
    seen = f", visibility {fields['visibility']}" if "visibility" in fields else ""
    return _summary(activity, fields, f"{to}{what}{seen}")


def _way(fields: Fields, domain: str, new: list[str], change: str) -> str:
    """Return how a file was opened: public, outside (Google says so), named (a domain), or ""."""
    if "none" in new or "private" in new or change == "internal":
        return ""
    if any(value in _PUBLIC for value in new):
        return "public"
    if change == "external":
        return "public" if fields.get("visibility") in _PUBLIC else "outside"
    return "named" if "." in domain and domain != fields.get("actor_domain") else ""


def _read_content(activity: Activity, fields: Fields) -> str:
    """Read that an app fetched a file's content through the API."""
    any_file(activity, fields)
    fields["api_kind"] = "files"
    return _summary(activity, fields, f" ({fields['method']})" if "method" in fields else "")


ACTS: dict[str, Callable[[Activity, Fields], str]] = {
    **dict.fromkeys(("create", "upload", "edit", "copy", "source_copy"), _written),
    **dict.fromkeys(("create_script_trigger", "delete_script_trigger"), _triggered),
    **dict.fromkeys(("access_url", "sheets_import_url"), _fetched),
    **dict.fromkeys(
        (
            "change_user_access", "change_acl_editors", "change_document_visibility",
            "change_document_access_scope", "change_owner", "shared_drive_membership_change",
        ),
        _opened,
    ),
    **dict.fromkeys(("access_item_content", "prefetch_item_content"), _read_content),
    **dict.fromkeys(("view", "preview", "download", "print", "sync_item_content", "rename", "move",
                     "add_to_folder", "delete", "trash", "untrash"), any_file),
}  # fmt: skip
