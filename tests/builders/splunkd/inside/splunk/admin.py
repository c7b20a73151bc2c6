"""Runs one call of a REST handler: the call as JSON on stdin, entries or an error on stdout.

How splunkd talks to its handlers is not public; this passes JSON instead. What it holds to: arguments
that a handler did not announce are refused, and so are calls without those it requires.
"""

import json
import sys

ACTION_CREATE, ACTION_LIST, ACTION_EDIT, ACTION_REMOVE = "create", "list", "edit", "remove"
CONTEXT_APP_ONLY, CONTEXT_APP_AND_USER, CONTEXT_NONE = 1, 2, 3
EAI_ENTRY_ACL = "eai:acl"


class ArgumentRefused(Exception):
    """A call has arguments that the handler does not know, or lacks some."""


class ConfigItem(dict):
    """A named thing."""

    def __init__(self):
        super().__init__()
        self.metadata = {}

    def setMetadata(self, name, value):
        self.metadata[name] = value


class ConfigInfo(dict):
    """All named things of an answer; a new one appears when it is asked for."""

    def __missing__(self, name):
        self[name] = ConfigItem()
        return self[name]


class _Arguments:
    def __init__(self):
        self.required, self.optional = [], ["name", "output_mode", "count", "offset", "search",
                                            "sort_key", "sort_dir", "sort_mode"]  # fmt: skip

    def addReqArg(self, name):
        self.required.append(name)

    def addOptArg(self, name):
        self.optional.append(name)


class _Caller:
    def __init__(self, name, values):
        self.id, self.data = name, {key: [value] for key, value in values.items()}


class MConfigHandler:
    """What handlers derive from. It knows its call before it is made, since they ask for the key."""

    call = None

    def __init__(self, *args, **kwargs):
        self.requestedAction = self.call["action"]
        self.callerArgs = _Caller(self.call["name"], self.call["values"])
        self.supportedArgs = _Arguments()

    def getSessionKey(self):
        return self.call["session_key"]


def init(handler, ctxInfo=CONTEXT_APP_ONLY):
    """Answer the call on stdin."""
    call = json.load(sys.stdin)
    found = ConfigInfo()
    try:
        made = type(handler.__name__, (handler,), {"call": call})()
        made.setup()
        _check_arguments(made)
        getattr(made, "handle" + call["action"].capitalize())(found)
    except ArgumentRefused as error:
        told = {"status": 400, "error": str(error)}
    except Exception as error:
        text = f'Unexpected error "{type(error)}" from python handler: "{error}". See splunkd.log for more details.'
        told = {"status": 500, "error": text}
    else:
        told = {"entries": [{"name": name, "content": item} for name, item in found.items()]}
    json.dump(told, sys.stdout)


def _check_arguments(made):
    if made.requestedAction not in (ACTION_CREATE, ACTION_EDIT):
        return
    given, known = set(made.callerArgs.data), made.supportedArgs
    missing = sorted(set(known.required) - given)
    strange = sorted(given - {*known.required, *known.optional, "disabled"})
    if missing:
        raise ArgumentRefused(f"The following required arguments are missing: {missing[0]}.")
    if strange:
        raise ArgumentRefused(f'Argument "{strange[0]}" is not supported by this handler.')
