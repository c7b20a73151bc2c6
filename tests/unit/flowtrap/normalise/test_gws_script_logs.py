"""Console output of Apps Script."""

from __future__ import annotations

import pytest
from builders.scenarios_workspace import SCRIPT
from builders.workspace import script_run

from flowtrap.model.errors import RecordError
from flowtrap.normalise import gws_script_logs
from flowtrap.normalise.table import FEEDS


def test_run_names_script_function_and_invocation():
    record = script_run("sys-example", SCRIPT, 0)
    event = gws_script_logs.normalise(record)
    assert event.event_id == record["insertId"]
    assert event.fields["script"] == SCRIPT.doc_id
    assert event.fields["account"] == "sys-example"
    assert event.fields["summary"] == f"script {SCRIPT.doc_id} ran onWake by trigger"


@pytest.mark.parametrize("lacking", ["resource", "labels", "insertId", "severity", "jsonPayload"])
def test_sparse_entry_is_read_by_this_feed_alone(lacking):
    record = script_run("sys-example", SCRIPT, 0)
    del record[lacking]
    assert [spec.name for spec in FEEDS if spec.recognise(record)] == ["gws_script_logs"]
    assert gws_script_logs.normalise(record).event_id == gws_script_logs.normalise(record).event_id


def test_other_entries_are_not_recognised():
    record = script_run("sys-example", SCRIPT, 0)
    record["resource"]["type"] = "gce_instance"
    record["logName"] = "projects/p/logs/syslog"
    assert not gws_script_logs.recognise(record)


def test_no_time():
    record = script_run("sys-example", SCRIPT, 0)
    del record["timestamp"], record["receiveTimestamp"]
    with pytest.raises(RecordError):
        gws_script_logs.normalise(record)
