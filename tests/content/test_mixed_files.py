"""One file may hold records of all feeds: whichever comes first, no finding is lost."""

from __future__ import annotations

import json
import random

import pytest
from builders import scenarios_aws
from builders.hunting import hunt
from builders.platforms import PLATFORMS

FLOW = {"interfaceId": "eni-0a1b2c3d4e5f60718", "srcAddr": "10.0.0.1", "dstAddr": "10.0.0.2",
        "start": 1_773_133_200, "end": 1_773_133_260, "action": "ACCEPT", "logStatus": "OK"}  # fmt: skip
CHAINS = {
    "aws": scenarios_aws.ATTACKS[0].build(scenarios_aws.ATTACKS[0].world).records(),
    **{p.name: p.attacks[0].build(p.attacks[0].delay, False).records() for p in PLATFORMS},
}
RECORDS = [record for chain in CHAINS.values() for record in chain]


@pytest.mark.parametrize("first", [*CHAINS, "flow"])
@pytest.mark.parametrize("seed", range(2))
def test_mixed_lines_give_what_decoded_records_give(first, seed, tmp_path):
    begin = FLOW if first == "flow" else CHAINS[first][0]
    lines = [begin, *random.Random(seed).sample(RECORDS, len(RECORDS))]
    path = tmp_path / "all.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    wanted = hunt([FLOW], RECORDS)
    assert {finding.detection.split("_")[0] for finding in wanted.alarms} == {
        "aws", "gcp", "azure", "m365", "workspace"
    }  # fmt: skip
    for accelerators in (True, False):
        found = hunt(paths=[str(path)], accelerators=accelerators)
        assert found.plain() == wanted.plain()
        assert found.hunt.counters.unrecognised == 0
