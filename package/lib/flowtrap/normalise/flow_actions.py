"""A flow's definition, taken apart: what starts it, what it does, with what, and where that leads.

A definition is written in the language of Logic Apps: `triggers`, and `actions` that may hold
others (conditions, loops, scopes). Of flows whose definition the service keeps back there is a
summary, which names operations and connectors but no parameters.

Example: an action of type OpenApiConnection whose host has operationId `SendEmailV2` and apiId
`…/apis/shared_office365`, with parameter `emailMessage/To` `x@example.org`, is
a step `SendEmailV2` of connector `shared_office365` with recipient `x@example.org`.

Sources: Azure Logic Apps, "Schema reference guide for the Workflow Definition Language" and
"Schema reference guide for trigger and action types"; a flow as the service gives it is public in
the tests of pnp/cli-microsoft365 (flow-get.mock.ts).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from .m365_names import addresses_in, decoded, text
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_API = re.compile(r"/apis/([^/?\s]+)", re.IGNORECASE)
# Where a connector takes whom mail goes to: emailMessage/To, body/ToRecipients, Bcc.
_TO = re.compile(r"(?:^|/)(?:to|cc|bcc|(?:to|cc|bcc)?recipients?)$")
# Example: @triggerOutputs()?['body/body'], @{triggerBody()?['Attachments']}
_CONTENT = re.compile(
    r"trigger(?:outputs|body)\(\)(?:\?\['body/|\?\[')(?:body|attachments|contentbytes|bodypreview)\b",
    re.IGNORECASE,
)
_MOST_STEPS = 2_000  # a flow has at most 500 actions; what is beyond this is no flow
_MOST_TEXTS = 5_000
# Where the actions inside an action stand. Source: conditions, Switch, Until, Foreach, Scope.
_BRANCHES = ("else", "default")


class Step(NamedTuple):
    """A trigger or an action; texts are "" where the definition has none."""

    name: str
    connector: str
    address: str
    recipients: tuple[str, ...]
    opens: bool  # makes a link that anybody may follow
    passes_on: bool  # takes along the content of what started the flow


class Definition(NamedTuple):
    """What starts a flow, and what it does."""

    triggers: tuple[Step, ...]
    actions: tuple[Step, ...]
    whole: bool


def read_definition(properties: Mapping[str, Any]) -> Definition:
    """Return a flow's steps: of its definition, else of its summary (`whole` is False)."""
    definition = decoded(properties.get("definition"))
    if isinstance(definition, dict) and isinstance(definition.get("actions"), dict):
        triggers, actions = definition.get("triggers"), definition["actions"]
        return Definition(_steps(triggers), _steps(actions), whole=True)
    summary = decoded(properties.get("definitionSummary"))
    summary = summary if isinstance(summary, dict) else {}
    return Definition(
        _summary_steps(summary.get("triggers")), _summary_steps(summary.get("actions")), whole=False
    )


def _steps(members: Any) -> tuple[Step, ...]:
    return tuple(map(_step, _members(members)))


def _members(members: Any) -> Iterator[Mapping[str, Any]]:
    """Yield actions and those inside them, each before what it holds."""
    waiting = [members]
    left = _MOST_STEPS
    while waiting and left:
        level = waiting.pop(0)
        for action in level.values() if isinstance(level, dict) else ():
            if not isinstance(action, dict) or not left:
                continue
            left -= 1
            yield action
            cases = action.get("cases")
            inside = [action, *(action.get(branch) for branch in _BRANCHES)]
            inside += cases.values() if isinstance(cases, dict) else ()
            waiting += [part.get("actions") for part in inside if isinstance(part, dict)]


def _step(action: Mapping[str, Any]) -> Step:
    inputs = decoded(action.get("inputs"))
    inputs = inputs if isinstance(inputs, dict) else {}
    host = inputs.get("host")
    host = host if isinstance(host, dict) else {}
    api = host.get("api")
    runtime = text(api.get("runtimeUrl")) if isinstance(api, dict) else ""
    # Example: {"apiId": "/providers/Microsoft.PowerApps/apis/shared_office365", …}
    # Example (older): {"api": {"runtimeUrl": "https://europe-002.azure-apim.net/apim/office365"}}
    found = _API.search(text(host.get("apiId")))
    connector = found[1] if found else runtime.rpartition("/")[2]
    connector = connector or text(host.get("connectionName"))
    parts = list(_texts(inputs))
    uri = text(inputs.get("uri"))
    recipients = unique(
        one.lower() for name, value in parts if _TO.search(name) for one in addresses_in(value)
    )
    opens = any(name.endswith("scope") and value.lower() == "anonymous" for name, value in parts)
    name = text(host.get("operationId")) or _named(action) or text(action.get("type"))
    passes = name.lower().startswith("forward") or any(_CONTENT.search(v) for _, v in parts)
    return Step(name, connector, uri, recipients, opens, passes)


def _named(action: Mapping[str, Any]) -> str:
    """Return the type of an action of no connector, with its kind: Request-Button, Http."""
    kind = text(action.get("kind"))
    return f"{text(action.get('type'))}-{kind}" if kind else ""


def _texts(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the texts of an action's inputs with the small-lettered name each stands under."""
    waiting: list[tuple[str, Any]] = list(inputs.items())
    for _ in range(_MOST_TEXTS):
        if not waiting:
            return
        name, value = waiting.pop()
        if isinstance(value, str):
            yield str(name).lower(), value
        elif isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(name, one) for one in value]


# Example: {"type": "OpenApiConnection", "swaggerOperationId": "SendEmailV2",
#   "api": {"name": "shared_office365"}}
def _summary_steps(rows: Any) -> tuple[Step, ...]:
    found = []
    for row in rows[:_MOST_STEPS] if isinstance(rows, list) else ():
        if isinstance(row, dict):
            api = row.get("api")
            connector = text(api.get("name")) if isinstance(api, dict) else ""
            name = text(row.get("swaggerOperationId")) or _named(row) or text(row.get("type"))
            found.append(Step(name, connector, "", (), opens=False, passes_on=False))
    return tuple(found)


def host_of(address: str) -> str:
    """Return the host of an address that is written out, "" of one that an expression makes."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return "" if any(sign in host for sign in "@{}") or "." not in host else host.lower()
