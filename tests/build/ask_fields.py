"""Asks the handlers that ucc-gen made whether they take some values; run by test_pages.py.

    python ask_fields.py ADDON '[["list_entry", {"pattern": "x"}]]'  ->  [["tunable", …]]

The `splunk` package exists inside Splunk only; the little that the handlers take of it at import is
put in its place. What is asked (fields and their validators) is splunktaucclib's own.
"""

import importlib
import json
import sys
import types


class Admin(types.ModuleType):
    """Any constant that is asked for."""

    class MConfigHandler:
        """What the handlers derive from."""

    def __getattr__(self, name):
        return name


addon, asked = sys.argv[1], json.loads(sys.argv[2])
sys.path[:0] = [addon + "/bin", addon + "/lib"]
splunk, admin = Admin("splunk"), Admin("splunk.admin")
splunk.admin = admin
sys.modules[
    "__main__"
].__file__ = "/opt/splunk/etc/apps/TA_flowtrap/bin/x.py"  # tells the app's name
sys.modules.update({"splunk": splunk, "splunk.admin": admin})


def refused(tab, row):
    """Return the names of the fields that the server refuses."""
    handler = importlib.import_module("TA_flowtrap_rh_" + tab)
    fields = handler.fields if tab == "list_entry" else handler.fields_tunables
    found = []
    for field in fields:
        try:
            field.validate(row)
        except Exception:
            found.append(field.name)
    return found


print(json.dumps([refused(tab, row) for tab, row in asked]))
