"""What an IAM policy document says: allowed actions, trusted principals, conditions.

CloudTrail gives a document as a JSON text, in responses URL-encoded. What is no document says
nothing.

Example: `allowed(document('{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}'))` is
`("iam:*",)`.

Source: IAM user guide, "IAM JSON policy elements reference".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .aws_names import texts
from .values import text

if TYPE_CHECKING:
    from collections.abc import Iterator

ADMINISTRATOR = "administrator"
_LIMITS = {  # condition keys that narrow who may use a resource policy, in the API's spelling
    "aws:sourcearn": "sourceArn",
    "aws:sourceaccount": "sourceAccount",
    "aws:sourceorgid": "sourceOrgID",
    "aws:sourceip": "sourceIp",
    "aws:sourcevpc": "sourceVpc",
    "aws:sourcevpce": "sourceVpce",
    "aws:principalorgid": "principalOrgID",
    "aws:principalorgpaths": "principalOrgPaths",
    "aws:principalaccount": "principalAccount",
    "aws:principalarn": "principalArn",
    "lambda:eventsourcetoken": "eventSourceToken",
}


def document(value: Any) -> dict[str, Any]:
    """Return a policy document or statement from its JSON text, {} where it is none."""
    if isinstance(value, dict):
        return value
    written = text(value)
    # Example: %7B%22Version%22%3A%222012-10-17%22…
    if written.startswith("%"):
        written = unquote(written)
    try:
        parsed = json.loads(written) if written else {}
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _statements(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the statements that allow something; `Statement` may be one or a list."""
    found = policy.get("Statement")
    for statement in found if isinstance(found, list) else [found]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            yield statement


def allowed(policy: dict[str, Any]) -> tuple[str, ...]:
    """Return the actions a policy allows, `administrator` for all, `NotAction X` for all but X."""
    actions: list[str] = []
    for statement in _statements(policy):
        actions += [
            ADMINISTRATOR if action in ("*", "*:*") else action
            for action in texts(statement.get("Action"))
        ]
        actions += [f"NotAction {action}" for action in texts(statement.get("NotAction"))]
    return tuple(dict.fromkeys(actions))


def privilege(action: str) -> str:
    """Return an allowed action as lists name it: `iam:all` for `iam:*`.

    In a list `iam:*` would stand for any action of the service.
    """
    return f"{action[:-1]}all" if action.endswith(":*") else action


def trusted(policy: dict[str, Any]) -> tuple[str, ...]:
    """Return the principals that a trust policy lets in."""
    found: list[str] = []
    for statement in _statements(policy):
        found += principals(statement)
        found += [f"NotPrincipal {name}" for name in principals(statement, "NotPrincipal")]
    return tuple(dict.fromkeys(found))


def principals(statement: dict[str, Any], element: str = "Principal") -> tuple[str, ...]:
    """Return a statement's principals: `"*"`, `{"AWS": …}`, `{"Service": […]}` and their kin."""
    value = statement.get(element)
    if isinstance(value, dict):
        return tuple(dict.fromkeys(name for names in value.values() for name in texts(names)))
    return texts(value)


def limits(statement: dict[str, Any]) -> dict[str, str]:
    """Return what narrows a resource policy's statement: {"sourceAccount": "123456789012"}."""
    found: dict[str, str] = {}
    conditions = statement.get("Condition")
    for tests in conditions.values() if isinstance(conditions, dict) else ():
        for key, value in tests.items() if isinstance(tests, dict) else ():
            name = _LIMITS.get(str(key).lower())
            if name and texts(value):
                found.setdefault(name, ", ".join(texts(value)))
    return found
