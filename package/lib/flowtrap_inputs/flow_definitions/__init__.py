"""The input for Power Automate flow definitions: what flows are made to do. Off by default.

No audit log has it. Environments come from api.bap.microsoft.com, flows from
api.flow.microsoft.com, both as an administrator; the application must be registered with the Power
Platform (New-PowerAppManagementApp), which gives it the rights of one.

Sources: Power Platform admin guide, "Creating a service principal application using API" and "…
using PowerShell" (registration, environments, api.bap.microsoft.com). The flow calls have no
reference of Microsoft's: they are those of its own PowerShell module and of pnp/cli-microsoft365
(`flow list --asAdmin`, `flow get --asAdmin`, api-version 2016-11-01), where a listing's nextLink
is on a host such as emea.api.flow.microsoft.com:11777.

Not certain, for want of a tenant: that an application, rather than a person, is given definitions
of flows that are not its own (where not, the listing's summary is emitted); that the global host
takes the skiptoken of a regional one; how many requests a minute are allowed.
"""
