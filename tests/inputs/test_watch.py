"""Whose scripts are read: users of open cases, from the index of findings."""

from __future__ import annotations

import pytest
from builders import scenarios_workspace as workspace
from builders import workspace as ws
from builders.hunting import hunt
from builders.scenario import MINUTE

from flowtrap.output.json_lines import to_line
from flowtrap_inputs.script_content.collect import Watched
from flowtrap_inputs.script_content.watch import users_of, watched


class Index:
    """Stands for splunkd: keeps what was asked, gives rows."""

    def __init__(self, *lines):
        self.rows, self.asked = [{"_raw": line} for line in lines], []

    def search(self, query, **words):
        """Return the rows."""
        self.asked.append((query, words))
        return self.rows


def lines():
    outcome = hunt(
        [
            ws.create(workspace.EVE, workspace.SCRIPT, 0),
            ws.forward(workspace.EVE, 10 * MINUTE, workspace.OUTSIDE),
        ]
    )
    return [to_line(finding) for finding in outcome.findings]


def test_users_and_scripts_of_findings():
    index = Index(*lines(), *lines())
    assert watched(index) == [Watched("C01exampl", "eve@example.com", (workspace.SCRIPT.doc_id,))]
    [(query, words)] = index.asked
    assert query.startswith("search `flowtrap_findings`")
    assert words == {"earliest_time": "-2d", "latest_time": "now"}


@pytest.mark.parametrize(
    "line",
    [None, 7, "", "{", "[]", '{"analytic":"AN1054","entities":[{"type":"user","value":"a@b.c"}]}',
     '{"analytic":"AN1055","entities":{}}', '{"analytic":"AN1055","entities":[1,{"type":[]}]}',
     '{"analytic":"AN1055","entities":[{"type":"user","value":"a@b.c"}]}'],
)  # fmt: skip
def test_other_lines_watch_nobody(line):
    assert users_of([line, *lines()]) == users_of(lines())


def test_every_workspace_finding_names_its_customer():
    for attack in workspace.ATTACKS:
        findings = hunt(attack.build(attack.delay, False).records()).findings
        assert all("account" in {entity.type for entity in f.entities} for f in findings), attack.id
