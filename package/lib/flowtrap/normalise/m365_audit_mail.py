"""Microsoft 365 audit: mail that is sent on, by rules of a mailbox or of the tenant, and read.

Example: New-InboxRule with `Parameters` ForwardTo "x@example.org" and DeleteMessage "True" gives
target `x@example.org`, target_domain `example.org`, hides "true" and `summary` "New-InboxRule
Invoices: ForwardTo x@example.org, DeleteMessage True".

A value that was emptied is no target: `Set-Mailbox -ForwardingSmtpAddress $null` takes a forward
away. A recipient without an address (a name of the directory) is nobody outside that we know of.

Sources: Exchange PowerShell reference (New-InboxRule, Set-Mailbox, New-TransportRule); Office 365
Management Activity API schema, Exchange mailbox schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .m365_names import addresses_in, decoded, domain_of, own_domains, site_domain, text, user_of
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]
    Named = dict[str, dict[str, str]]

_FORWARDS = (
    "ForwardTo", "RedirectTo", "ForwardAsAttachmentTo", "ForwardingSmtpAddress",
    "ForwardingAddress", "BlindCopyTo", "CopyTo", "RedirectMessageTo", "AddToRecipients",
)  # fmt: skip
_SMALL_FORWARDS = frozenset(name.lower() for name in _FORWARDS)
_HIDES = ("DeleteMessage", "SoftDeleteMessage", "MoveToFolder", "MarkAsRead", "StopProcessingRules")
_HIDING = frozenset(name.lower() for name in _HIDES[:4])
_TOLD = frozenset(
    name.lower()
    for name in (
        *_FORWARDS, *_HIDES, "DeliverToMailboxAndForward", "BodyContainsWords", "From",
        "SubjectContainsWords", "SubjectOrBodyContainsWords", "Enabled",
    )
)  # fmt: skip
_NO = ("false", "$false", "0")
_DELIVERS = "delivertomailboxandforward"


def command(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read a cmdlet's parameters: New-/Set-InboxRule, Set-Mailbox, New-/Set-TransportRule."""
    given = named.get("Parameters", {})
    small = {name.lower(): value for name, value in given.items()}
    _read_mailbox(fields, action, record, small)
    _read_targets(fields, [v for k, v in small.items() if k in _SMALL_FORWARDS])
    hides = any(_yes(small.get(name, "")) for name in _HIDING)
    keeps = small.get(_DELIVERS, "")
    if hides or keeps.lower() in _NO:
        fields["hides"] = "true"
    rule = small.get("name") or _rule_of(fields, action)
    if rule:
        fields["rule"] = rule
    told = [f"{name} {value}" for name, value in given.items() if name.lower() in _TOLD]
    subject = rule or str(fields.get("mailbox", ""))
    head = f"{action} {subject}".rstrip()
    return f"{head}: {', '.join(told)}" if told else head


def _yes(value: str) -> bool:
    return bool(value) and value.lower() not in _NO


def _rule_of(fields: Fields, action: str) -> str:
    """Return the rule's name from an object such as `mailbox\\rule`; Set-Mailbox has none."""
    name = str(fields.get("object", ""))
    return name.rpartition("\\")[2] if "rule" in action.lower() else ""


def _read_mailbox(
    fields: Fields, action: str, record: Mapping[str, Any], given: dict[str, str]
) -> None:
    """Set whose mailbox it is, by an address where the record has one."""
    names = [text(record.get("MailboxOwnerUPN")), given.get("mailbox", "")]
    if action.lower() in ("set-mailbox", "new-inboxrule", "set-inboxrule"):
        names += [given.get("identity", ""), str(fields.get("object", ""))]
    names = [name.partition("\\")[0] if "rule" in action.lower() else name for name in names]
    mailbox = next((name for name in names if "@" in name and "/" not in name), "")
    shown = mailbox or next((name for name in names if name), "")
    if shown:
        fields["mailbox"] = shown
    member = str(fields.get("user", "")) if "guest" not in fields else ""
    _read_parties(fields, record, user_of(mailbox), member)


def _read_parties(fields: Fields, record: Mapping[str, Any], owner: str, *members: str) -> None:
    """Set who has part in it, the actor and the mailbox's owner, and the domains they prove.

    A mailbox's owner is of the tenant; of those who act, `members`.
    """
    parties = unique((str(fields.get("user", "")), owner))
    if parties:
        fields["party"] = parties
    organisation = text(record.get("OrganizationName")).lower()
    tenant = f"@{organisation}" if "." in organisation else ""
    domains = own_domains(*(user for user in (*members, owner, tenant) if user))
    if domains:
        fields["home_domain"] = domains


def _read_targets(fields: Fields, values: list[str]) -> None:
    spelled = unique(address for value in values for address in addresses_in(value))
    targets = unique(map(user_of, spelled))
    hosts = unique(map(domain_of, targets))
    if targets:
        fields["target"], fields["target_as"] = targets, spelled
        fields["target_host"] = hosts
        fields["target_domain"] = unique(map(site_domain, hosts))


def outlook_rules(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read UpdateInboxRules, which Outlook's own rules give."""
    # Example: RuleOperation "AddMailboxRule", RuleActions
    #   "[{\"ActionType\": \"Forward\", \"Recipients\": [\"x@example.org\"]}]"
    given = {name.lower(): value for name, value in named.get("OperationProperties", {}).items()}
    operation = given.get("ruleoperation", "")
    rule = given.get("rulename") or given.get("ruleid", "")
    _read_mailbox(fields, action, record, {})
    if rule:
        fields["rule"] = rule
    steps = _steps(given.get("ruleactions", ""))
    taken_away = "remove" in operation.lower() or "delete" in operation.lower()
    if not taken_away and given.get("rulestate", "").lower() != "disabled":
        sent_on = [text_ for kind, text_ in steps if _sends_on(kind)]
        _read_targets(fields, sent_on)
        if any("delete" in kind.lower() or "move" in kind.lower() for kind, _ in steps):
            fields["hides"] = "true"
    told = ", ".join(f"{kind} {' '.join(addresses_in(text_))}".rstrip() for kind, text_ in steps)
    head = " ".join(filter(None, (action, operation, rule)))
    return f"{head}: {told}" if told else head


def _sends_on(kind: str) -> bool:
    return any(word in kind.lower() for word in ("forward", "redirect"))


def _steps(actions: str) -> list[tuple[str, str]]:
    """Return each action's kind, and its text, in which its recipients are."""
    value = decoded(actions)
    rows = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
    found = []
    for row in rows:
        row = decoded(row)
        if isinstance(row, dict):
            small = {str(key).lower(): inner for key, inner in row.items()}
            kind = text(small.get("actiontype")) or text(small.get("type")) or "action"
            found.append((kind, str(small.get("recipients", row))))
    if not found and actions:
        # Example: "Forward: x@example.org", a text of no list
        found.append((actions.partition(":")[0].strip(), actions))
    return found


def access(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read MailItemsAccessed, Send and their like: whose mailbox, by which application."""
    owner = text(record.get("MailboxOwnerUPN"))
    if owner:
        fields["mailbox"] = owner
    own = user_of(owner)
    _read_parties(fields, record, own)
    apps = fields.get("app", ())
    by = f" by app {apps[0]}" if apps else ""
    item = decoded(record.get("Item"))
    subject = text(item.get("Subject")) if isinstance(item, dict) else ""
    what = f": {subject}" if subject else ""
    count = text(record.get("OperationCount"))
    times = f" ({count} operations)" if count else ""
    mailbox = owner or str(fields.get("actor", "a mailbox"))
    return f"{action} in {mailbox}{by}{times}{what}"


_COMMANDS = (
    "new-inboxrule", "set-inboxrule", "set-mailbox", "new-transportrule", "set-transportrule",
    "enable-inboxrule", "remove-inboxrule", "disable-inboxrule", "remove-transportrule",
)  # fmt: skip
_ACCESS = ("mailitemsaccessed", "send", "sendas", "sendonbehalf", "messagebind")
CALLS = {
    **dict.fromkeys(_COMMANDS, command),
    **dict.fromkeys(_ACCESS, access),
    "updateinboxrules": outlook_rules,
}
