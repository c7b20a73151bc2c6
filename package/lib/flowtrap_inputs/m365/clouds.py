"""Where each of Microsoft's clouds has its API and its sign-in.

Source: Management Activity API reference, "Activity API operations"; "National clouds".
"""

from __future__ import annotations

from typing import NamedTuple

CONTENT_TYPES = (
    "Audit.AzureActiveDirectory",
    "Audit.Exchange",
    "Audit.SharePoint",
    "Audit.General",  # all else, Power Automate among it
    "DLP.All",  # needs ActivityFeed.ReadDlp
)


class Cloud(NamedTuple):
    """The roots of the API and of the sign-in, without a slash at the end."""

    root: str
    login: str

    def feed(self, tenant: str) -> str:
        """Return the address below which everything of a tenant lies."""
        return f"{self.root}/api/v1.0/{tenant}/activity/feed/"

    def token_address(self, tenant: str) -> str:
        """Return the address that gives tokens for a tenant."""
        return f"{self.login}/{tenant}/oauth2/v2.0/token"

    def pins(self, tenant: str) -> list[str]:
        """Return the only addresses that an input of the tenant may talk to."""
        return [self.feed(tenant), self.token_address(tenant)]


CLOUDS = {
    "commercial": Cloud("https://manage.office.com", "https://login.microsoftonline.com"),
    "gcc": Cloud("https://manage-gcc.office.com", "https://login.microsoftonline.com"),
    "gcc_high": Cloud("https://manage.office365.us", "https://login.microsoftonline.us"),
    "dod": Cloud("https://manage.protection.apps.mil", "https://login.microsoftonline.us"),
}
