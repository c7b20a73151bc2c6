"""AWS attacks A01 to A19 must fire and name everything; look-alikes B01 to B11 must stay quiet.

Each attack also runs in every variant that must not change the answer (another order, doubled,
split, wrapped, other spellings, fewer logs) and in every one that must (effects before the write,
another function, role, account or region in the key, a second outside the window). A failure shows
the findings there were, and for a firing attack what the best of them leaves out.
"""

from __future__ import annotations

import copy
import datetime
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from builders import aws
from builders import scenarios_aws as scenarios
from builders.aws import ABROAD, ADMINISTRATOR, DAY, HOME, HOUR, MINUTE
from builders.hunting import hunt, left_out, text_of
from builders.scenarios_aws import (
    ATTACK,
    ATTACKS,
    EVE,
    HELPDESK,
    INVOICE,
    QUIET,
    SECRETS,
    WINDOW,
    Attack,
    Chain,
    Step,
    World,
    act,
    optional,
    setup,
    write,
)
from builders.wrappers import WRAPPERS

if TYPE_CHECKING:
    from builders.hunting import Outcome

OTHER = INVOICE.with_(name="other-function")
STRANGERS = {
    "another function": (OTHER, True),
    "another function, unscoped": (OTHER, False),
    "another role": (INVOICE.with_(role="other-role"), False),
    "another account": (INVOICE.with_(account=ABROAD), True),
    "another account, unscoped": (INVOICE.with_(account=ABROAD), False),
    "another region": (INVOICE.with_(region="eu-central-1"), True),
}
UNDECIDED = {  # what the records cannot tell, and why
    ("A14", "another role"): "nothing but the session says which role the run function has",
    (
        "A18",
        "no exec-env",
    ): "inScopeOf goes where the key goes; without the agent neither is inside",
    ("A18", "unscoped, no exec-env"): "nothing shows that the first call came from the function",
}
LOOK_ALIKES = [quiet for quiet in QUIET if quiet.id.startswith("B")]

every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)


# --- what is asked of an outcome --------------------------------------------------------------


def assert_fires(attack: Attack, chain: Chain, outcome: Outcome, *, logged: bool = True) -> None:
    """Some one finding of medium severity or more says all that the table asks for."""
    assert outcome.alarms, f"{attack.id} gives nothing; findings: {summary(outcome)}"
    gaps = {
        f"{finding.detection}/{finding.verdict}": left_out(attack, chain, finding, logged=logged)
        for finding in outcome.alarms
    }
    best = min(gaps.values(), key=len)
    assert not best, f"{attack.id} leaves out: {gaps}"


def assert_quiet(outcome: Outcome) -> None:
    """Nothing of medium severity or more."""
    assert not outcome.alarms, "\n".join(text_of(finding) for finding in outcome.alarms)


def assert_as(attack: Attack, expected: str, outcome: Outcome) -> None:
    """It fires, is quiet, or may do either."""
    if expected == "quiet":
        assert_quiet(outcome)
    elif expected == "fires":
        assert outcome.alarms, f"{attack.id} gives nothing; findings: {summary(outcome)}"
    assert not outcome.hunt.incomplete


def summary(outcome: Outcome) -> list[str]:
    """Return the findings in short, for a failure."""
    return [f"{f.detection}/{f.verdict} {f.severity}" for f in outcome.findings] + outcome.messages


# --- as is ------------------------------------------------------------------------------------


@every_attack
def test_attack_fires_and_names_everything(attack):
    chain = attack.build(attack.world)
    assert_fires(attack, chain, hunt(chain.records()))


@every_attack
def test_attack_without_optional_logs(attack):
    chain = attack.build(attack.world)
    outcome = hunt([step.record for step in chain.steps if step.part != "optional"])
    assert_as(attack, attack.unlogged, outcome)
    if attack.unlogged == "fires":
        assert_fires(attack, chain, outcome, logged=False)


@every_attack
def test_attack_without_what_proves_nothing(attack):
    """Reading, role checks and the like are context: the case stands without them."""
    chain = attack.build(attack.world)
    assert_fires(attack, chain, hunt([s.record for s in chain.steps if s.part != "noise"]))


@every_attack
def test_attack_fires_amid_look_alikes(attack):
    chain = attack.build(attack.world)
    alone = hunt(chain.records())
    amid = hunt(chain.records(), *(quiet.build() for quiet in LOOK_ALIKES))
    assert {f.finding_id for f in alone.alarms} == {f.finding_id for f in amid.alarms}


# --- the same set of events gives the same findings -------------------------------------------


@every_attack
@pytest.mark.parametrize("seed", range(3))
def test_shuffled_input_gives_the_same(attack, seed):
    records = attack.build(attack.world).records()
    mixed = random.Random(seed).sample(records, len(records))
    assert hunt(mixed).plain() == hunt(records).plain()


@every_attack
def test_doubled_input_gives_the_same(attack):
    records = attack.build(attack.world).records()
    doubled = [copy.deepcopy(record) for record in records for _ in range(2)]
    assert hunt(doubled).plain() == hunt(records).plain()


@every_attack
@pytest.mark.parametrize("parts", [2, 3, 100])
def test_split_input_gives_the_same(attack, parts):
    records = attack.build(attack.world).records()
    split = [records[n::parts] for n in range(parts)]
    assert hunt(*split).plain() == hunt(records).plain()


@every_attack
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_input_gives_the_same(attack, wrapper, tmp_path):
    records = attack.build(attack.world).records()
    outcome = hunt(paths=WRAPPERS[wrapper](tmp_path, records))
    assert outcome.plain() == hunt(records).plain()
    assert not outcome.hunt.incomplete, outcome.messages
    digests = 1 if wrapper == "S3 tree" else 0
    assert outcome.hunt.counters.read == len(records) + digests


@every_attack
def test_wrapped_noise_is_sifted_soundly(attack, tmp_path):
    """With the byte filter and the accelerators on or off, a big mixed file gives the same."""
    records = attack.build(attack.world).records()
    for quiet in LOOK_ALIKES:
        records += quiet.build()
    paths = WRAPPERS["Records gz"](tmp_path, random.Random(7).sample(records, len(records)))
    plain = hunt(records).plain()
    assert hunt(paths=paths).plain() == plain
    assert hunt(paths=paths, sifting=False, accelerators=False).plain() == plain


# --- order, keys, window ----------------------------------------------------------------------


def backwards(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records with time turned round: the last act comes first, gaps are kept."""
    ends = min(map(seconds, records)) + max(map(seconds, records))
    return [{**record, "eventTime": moment(ends - seconds(record))} for record in records]


def seconds(record: dict[str, Any]) -> float:
    """Return a record's time in seconds after START."""
    time = datetime.datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00"))
    return (time - aws.START).total_seconds()


def moment(at: float) -> str:
    """Return the reverse of `seconds`."""
    time = aws.START + datetime.timedelta(seconds=at)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@every_attack
def test_effects_before_the_write(attack):
    """A cause comes first: see the attack's `reason` where one event tells all."""
    assert_as(attack, attack.backwards, hunt(backwards(attack.build(attack.world).records())))


@every_attack
@pytest.mark.parametrize("stranger", STRANGERS)
def test_stranger_in_the_key(attack, stranger):
    """Another function, role, account or region acts than was written: no case."""
    if (attack.id, stranger) in UNDECIDED:
        pytest.skip(UNDECIDED[attack.id, stranger])
    runner, scoped = STRANGERS[stranger]
    world = replace(attack.world, runner=runner, scoped=scoped)
    assert_as(attack, attack.stranger, hunt(attack.build(world).records()))


def at_the_window(
    attack: Attack, *, first: float | None = None, last: float | None = None
) -> Chain:
    """Return the chain with its first or its last act that many seconds after the last write."""
    chain = attack.build(attack.world)
    began = max(seconds(record) for record in chain.of("write"))
    acts = [seconds(record) - began for record in chain.of("act")]
    shift = last - max(acts) if last is not None else first - min(acts)
    return attack.build(replace(attack.world, delay=attack.world.delay + shift))


windowed = pytest.mark.parametrize(
    "attack",
    [attack for attack in ATTACKS if attack.id not in ("A06", "A07", "A07-raised", "A09", "A14")],
    ids=lambda attack: attack.id,
)


@windowed
@pytest.mark.parametrize("second", [0, 1])
def test_last_act_just_inside_the_window(attack, second):
    chain = at_the_window(attack, last=WINDOW - second)
    assert_fires(attack, chain, hunt(chain.records()))


@windowed
@pytest.mark.parametrize("second", [1, MINUTE])
def test_all_acts_just_outside_the_window(attack, second):
    chain = at_the_window(attack, first=WINDOW + second)
    assert_as(attack, attack.late, hunt(chain.records()))


@pytest.mark.parametrize("attack_id", ["A06", "A07", "A07-raised", "A09"])
def test_permission_alone_needs_no_window(attack_id):
    attack = ATTACK[attack_id]
    world = replace(attack.world, delay=WINDOW + 1)
    assert_as(attack, attack.late, hunt(attack.build(world).records()))


@pytest.mark.parametrize(("delay", "fires"), [(WINDOW, True), (WINDOW + 1, False)])
def test_run_as_it_is_at_the_windows_end(delay, fires):
    """A14 has no write: its window opens with the run."""
    outcome = hunt(scenarios.a14(World(delay=delay)).records())
    assert bool(outcome.alarms) == fires, summary(outcome)


@pytest.mark.parametrize(("grant_at", "counts"), [(-WINDOW, True), (-WINDOW - 1, False)])
def test_grant_at_the_windows_end(grant_at, counts):
    """A grant a day before the write still belongs to the case; the act alone fires either way."""
    chain = scenarios.a17(World(), grant_at=grant_at)
    alarms = hunt(chain.records()).alarms
    assert alarms
    assert any(scenarios.XENIA.arn in text_of(f) for f in alarms) == counts


@pytest.mark.parametrize(("hours", "fires"), [(23, False), (24, True), (25, True)])
def test_time_window_is_tunable(hours, fires):
    chain = scenarios.a01(World(delay=24 * HOUR))
    outcome = hunt(chain.records(), values={"time_window": f"{hours}h"})
    assert bool(outcome.alarms) == fires


# --- other worlds that must not change the answer ---------------------------------------------

EU = INVOICE.with_(region="eu-west-1")
WORLDS = {
    "partial ARN": {"spelling": "partial"},
    "full ARN": {"spelling": "arn"},
    "qualified ARN": {"spelling": "qualified"},
    "alias": {"spelling": "alias"},
    "unscoped": {"scoped": False},
    "no exec-env": {"agent": aws.PLAIN_SDK},
    "unscoped, no exec-env": {"agent": aws.PLAIN_SDK, "scoped": False},
    "session of another name": {"session": "1700000000-abcdef"},
    "role without path": {"fn": INVOICE.with_(role="plain-role")},
    "deep path": {"fn": INVOICE.with_(role="teams/pay/deep-role"), "scoped": False},
    "equal names": {"fn": INVOICE.with_(role="invoice-sync"), "scoped": False},
    "another region": {"fn": EU},
    "another region, unscoped": {"fn": EU, "scoped": False},
    "private address": {"src": "10.0.4.17"},
    "null answers": {"answered": False},
    "odd name": {"fn": INVOICE.with_(name="Invoice_Sync-2", role="Invoice_Sync@2+x=y,z.w")},
    "called function": {"fn": INVOICE.with_(name="function")},
}


@every_attack
@pytest.mark.parametrize("world", WORLDS)
def test_attack_fires_in_every_world(attack, world):
    if (attack.id, world) in UNDECIDED:
        pytest.skip(UNDECIDED[attack.id, world])
    there = replace(attack, world=replace(attack.world, **WORLDS[world]))
    chain = there.build(there.world)
    assert_fires(there, chain, hunt(chain.records()))


def all_at_once(record: dict[str, Any]) -> dict[str, Any]:
    """Times are whole seconds: ties are normal."""
    return {**record, "eventTime": "2026-03-10T09:00:00Z"}


def without_v2(record: dict[str, Any]) -> dict[str, Any]:
    """Older names end with the date."""
    return {**record, "eventName": record["eventName"].replace("20150331v2", "20150331")}


def without_date(record: dict[str, Any]) -> dict[str, Any]:
    """Names of an old AWS example bear no date."""
    name = record["eventName"]
    for suffix in ("20150331v2", "20150331", "20181031"):
        name = name.removesuffix(suffix)
    return {**record, "eventName": name}


def at_timestamp(record: dict[str, Any]) -> dict[str, Any]:
    """Some copies have `@timestamp` in place of eventTime."""
    rest = {name: value for name, value in record.items() if name != "eventTime"}
    return {"@timestamp": record["eventTime"].replace("Z", ".000Z"), **rest}


def database_time(record: dict[str, Any]) -> dict[str, Any]:
    """Some copies write the time as a database does."""
    time = record["eventTime"].replace("T", " ").replace("Z", ".000000000")
    return {**record, "eventTime": time}


def zoned_time(record: dict[str, Any]) -> dict[str, Any]:
    """Some copies write +00:00."""
    return {**record, "eventTime": record["eventTime"].replace("Z", "+00:00")}


def lean(record: dict[str, Any]) -> dict[str, Any]:
    """Only what older records and trimmed copies keep."""
    dropped = {"eventVersion", "eventType", "managementEvent", "eventCategory", "requestID"}
    dropped |= {"sharedEventID", "readOnly"}
    return {name: value for name, value in record.items() if name not in dropped}


def no_nulls(record: dict[str, Any]) -> dict[str, Any]:
    """Absent in place of null."""
    return {name: value for name, value in record.items() if value is not None}


def panther(record: dict[str, Any]) -> dict[str, Any]:
    """Panther's copies carry p_ fields beside the record."""
    return {**record, "p_log_type": "AWS.CloudTrail", "p_any_ip_addresses": ["192.0.2.1"]}


FORMS = (
    without_v2,
    without_date,
    at_timestamp,
    database_time,
    zoned_time,
    lean,
    no_nulls,
    panther,
)


@every_attack
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_attack_fires_in_every_form(attack, form):
    chain = attack.build(attack.world)
    spelt = [form(record) for record in chain.records()]
    outcome = hunt(spelt)
    renamed = form in (without_v2, without_date)
    assert_fires(attack, as_spelt(chain, spelt) if renamed else chain, outcome)


def as_spelt(chain: Chain, records: list[dict[str, Any]]) -> Chain:
    """Return the chain of the records as spelt."""
    steps = [Step(step.part, record) for step, record in zip(chain.steps, records, strict=True)]
    return replace(chain, steps=steps)


@every_attack
def test_attack_fires_with_equal_times(attack):
    chain = attack.build(attack.world)
    records = [all_at_once(record) for record in chain.records()]
    assert_fires(attack, as_spelt(chain, records), hunt(records))


# --- other acts, grants and runs of the same kind ---------------------------------------------

F = INVOICE.acts()
LATER = 10 * MINUTE
SHARED = aws.trust(AWS=f"arn:aws:iam::{ABROAD}:root")
ACTS = {
    "inline administrator for a user": (
        aws.put_user_policy(F, "mallory", "all", aws.policy("*"), LATER),
        ["mallory", "all"],
    ),
    "access key, null answer": (
        aws.create_access_key(F, "mallory", LATER, answered=False),
        ["mallory"],
    ),
    "password": (aws.create_login_profile(F, "mallory", LATER), ["mallory"]),
    "user": (aws.create_user(F, "mallory", LATER), ["mallory"]),
    "attached to a role": (
        aws.attach_role_policy(F, "ops-role", ADMINISTRATOR, LATER),
        ["ops-role", ADMINISTRATOR],
    ),
    "inline administrator for a role": (
        aws.put_role_policy(F, "ops-role", "all", aws.policy("*"), LATER),
        ["ops-role", "all"],
    ),
    "role opened": (
        aws.update_assume_role_policy(F, "ops-role", SHARED, LATER),
        ["ops-role", f"arn:aws:iam::{ABROAD}:root"],
    ),
    "policy version": (
        aws.create_policy_version(F, f"arn:aws:iam::{HOME}:policy/team", aws.policy("*"), LATER),
        [f"arn:aws:iam::{HOME}:policy/team"],
    ),
    "port opened to all": (
        aws.authorize_ingress(F, "sg-0123456789abcdef0", 22, "0.0.0.0/0", LATER),
        ["sg-0123456789abcdef0", "22", "0.0.0.0/0"],
    ),
}


@pytest.mark.parametrize("kind", ACTS)
@pytest.mark.parametrize("opening", ["created", "replaced", "role changed"])
def test_other_acts_fire(kind, opening):
    record, names = ACTS[kind]
    start = {
        "created": aws.create_function(EVE, INVOICE, 0),
        "replaced": aws.update_code(EVE, INVOICE, 0),
        "role changed": aws.update_configuration(EVE, INVOICE, 0, role=INVOICE.role_arn),
    }[opening]
    attack = ATTACK["A01"]
    chain = Chain([write(start), act(record)], names=names)
    assert_fires(attack, chain, hunt(chain.records()))


CUSTOM = f"arn:aws:iam::{HOME}:policy/team-base"
GRANTS = {
    "inline administrator": [
        aws.put_role_policy(scenarios.XENIA, INVOICE.role, "everything", aws.policy("*"), -HOUR)
    ],
    "full IAM": [
        aws.attach_role_policy(
            scenarios.XENIA, INVOICE.role, "arn:aws:iam::aws:policy/IAMFullAccess", -HOUR
        )
    ],
    "power user": [
        aws.attach_role_policy(
            scenarios.XENIA, INVOICE.role, "arn:aws:iam::aws:policy/PowerUserAccess", -HOUR
        )
    ],
    "a new version of an attached policy": [
        aws.attach_role_policy(scenarios.YORICK, INVOICE.role, CUSTOM, -2 * HOUR),
        aws.create_policy_version(scenarios.XENIA, CUSTOM, aws.policy("*"), -HOUR),
    ],
    "a version set after the write": [
        aws.attach_role_policy(scenarios.YORICK, INVOICE.role, CUSTOM, -2 * HOUR),
        aws.create_policy_version(scenarios.XENIA, CUSTOM, aws.policy("iam:*"), 5 * MINUTE),
    ],
}


@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("what", ["acts", "secrets"])
def test_other_grants_are_named_and_raise(grant, what):
    """With the grant, the case says who gave what, and weighs more than without."""
    acts = (
        [aws.attach_user_policy(F, "mallory", ADMINISTRATOR, LATER)]
        if what == "acts"
        else [aws.get_secret(F, name, LATER) for name in SECRETS]
    )
    plain = [aws.create_function(EVE, INVOICE, 0), *acts]
    with_grant, without = hunt(GRANTS[grant], plain), hunt(plain)
    granted = GRANTS[grant][-1]["requestParameters"]
    name = granted.get("policyName") or granted["policyArn"]
    told = [f for f in with_grant.alarms if scenarios.XENIA.arn in text_of(f)]
    assert told, summary(with_grant)
    assert any(name in text_of(finding) for finding in told)
    risk = max((finding.risk_score for finding in without.alarms), default=0)
    assert max(finding.risk_score for finding in told) > risk


READS = {
    "BatchGetSecretValue": (
        [aws.batch_get_secrets(F, LATER, "prod/one", "prod/two")],
        ["prod/one", "prod/two"],
    ),
    "BatchGetSecretValue, filters": (
        [aws.batch_get_secrets(F, LATER, filters=[{"key": "tag-key", "values": ["prod"]}])],
        ["BatchGetSecretValue"],
    ),
    "GetParameters": (
        [aws.get_parameters(F, LATER, "/prod/db/password", "/prod/api/key")],
        ["/prod/db/password", "/prod/api/key"],
    ),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("case", ["A08", "A15"])
def test_other_secret_reads_fire(read, case):
    records, names = READS[read]
    base = ATTACK[case].build(World())
    steps = [step for step in base.steps if step.part != "act"]
    chain = Chain([*steps, *map(act, records)], names=names)
    assert_fires(ATTACK[case], chain, hunt(chain.records()))


RUNS = {
    "synchronous": aws.invoke(scenarios.ZELDA, INVOICE, MINUTE, waits=True),
    "qualified": aws.invoke(scenarios.ZELDA, INVOICE, MINUTE, qualifier="live"),
    "web function": aws.invoke_web(scenarios.ZELDA, INVOICE, MINUTE),
}


@pytest.mark.parametrize("run", RUNS)
def test_other_runs_name_who_ran(run):
    steps = [
        write(aws.create_function(EVE, INVOICE, 0)),
        optional(RUNS[run]),
        act(aws.attach_user_policy(F, "mallory", ADMINISTRATOR, LATER)),
    ]
    chain = Chain(steps, names=["mallory"], visible=[scenarios.ZELDA.arn])
    assert_fires(ATTACK["A01"], chain, hunt(chain.records()))


def test_role_swapped_to_a_strong_one_fires():
    """UpdateFunctionConfiguration with a new role: the session is the new role's."""
    strong = INVOICE.with_(role="admin-role")
    chain = Chain(
        [
            setup(aws.attach_role_policy(scenarios.XENIA, "admin-role", ADMINISTRATOR, -HOUR)),
            write(aws.update_configuration(EVE, strong, 0, role=strong.role_arn)),
            act(aws.create_access_key(strong.acts(), "backup-svc", LATER)),
        ],
        names=[aws.new_key("backup-svc"), "admin-role"],
    )
    attack = replace(ATTACK["A01"], world=World(fn=strong))
    assert_fires(attack, chain, hunt(chain.records()))


def test_foreign_invoke_without_arn_is_named():
    """A caller of another account may be recorded by account and principal id alone."""
    chain = scenarios.a06(World())
    caller = {"type": "AWSAccount", "accountId": ABROAD, "principalId": "AIDAEXAMPLE5OUTSIDER:x"}
    for record in chain.of("optional"):
        record["userIdentity"] = caller
    alarms = hunt(chain.records()).alarms
    assert any(ABROAD in text_of(finding) for finding in alarms)


@pytest.mark.parametrize("principal", [ABROAD, f"arn:aws:iam::{ABROAD}:role/build", "*"])
def test_old_function_opened_to_outsiders_fires(principal):
    """A06 and A07 by the permission: who lets outsiders in is told without any other event."""
    record = aws.add_permission(EVE, INVOICE, 0, "partner", principal, spelling="arn")
    chain = Chain([write(record)], names=["partner", principal], automation=[INVOICE.arn])
    assert_fires(ATTACK["A07"], chain, hunt([record]))


# --- traps in what a finding says -------------------------------------------------------------


def test_removed_permission_is_added_as_evidence():
    """RemovePermission does not undo a finding."""
    opened = aws.add_permission(EVE, INVOICE, 0, "open-door", "*")
    closed = aws.remove_permission(EVE, INVOICE, HOUR, "open-door")
    before, after = hunt([opened]), hunt([opened, closed])
    assert [f.finding_id for f in before.alarms] == [f.finding_id for f in after.alarms]
    assert any("RemovePermission" in text_of(finding) for finding in after.alarms)


def test_innocent_of_another_account_is_not_named():
    """A10 joins the user by name within the account."""
    stranger = aws.role_session("helpdesk", "stranger", ABROAD, src="192.0.2.41")
    chain = scenarios.a10(World())
    other = aws.create_user(stranger, "newcomer", 8 * MINUTE)
    alarms = hunt(chain.records(), [other]).alarms
    assert any(HELPDESK.arn in text_of(finding) for finding in alarms)
    assert not any(stranger.arn in text_of(finding) for finding in alarms)


def test_refusals_of_a_namesake_are_not_counted():
    """A19 counts the refusals of one principal of one account."""
    namesake = aws.user("eve", ABROAD, src="192.0.2.9")
    abroad = INVOICE.with_(account=ABROAD)
    more = [
        aws.create_function(namesake, abroad, -MINUTE * n, error="AccessDeniedException")
        for n in range(9, 1, -1)
    ]
    chain = scenarios.a19(World())
    outcome = hunt(chain.records(), more)
    assert_fires(ATTACK["A19"], chain, outcome)
    assert not any(namesake.arn in text_of(finding) for finding in outcome.alarms)


def test_evidence_is_in_time_order_and_bounded():
    chain = scenarios.a15(World())
    extra = [aws.get_secret(F, f"prod/more-{n}", 700 + n) for n in range(40)]
    for finding in hunt(chain.records(), extra).findings:
        times = [item.time for item in finding.evidence]
        assert times == sorted(times)
        for stage, total in finding.evidence_totals.items():
            assert sum(item.stage == stage for item in finding.evidence) == min(total, 20)


# --- look-alikes ------------------------------------------------------------------------------


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
def test_look_alike_is_quiet(quiet):
    assert_quiet(hunt(quiet.build()))


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
def test_look_alike_is_quiet_in_any_order_and_number(quiet):
    records = quiet.build()
    mixed = random.Random(3).sample(records * 2, 2 * len(records))
    assert_quiet(hunt(mixed))


@pytest.mark.parametrize("quiet", QUIET, ids=lambda quiet: quiet.id)
def test_look_alike_is_quiet_without_data_events(quiet):
    assert_quiet(hunt([r for r in quiet.build() if r["eventCategory"] != "Data"]))


def test_look_alikes_are_quiet_together():
    assert_quiet(hunt(*(quiet.build() for quiet in LOOK_ALIKES)))


def entry(pattern: str, expires: str = "2026-12-31", **more: str) -> dict[str, str]:
    """Return an allow-list entry."""
    return {
        "pattern": pattern,
        "reason": "account vending",
        "owner": "platform",
        "expires": expires,
        **more,
    }


def test_vending_function_deployed_anew_fires_at_default():
    assert hunt(scenarios.b11_deployed()).alarms


@pytest.mark.parametrize("pattern", ["account-vending", "account-*", "ACCOUNT-VENDING"])
@pytest.mark.parametrize("build", [scenarios.b11, scenarios.b11_deployed])
def test_allowed_function_is_quiet_and_counted(pattern, build):
    outcome = hunt(build(), values={"allowed_functions": [entry(pattern)]})
    assert_quiet(outcome)
    if build is scenarios.b11_deployed:
        assert outcome.hunt.counters.suppressed
        assert outcome.hunt.suppressed


@pytest.mark.parametrize(
    "spent",
    [
        entry("account-vending", "2026-04-01"),
        entry("account-vending", scope=ABROAD),
        entry("account"),
        entry("account.vending"),
    ],
    ids=["expired", "another account", "not the whole name", "a regular expression"],
)
def test_spent_entry_no_longer_quiets(spent):
    outcome = hunt(scenarios.b11_deployed(), values={"allowed_functions": [spent]})
    assert outcome.alarms
    assert not outcome.hunt.counters.suppressed


def test_allowed_deployer_is_quiet():
    """B03 whose function reads a secret that it has never read before."""
    records = [
        record
        for day in range(4)
        for record in (
            aws.update_code(scenarios.CI, scenarios.SHOP, day * DAY),
            aws.get_secret(scenarios.SHOP.acts(), f"shop/{day}", day * DAY + HOUR),
            aws.create_access_key(scenarios.SHOP.acts(), "rotated", day * DAY + HOUR),
        )
    ]
    allowed = [entry(f"arn:aws:sts::{HOME}:assumed-role/github-ci/*")]
    assert hunt(records).alarms
    assert_quiet(hunt(records, values={"allowed_deployers": allowed}))


def test_allowed_deployer_does_not_cover_another():
    attack = ATTACK["A03"]
    allowed = [entry(f"arn:aws:sts::{HOME}:assumed-role/github-ci/*")]
    chain = attack.build(attack.world)
    assert_fires(attack, chain, hunt(chain.records(), values={"allowed_deployers": allowed}))


# --- the comparers can fail -------------------------------------------------------------------


def test_left_out_reports_what_is_missing():
    attack = ATTACK["A01"]
    chain = attack.build(attack.world)
    finding = hunt(chain.records()).alarms[0]
    asked = replace(chain, names=["no-such-name"], says=["never said"], counts=[987654])
    gaps = left_out(attack, asked, finding)
    assert gaps == ["no-such-name", "/never said/", "count 987654"]


def test_left_out_reports_times():
    attack = ATTACK["A01"]
    chain = attack.build(attack.world)
    finding = hunt(chain.records()).alarms[0]
    later = attack.build(World(delay=HOUR))
    assert any("last time" in gap for gap in left_out(attack, later, finding))
