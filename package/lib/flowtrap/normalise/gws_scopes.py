"""What an OAuth scope, or a Google API, lets an app reach, in a few words.

Example: `scope_kinds(["https://mail.google.com/"])` is `("mail", "personal", "data", "send")`,
while
`…/auth/spreadsheets.currentonly` is `("narrow",)`: one document, and only while its owner looks.

Source: developers.google.com/identity/protocols/oauth2/scopes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = re.compile(r"^https?://www\.googleapis\.com/auth/", re.IGNORECASE)
PERSONAL = ("mail", "people", "directory")
DATA = (*PERSONAL, "files")
# What begins so -> its kinds; the longest beginning wins. A scope that nothing names is "other".
_KINDS: dict[str, tuple[str, ...]] = {
    "https://mail.google.com": ("mail", "send"),
    "http://mail.google.com": ("mail", "send"),
    "gmail.readonly": ("mail",),
    "gmail.modify": ("mail", "send"),
    "gmail.metadata": ("mail",),
    "gmail.settings": ("mail",),
    "gmail.send": ("send",),
    "gmail.compose": ("send",),
    "gmail.insert": ("narrow",),
    "gmail.labels": ("narrow",),
    "gmail.addons": ("addon",),  # of the mail that is open, while the add-on is
    "drive": ("files",),
    "drive.file": ("narrow",),
    "drive.appdata": ("narrow",),
    "drive.appfolder": ("narrow",),
    "drive.install": ("narrow",),
    "drive.apps": ("narrow",),
    "drive.activity": ("other",),
    "documents": ("documents",),
    "documents.currentonly": ("narrow",),
    "spreadsheets": ("documents",),
    "spreadsheets.currentonly": ("narrow",),
    "presentations": ("documents",),
    "presentations.currentonly": ("narrow",),
    "forms": ("documents",),
    "forms.currentonly": ("narrow",),
    "contacts": ("people",),
    "directory.readonly": ("people",),
    "https://www.google.com/m8/feeds": ("people",),
    "admin.": ("directory",),
    "apps.": ("directory",),
    "ediscovery": ("directory",),
    "cloud-platform": ("cloud",),
    "devstorage": ("cloud",),
    "bigquery": ("cloud",),
    "calendar": ("calendar",),
    "https://www.google.com/calendar/feeds": ("calendar",),
    "script.external_request": ("script", "outside"),
    "script.send_mail": ("script", "send"),
    "script.scriptapp": ("script", "trigger"),
    "script.": ("script",),
    "userinfo.": ("narrow",),
    "openid": ("narrow",),
    "email": ("narrow",),
    "profile": ("narrow",),
}
_BEGINNINGS = sorted(_KINDS, key=len, reverse=True)
# Source: api_name values of token activity [seen: gmail, drive …]; product_bucket values.
_APIS = (
    ("gmail", "mail"), ("drive", "files"), ("docs", "documents"), ("sheets", "documents"),
    ("slides", "documents"), ("forms", "documents"), ("people", "people"), ("contacts", "people"),
    ("admin", "directory"), ("directory", "directory"), ("vault", "directory"),
    ("storage", "cloud"),
    ("calendar", "calendar"), ("apps_script", "script"), ("script", "script"),
)  # fmt: skip
# A method that puts data in, as a migration does. What changes settings or who may see, is not.
_PUTS_IN = re.compile(r"(?:^|[._/])(?:insert|import|create|update|patch|upload)\w*$", re.IGNORECASE)
_OPENS = re.compile(r"permission|setting|forward|filter|delegat|sendas|acl", re.IGNORECASE)


def scope_kinds(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of scopes, each once.

    "personal" goes with mail, people and directory, "data" with these and files.
    """
    kinds: dict[str, None] = {}
    for scope in scopes:
        for kind in _kinds_of(scope):
            kinds[kind] = None
            kinds.update(dict.fromkeys(["personal"] if kind in PERSONAL else []))
            kinds.update(dict.fromkeys(["data"] if kind in DATA else []))
    return tuple(kinds)


def _kinds_of(scope: str) -> tuple[str, ...]:
    name = _PREFIX.sub("", scope.strip()).lower()
    for beginning in _BEGINNINGS:
        if name.startswith(beginning):
            return _KINDS[beginning]
    return ("other",)


def api_kind(name: str) -> str:
    """Return the kind of data behind an API or a product bucket, "" if none that is known."""
    lower = name.lower()
    return next((kind for word, kind in _APIS if word in lower), "")


def puts_in(method: str) -> bool:
    """Tell whether an API method only puts data in.

    Example: `gmail.users.messages.import` does; `gmail.users.messages.list` and
    `drive.permissions.create` do not.
    """
    return bool(_PUTS_IN.search(method)) and not _OPENS.search(method)
