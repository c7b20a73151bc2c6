"""Every platform's attacks must fire and name everything; its look-alikes must stay quiet.

Each attack also runs in the variants that must not change the answer (shuffled, doubled, split,
wrapped, without the byte filter) and in those that must (turned round in time, a stranger in the
key, a second outside the window). AWS has variants of its own in test_scenarios_aws.py.
"""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any

import pytest
from builders.hunting import hunt, missing, text_of
from builders.platforms import PLATFORMS

from flowtrap.feed.wrappers import unwrap
from flowtrap.normalise.table import FEEDS

if TYPE_CHECKING:
    from builders.hunting import Outcome
    from builders.scenario import Chain, Platform, Scenario

ATTACKS = [(platform, attack) for platform in PLATFORMS for attack in platform.attacks]
QUIET = [(platform, quiet) for platform in PLATFORMS for quiet in platform.quiet]
WRAPPED = [(p, a, wrapper) for p, a in ATTACKS for wrapper in p.wrappers]


def name_of(value: object) -> str | None:
    """Return what a test is called after."""
    return getattr(value, "id", None) or getattr(value, "name", None)


every_attack = pytest.mark.parametrize(("platform", "attack"), ATTACKS, ids=name_of)
every_quiet = pytest.mark.parametrize(("platform", "quiet"), QUIET, ids=name_of)


def as_it_is(attack: Scenario) -> Chain:
    """Return the chain as the table gives it."""
    return attack.build(attack.delay, False)


def assert_fires(attack: Scenario, chain: Chain, outcome: Outcome, *, logged: bool = True) -> None:
    """Some one finding of medium severity or more says all that the table asks for."""
    told = [f"{f.detection}/{f.verdict} {f.severity}" for f in outcome.findings]
    assert outcome.alarms, f"{attack.id} gives nothing; findings: {told + outcome.messages}"
    gaps = {f"{f.detection}/{f.verdict}": missing(chain, f, logged=logged) for f in outcome.alarms}
    assert not min(gaps.values(), key=len), f"{attack.id} leaves out: {gaps}"


def assert_as(attack: Scenario, expected: str, outcome: Outcome) -> None:
    """It fires, is quiet, or may do either."""
    if expected == "quiet":
        assert not outcome.alarms, "\n".join(map(text_of, outcome.alarms))
    elif expected == "fires":
        assert outcome.alarms, f"{attack.id} gives nothing"
    assert not outcome.hunt.incomplete, outcome.messages


def backwards(platform: Platform, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records with time turned round: the last act comes first, gaps are kept."""
    ends = min(map(platform.seconds, records)) + max(map(platform.seconds, records))
    return [platform.moved(record, ends - platform.seconds(record)) for record in records]


@every_attack
def test_attack_fires_and_names_everything(platform, attack):
    chain = as_it_is(attack)
    assert_fires(attack, chain, hunt(chain.records()))


@every_attack
def test_attack_without_optional_logs(platform, attack):
    chain = as_it_is(attack)
    outcome = hunt([step.record for step in chain.steps if step.part != "optional"])
    assert_as(attack, attack.unlogged, outcome)
    if attack.unlogged == "fires":
        assert_fires(attack, chain, outcome, logged=False)


@every_attack
def test_attack_without_what_proves_nothing(platform, attack):
    chain = as_it_is(attack)
    assert_fires(attack, chain, hunt([s.record for s in chain.steps if s.part != "noise"]))


@every_attack
def test_attack_turned_round_in_time(platform, attack):
    assert_as(attack, attack.backwards, hunt(backwards(platform, as_it_is(attack).records())))


@every_attack
def test_stranger_in_the_key(platform, attack):
    assert_as(attack, attack.stranger, hunt(attack.build(attack.delay, True).records()))


@every_attack
@pytest.mark.parametrize("second", [0, 1])
def test_last_act_just_inside_the_window(platform, attack, second):
    chain = attack.build(attack.window - second, False)
    assert_fires(attack, chain, hunt(chain.records()))


@every_attack
@pytest.mark.parametrize("second", [1, 60])
def test_acts_just_outside_the_window(platform, attack, second):
    """All acts lie beyond the window: those before the last are as far from the write."""
    chain = as_it_is(attack)
    acts = [platform.seconds(record) for record in chain.of("act")]
    spread = max(acts, default=0) - min(acts, default=0)
    outside = attack.build(attack.window + second + spread, False)
    assert_as(attack, attack.late, hunt(outside.records()))


@every_attack
@pytest.mark.parametrize("seed", range(3))
def test_shuffled_doubled_and_split_input_gives_the_same(platform, attack, seed):
    records = as_it_is(attack).records()
    plain = hunt(records).plain()
    mixed = random.Random(seed).sample(records, len(records))
    assert hunt(mixed).plain() == plain
    doubled = [copy.deepcopy(record) for record in mixed for _ in range(2)]
    assert hunt(doubled).plain() == plain
    assert hunt(*[mixed[n :: seed + 2] for n in range(seed + 2)]).plain() == plain


@pytest.mark.parametrize(("platform", "attack", "wrapper"), WRAPPED, ids=name_of)
def test_wrapped_input_gives_the_same(platform, attack, wrapper, tmp_path):
    records = as_it_is(attack).records()
    paths = platform.wrappers[wrapper](tmp_path, records)
    outcome = hunt(paths=paths)
    assert outcome.plain() == hunt(records).plain()
    assert not outcome.hunt.incomplete, outcome.messages
    assert hunt(paths=paths, sifting=False, accelerators=False).plain() == outcome.plain()


@every_quiet
def test_look_alike_is_quiet(platform, quiet):
    records = quiet.build()
    outcome = hunt(records)
    assert not outcome.alarms, "\n".join(map(text_of, outcome.alarms))
    assert not hunt([copy.deepcopy(r) for r in records for _ in range(2)][::-1]).alarms


@every_attack
def test_no_record_is_of_two_feeds(platform, attack):
    for record in as_it_is(attack).records():
        for native in unwrap(record):
            assert sum(spec.recognise(native) for spec in FEEDS) == 1, native


@pytest.mark.parametrize("platform", PLATFORMS, ids=name_of)
def test_attack_amid_look_alikes_gives_the_same(platform):
    """The look-alikes of a platform together are quiet, and hide no attack."""
    crowd = [quiet.build() for quiet in platform.quiet]
    assert not hunt(*crowd).alarms
    for attack in platform.attacks:
        alone = hunt(as_it_is(attack).records())
        amid = hunt(as_it_is(attack).records(), *crowd)
        wanted = {finding.finding_id for finding in alone.alarms}
        assert {finding.finding_id for finding in amid.alarms} == wanted, attack.id
