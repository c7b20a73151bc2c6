"""Words that an event must hold if a stage is to match: what the indexers look for.

Splunk finds words fast and everything else slowly, so that a search names the operations. The words
must be sound: an event without any of them cannot match. What a condition says of fields that are
not in `NAMES` or `VALUES` narrows nothing.

Example: `["re", "eventName", "^CreateFunction(\\\\d{8}(v\\\\d)?)?$", ""]` of aws_cloudtrail gives
`CreateFunction*`; `["in", "action", ["microsoft.authorization/roleassignments/write"]]` of
azure_activity the two words `roleassignments write`, because some writers escape the slashes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compiler.sigma_condition import Ast

Words = tuple[str, ...]  # all of them must be there
Term = Words
_PLAIN = re.compile(r"[A-Za-z0-9_*-]+")

# Native or normalised fields whose value stands in the record as it is.
NAMES: Mapping[str, frozenset[str]] = {
    "aws_cloudtrail": frozenset(("eventName",)),
    "aws_vpcflow": frozenset(("action",)),
    "gcp_audit": frozenset(("action",)),
    "azure_activity": frozenset(("action", "operation")),
    "azure_functions": frozenset(("action",)),
    "entra_audit": frozenset(("action",)),
    "m365_audit": frozenset(("Operation",)),
    "gws_reports": frozenset(("action",)),
}
# Words of a normalised value that is not in the record itself: (feed, field, value or * for any).
_SITES = ("sites", "write")
_POLICY = (("SetIamPolicy",), ("SetIamPermissions",))
_DOORS = ("public", "consumer", "outside")
_DEPLOY = tuple(
    (f"{verb}{what}",)
    for verb in ("Create", "Update", "Replace")
    for what in ("Function", "Service", "Job", "WorkerPool")
)
_CHANGES = ("*", "copied from outside", "bound to a trigger", "created", "edited", "copied")
_FILES = (("create",), ("upload",), ("edit",), ("copy",))
_OPENED = (("change",), ("membership",))
VALUES: Mapping[tuple[str, str, str], tuple[Words, ...]] = {
    ("azure_activity", "change", "app"): (_SITES, ("automationaccounts", "write")),
    ("azure_activity", "change", "function"): (_SITES,),
    ("azure_activity", "change", "file"): (_SITES,),
    ("azure_activity", "change", "package"): (_SITES,),
    ("azure_activity", "change", "source"): (_SITES,),
    ("azure_activity", "change", "settings"): (("config", "write"),),
    ("azure_activity", "change", "settings_read"): (("config", "action"),),
    ("azure_activity", "change", "credentials"): (("publishxml",),),
    ("azure_activity", "change", "basic_auth"): (("basicpublishingcredentialspolicies",),),
    ("azure_activity", "change", "keys"): (("sites", "functions"), ("sites", "host")),
    ("azure_activity", "change", "call"): (
        ("hostruntime", "action"),
        ("workflows", "run"),
        ("jobs", "write"),
    ),
    ("azure_activity", "change", "workflow"): (("workflows", "write"),),
    ("azure_activity", "change", "callback"): (("workflows", "triggers"),),
    ("azure_activity", "change", "runbook"): (("runbooks",),),
    ("azure_activity", "change", "webhook"): (("webhooks",),),
    ("azure_activity", "change", "schedule"): (("schedules",), ("jobschedules",)),
    ("azure_activity", "code", "true"): (_SITES, ("workflows", "write"), ("runbooks",)),
    ("azure_activity", "web_app", "true"): (("sites", "write"),),
    ("entra_audit", "signin", "user"): (("SignInLogs",), ("Sign-in activity",)),
    ("entra_audit", "signin", "non_interactive"): (
        ("NonInteractiveUserSignInLogs",),
        ("Sign-in activity",),
    ),
    ("entra_audit", "signin", "service_principal"): (
        ("ServicePrincipalSignInLogs",),
        ("Sign-in activity",),
    ),
    ("entra_audit", "signin", "managed_identity"): (
        ("ManagedIdentitySignInLogs",),
        ("Sign-in activity",),
    ),
    ("gcp_audit", "granted_account", "*"): _POLICY,
    **{("gcp_audit", "door", way): (*_POLICY, *_DEPLOY) for way in _DOORS},
    **{("gws_reports", "script_change", way): _FILES for way in _CHANGES},
    ("gws_reports", "application", "login"): (("login",),),
    ("gws_reports", "application", "user_accounts"): (
        ("user_accounts",),
        ("email_forwarding_destination_address",),
    ),
    **{("gws_reports", "opened", way): _OPENED for way in ("public", "outside", "named")},
    ("gcp_audit", "delegated_by", "*"): (("serviceAccountDelegationInfo",),),
    ("gcp_audit", "key_id", "*"): (("serviceAccountKeyName",),),
}
_FLAT = {"azure_activity", "azure_functions"}  # names with slashes are looked for word by word
_NOISE = frozenset(("microsoft", ""))


def terms_of(feed: str, condition: Ast) -> frozenset[Term] | None:
    """Return the terms of which an event must hold one, None where any event may match."""
    kind, *parts = condition
    if kind == "or":
        ways = [terms_of(feed, part) for part in parts]
        known = [way for way in ways if way is not None]
        return frozenset().union(*known) if len(known) == len(ways) else None
    if kind == "and":
        found = [terms for part in parts if (terms := terms_of(feed, part)) is not None]
        return min(found, key=_cost) if found else None
    if kind in ("in", "re", "exists"):
        return _of_leaf(feed, condition)
    return None


def _cost(terms: frozenset[Term]) -> tuple[int, list[Term]]:
    return len(terms), sorted(terms)


def _of_leaf(feed: str, leaf: Ast) -> frozenset[Term] | None:
    kind, field = leaf[0], leaf[1]
    if kind == "exists":
        found = VALUES.get((feed, field, "*")) if leaf[2] else None
        return frozenset(found) if found else None
    if field in NAMES.get(feed, ()):
        texts = leaf[2] if kind == "in" else literals(leaf[2])
        return _of_texts(feed, texts)
    if kind != "in":
        return None
    values = [VALUES.get((feed, field, value)) for value in leaf[2]]
    if any(value is None for value in values):
        return None
    return frozenset(words for value in values if value for words in value)


def _of_texts(feed: str, texts: Iterable[str] | None) -> frozenset[Term] | None:
    if not texts:
        return None
    if feed not in _FLAT:
        return frozenset((text,) for text in texts)
    terms = {_words(text) for text in texts}
    return frozenset(terms) if all(map(_tells, terms)) else None


def _tells(words: Words) -> bool:
    """A provider's name alone tells nothing."""
    return words[1:] != () or words[0].endswith(("activity", "get", "list"))


def _words(text: str) -> Words:
    found = dict.fromkeys(re.split(r"[^A-Za-z0-9*]+", text.lower()))
    return tuple(word for word in found if word not in _NOISE)


def literals(pattern: str) -> list[str] | None:
    """Return the words that a pattern begins with: `^(Get|Put)X(\\d+)?$` gives GetX* and PutX*.

    None where it begins neither at the value's start nor at a slash, or not with plain text.
    """
    pattern = re.sub(r"^\(\?[a-z]+\)", "", pattern)
    if not pattern.startswith(("^", "/")):
        return None
    heads, rest = [""], pattern.removeprefix("^")
    while rest:
        step = _step(rest)
        if step is None:
            break
        heads = [head + way for head in heads for way in step[0]]
        rest = step[1]
    ended = rest == "$"
    if any(len(head) < 4 for head in heads):
        return None
    return heads if ended else [f"{head}*" for head in heads]


def _step(rest: str) -> tuple[list[str], str] | None:
    """Return the ways that the next part may read, and what follows it; None if it is no text."""
    group = re.match(r"\(((?:[A-Za-z0-9_.*\\ -]+\|)*[A-Za-z0-9_.*\\ -]+)\)(?![?*+{])", rest)
    if group:
        ways = [way.replace(r"\w*", "\0") for way in group[1].split("|")]
        if any(re.search(r"(?<!\\)\.|\\[A-Za-z0-9]|\*", way) for way in ways):
            return None
        plain = [way.replace("\\", "").replace("\0", "*") for way in ways]
        return plain, rest[group.end() :]
    text = re.match(r"((?:[A-Za-z0-9_:/ -]|\\[^A-Za-z0-9])+)(?![?*+{])", rest)
    if text:
        return [text[1].replace("\\", "")], rest[text.end() :]
    return None


def spl(terms: frozenset[Term]) -> str:
    """Return the terms as a search: `(A OR "B c" OR (d e))`."""
    return "(" + " OR ".join(_shown(words) for words in sorted(terms)) + ")"


def _shown(words: Words) -> str:
    texts = [word if _PLAIN.fullmatch(word) else _quoted(word) for word in words]
    return texts[0] if len(texts) == 1 else "(" + " ".join(texts) + ")"


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def filters(detection: Mapping[str, Any]) -> dict[str, frozenset[Term] | None]:
    """Return the terms for each feed of a detection, None for a feed that cannot be narrowed."""
    found: dict[str, frozenset[Term] | None] = {}
    for stage in detection["stages"].values():
        feed, terms = stage["feed"], terms_of(stage["feed"], stage["condition"])
        if feed not in found:
            found[feed] = terms
        elif terms is None or found[feed] is None:
            found[feed] = None
        else:
            found[feed] = frozenset().union(found[feed] or (), terms)
    return {feed: _shortest(terms) for feed, terms in found.items()}


def _shortest(terms: frozenset[Term] | None) -> frozenset[Term] | None:
    """Leave out what a wildcard of the same terms says already, in any case."""
    if terms is None:
        return None
    heads = [words[0][:-1].lower() for words in terms if len(words) == 1 and words[0][-1] == "*"]
    lower: dict[Words, Words] = {}
    for words in sorted(terms):
        lower.setdefault(tuple(word.lower() for word in words), words)

    def covered(words: Words) -> bool:
        text = words[0]
        return len(words) == 1 and any(
            text.rstrip("*").startswith(head) and text != f"{head}*" for head in heads
        )

    return frozenset(shown for words, shown in lower.items() if not covered(words))
