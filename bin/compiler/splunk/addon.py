"""All files of the add-on that follow from the detections, and the page's choices.

Example: `files(detections)["default/macros.conf"]`. The build writes them into its staging copy;
they are never committed. `filled(global_config, detections)` gives the page its lists.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from . import conf
from .cim import cim_conf, cim_lookups
from .dashboards import dashboards
from .lookups import lookups, transforms
from .macros import macros
from .searches import searches
from .sources import LONG_EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]


def files(detections: Sequence[Row]) -> dict[str, str]:
    """Return path and text of each compiled file of `package/`."""
    cim = cim_conf()
    cim["props"] = {**cim["props"], **LONG_EVENTS}
    cim["transforms"] = {**cim["transforms"], **transforms()}
    return {
        "default/savedsearches.conf": conf.text(searches(detections)),
        "default/macros.conf": conf.text(macros(detections)),
        **{f"default/{name}.conf": conf.text(stanzas) for name, stanzas in cim.items()},
        **{f"lookups/{name}": text for name, text in lookups(detections).items()},
        **{f"lookups/{name}": text for name, text in cim_lookups().items()},
        **{f"default/data/ui/views/{name}": text for name, text in dashboards().items()},
    }


def filled(global_config: Row, detections: Sequence[Row]) -> Row:
    """Return globalConfig.json with the names of the lists as choices."""
    choices = {"tunable": list_names(detections)}
    result = copy.deepcopy(global_config)
    for tab in result["pages"]["configuration"]["tabs"]:
        for entity in tab.get("entity", ()):
            if entity["type"] == "singleSelect" and entity["field"] in choices:
                names = choices[entity["field"]]
                entity["options"]["autoCompleteFields"] = [_choice(name) for name in names]
                entity["validators"] = [_one_of(names)]
    return result


def list_names(detections: Sequence[Row]) -> list[str]:
    """Return the names of all list tunables."""
    return sorted(
        {
            name
            for row in detections
            for name, tunable in row["tunables"].items()
            if tunable["kind"] == "list"
        }
    )


def _one_of(names: Sequence[str]) -> dict[str, str]:
    """Return the check that the server makes too: the page's list does not bind a REST call."""
    told = "There is no list of that name"
    return {"type": "regex", "pattern": f"^(?:{'|'.join(names)})$", "errorMsg": told}


def _choice(name: str) -> dict[str, str]:
    return {"value": name, "label": name}
