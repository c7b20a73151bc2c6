"""Cloud Audit Logs: what changes of policies, accounts, keys and tokens say.

`SetIamPolicy` requests hold the whole policy; what was added is known only where the record has a
delta. Where it has none, `policy_known` is `whole` and no grant is claimed.

Example: a delta `{"action": "ADD", "role": "roles/owner", "member": "user:eve@example.org"}` gives
role, member, added and the summary `SetIamPolicy on projects/p: added roles/owner to
user:eve@example.org`.

Sources: IAM, "Audit logging" (policyDelta) and "Policy" (members); Service Account Credentials API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import gcp_names as names
from .gcp_parts import Part, member, pick, rows, words
from .values import text

if TYPE_CHECKING:
    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

MEMBERS_SHOWN = 6
POLICIES_WITHOUT_DELTA = ("cloudfunctions", "run")  # events.md, section 4: no serviceData seen
_DELTAS = (
    "serviceData.policyDelta.bindingDeltas",
    "metadata.policyDelta.bindingDeltas",
    "metadata.bindingDeltas",
)


class Binding(NamedTuple):
    """A role and one of its members."""

    role: str
    member: str

    def said(self) -> str:
        """Return it in words."""
        return f"{self.role} to {self.member}"


def is_policy_change(action: str) -> bool:
    """Tell whether an operation sets a policy, whatever its service calls it."""
    return action.lower().endswith(("setiampolicy", "setiampermissions"))


def set_policy(fields: Fields, payload: Part, target: str) -> str:
    """Read a change of a policy on `target`: who was given what, and from which house they are."""
    added, removed = _deltas(payload)
    known = bool(added or removed)
    whole = [] if known else _whole(payload)
    if not known and fields.get("service") in POLICIES_WITHOUT_DELTA:
        added = whole
    fields["policy_known"] = "delta" if known else "whole"
    if len(added) == 1 or known:
        fields["certain"] = "true"
    fields["target"] = target
    if known:
        _read_granted(fields, added)
    if added:
        _read_doors(fields, added)
    line = f"{fields.get('action', 'SetIamPolicy')} on {target}"
    if known:
        parts = [f"added {_said(added)}"] if added else []
        parts += [f"removed {_said(removed)}"] if removed else []
        return f"{line}: {'; '.join(parts)}"
    if whole:
        return f"{line}: the policy is now {_said(whole)} (what was added is not logged)"
    return line


def _said(bindings: list[Binding]) -> str:
    shown = [binding.said() for binding in bindings[:MEMBERS_SHOWN]]
    if len(bindings) > MEMBERS_SHOWN:
        shown.append(f"+{len(bindings) - MEMBERS_SHOWN}")
    return ", ".join(shown)


def _deltas(payload: Part) -> tuple[list[Binding], list[Binding]]:
    """Return what a change added and took away, both empty where the record does not say."""
    added: list[Binding] = []
    removed: list[Binding] = []
    for path in _DELTAS:
        for delta in rows(pick(payload, path)):
            binding = Binding(words(delta, "role"), words(delta, "member"))
            if binding.role and binding.member:
                taken = words(delta, "action").upper().startswith("REMOVE")
                (removed if taken else added).append(binding)
    return added, removed


def _whole(payload: Part) -> list[Binding]:
    # Example: {"request": {"policy": {"bindings": [{"role": "roles/run.invoker",
    #   "members": ["allUsers"]}]}}}
    return [
        Binding(words(row, "role"), name)
        for row in rows(pick(payload, "request.policy.bindings"))
        for name in _listed(member(row, "members"))
    ]


def _listed(value: Any) -> list[str]:
    return [name for name in (value if isinstance(value, list) else [value]) if text(name)]


def _read_granted(fields: Fields, added: list[Binding]) -> None:
    if not added:
        return
    fields["added"] = tuple(dict.fromkeys(binding.said() for binding in added))
    fields["role"] = tuple(dict.fromkeys(binding.role for binding in added))
    fields["member"] = tuple(dict.fromkeys(binding.member for binding in added))
    project = str(fields.get("account", ""))
    accounts = (names.email_of(binding.member) for binding in added)
    granted = [
        alias
        for account in accounts
        if names.is_account(account)
        for alias in names.with_alias(account, project)
    ]
    if granted:
        fields["granted_account"] = tuple(dict.fromkeys(granted))


def _read_doors(fields: Fields, added: list[Binding]) -> None:
    """Set what is let in from outside: `door` (the widest), `opened_to`, and the members."""
    actor = str(fields.get("actor", ""))
    found = [(_door(binding.member, actor), binding) for binding in added]
    for door in ("public", "consumer", "outside"):
        if any(kind == door for kind, _ in found):
            fields["door"] = door
            break
    outside = [binding for kind, binding in found if kind]
    if outside:
        fields["opened_to"] = tuple(dict.fromkeys(_house(b.member) for b in outside))
        fields["let_in"] = tuple(dict.fromkeys(binding.member for binding in outside))
        fields["let_in_as"] = tuple(dict.fromkeys(binding.role for binding in outside))


def _house(name: str) -> str:
    address = name.rpartition(":")[2].lower()
    return names.domain_of(address) or address


def _door(name: str, actor: str) -> str:
    """Return public, consumer or outside for a member who is not of the house, else "".

    Only a person's own domain tells what the house is; service accounts of other projects are
    mostly of the same organisation, and are let pass.
    """
    kind, colon, address = name.lower().partition(":")
    if kind in names.PUBLIC:
        return "public"
    if not colon and "@" in kind:  # copies drop the "user:"
        kind, address = "user", kind
    if kind not in ("user", "group", "domain") or not address or address == actor:
        return ""
    domain = names.domain_of(address) or address
    if domain.endswith("gserviceaccount.com"):
        return ""
    home = names.domain_of(actor) if names.kind_of(actor) == "person" else ""
    if home and names.same_house(domain, home) and home not in names.CONSUMER_DOMAINS:
        return ""
    if domain in names.CONSUMER_DOMAINS:
        return "consumer"
    return "outside" if home else ""


def account_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read a call about a service account: keys, tokens, new accounts."""
    account = _account(payload, labels)
    if account:
        fields["target_account"] = account
    key = words(payload, "response.name") if action.endswith("ServiceAccountKey") else ""
    if key:
        fields["new_key"] = key
        fields["new_key_id"] = key.rsplit("/", 1)[-1].lower()
        return f"{action} {key}" + ("" if account in key.lower() else f" for {account}")
    return f"{action} {account or words(payload, 'request.name', 'resourceName')}".rstrip()


def token_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read a token or signature made in a service account's name; often it is its own."""
    # Example: {"request": {"name": "projects/-/serviceAccounts/deploy@p.iam.gserviceaccount.com"}}
    line = account_call(fields, action, payload, labels)
    account = str(fields.get("target_account", ""))
    if "@" in account:
        fields["own_token"] = "true" if account == fields.get("actor") else "false"
    elif account and action.lower() == "generateaccesstoken":
        fields["own_token"] = "false"  # a number alone; its own it has
    return line.replace(f"{action} ", f"{action} as ", 1)


def role_call(fields: Fields, action: str, payload: Part, labels: Part) -> str:
    """Read CreateRole and UpdateRole."""
    name = words(payload, "response.name", "request.name")
    made = words(payload, "request.roleId")
    if not name:
        parent = words(payload, "resourceName", "request.parent")
        name = f"{parent}/roles/{made}".lstrip("/") if made and "/roles/" not in parent else parent
    if name:
        fields["target"] = name
    allowed = pick(payload, "request.role.includedPermissions")
    shown = [item for item in allowed if text(item)] if isinstance(allowed, list) else []
    line = f"{action} {name}".rstrip()
    return f"{line}: allows {', '.join(shown[:8])}" if shown else line


def _account(payload: Part, labels: Part) -> str:
    """Return the address of the account that a call is about, its numeric id if that is all."""
    found = [
        _account_in(words(payload, "response.email")),
        words(labels, "email_id").lower(),
        *(_account_in(words(payload, p)) for p in ("request.name", "response.name")),
        _account_in(words(payload, "resourceName")),
    ]
    addresses = [account for account in found if "@" in account]
    return next(iter(addresses or filter(None, found)), "")


def _account_in(value: str) -> str:
    """Return the account in a path, which may go on with a key's id."""
    head, marker, tail = value.partition("/serviceAccounts/")
    name = tail.split("/", 1)[0] if marker else head
    return names.email_of(name) if "@" in name or (marker and name.isdigit()) else ""


CALLS = {
    **dict.fromkeys(("createserviceaccountkey", "uploadserviceaccountkey"), account_call),
    **dict.fromkeys(("deleteserviceaccountkey", "enableserviceaccountkey"), account_call),
    **dict.fromkeys(("createserviceaccount", "deleteserviceaccount"), account_call),
    **dict.fromkeys(("enableserviceaccount", "undeleteserviceaccount"), account_call),
    **dict.fromkeys(("createrole", "updaterole"), role_call),
}
TOKEN_CALLS = dict.fromkeys(
    ("generateaccesstoken", "generateidtoken", "signblob", "signjwt"), token_call
)
