"""The options by which every `elastic` verb finds its cluster, and where secrets come from.

A secret is never an argument, since every user of a machine sees those of every process: it is read
from the environment, from a file, or from the terminal without being shown.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from elastic.client import Access

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")
API_KEY, PASSWORD = "FLOWTRAP_ELASTIC_API_KEY", "FLOWTRAP_ELASTIC_PASSWORD"
_OPTIONS = (
    click.option(
        "--url", envvar="FLOWTRAP_ELASTIC_URL", show_envvar=True, help="https://HOST:9200"
    ),
    click.option(
        "--cloud-id", envvar="FLOWTRAP_ELASTIC_CLOUD_ID", show_envvar=True,
        help="A deployment of Elastic Cloud, instead of --url.",
    ),
    click.option(
        "--api-key-file", metavar="FILE",
        help=f"Holds the API key; else it is read from {API_KEY}.",
    ),
    click.option(
        "--user", envvar="FLOWTRAP_ELASTIC_USER", show_envvar=True,
        help=f"Instead of an API key; the password is read from {PASSWORD}, or asked for.",
    ),
    click.option(
        "--ca", metavar="FILE", envvar="FLOWTRAP_ELASTIC_CA", show_envvar=True,
        help="The certificate (PEM) of the authority that signed the cluster's.",
    ),
)  # fmt: skip


def connection_options(command: F) -> F:
    """Add the options to a command; `access` makes of them what `connect` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def access(options: dict[str, Any]) -> Access:
    """Take the connection's options out of a command's and return them with their secret."""
    url, cloud_id = options.pop("url"), options.pop("cloud_id")
    key_file, user, ca = options.pop("api_key_file"), options.pop("user"), options.pop("ca")
    if bool(url) == bool(cloud_id):
        raise click.UsageError("name the cluster: --url or --cloud-id, one of them")
    if ca:
        _check_ca(ca)
    if user and key_file:
        raise click.UsageError("give --user or --api-key-file, not both")
    key = "" if user else _api_key(key_file)
    password = _password(user) if user else ""
    return Access(url or "", cloud_id or "", key, user or "", password, ca or "")


def _check_ca(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise click.UsageError(f"--ca: {path} holds no certificate (PEM)") from None
    except OSError as error:
        raise click.UsageError(f"--ca: {path} cannot be read: {error.strerror}") from None


def _api_key(path: str | None) -> str:
    if path is None:
        return _key(os.environ.get(API_KEY, ""), API_KEY)
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise click.UsageError(f"--api-key-file: {path} cannot be read: {reason}") from None
    if not text.strip():
        raise click.UsageError(f"--api-key-file: {path} holds no key")
    return _key(text, f"--api-key-file: {path}")


def _key(text: str, place: str) -> str:
    """Return the key in a text; it is not repeated where it is none."""
    key = text.strip()
    if not re.fullmatch(r"[!-~]*", key):
        cure = "put its encoded form alone there, in one line"
        raise click.UsageError(f"{place}: this is no API key ({cure})")
    return key


def _password(user: str) -> str:
    known = os.environ.get(PASSWORD)
    if known is not None:
        return known
    if not sys.stdin.isatty():
        raise click.UsageError(f"there is no password for {user}: put it into {PASSWORD}")
    return str(click.prompt(f"Password of {user}", hide_input=True, err=True))
