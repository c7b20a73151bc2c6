"""The test of an account when it is saved: can it sign in, and read what it should?

Example: `check(account, http)` says nothing where all is well, else raises FlowtrapError with the
reason in plain words. It asks for a token and for the list of subscriptions, and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowtrap_inputs.errors import RefusedError

from .codes import CODE, words
from .token import Tokens

if TYPE_CHECKING:
    from flowtrap_inputs.http import HttpClient

    from .settings import Account


def check(account: Account, http: HttpClient) -> None:
    """Raise RefusedError, TransientError, ElsewhereError where the account cannot be used."""
    tokens = Tokens(http, account.cloud, account.tenant, account.client_id, account.credential)
    address = (
        f"{account.cloud.feed(account.tenant)}subscriptions/list"
        f"?PublisherIdentifier={account.tenant}"
    )
    headers = {"Authorization": f"Bearer {tokens.get()}"}
    with http.open("GET", address, headers=headers) as answer:
        body = answer.read().decode("utf-8", "replace")
    if answer.status == 200:
        return
    found = CODE.search(body)
    code = found.group() if found else ""
    problem, cure = words(answer.status, code)
    raise RefusedError(problem, status=answer.status, code=code, place="Activity API", cure=cure)
