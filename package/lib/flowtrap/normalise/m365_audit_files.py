"""Microsoft 365 audit: links to files, and who may follow them.

Example: AnonymousLinkCreated with `EventData` "<Type>Edit</Type>" gives share AnonymousLinkCreated,
link_type Edit and `summary` "AnonymousLinkCreated (Edit) https://…/plan.xlsx".

Sources: Office 365 Management Activity API schema, SharePoint; "Use sharing auditing in the audit
log" (Microsoft Purview).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .m365_names import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]
    Named = dict[str, dict[str, str]]

_TYPE = re.compile(r"<(?:\w+:)?Type>\s*([^<]+?)\s*</", re.IGNORECASE)
_SITE = re.compile(r"https?://[^/]+(?:/(?:sites|teams|personal)/[^/]+)?", re.IGNORECASE)
_ANYBODY = re.compile(r"\b(anyone|anonymous\w*)\b", re.IGNORECASE)
_ANONYMOUS = ("anonymouslinkcreated", "anonymouslinkupdated")
_SCOPES = ("SharingLinkScope", "LinkScope", "EventData", "TargetUserOrGroupName")


def link(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read a link or share: of what, for whom."""
    name = str(fields.get("object", "")) or text(record.get("SourceFileName"))
    if name:
        fields["file"], fields["file_key"] = name, name.lower()
    site = _SITE.match(name.lower()) or _SITE.match(text(record.get("SiteUrl")).lower())
    fields["site"] = site[0] if site else "unknown"
    event_data = text(record.get("EventData"))
    found = _TYPE.search(event_data)
    kind = found[1] if found else text(record.get("SharingLinkType"))
    if kind:
        fields["link_type"] = kind
    sharing_id = text(record.get("UniqueSharingId"))
    if sharing_id:
        fields["link_id"] = sharing_id
    fields["share"] = "AnonymousLinkCreated" if _is_anonymous(action, record) else action
    return f"{action}{f' ({kind})' if kind else ''} {name}".rstrip()


def _is_anonymous(action: str, record: Mapping[str, Any]) -> bool:
    """Tell whether anybody who has the link may follow it.

    Example: {"Operation": "SharingLinkCreated", "SharingLinkScope": "Anyone"}
    """
    if action.lower() in _ANONYMOUS:
        return True
    made = action.lower() in ("sharinglinkcreated", "sharinglinkupdated")
    return made and any(_ANYBODY.search(text(record.get(key))) for key in _SCOPES)


_LINKS = (
    "anonymouslinkcreated", "anonymouslinkupdated", "anonymouslinkused", "sharinglinkcreated",
    "sharinglinkupdated", "securelinkcreated", "addedtosecurelink", "sharingset",
    "sharinginvitationcreated", "companylinkcreated", "filedownloaded", "fileaccessed",
)  # fmt: skip
CALLS = dict.fromkeys(_LINKS, link)
