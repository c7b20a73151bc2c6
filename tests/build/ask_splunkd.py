"""Asks the model of splunkd with the libraries that the add-on ships; run by test_splunkd_model.py.

PYTHONPATH=ADDON/lib python ask_splunkd.py URI SESSION_KEY  ->  what was found, as JSON
"""

import json
import sys
from urllib.parse import urlsplit

from solnlib.conf_manager import ConfManager
from solnlib.credentials import CredentialManager
from solnlib.modular_input.checkpointer import KVStoreCheckpointer
from solnlib.splunk_rest_client import SplunkRestClient
from splunklib import client, results

uri, session_key = sys.argv[1:]
APP = "TA_flowtrap"
parts = urlsplit(uri)
address = {"scheme": parts.scheme, "host": parts.hostname, "port": parts.port}
found = {}

service = client.connect(
    username="admin", password="a-password", app=APP, owner="nobody", autologin=True, **address
)
found["version"] = service.info["version"]
found["indexes"] = sorted(index.name for index in service.indexes)
rows = service.jobs.oneshot("search index=main", output_mode="json")
found["oneshot"] = [dict(row) for row in results.JSONResultsReader(rows)]
job = service.jobs.create("search index=main")
found["job"] = [job.is_done(), job["resultCount"]]

realm = "__REST_CREDENTIAL__#TA_flowtrap#configs/conf-ta_flowtrap_x"
secrets = CredentialManager(session_key, APP, realm=realm, **address)
found["stored"] = json.loads(secrets.get_password("given"))
for text in ("short", "x" * 700 + "é", "now shorter again"):
    secrets.set_password("a/b c", text)
    found.setdefault("kept", []).append(secrets.get_password("a/b c") == text)
secrets.delete_password("a/b c")
found["left"] = sorted({p["username"] for p in secrets.get_clear_passwords_in_realm()})

conf = ConfManager(session_key, APP, realm=realm, **address).get_conf("ta_flowtrap_x")
conf.update("one", {"a": "1", "key": "secret"}, ["key"])
found["conf"] = {name: conf.get("one")[name] for name in ("a", "key")}
conf.delete("one")
found["stanzas"] = sorted(conf.get_all())

rest = SplunkRestClient(session_key, APP, **address)
rest.inputs.create("main", "flowtrap_x", interval="60")
found["input"] = rest.inputs["main", "flowtrap_x"].content["interval"]

points = KVStoreCheckpointer("TA_flowtrap_points", session_key, APP, **address)
points.update("k/1", {"n": 1})
points.batch_update([{"_key": "k2", "state": 2}])
found["points"] = [points.get("k/1"), points.get("k2"), points.get("none")]
print(json.dumps(found))
