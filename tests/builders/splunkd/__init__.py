"""A model of splunkd over HTTPS, as far as the add-on uses it; not evidence about Splunk.

Example:

    with Splunkd(make_certificate(folder)) as splunkd:
        splunkd.inputs["flowtrap_m365"] = {"main": {"account": "contoso", "index": "main"}}
        splunkd.store_secret("configs/conf-ta_flowtrap_m365", "contoso", {"client_secret": "…"})
        run([...], stdin=input_xml(splunkd, "flowtrap_m365", folder))

What it holds to: a session key is asked for; 404 where nothing is, 409 where a name is taken; answers
in Atom, or in JSON for `output_mode=json`; every answer closes its connection. Everything is in the
attributes of `Splunkd`, so a process that is killed finds its state when it runs again.
"""

from builders.certificate import make_certificate

from .documents import MAX_DOCUMENT_BYTES
from .modular_input import input_xml
from .server import SESSION_KEY, Splunkd

__all__ = ["MAX_DOCUMENT_BYTES", "SESSION_KEY", "Splunkd", "input_xml", "make_certificate"]
