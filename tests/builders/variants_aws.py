"""AWS attacks in other forms than their scenarios have, and ordinary days of a company that deploys.

Everybody here is told by the records alone: no allow-list, no history but what a case itself holds.
"""

from __future__ import annotations

from builders import aws
from builders.aws import ABROAD, ADMINISTRATOR, HOME, Caller, Function
from builders.scenario import DAY, HOUR, MINUTE, Quiet, Record, Variant

THUMBS = Function("thumbs-resize", role="app/thumbs-exec", region="eu-central-1")
EVE = aws.user("eve", src="203.0.113.10")
ROOT = Caller({"type": "Root", "principalId": HOME, "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}, "203.0.113.15", aws.CLI)  # fmt: skip
SSO = aws.role_session("aws-reserved/sso.amazonaws.com/AWSReservedSSO_Power_0a1b", "eve@example.com", src="203.0.113.16", agent=aws.CONSOLE)  # fmt: skip
INVOKER = aws.role_session("invoker", "x", src=EVE.src)
BACKEND = aws.role_session("backend-task", "t1", src="10.0.3.4", agent=aws.PLAIN_SDK)
CI = aws.role_session("ci-deploy", "build-7", src="192.0.2.50")
STACK = aws.on_behalf(aws.role_session("deploy", "AWSCloudFormation"), "cloudformation.amazonaws.com")  # fmt: skip
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def _unanswered(record: Record) -> Record:
    return {**record, "responseElements": None}


def _key(fn: Function, at: float, **session: object) -> Record:
    return aws.create_access_key(fn.acts(**session), "backup-svc", at)


# --- attacks ----------------------------------------------------------------------------------


def _code_unanswered(caller: Caller, spelling: str, *, scoped: bool) -> list[Record]:
    return [
        aws.get_function(caller, THUMBS, -MINUTE),
        aws.update_code(caller, THUMBS, 0, spelling=spelling, answered=False),
        _key(THUMBS, HOUR, scoped=scoped),
    ]


def _layer_unanswered() -> list[Record]:
    layer = f"arn:aws:lambda:{THUMBS.region}:{ABROAD}:layer:shim:3"
    return [
        _unanswered(aws.update_configuration(EVE, THUMBS, 0, layers=[layer])),
        aws.get_secret(THUMBS.acts(scoped=False), "prod/db", HOUR, THUMBS.region),
    ]


def _listed_then_run_as_another() -> list[Record]:
    return [
        aws.list_functions(EVE, -2 * MINUTE, region=THUMBS.region),
        aws.get_function(EVE, THUMBS, -MINUTE),
        aws.invoke(INVOKER, THUMBS, 0),
        aws.attach_user_policy(THUMBS.acts(), "mallory", ADMINISTRATOR, 5),
    ]


def _run_amid_a_backend() -> list[Record]:
    calls = [aws.invoke(BACKEND, THUMBS, at) for at in range(-4 * HOUR, HOUR, 20 * MINUTE)]
    return [*calls, *_listed_then_run_as_another()]


def _whole_service_granted() -> list[Record]:
    return [
        aws.put_role_policy(EVE, THUMBS.role, "p", aws.policy("iam:*"), -MINUTE),
        aws.create_function(EVE, THUMBS, 0),
        aws.get_secret(THUMBS.acts(), "prod/db", HOUR, THUMBS.region),
    ]


def _by_a_stack() -> list[Record]:
    return [aws.create_function(STACK, THUMBS, 0), _key(THUMBS, HOUR)]


def _stack_opens_all() -> list[Record]:
    me = THUMBS.acts()
    return [
        aws.create_function(STACK, THUMBS, 0),
        aws.attach_role_policy(me, "helper", ADMINISTRATOR, HOUR),
    ]


_KEY = (THUMBS.arn, aws.new_key("backup-svc"))
ATTACKS = (
    *(
        Variant(
            f"A03: no answer, {who}, {spelling}{', inScopeOf' if scoped else ''}",
            lambda caller=caller, spelling=spelling, scoped=scoped: _code_unanswered(
                caller, spelling, scoped=scoped
            ),
            (*_KEY, caller.arn),
        )
        for who, caller in (("user", EVE), ("root", ROOT), ("single sign-on", SSO))
        for spelling in ("name", "partial", "qualified")
        for scoped in (False, True)
    ),
    Variant("A08: no answer, foreign layer", _layer_unanswered, (THUMBS.arn, ABROAD, "prod/db")),
    Variant(
        "A14: listed as a user, run in a role",
        _listed_then_run_as_another,
        (EVE.arn, INVOKER.arn, "mallory"),
    ),
    Variant("A14: amid a backend's calls", _run_amid_a_backend, (EVE.arn, "mallory")),
    Variant("A15: all of IAM by an inline policy", _whole_service_granted, (THUMBS.arn, "prod/db")),
    Variant("A01: by a stack", _by_a_stack, (*_KEY, "cloudformation.amazonaws.com")),
    Variant("A01: a stack's function makes an administrator", _stack_opens_all, (ADMINISTRATOR,)),
)


# --- near misses and ordinary days ------------------------------------------------------------


def _session_of_that_name() -> list[Record]:
    """The write names no role, and nothing says that the session came from inside Lambda."""
    person = aws.role_session("operators", THUMBS.name, agent=aws.PLAIN_SDK)
    return [
        aws.update_code(EVE, THUMBS, 0, answered=False),
        aws.create_access_key(person, "backup-svc", HOUR),
    ]


def _another_function_unanswered() -> list[Record]:
    other = THUMBS.with_(name="another")
    return [aws.update_code(EVE, THUMBS, 0, answered=False), _key(other, HOUR, scoped=False)]


def _terraform() -> list[Record]:
    """Thirty functions with roles and policies, each reading the secrets it was made for."""
    records = []
    for n in range(30):
        fn, at = THUMBS.with_(name=f"svc-{n:02d}", role=f"svc-{n:02d}-role"), n * 20
        records += [
            aws.create_role(CI, fn.role, at),
            aws.put_role_policy(CI, fn.role, "own", aws.policy("s3:*", "dynamodb:*"), at + 1),
            aws.attach_role_policy(CI, fn.role, BASIC, at + 2),
            aws.create_function(CI, fn, at + 5, error="InvalidParameterValueException"),
            aws.create_function(CI, fn, at + 9),
            aws.get_secret(fn.acts(), f"{fn.name}/db", at + HOUR, fn.region),
            aws.get_parameters(fn.acts(), at + HOUR, *(f"/{fn.name}/{k}" for k in "abcdefgh")),
        ]
    return records


def _custom_resources() -> list[Record]:
    """Functions of a CDK, Serverless or Amplify stack set up what CloudFormation does not know."""
    maker = THUMBS.with_(name="stack-CustomResource", role="stack-CustomResourceRole")
    me, region = maker.acts(), maker.region
    trust = aws.trust(Federated="cognito-identity.amazonaws.com")
    policy = aws.policy("iam:CreateRole", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy")
    return [
        aws.create_role(STACK, maker.role, 0),
        aws.put_role_policy(STACK, maker.role, "own", policy, 1),
        aws.create_function(STACK, maker, 10),
        aws.create_role(me, "api-logs", 30),
        aws.attach_role_policy(me, "api-logs", BASIC, 31),
        aws.update_assume_role_policy(me, "auth-role", trust, 32),
        aws.authorize_ingress(me, aws.group_id("cluster"), 443, "10.0.0.0/8", 33, region),
        aws.add_permission(me, THUMBS, 34, "s3", "s3.amazonaws.com", sourceAccount=HOME),
    ]


def _stack_with_its_layer() -> list[Record]:
    layer = f"arn:aws:lambda:{THUMBS.region}:{HOME}:layer:shared:8"
    return [
        aws.publish_layer(STACK, layer, 0, THUMBS.region),
        aws.update_configuration(STACK, THUMBS, 20, layers=[layer]),
        aws.get_secret(THUMBS.acts(), "thumbs/db", HOUR, THUMBS.region),
    ]


def _layers_of_publishers() -> list[Record]:
    given = (
        "187925254637:layer:AWS-Parameters-and-Secrets-Lambda-Extension:12",
        "725887861453:layer:Dynatrace_OneAgent_1_python:1",
        "267093732750:layer:elastic-apm-extension-ver-1-5-0-x86_64:1",
    )
    layers = [f"arn:aws:lambda:{THUMBS.region}:{one}" for one in given]
    return [
        aws.update_configuration(CI, THUMBS, 0, layers=layers),
        aws.get_secret(THUMBS.acts(), "thumbs/db", HOUR, THUMBS.region),
    ]


def _responder() -> list[Record]:
    """A new function that only takes power away."""
    me = THUMBS.acts()
    stop = aws.policy("*").replace("Allow", "Deny")
    quarantine = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
    return [
        aws.create_function(CI, THUMBS, 0),
        aws.put_user_policy(me, "leaked", "stop", stop, HOUR),
        aws.attach_user_policy(me, "leaked", quarantine, HOUR + 1),
    ]


def _provisioning_on_the_first_day() -> list[Record]:
    """A backend runs a function that makes users; the logs begin today."""
    return [
        record
        for at in range(0, 8 * HOUR, HOUR)
        for record in (
            aws.invoke(BACKEND, THUMBS, at),
            aws.create_user(THUMBS.acts(), f"user{at}", at + 2),
        )
    ]


def _release_reads_one_more() -> list[Record]:
    """Who changes a function all the time brings code that reads one more secret."""
    me = THUMBS.acts()
    days = [aws.update_code(CI, THUMBS, day * DAY) for day in range(10)]
    reads = [aws.get_secret(me, "thumbs/db", day * DAY + 5, THUMBS.region) for day in range(10)]
    return [*days, *reads, aws.get_secret(me, "thumbs/pay", 9 * DAY + 6, THUMBS.region)]


def _rotation() -> list[Record]:
    """A rotation function deployed by a stack turns six secrets on its first day."""
    me = THUMBS.acts()
    turns = [aws.get_secret(me, f"rds/{n}", HOUR + n, THUMBS.region) for n in range(6)]
    return [aws.create_function(STACK, THUMBS, 0), *turns]


def _opened_to_a_sister_account() -> list[Record]:
    return [aws.add_permission(CI, THUMBS, 0, "sister", ABROAD)]


QUIET = (
    Quiet("no role, no mark", "a session that is named like the function", _session_of_that_name),
    Quiet("no role, another", "another function acts", _another_function_unanswered),
    Quiet("B02: Terraform", "thirty functions and their secrets", _terraform),
    Quiet("B02: custom resources", "functions of a stack set it up", _custom_resources),
    Quiet("B02: a stack's layer", "a stack is deployed anew with its layer", _stack_with_its_layer),
    Quiet("B09: publishers", "layers of AWS and vendors, then a secret", _layers_of_publishers),
    Quiet("responder", "keys and users are stopped", _responder),
    Quiet("B11: first day", "users made for a backend", _provisioning_on_the_first_day),
    Quiet("B03: one more secret", "a release by the usual deployer", _release_reads_one_more),
    Quiet("B10: first day", "six secrets are turned", _rotation),
    Quiet("sister account", "a function opened to another account", _opened_to_a_sister_account),
)
