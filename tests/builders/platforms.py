"""The platforms beside AWS whose scenarios the generic tests run: one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import scenarios_gcp
from builders import scenarios_azure
from builders import scenarios_m365
from builders import scenarios_workspace

if TYPE_CHECKING:
    from builders.scenario import Platform

PLATFORMS: tuple[Platform, ...] = (scenarios_gcp.PLATFORM,)
PLATFORMS: tuple[Platform, ...] = (scenarios_azure.PLATFORM,)
PLATFORMS: tuple[Platform, ...] = (scenarios_m365.PLATFORM,)
PLATFORMS: tuple[Platform, ...] = (scenarios_workspace.PLATFORM,)
