"""Azure attacks in the shapes that the hub, REST and resource logs give, and traps of Azure alone.

The generic variants are in test_scenarios.py; builders/scenarios_azure.py has the steps.
"""

from __future__ import annotations

import copy
import json

import pytest
from builders import azure as az
from builders import scenarios_azure as scenarios
from builders import variants_azure
from builders.hunting import hunt, missing, text_of
from builders.scenario import HOUR

ATTACKS = pytest.mark.parametrize("attack", scenarios.ATTACKS, ids=lambda attack: attack.id)
EVE, PAY, SHOP = scenarios.EVE, scenarios.PAY, scenarios.SHOP


def is_activity(record):
    return record.get("category") == "Administrative"


def as_rest(records):
    return [az.rest(record) if is_activity(record) else record for record in records]


def as_pairs(records):
    """Return each request as start and end; only the start bears what was asked."""
    pairs = [az.pair(record) if is_activity(record) else [record] for record in records]
    return [record for pair in pairs for record in pair]


def in_capitals(records):
    """Return the records with resource ids in capitals, as the hub writes many."""
    return [record | {"resourceId": record["resourceId"].upper()} for record in records]


def in_small_letters(records):
    return [record | {"resourceId": record["resourceId"].lower()} for record in records]


def without_tenant(records):
    """Return Activity Log records that do not tell their tenant."""
    bare = copy.deepcopy(records)
    for record in bare:
        if is_activity(record):
            del record["tenantId"]
            record["identity"]["claims"].pop(az.CLAIM + "tenantid", None)
    return bare


def panther(records):
    """Return Panther's copies: its own time beside the record's, and a type."""
    return [
        record | {"p_log_type": "Azure.Audit", "p_event_time": record["time"].replace("T", " ")}
        for record in records
    ]


SHAPES = (
    *(as_rest, as_pairs, in_capitals, in_small_letters, without_tenant, panther),
    variants_azure.tables,
)


@ATTACKS
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("logged", [True, False], ids=["logged", "unlogged"])
def test_attack_fires_in_every_shape(attack, shape, logged):
    chain = attack.build(attack.delay, False)
    steps = [step for step in chain.steps if logged or step.part != "optional"]
    outcome = hunt(shape([step.record for step in steps]))
    gaps = [missing(chain, finding, logged=logged) for finding in outcome.alarms]
    assert gaps, [f"{f.detection}/{f.verdict}" for f in outcome.findings]
    short = {gap.lower() for gap in min(gaps, key=len)}
    text = " ".join(text_of(finding).lower() for finding in outcome.alarms)
    assert not {gap for gap in short if gap not in text}


@pytest.mark.parametrize("quiet", scenarios.QUIET, ids=lambda quiet: quiet.id)
@pytest.mark.parametrize("shape", [as_rest, in_capitals, without_tenant], ids=lambda s: s.__name__)
def test_look_alike_is_quiet_in_every_shape(quiet, shape):
    assert not hunt(shape(quiet.build())).alarms


def test_start_and_end_count_once():
    chain = scenarios.z02(600, False)
    single, pairs = hunt(chain.records()), hunt(as_pairs(chain.records()))
    assert [f.evidence_totals for f in single.alarms] == [f.evidence_totals for f in pairs.alarms]


def test_known_identity_of_the_app_excludes_others():
    """The app's own record tells its object id: a role for another principal is not the app's."""
    answer = {"identity": {"type": "SystemAssigned", "principalId": PAY.object_id}}
    records = [
        az.sites_write(EVE, PAY, -60, answer=answer),
        az.role_assignment(EVE, SHOP.object_id, az.OWNER, scenarios.SUB_SCOPE, 0),
        az.function_write(EVE, PAY, 60),
        az.host_call(EVE, PAY, 120),
    ]
    assert not hunt(records).alarms
    records[1] = az.role_assignment(EVE, PAY.object_id, az.OWNER, scenarios.SUB_SCOPE, 0)
    assert hunt(records).alarms


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_role_for_people_is_none_for_the_identity(kind):
    scope = scenarios.SUB_SCOPE
    who = az.guid("group")
    records = [
        az.sites_write(EVE, PAY, -60),
        az.role_assignment(EVE, who, az.OWNER, scope, 0, principal_type=kind),
        az.function_write(EVE, PAY, 60),
        az.host_call(EVE, PAY, 120),
    ]
    assert not hunt(records).alarms


def test_three_people_grant_write_and_call():
    """Who acts may change from step to step; the identity is known by its sign-in."""
    ann, bob = az.person("ann@example.com"), az.person("bob@example.com", src="198.51.100.8")
    records = [
        az.role_assignment(ann, PAY.object_id, az.OWNER, scenarios.SUB_SCOPE, 0),
        az.vfs_write(bob, PAY, 60),
        az.host_call(EVE, PAY, 120),
        az.identity_signin(PAY, 130),
    ]
    (finding,) = hunt(records).alarms
    text = text_of(finding)
    assert all(name in text for name in ("ann@example.com", "bob@example.com", "Eve@example.com"))


def test_user_assigned_identity_told_by_the_app():
    """The act bears the identity's resource, which the app's request lists."""
    identity = scenarios.IDENTITY
    request = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}}
    caller = identity.acts()
    caller.claims["xms_mirid"] = identity.id.upper()
    records = [
        az.sites_write(EVE, PAY, -HOUR, request=request),
        az.vfs_write(EVE, PAY, 0),
        az.list_keys(caller, "data1", 60),
    ]
    assert {f.verdict for f in hunt(records).alarms} == {"acted"}


def test_identity_by_its_birth_record():
    """No sign-ins are exported, but AuditLogs tell for which resource the identity was made."""
    azure = az.service("Managed Service Identity")
    target = {"id": PAY.object_id, "displayName": PAY.name, "type": "ServicePrincipal"}
    changes = {"AlternativeNames": ["isExplicit=False", PAY.id]}
    records = [
        az.directory_change(azure, "Add service principal", target, -60, changes),
        az.vfs_write(EVE, PAY, 0),
        az.list_keys(PAY.acts(), "data1", 60),
    ]
    assert {f.detection for f in hunt(records).alarms} >= {"azure_function_written_then_acted"}


def test_pipeline_named_like_the_app_is_not_its_identity():
    """A service principal for deployments bears the app's name and lists keys, as pipelines do."""
    pipeline = az.service("deployer")
    signin = az.identity_signin(SHOP, 30) | {"category": "ServicePrincipalSignInLogs"}
    signin["properties"] |= {"servicePrincipalId": pipeline.object_id, "appId": az.guid("d")}
    keys = az.list_keys(pipeline, "data1", 60)
    store = az.flat(pipeline, "Microsoft.Storage/storageAccounts/write", PAY.id, 50)
    assert not hunt([az.vfs_write(EVE, SHOP, 0), signin, store, keys]).alarms


def test_corpus_like_wrapping_of_json_in_strings():
    """`properties` and `identity` as JSON texts, as tables export them."""
    records = scenarios.z01(600, False).records()
    for record in records:
        if is_activity(record):
            record["properties"] = json.dumps(record["properties"])
            record["identity"] = json.dumps(record["identity"])
    assert hunt(records).alarms


def test_whom_the_identity_gave_a_role_is_named_though_the_end_record_lacks_it():
    given = az.guid("outsider")
    role = az.role_assignment(PAY.acts(), given, az.SECRETS_USER, scenarios.RG_SCOPE, 600)
    found = hunt(as_pairs([az.vfs_write(EVE, PAY, 0), role]), [az.identity_signin(PAY, 590)]).alarms
    assert {f.detection for f in found} == {"azure_function_written_then_acted"}
    assert given in text_of(found[0])


def test_who_made_the_app_need_not_steal_its_publish_profile():
    """Publishing from an editor: the app is made, its profile read, its settings written."""
    publish = [az.publish_profile(EVE, PAY, 0), az.config_write(EVE, PAY, 60)]
    assert hunt(publish).alarms
    assert not hunt([az.sites_write(EVE, PAY, -60), *publish]).alarms
    assert hunt([az.sites_write(az.person("olga"), PAY, -60), *publish]).alarms


def test_identity_opens_a_port():
    groups = f"{scenarios.RG_SCOPE}/providers/Microsoft.Network/networkSecurityGroups"
    operation = "Microsoft.Network/networkSecurityGroups/securityRules/write"
    rule = az.flat(PAY.acts(), operation, f"{groups}/web/securityRules/any", 600)
    found = hunt([az.vfs_write(EVE, PAY, 0), az.identity_signin(PAY, 590), rule]).alarms
    assert {f.verdict for f in found} == {"acted"}


# --- other forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", variants_azure.ATTACKS, ids=lambda variant: variant.title)
@pytest.mark.parametrize("shape", [list, as_rest, as_pairs], ids=["flat", "rest", "pairs"])
def test_variant_fires(variant, shape):
    outcome = hunt(shape(variant.build()))
    texts = [text_of(finding).lower() for finding in outcome.alarms]
    wanted = [name.lower() for name in variant.names]
    assert any(all(name in text for name in wanted) for text in texts), texts


@pytest.mark.parametrize("quiet", variants_azure.QUIET, ids=lambda quiet: quiet.id)
@pytest.mark.parametrize(
    "shape", [list, as_rest, variants_azure.tables], ids=["flat", "rest", "tables"]
)
def test_ordinary_day_is_quiet(quiet, shape):
    outcome = hunt(shape(quiet.build()))
    assert not outcome.alarms, [text_of(finding) for finding in outcome.alarms]
