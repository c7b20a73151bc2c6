"""Named things with settings: conf stanzas, inputs, indexes, passwords, collections.

Example: `answer(stanzas, "configs/conf-x", "POST", ["a"], {"b": "c"})` sets b of stanza a.
"""

from __future__ import annotations

from typing import Any

from .answer import NOT_FOUND, Answer, Entry, entries, message

Stanzas = dict[str, dict[str, Any]]
_ACTIONS = {"enable": False, "disable": True}


def answer(
    stanzas: Stanzas, path: str, method: str, rest: list[str], words: dict[str, str]
) -> Answer:
    """Answer a call at PATH[/NAME[/ACTION]]; `rest` is what follows the path. Changes the stanzas."""
    if not rest:
        return _collection(stanzas, path, method, words)
    name, *action = rest
    if name == "_reload":
        return entries(path, [])
    if name == "_new":
        return entries(path, [Entry("_new", {})])
    if name not in stanzas:
        return message(404, f"Could not find object id={name}")
    if method == "DELETE":
        del stanzas[name]
        return entries(path, _all(stanzas))
    if action and action[0] in _ACTIONS:
        stanzas[name]["disabled"] = _ACTIONS[action[0]]
    elif method == "POST":
        stanzas[name].update(_settings(words))
    return entries(path, [Entry(name, _content(stanzas[name]))])


def _collection(stanzas: Stanzas, path: str, method: str, words: dict[str, str]) -> Answer:
    if method == "GET":
        return entries(path, _all(stanzas))
    name = words.get("name") or words.get("__stanza")
    if method != "POST" or not name:
        return message(400, "The following required arguments are missing: name.")
    if name in stanzas:
        return message(409, f"An object with name={name} already exists")
    stanzas[name] = _settings(words)
    return entries(path, [Entry(name, _content(stanzas[name]))], 201)


def _settings(words: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in words.items() if k not in ("name", "__stanza", "output_mode")}


def _content(settings: dict[str, Any]) -> dict[str, Any]:
    extra = {"eai:appName": "TA_flowtrap", "eai:userName": "nobody"}
    return {"disabled": False, **settings, **extra}


def _all(stanzas: Stanzas) -> list[Entry]:
    return [Entry(name, _content(settings)) for name, settings in stanzas.items()]


# -- passwords -------------------------------------------------------------------------------------

MOST_CHARACTERS = 255


def password_name(realm: str, username: str) -> str:
    """Return the name that splunkd gives a password."""
    return ":".join(part.replace(":", "\\:") for part in (realm, username)) + ":"


def passwords(stanzas: Stanzas, method: str, rest: list[str], words: dict[str, str]) -> Answer:
    """Answer a call at storage/passwords[/NAME]; changes the stanzas."""
    path = "storage/passwords"
    if len(words.get("password", "")) > MOST_CHARACTERS:
        return message(400, f"a password is at most {MOST_CHARACTERS} characters long")
    if method == "POST" and not rest:
        realm, username = words.get("realm", ""), words["name"]
        name = password_name(realm, username)
        if name in stanzas:
            return message(409, f"An object with name={name} already exists")
        stanzas[name] = _password(realm, username, words["password"])
        return entries(path, [Entry(name, stanzas[name])], 201)
    if rest and rest[0] not in stanzas:
        return NOT_FOUND
    if rest and method == "POST":
        old = stanzas[rest[0]]
        stanzas[rest[0]] = _password(old["realm"], old["username"], words["password"])
    if rest and method == "DELETE":
        del stanzas[rest[0]]
        rest = []
    chosen = rest or list(stanzas)
    found = [Entry(name, stanzas[name]) for name in chosen]
    field, _, wanted = words.get("search", "").partition("=")
    return entries(path, [e for e in found if not wanted or str(e.content.get(field)) == wanted])


def _password(realm: str, username: str, text: str) -> dict[str, Any]:
    return {
        "realm": realm, "username": username, "password": "********", "encr_password": "$7$model",
        "clear_password": text,
    }  # fmt: skip
