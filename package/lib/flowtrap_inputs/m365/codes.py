"""What the error codes of the Activity API ask of an input, and what they tell a person.

Source: Management Activity API reference, "Errors"; AF10001 from its troubleshooting page.
"""

from __future__ import annotations

import re
from enum import Enum

CODE = re.compile(r"\bAF\d{3,5}\b")


class Meaning(Enum):
    """What to do about a code."""

    FATAL = "nothing of this input can be read"
    UNHEALTHY = "this content type cannot be read; the others can"
    RETRY = "try again later"
    RESUBSCRIBE = "start the subscription again"
    ENABLED = "the subscription is there already"
    WINDOW = "ask for a shorter or later window"
    LIST_AGAIN = "begin the listing anew"
    GONE = "the content is not there any more"


_MEANINGS = {
    **dict.fromkeys(
        ("AF20001", "AF20002", "AF20003", "AF20010", "AF20011", "AF20012", "AF20013", "AF20020",
         "AF20021"), Meaning.FATAL),
    "AF10001": Meaning.UNHEALTHY,
    "AF20022": Meaning.RESUBSCRIBE,
    "AF20023": Meaning.RESUBSCRIBE,
    "AF20024": Meaning.ENABLED,
    "AF20030": Meaning.WINDOW,
    "AF20055": Meaning.WINDOW,
    "AF20031": Meaning.LIST_AGAIN,
    **dict.fromkeys(("AF20050", "AF20051", "AF20052"), Meaning.GONE),
    "AF429": Meaning.RETRY,
}  # fmt: skip

_WORDS = {
    "AF10001": ("the application may not read this content type",
                "grant ActivityFeed.Read (for DLP.All also ActivityFeed.ReadDlp) to the "
                "application, with an administrator's consent"),
    "AF20010": ("the tenant id is not a GUID", "give the directory (tenant) id"),
    "AF20011": ("the tenant does not exist, or was deleted", "check the tenant id"),
    "AF20012": ("auditing is not set up for the tenant",
                "turn on the unified audit log in Microsoft Purview; it takes some hours"),
    "AF20013": ("the token belongs to another tenant", "check the tenant id of the account"),
    "AF20022": ("the content type has no subscription yet",
                "none: it is started, and content follows within 12 hours"),
    "AF20023": ("the subscription is disabled", "none: it is started again"),
}  # fmt: skip


def meaning(status: int, code: str) -> Meaning:
    """Return what an answer of status 400 or more asks for."""
    if status in (408, 429) or status >= 500 or code.startswith("AF5"):
        return Meaning.RETRY
    if status == 401:
        return Meaning.FATAL
    return _MEANINGS.get(code, Meaning.UNHEALTHY)


def words(status: int, code: str) -> tuple[str, str]:
    """Return problem and cure in plain words."""
    if status == 401:
        return "the token is refused", "check the application's permissions and the tenant id"
    problem, cure = _WORDS.get(code, ("the Activity API refuses the request", ""))
    return f"{problem} ({code or f'HTTP {status}'})", cure
