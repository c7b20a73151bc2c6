"""The platforms beside AWS whose scenarios the generic tests run: one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import scenarios_azure, scenarios_gcp, scenarios_m365, scenarios_workspace

if TYPE_CHECKING:
    from builders.scenario import Platform

PLATFORMS: tuple[Platform, ...] = (
    scenarios_gcp.PLATFORM,
    scenarios_azure.PLATFORM,
    scenarios_m365.PLATFORM,
    scenarios_workspace.PLATFORM,
)
