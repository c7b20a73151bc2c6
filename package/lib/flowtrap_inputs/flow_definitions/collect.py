"""One run: list all flows, and emit those that were changed since they were last seen.

    environments -> flows -> changed? -> the flow with its definition -> emit -> remember

Where the service keeps a definition back, the listing's summary is emitted in its place. An
environment that cannot be read is told and left out; the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap_inputs.errors import ElsewhereError, RefusedError
from flowtrap_inputs.evidence import Outlet, digest

if TYPE_CHECKING:
    from .api import FlowApi

KIND = "flowtrap#flowDefinition"
SOURCETYPE = "flowtrap:flow_definition"


class Run:
    """One run for one tenant."""

    def __init__(self, api: FlowApi, tenant: str, outlet: Outlet) -> None:
        self._api, self._tenant, self._outlet = api, tenant, outlet
        self._listed: set[str] = set()

    def go(self) -> None:
        """Read all environments; raise RefusedError where none of them can be read.

        Flows that are gone are forgotten, unless an environment could not be read.
        """
        environments = list(self._api.environments())
        refused: list[RefusedError | ElsewhereError] = []
        try:
            for environment in environments:
                try:
                    self._environment(environment)
                except (RefusedError, ElsewhereError) as error:
                    refused.append(error)
                    self._outlet.left_out(f"environment {environment}", error)
            if not refused:
                self._outlet.keep(self._listed)
        finally:
            self._outlet.save()
        if refused and len(refused) == len(environments):
            raise refused[0]

    def _environment(self, environment: str) -> None:
        for row in self._api.flows(environment):
            flow_id = row.get("name")
            if isinstance(flow_id, str) and flow_id:
                key, state = digest([environment, flow_id]), _state(row)
                self._listed.add(key)
                if self._outlet.is_new(key, state):
                    self._emit(environment, flow_id, row, key, state)

    def _emit(
        self, environment: str, flow_id: str, row: dict[str, Any], key: str, state: str
    ) -> None:
        try:
            flow = self._api.flow(environment, flow_id)
        except RefusedError as error:
            if error.status == 404:
                return  # deleted since it was listed
            self._outlet.left_out(f"the definition of flow {flow_id}", error)
            flow = row
        event = {
            "kind": KIND,
            "tenantId": self._tenant,
            "environmentName": environment,
            "flowId": flow_id,
            "flow": flow,
        }
        self._outlet.send(event, SOURCETYPE, key, state)


def _state(row: dict[str, Any]) -> str:
    """Return what changes when a flow does: its last change and state, else all of the row."""
    properties = row.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    changed = properties.get("lastModifiedTime")
    return digest([changed, properties.get("state")] if changed else row)
