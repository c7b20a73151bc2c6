"""What an administrator entered for an input and its account, checked elsewhere, as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .clouds import CLOUDS, CONTENT_TYPES, Cloud

if TYPE_CHECKING:
    from flowtrap_inputs.http import Proxy

    from .token import Credential

SOURCETYPE = "o365:management:activity"


@dataclass(frozen=True)
class Account:
    """An application in a tenant. `tenant` is a GUID."""

    tenant: str
    client_id: str
    credential: Credential = field(repr=False)
    cloud: Cloud = CLOUDS["commercial"]
    proxy: Proxy | None = None
    ca_file: str | None = None


@dataclass(frozen=True)
class Settings:
    """An input. `start_s` is where its first run begins, in seconds since 1970.

    `inputs_of_tenant` is how many inputs read this tenant: each takes its part of the tenant's
    requests, because they are processes that do not see each other.
    """

    name: str
    account: Account
    content_types: tuple[str, ...] = CONTENT_TYPES
    start_s: int | None = None
    rescan_s: int = 6 * 3600
    index: str = "default"
    sourcetype: str = SOURCETYPE
    inputs_of_tenant: int = 1
    threads: int = 8
