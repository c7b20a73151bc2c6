"""Google Cloud's own variants: copies, sparse records, long operations, who is in the house.

The generic test runs the scenarios themselves (test_scenarios.py).
"""

from __future__ import annotations

import copy
import json

import pytest
from builders import gcp, variants_gcp
from builders.gcp import HOME, NUMBER, Caller, Function, person
from builders.gcp_world import world
from builders.gcp_wrappers import COPIES
from builders.hunting import hunt, missing, text_of
from builders.scenario import DAY, HOUR
from builders.scenarios_gcp import ATTACKS, EVE, OLGA, OTHER, STOLEN, SYNC

every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)


def records_of(attack):
    return attack.build(attack.delay, False).records()


def verdicts(*portions, **options):
    return [finding.verdict for finding in hunt(*portions, **options).alarms]


# --- copies and sparse records ----------------------------------------------------------------


def by_subject(record):
    """Leave out principalEmail."""
    record["protoPayload"]["authenticationInfo"].pop("principalEmail")


def by_delegation(record):
    """Leave the caller in serviceAccountDelegationInfo alone."""
    identity = record["protoPayload"]["authenticationInfo"]
    link = {"firstPartyPrincipal": {"principalEmail": identity.pop("principalEmail")}}
    identity.pop("principalSubject")
    identity["serviceAccountDelegationInfo"] = [link]


def through_the_platform(record):
    """Name the platform's agent behind a service account."""
    identity = record["protoPayload"]["authenticationInfo"]
    if identity["principalEmail"].endswith("iam.gserviceaccount.com"):
        agent = f"service-{NUMBER}@serverless-robot-prod.iam.gserviceaccount.com"
        link = {"firstPartyPrincipal": {"principalEmail": agent}}
        identity["serviceAccountDelegationInfo"] = [link]


def capitals(record):
    """Write addresses in capitals."""
    identity = record["protoPayload"]["authenticationInfo"]
    identity["principalEmail"] = identity["principalEmail"].upper()


def without_resource(record):
    """Leave out the resource."""
    record["resource"] = "..."


def without_status(record):
    """Leave out the status where it is empty."""
    if record["protoPayload"].get("status") == {}:
        record["protoPayload"].pop("status")


def without_service(record):
    """Leave out serviceName."""
    record["protoPayload"].pop("serviceName")


def without_insert_id(record):
    """Leave out insertId."""
    record.pop("insertId")


def numbered(record):
    """Write the project's number in paths."""
    text = json.dumps(record).replace(f"projects/{HOME}/locations", f"projects/{NUMBER}/locations")
    record.update(json.loads(text))


SPARSE = (
    by_subject,
    by_delegation,
    through_the_platform,
    capitals,
    without_resource,
    without_status,
    without_service,
    without_insert_id,
    numbered,
)


@every_attack
@pytest.mark.parametrize("spoil", SPARSE, ids=lambda spoil: spoil.__name__)
def test_sparse_records_tell_the_attack_too(attack, spoil):
    records = copy.deepcopy(records_of(attack))
    for record in records:
        spoil(record)
    assert hunt(records).alarms


@every_attack
@pytest.mark.parametrize("name", COPIES)
def test_copies_give_the_same(attack, name):
    records = records_of(attack)
    copied = [COPIES[name](record) for record in records]
    assert {f.finding_id for f in hunt(copied).alarms} == {
        f.finding_id for f in hunt(records).alarms
    }
    both = hunt(records + copied)
    assert {f.finding_id for f in both.alarms} == {f.finding_id for f in hunt(records).alarms}


@every_attack
def test_one_entry_that_is_first_and_last(attack):
    records = []
    for record in copy.deepcopy(records_of(attack)):
        operation = record.get("operation")
        if operation and not operation.get("last"):
            continue
        if operation:
            operation["first"] = True
        records.append(record)
    assert hunt(records).alarms


@every_attack
def test_a_pair_counts_once(attack):
    for finding in hunt(records_of(attack)).alarms:
        assert finding.evidence_totals.get("written", 1) == 1
        assert finding.evidence_totals.get("created", 1) == 1


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.id != "G03"], ids=lambda a: a.id)
def test_only_the_first_entry_of_the_write(attack):
    records = [r for r in records_of(attack) if not r.get("operation", {}).get("last")]
    assert hunt(records).alarms


def test_last_entry_without_account_falls_back_on_the_request():
    first, last = gcp.create_gen1(EVE, SYNC, 0)
    del last["protoPayload"]["response"]
    assert verdicts([first, last, gcp.create_key(SYNC.acts(), HOUR, STOLEN)]) == ["acted_as_asked"]


def test_last_entry_wins_over_the_request():
    """The request names one account, the end another: the latter acts."""
    first, last = gcp.create_gen1(EVE, SYNC, 0)
    last["protoPayload"]["response"]["serviceAccountEmail"] = OTHER.account
    assert verdicts([first, last, gcp.create_key(OTHER.acts(), HOUR, STOLEN)]) == ["acted"]
    assert not verdicts([first, last, gcp.create_key(SYNC.acts(), HOUR, STOLEN)])


# --- Data Access log off ----------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_without_data_access_log(attack):
    records = [r for r in records_of(attack) if "data_access" not in r["logName"]]
    blind = attack.id in ("G03", "G05", "G06")
    assert bool(hunt(records).alarms) != blind


# --- accounts that are shared -----------------------------------------------------------------


def test_two_functions_on_one_account_are_one_case_that_names_both():
    twin = Function("twin", SYNC.account)
    records = [
        *gcp.write_gen2(EVE, SYNC, 0),
        *gcp.write_gen2(OLGA, twin, 60),
        gcp.create_key(SYNC.acts(), HOUR, STOLEN),
    ]
    (finding,) = hunt(records).alarms
    for name in (SYNC.path, twin.path, EVE.email, OLGA.email):
        assert name in text_of(finding)


def test_default_account_of_another_project_does_not_join():
    hello = Function("hello", f"{NUMBER}-compute@developer.gserviceaccount.com")
    abroad = Caller("999999999999-compute@developer.gserviceaccount.com", agent=gcp.CODE)
    acts = gcp.create_key(abroad, HOUR, STOLEN, project=gcp.ABROAD)
    assert not verdicts([*gcp.write_gen2(EVE, hello, 0), acts])


def test_app_engine_account_where_nothing_is_named():
    first, last = gcp.create_gen1(EVE, Function("old", ""), 0)
    del first["protoPayload"]["request"]["function"]["serviceAccountEmail"]
    del last["protoPayload"]["response"]
    appspot = Caller(f"{HOME}@appspot.gserviceaccount.com", agent=gcp.CODE)
    (finding,) = hunt([first, last, gcp.create_key(appspot, HOUR, STOLEN)]).alarms
    assert "one of these" in finding.explanation


# --- who is in the house ----------------------------------------------------------------------


def policy(who, *members):
    return gcp.service_policy(who, SYNC, HOUR, *members)


def test_domain_shown_by_others_in_the_project_is_of_the_house():
    guest = person("ann", "agency.example")
    create = gcp.write_gen2(guest, SYNC, 0)
    opening = policy(guest, "group:ops@example.com")
    assert verdicts([*create, opening]) == ["created_and_shared"]
    other = gcp.create_gen1(OLGA, OTHER, -HOUR)
    assert not verdicts([*create, opening, *other])


def test_domains_given_by_the_site_count_alone():
    records = [*gcp.write_gen2(OLGA, SYNC, 0), policy(OLGA, "user:rival@rival.example")]
    assert verdicts(records) == ["created_and_shared"]
    assert not verdicts(records, values={"internal_domains": ["rival.example"]})


def test_member_of_a_free_mail_is_never_of_the_house():
    freelancer = person("ann", "gmail.com")
    create = gcp.write_gen2(freelancer, SYNC, 0)
    assert verdicts([*create, policy(OLGA, "user:bob@gmail.com")]) == ["created_and_shared"]
    assert not verdicts([*create, policy(freelancer, "user:ann@gmail.com")])


def test_known_opening_is_not_told_again():
    """Each deployment sets the same policy: after the first it is no news."""
    opening = [gcp.service_policy(OLGA, SYNC, day * DAY + 60, "allUsers") for day in range(3)]
    updates = [gcp.write_gen2(OLGA, SYNC, day * DAY, "UpdateFunction") for day in range(1, 3)]
    before = hunt([opening[0]])
    assert not before.alarms
    assert not verdicts(opening, *updates)


# --- what others do with the account ----------------------------------------------------------


def test_tokens_lead_to_what_was_done_with_them():
    hand = (
        "serviceAccountDelegationInfo",
        [{"firstPartyPrincipal": {"principalEmail": SYNC.account}}],
    )
    used = gcp.any_call(
        Caller(STOLEN, "192.0.2.77", identity=(hand,)),
        2 * HOUR,
        "storage",
        "storage.buckets.list",
        f"projects/{HOME}",
    )
    attack = next(a for a in ATTACKS if a.id == "G03")
    (finding,) = hunt([*records_of(attack), used]).alarms
    assert finding.evidence_totals["token_use"] == 1
    assert "192.0.2.77" in text_of(finding)
    assert not missing(attack.build(attack.delay, False), finding)


def test_refusals_before_the_write_are_counted():
    refused = gcp.create_gen1(EVE, SYNC, -HOUR)[0]
    refused["operation"]["last"] = True
    refused["protoPayload"]["status"] = {"code": 7, "message": "PERMISSION_DENIED"}
    more = [gcp.moved(refused, -HOUR + n) for n in range(3)]
    records = [*more, *gcp.create_gen1(EVE, SYNC, 0), gcp.create_key(SYNC.acts(), HOUR, STOLEN)]
    (finding,) = hunt(records).alarms
    assert finding.evidence_totals["refused"] == 3


# --- amid a project at work -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_project_at_work_is_quiet(seed):
    assert not [text_of(finding) for finding in hunt(world(seed)).alarms]


@every_attack
def test_attack_on_the_second_day_of_a_project_at_work(attack):
    chain = attack.build(attack.delay, False)
    later = [gcp.moved(record, gcp.seconds_of(record) + DAY) for record in chain.records()]
    alarms = hunt(world(1), later).alarms
    assert any(not missing(chain, finding) for finding in alarms)


# --- what a write changes, and what the code's account then writes ------------------------------


def as_code(src="198.51.100.7"):
    return Caller(SYNC.account, src, "google-api-python-client/2.0")


def test_update_of_memory_alone_is_no_write_though_its_end_has_no_mask():
    grant = gcp.project_policy(as_code(), 600, "roles/owner", "user:mallory@example.org")
    mask = "availableMemoryMb,timeout"
    assert not hunt(gcp.update_gen1(EVE, SYNC, 0, mask), [grant]).alarms
    assert hunt(gcp.update_gen1(EVE, SYNC, 0), [grant]).alarms


def test_function_whose_account_writes_another_function():
    second = Function("second", SYNC.account)
    found = hunt(gcp.create_gen1(EVE, SYNC, 0), gcp.create_gen1(as_code(), second, 600)).alarms
    assert [finding.verdict for finding in found] == ["acted"]
    for name in (SYNC.path, second.path, EVE.email, SYNC.account, "198.51.100.7"):
        assert name in text_of(found[0])


# --- other forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", variants_gcp.ATTACKS, ids=lambda variant: variant.title)
def test_variant_fires(variant):
    outcome = hunt(variant.build())
    texts = [text_of(finding) for finding in outcome.alarms]
    assert any(all(name in text for name in variant.names) for text in texts), texts


@pytest.mark.parametrize("quiet", variants_gcp.QUIET, ids=lambda quiet: quiet.id)
def test_ordinary_day_is_quiet(quiet):
    outcome = hunt(quiet.build())
    assert not outcome.alarms, [text_of(finding) for finding in outcome.alarms]
