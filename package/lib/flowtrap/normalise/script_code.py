"""The code of an Apps Script project: what it may do, what starts it, and where it leads.

The code is searched, not run: what it puts together from parts, or fetches, does not show.

Example: `UrlFetchApp.fetch("https://drop.example.org/in")` gives kind "fetches" and that address;
`ScriptApp.newTrigger("go").forSpreadsheet(s).onOpen().create()` gives trigger "onOpen".

Sources: Apps Script reference (services, TriggerBuilder and what it returns, simple triggers), and
manifest structure (oauthScopes); Gmail API, users.settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .gws_activity import text
from .m365_names import addresses_in, decoded
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 2_000_000  # characters of one file that are searched
# What stands in quotes: an address in a comment is no address that the code uses.
_URL = re.compile(r"['\"`](https?://[^\s'\"`<>\\)]{1,500})", re.IGNORECASE)
_QUOTED = re.compile(r"['\"`]([^'\"`\n]{1,500}@[^'\"`\n]{1,500})['\"`]")
_TRIGGER = re.compile(
    r"newTrigger\s*\([^;]{0,400}?\.\s*"
    r"(onOpen|onEdit|onChange|onFormSubmit|onEventUpdated|timeBased)\s*\(",
)
_FUNCTION = re.compile(r"^\s*(?:async\s+)?function\s+(\w+)", re.MULTILINE)
SIMPLE = ("onOpen", "onEdit", "onInstall", "onSelectionChange", "doGet", "doPost")
# What code can do, told by the services that it names.
_KINDS = {
    "reads mail": r"GmailApp\b|Gmail\.Users\.(?:Messages|Threads)",
    "sends mail": r"MailApp\.sendEmail|GmailApp\.(?:sendEmail|createDraft)|\.forward\s*\("
    r"|Messages\.send\b",
    "forwards mail": r"[uU]pdateAutoForwarding|ForwardingAddresses\.create|settings/autoForwarding"
    r"|settings/forwardingAddresses|Settings\.Filters\.create",
    "fetches": r"UrlFetchApp\b",
    "reads files": r"DriveApp\b|\bDrive\.Files\b",
    "shares files": r"\.(?:setSharing|addEditor|addEditors|addViewer|addViewers)\s*\("
    r"|Permissions\.(?:create|insert)",
    "reads people": r"AdminDirectory\b|ContactsApp\b|\bPeople\.(?:People|Connections)",
    "sets triggers": r"ScriptApp\.newTrigger",
    "runs text as code": r"\beval\s*\(|new\s+Function\s*\(",
}
_SEARCHED = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}


class Code(NamedTuple):
    """What the files of a project show."""

    functions: tuple[str, ...]
    kinds: tuple[str, ...]
    triggers: tuple[str, ...]
    simple: tuple[str, ...]
    scopes: tuple[str, ...]
    urls: tuple[str, ...]
    addresses: tuple[str, ...]
    writers: tuple[str, ...]


def read_code(content: Mapping[str, Any]) -> Code:
    """Return what projects.getContent gave, searched: the files of code, and the manifest.

    Example of a file: {"name": "Code", "type": "SERVER_JS", "source": "function go() {…}",
    "functionSet": {"values": [{"name": "go"}]}, "lastModifyUser": {"email": "eve@example.com"}}
    """
    files = [file for file in _rows(content.get("files")) if isinstance(file, dict)]
    sources = list(map(_source, files))
    functions = unique(name for file, one in zip(files, sources) for name in _named(file, one))
    quoted = [part for source in sources for part in _QUOTED.findall(source)]
    return Code(
        functions,
        tuple(kind for kind, found in _SEARCHED.items() if any(map(found.search, sources))),
        unique(name for source in sources for name in _TRIGGER.findall(source)),
        tuple(name for name in SIMPLE if name in functions),
        unique(scope for file in files if _is_manifest(file) for scope in _scopes(file)),
        unique(url for source in sources for url in _URL.findall(source)),
        unique(one.lower() for part in quoted for one in addresses_in(part)),
        unique(map(_writer, files)),
    )


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _source(file: Mapping[str, Any]) -> str:
    return text(file.get("source"))[:_LONGEST] if file.get("type") == "SERVER_JS" else ""


def _named(file: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """Return a file's functions: those that Google lists, else those that the code declares."""
    listed = file.get("functionSet")
    rows = _rows(listed.get("values")) if isinstance(listed, dict) else []
    names = tuple(text(row.get("name")) for row in rows if isinstance(row, dict))
    return names or tuple(_FUNCTION.findall(source))


def _is_manifest(file: Mapping[str, Any]) -> bool:
    return file.get("type") == "JSON"


def _scopes(file: Mapping[str, Any]) -> tuple[str, ...]:
    manifest = decoded(text(file.get("source")))
    listed = _rows(manifest.get("oauthScopes")) if isinstance(manifest, dict) else []
    return tuple(map(text, listed))


def _writer(file: Mapping[str, Any]) -> str:
    user = file.get("lastModifyUser")
    return text(user.get("email")).lower() if isinstance(user, dict) else ""
