"""The AWS scenarios: attacks A01 to A19, look-alikes B01 to B11, and the traps beside them.

An attack is built from a `World`, so that its variants are other worlds: `a01(World())` is the
chain as the table gives it, `a01(World(runner=OTHER))` the same with another function acting. Times
are seconds after the last write. Tests, examples and docs/scenarios.md all read this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from builders import aws
from builders.aws import ABROAD, ADMINISTRATOR, DAY, HOME, HOUR, MINUTE, Caller, Function, Record
from builders.scenario import Chain, Quiet, Step, act, noise, optional, setup, write

WINDOW = DAY
INVOICE = Function("invoice-sync", role="service-role/invoice-sync-role")
EVE = aws.user("eve", src="203.0.113.10")
XENIA = aws.user("xenia", src="203.0.113.11")
YORICK = aws.role_session("developers", "yorick", src="203.0.113.12")
ZELDA = aws.user("zelda", src="203.0.113.13")
HELPDESK = aws.role_session("helpdesk", "quinn", src="203.0.113.40", agent=aws.CONSOLE)
OLGA = aws.user("olga", src="203.0.113.60")  # an operator who means no harm
OUTSIDER = aws.user("rival", ABROAD, src="192.0.2.200")
QUEUE = f"arn:aws:sqs:us-east-1:{HOME}:orders-queue"
LAYER = f"arn:aws:lambda:us-east-1:{ABROAD}:layer:metrics-shim:7"
SECRETS = tuple(f"prod/service-{n:02d}/password" for n in range(1, 18))

# --- worlds, steps, scenarios -----------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What a scenario's variants change.

    `delay`: seconds from the last write to the last acts. `runner`: whose session acts in the
    function's place. `spelling`: how requests name the function. The rest shape the session.
    """

    fn: Function = INVOICE
    runner: Function | None = None
    spelling: str = "name"
    scoped: bool = True
    agent: str = aws.RUNTIME
    session: str | None = None
    src: str = "198.51.100.20"
    delay: float = 10 * MINUTE
    answered: bool = True

    def acting(self) -> Caller:
        """Return the session that acts: the function's, unless a stranger runs."""
        return (self.runner or self.fn).acts(
            scoped=self.scoped, agent=self.agent, session=self.session, src=self.src
        )


@dataclass(frozen=True)
class Attack:
    """A row of the table, with what its variants must give.

    `backwards`, `stranger`, `late`, `unlogged`: "fires", "quiet" or "either", with the reason.
    """

    id: str
    title: str
    build: Callable[[World], Chain]
    world: World = World()
    backwards: str = "quiet"
    stranger: str = "quiet"
    late: str = "quiet"
    unlogged: str = "fires"
    reason: str = ""


# --- attacks ----------------------------------------------------------------------------------


def a01(w: World) -> Chain:
    """Create, run, attach a policy to a user."""
    return Chain(
        [
            noise(aws.role_check(w.fn, -1)),
            write(aws.create_function(EVE, w.fn, 0)),
            optional(aws.invoke(EVE, w.fn, 2 * MINUTE)),
            act(aws.attach_user_policy(w.acting(), "mallory", ADMINISTRATOR, w.delay)),
        ],
        names=["mallory", ADMINISTRATOR],
    )


def a02(w: World) -> Chain:
    """Create, let a queue trigger it."""
    return Chain(
        [
            write(aws.create_function(EVE, w.fn, 0)),
            setup(aws.create_event_source_mapping(EVE, w.fn, 60, QUEUE, spelling=w.spelling)),
            act(aws.attach_user_policy(w.acting(), "mallory", ADMINISTRATOR, w.delay)),
        ],
        names=[QUEUE, "mallory", ADMINISTRATOR],
    )


def a03(w: World) -> Chain:
    """Read a function, replace its code, make a key."""
    known = w.answered
    return Chain(
        [
            noise(aws.get_function(EVE, w.fn, -5 * MINUTE)),
            write(aws.update_code(EVE, w.fn, 0, spelling=w.spelling, answered=w.answered)),
            act(aws.create_access_key(w.acting(), "backup-svc", w.delay)),
        ],
        names=[aws.new_key("backup-svc"), "backup-svc", *([w.fn.code_sha256] if known else [])],
    )


def a04(w: World) -> Chain:
    """Change configuration and code, make a key, use it."""
    key = aws.new_key("backup-svc")
    thief = aws.user("backup-svc", src="192.0.2.77", key=key)
    return Chain(
        [
            setup(aws.update_configuration(EVE, w.fn, -60, handler="lambda_function.handler")),
            write(aws.update_code(EVE, w.fn, 0, spelling=w.spelling, answered=w.answered)),
            optional(aws.invoke(EVE, w.fn, MINUTE)),
            act(aws.create_access_key(w.acting(), "backup-svc", w.delay - MINUTE)),
            act(aws.caller_identity(thief, w.delay)),
            act(aws.call(thief, "s3", "ListBuckets", w.delay, read_only=True)),
        ],
        names=[key, "192.0.2.77", "GetCallerIdentity"],
    )


def a05(w: World) -> Chain:
    """Replace code, allow oneself to run it."""
    return Chain(
        [
            write(aws.update_code(EVE, w.fn, 0, spelling=w.spelling, answered=w.answered)),
            setup(aws.add_permission(EVE, w.fn, 30, "let-me-run", EVE.arn, spelling=w.spelling)),
            optional(aws.invoke(EVE, w.fn, MINUTE)),
            act(aws.attach_user_policy(w.acting(), "mallory", ADMINISTRATOR, w.delay)),
        ],
        names=["let-me-run", EVE.arn, "mallory", ADMINISTRATOR],
    )


def a06(w: World) -> Chain:
    """Let another account run a new function."""
    return Chain(
        [
            write(aws.create_function(EVE, w.fn, 0)),
            setup(aws.add_permission(EVE, w.fn, 60, "partner", ABROAD, spelling=w.spelling)),
            optional(aws.invoke(OUTSIDER, w.fn, w.delay)),
        ],
        names=[ABROAD, "partner"],
        visible=[OUTSIDER.arn],
    )


def a07(w: World) -> Chain:
    """Let anyone run a function."""
    return Chain(
        [write(aws.add_permission(EVE, w.fn, 0, "open-door", "*", spelling=w.spelling))],
        names=["open-door", "lambda:InvokeFunction"],
        says=["condition"],
        automation=[w.fn.arn],
    )


def a07_raised(w: World) -> Chain:
    """Let anyone run a function one has just changed; a foreigner does."""
    open_door = aws.add_permission(EVE, w.fn, 60, "open-door", "*", spelling=w.spelling)
    return Chain(
        [
            write(aws.update_code(EVE, w.fn, 0)),
            setup(open_door),
            optional(aws.invoke(OUTSIDER, w.fn, w.delay)),
        ],
        names=["open-door", "lambda:InvokeFunction"],
        says=["condition"],
        visible=[OUTSIDER.arn],
    )


def a08(w: World) -> Chain:
    """Publish a layer, put it into a function that reads secrets."""
    layer = LAYER.replace(aws.REGION, w.fn.region)
    publisher = aws.user("eve-elsewhere", ABROAD, src="203.0.113.14")
    read = [SECRETS[0], f"arn:aws:secretsmanager:{w.fn.region}:{HOME}:secret:prod/db-Ab12Cd"]
    return Chain(
        [
            noise(aws.publish_layer(publisher, layer, -10 * MINUTE, w.fn.region)),
            write(aws.update_configuration(EVE, w.fn, 0, spelling=w.spelling, layers=[layer])),
            *(act(aws.get_secret(w.acting(), name, w.delay, w.fn.region)) for name in read),
        ],
        names=[layer, ABROAD, *read],
    )


def a08_own(w: World) -> Chain:
    """The same with a layer of the own account, whose publisher must be named."""
    layer = LAYER.replace(ABROAD, HOME).replace(aws.REGION, w.fn.region)
    return Chain(
        [
            setup(aws.publish_layer(XENIA, layer, -10 * MINUTE, w.fn.region)),
            write(aws.update_configuration(EVE, w.fn, 0, spelling=w.spelling, layers=[layer])),
            act(aws.get_secret(w.acting(), SECRETS[0], w.delay, w.fn.region)),
        ],
        names=[layer, SECRETS[0]],
    )


def a09(w: World) -> Chain:
    """Put a function on a public URL."""
    permission = aws.add_permission(
        EVE,
        w.fn,
        90,
        "url-public",
        "*",
        spelling=w.spelling,
        action="lambda:InvokeFunctionUrl",
        functionUrlAuthType="NONE",
    )
    return Chain(
        [
            write(aws.create_function(EVE, w.fn, 0)),
            setup(aws.create_url(EVE, w.fn, 60)),
            setup(permission),
        ],
        names=[aws.function_url(w.fn), "url-public"],
    )


def _wired(w: World, event_name: str) -> list[Step]:
    """Return a function made and bound to a rule on an API event."""
    rule = "on-" + event_name.lower()
    arn = aws.rule_arn(rule, w.fn.account, w.fn.region)
    permission = aws.add_permission(
        EVE, w.fn, 90, "from-rule", "events.amazonaws.com", spelling=w.spelling, sourceArn=arn
    )
    return [
        write(aws.create_function(EVE, w.fn, 0)),
        setup(aws.put_rule(EVE, rule, 60, event_name, w.fn)),
        setup(permission),
        setup(aws.put_targets(EVE, rule, 120, w.fn)),
    ]


def a10(w: World) -> Chain:
    """Give a key to each new user."""
    return Chain(
        [
            *_wired(w, "CreateUser"),
            act(aws.create_user(HELPDESK, "newcomer", w.delay - 20)),
            act(aws.create_access_key(w.acting(), "newcomer", w.delay)),
        ],
        names=["on-createuser", HELPDESK.arn, aws.new_key("newcomer"), "newcomer"],
    )


def a11(w: World) -> Chain:
    """Open each new role to an outsider."""
    trust = aws.trust(AWS=f"arn:aws:iam::{ABROAD}:root")
    return Chain(
        [
            *_wired(w, "CreateRole"),
            act(aws.create_role(HELPDESK, "fresh-role", w.delay - 20)),
            act(aws.update_assume_role_policy(w.acting(), "fresh-role", trust, w.delay)),
        ],
        names=["on-createrole", HELPDESK.arn, "fresh-role", f"arn:aws:iam::{ABROAD}:root"],
    )


def a12(w: World) -> Chain:
    """Open each new security group."""
    group, region = aws.group_id("web"), w.fn.region
    return Chain(
        [
            *_wired(w, "CreateSecurityGroup"),
            act(aws.create_group(HELPDESK, "web", w.delay - 20, region)),
            act(aws.authorize_ingress(w.acting(), group, 4022, "192.0.2.0/24", w.delay, region)),
        ],
        names=["on-createsecuritygroup", HELPDESK.arn, group, "4022", "192.0.2.0/24"],
    )


def a13(w: World) -> Chain:
    """Let a function of another account rewrite the templates of a bucket."""
    return _tampered(w, w.fn.with_(account=ABROAD))


def a13_own(w: World) -> Chain:
    """The same with a function of the own account."""
    return _tampered(w, w.fn)


def _tampered(w: World, fn: Function) -> Chain:
    bucket = "example-cf-templates" if w.runner is None else "example-other-bucket"
    acting = replace(w, fn=fn, runner=None).acting()
    deployer = aws.on_behalf(aws.role_session("deployer", "ci"), "cloudformation.amazonaws.com")
    key = "stacks/network.template"
    return Chain(
        [
            write(aws.put_bucket_notification(EVE, "example-cf-templates", 0, fn.arn)),
            optional(aws.get_object(acting, bucket, key, w.delay - 60)),
            optional(aws.put_object(acting, bucket, key, w.delay - 58)),
            act(aws.create_role(deployer, "stack-helper", w.delay)),
        ],
        names=["example-cf-templates", "stack-helper", fn.account],
        visible=[key, fn.role_name, acting.arn],
        automation=[fn.arn],
    )


def a14(w: World) -> Chain:
    """Run someone's privileged function as it is."""
    reader = aws.role_session("lambda-reader", "eve", src=EVE.src)
    return Chain(
        [
            noise(aws.assume_role(EVE, "lambda-reader", "eve", -10 * MINUTE)),
            setup(aws.list_functions(reader, -9 * MINUTE, region=w.fn.region)),
            setup(aws.get_function(reader, w.fn, -8 * MINUTE)),
            optional(aws.invoke(reader, w.fn, 0)),
            act(aws.attach_user_policy(w.acting(), "mallory", ADMINISTRATOR, w.delay)),
        ],
        names=["mallory", ADMINISTRATOR, reader.arn, EVE.src],
        says=[
            r"unchanged|not changed|unmodified|no (code )?(write|change)|without (a |any )?\w* ?"
            r"(write|change)|not (been )?(written|modified)|nobody (wrote|changed)"
        ],
    )


def a15(w: World) -> Chain:
    """Make a role an administrator, give it to a function that reads many secrets."""
    return Chain(
        [
            setup(aws.create_role(EVE, w.fn.role, -10 * MINUTE)),
            setup(aws.attach_role_policy(EVE, w.fn.role, ADMINISTRATOR, -9 * MINUTE)),
            write(aws.create_function(EVE, w.fn, 0)),
            optional(aws.invoke(EVE, w.fn, MINUTE)),
            *(act(aws.get_secret(w.acting(), name, w.delay, w.fn.region)) for name in SECRETS),
        ],
        names=[ADMINISTRATOR],
        counts=[len(SECRETS)],
    )


def a17(w: World, grant_at: float = -HOUR) -> Chain:
    """Three people: one grants, one writes, one runs."""
    steps = [
        setup(aws.attach_role_policy(XENIA, w.fn.role, ADMINISTRATOR, grant_at)),
        write(aws.create_function(YORICK, w.fn, 0)),
        optional(aws.invoke(ZELDA, w.fn, 3 * MINUTE)),
        act(aws.create_access_key(w.acting(), "backup-svc", w.delay)),
    ]
    return Chain(
        sorted(steps, key=lambda step: step.record["eventTime"]),
        names=[XENIA.arn, ADMINISTRATOR, YORICK.arn, "AttachRolePolicy", "CreateFunction"],
        visible=[ZELDA.arn],
    )


def a17_after(w: World) -> Chain:
    """The same, the role granted after the write."""
    return a17(w, grant_at=4 * MINUTE)


def a18(w: World) -> Chain:
    """Carry a function's session away."""
    inside = w.acting()
    outside = inside.using(src="192.0.2.66", agent=aws.CLI)
    if w.runner is not None:
        outside = aws.role_session(w.runner.role, "elsewhere", w.runner.account, src="192.0.2.66")
    return Chain(
        [
            write(aws.get_secret(inside, SECRETS[0], 0, w.fn.region)),
            act(aws.caller_identity(outside, w.delay)),
            act(aws.call(outside, "s3", "ListBuckets", w.delay, read_only=True)),
        ],
        names=["192.0.2.66", inside.src, "GetCallerIdentity", "ListBuckets", inside.arn],
        automation=[w.fn.arn if w.scoped else w.fn.name, w.fn.role_arn],
    )


def a19(w: World) -> Chain:
    """Be refused five times, then create the function."""
    return Chain(
        [
            *(
                setup(aws.create_function(EVE, w.fn, -MINUTE * n, error="AccessDeniedException"))
                for n in range(6, 1, -1)
            ),
            write(aws.create_function(EVE, w.fn, 0)),
            act(aws.attach_user_policy(w.acting(), "mallory", ADMINISTRATOR, w.delay)),
        ],
        names=["mallory", ADMINISTRATOR],
        counts=[5],
    )


ATTACKS = (
    Attack("A01", "new function attaches a policy to a user", a01),
    Attack("A02", "new function, triggered by a queue", a02),
    Attack("A03", "replaced code makes an access key", a03),
    Attack("A04", "replaced code makes a key, which is used", a04),
    Attack("A05", "replaced code, own permission to run it", a05),
    Attack(
        "A06",
        "new function opened to another account",
        a06,
        backwards="either",
        stranger="fires",
        late="fires",
        reason="the permission tells by itself; a function can be opened only once it is there",
    ),
    Attack(
        "A07",
        "anyone may run the function",
        a07,
        backwards="fires",
        stranger="fires",
        late="fires",
        reason="one event: it has no order, no second key and no window",
    ),
    Attack(
        "A07-raised",
        "changed function opened to anyone",
        a07_raised,
        backwards="fires",
        stranger="fires",
        late="fires",
        reason="the permission alone is enough",
    ),
    Attack("A08", "layer of another account, then secrets read", a08),
    Attack("A08-own", "layer of the own account, then secrets read", a08_own),
    Attack(
        "A09",
        "new function on a public URL",
        a09,
        backwards="fires",
        stranger="fires",
        late="fires",
        reason="a permission for anyone is enough",
    ),
    Attack("A10", "rule gives a key to each new user", a10),
    Attack("A11", "rule opens each new role", a11),
    Attack("A12", "rule opens each new security group", a12),
    Attack(
        "A13",
        "function of another account rewrites templates",
        a13,
        backwards="either",
        stranger="either",
        late="either",
        unlogged="either",
        reason="a bucket that calls a function of another account tells by itself; without "
        "data events only the last step is seen",
    ),
    Attack(
        "A13-own",
        "function of the own account rewrites templates",
        a13_own,
        unlogged="either",
        reason="without data events only the last step is seen",
    ),
    Attack(
        "A14",
        "privileged function run as it is",
        a14,
        unlogged="quiet",
        reason="an act without write or run is one weak event",
    ),
    Attack("A15", "administrator role, function reads many secrets", a15),
    Attack("A16", "A01 a minute before the window ends", a01, World(delay=WINDOW - MINUTE)),
    Attack("A17", "three people grant, write, run", a17),
    Attack("A17-after", "the grant after the write", a17_after),
    Attack(
        "A18",
        "session carried away",
        a18,
        backwards="either",
        reason="one session in two places is the same in either order",
    ),
    Attack("A19", "five refusals, then success", a19),
)
ATTACK = {attack.id: attack for attack in ATTACKS}

# --- look-alikes ------------------------------------------------------------------------------

TERRAFORM = aws.role_session("terraform", "plan-42", src="203.0.113.50", agent=aws.TERRAFORM)
CI = aws.role_session("github-ci", "GitHubActions", src="203.0.113.51", agent=aws.PLAIN_SDK)
STACK = aws.on_behalf(
    aws.role_session("cfn-exec", "AWSCloudFormation"), "cloudformation.amazonaws.com"
)
SCHEDULER = aws.role_session(
    "service-role/Amazon_EventBridge_Scheduler_LAMBDA_4f1c2a9b7e",
    "d0e1f2a3b4c5",
    src="scheduler.amazonaws.com",
    agent="scheduler.amazonaws.com",
)
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
REPORT = Function("daily-report", role="service-role/daily-report-role")
ROTATION = Function("db-rotation", role="db-rotation-role")
VENDING = Function("account-vending", role="account-vending-role")
SHOP = Function("shop-api", role="shop-api-role")


def _known_work(fn: Function, at: float) -> list[Record]:
    """Return harmless calls of a function."""
    me = fn.acts()
    request = {"tableName": "example-orders", "key": {"id": "HIDDEN_DUE_TO_SECURITY_REASONS"}}
    return [
        aws.get_object(me, "example-data", f"in/{int(at)}.csv", at),
        aws.put_object(me, "example-data", f"out/{int(at)}.csv", at + 2),
        aws.data_call(me, "dynamodb", "PutItem", at + 3, request),
    ]


def b01() -> list[Record]:
    """Terraform creates a role and repeats until it can be assumed."""
    refused = "InvalidParameterValueException"
    return [
        aws.create_role(TERRAFORM, REPORT.role, 0),
        aws.attach_role_policy(TERRAFORM, REPORT.role, BASIC, 1),
        *(aws.create_function(TERRAFORM, REPORT, 2 + 2 * n, error=refused) for n in range(4)),
        aws.role_check(REPORT, 10),
        aws.create_function(TERRAFORM, REPORT, 11),
        aws.get_function(TERRAFORM, REPORT, 12),
        *_known_work(REPORT, HOUR),
    ]


def b02(policy_arn: str = BASIC) -> list[Record]:
    """CloudFormation makes role, policy, function and triggers in one minute."""
    inline = aws.policy("dynamodb:GetItem", "dynamodb:PutItem")
    api = f"arn:aws:execute-api:us-east-1:{HOME}:a1b2c3d4e5/*/GET/orders"
    return [
        aws.create_role(STACK, SHOP.role, 0),
        aws.attach_role_policy(STACK, SHOP.role, policy_arn, 5),
        aws.put_role_policy(STACK, SHOP.role, "orders-table", inline, 8),
        aws.role_check(SHOP, 20),
        aws.create_function(STACK, SHOP, 20),
        aws.add_permission(STACK, SHOP, 30, "api", "apigateway.amazonaws.com", sourceArn=api),
        aws.put_rule(STACK, "nightly", 40, "Nothing", SHOP),
        aws.put_targets(STACK, "nightly", 45, SHOP),
        *_known_work(SHOP, HOUR),
    ]


def b02_admin() -> list[Record]:
    """The same with an administrator's policy: a grant and a write alone."""
    return b02(ADMINISTRATOR)


def b03() -> list[Record]:
    """CI replaces code at each commit; the function does its work."""
    return [
        record
        for day in range(5)
        for record in (
            aws.update_code(CI, SHOP, day * DAY),
            aws.update_configuration(CI, SHOP, day * DAY + 30, description=f"build {day}"),
            *_known_work(SHOP, day * DAY + HOUR),
        )
    ]


def b03_secret() -> list[Record]:
    """The same for a function that has read its secret every hour since long before."""
    reads = [
        aws.get_secret(SHOP.acts(), "shop/db", hour * HOUR + 5)
        for hour in range(-9 * 24, 3 * 24, 6)
    ]
    return reads + [aws.update_code(CI, SHOP, day * DAY) for day in range(3)]


def b04() -> list[Record]:
    """Schedulers and the accelerator call a function often."""
    accelerator = aws.role_session("AWSAccelerator-LoggingStack-Role", "AWSAccelerator-Logger")
    return [
        aws.update_code(CI, REPORT, 0),
        *(
            record
            for n in range(120)
            for record in (
                aws.invoke(SCHEDULER, REPORT, n * 5 * MINUTE),
                aws.invoke(accelerator, REPORT, n * 5 * MINUTE + 20, waits=True),
            )
        ),
        *_known_work(REPORT, HOUR),
    ]


def b04_sessions() -> list[Record]:
    """The same roles, a new session for each call, and a function with a sensitive role."""
    strong = REPORT.with_(role="report-admin")
    callers = [
        aws.role_session(role, f"session-{n}", src=f"198.51.100.{50 + n}")
        for role in ("AWSAccelerator-Pipeline", "Amazon_EventBridge_Scheduler_LAMBDA_4f1c2a9b7e")
        for n in range(6)
    ]
    runs = [aws.invoke(caller, strong, 600 + 60 * n) for n, caller in enumerate(callers)]
    return [aws.create_function(CI, strong, 0), *runs]


def b05() -> list[Record]:
    """Lambda tries the role while creating the function."""
    return [
        aws.create_role(OLGA, REPORT.role, -30),
        aws.attach_role_policy(OLGA, REPORT.role, ADMINISTRATOR, -20),
        aws.role_check(REPORT, -1),
        aws.create_function(OLGA, REPORT, 0),
        aws.role_check(REPORT, 0, nth=1),
    ]


def b06() -> list[Record]:
    """The platform's worker makes log group and stream in the role's name."""
    return [
        aws.attach_role_policy(OLGA, REPORT.role, ADMINISTRATOR, -20),
        aws.create_function(OLGA, REPORT, 0),
        aws.invoke(OLGA, REPORT, 60),
        *aws.cold_start(REPORT, 61),
        *aws.cold_start(REPORT, 2 * HOUR),
    ]


def b07() -> list[Record]:
    """Memory and timeout change on a function that makes keys."""
    return [
        aws.update_configuration(OLGA, VENDING, 0, memorySize=512),
        aws.update_configuration(OLGA, VENDING, 60, timeout=120, description="slower"),
        aws.create_access_key(VENDING.acts(), "ci-bot", 10 * MINUTE),
    ]


def b08() -> list[Record]:
    """Service principals bound to own resources."""
    bucket = "arn:aws:s3:::example-uploads"
    rule = aws.rule_arn("nightly")
    api = f"arn:aws:execute-api:us-east-1:{HOME}:a1b2c3d4e5/*/GET/orders"
    return [
        aws.add_permission(
            OLGA, SHOP, 0, "s3", "s3.amazonaws.com", sourceArn=bucket, sourceAccount=HOME
        ),
        aws.add_permission(OLGA, SHOP, 1, "s3b", "s3.amazonaws.com", sourceAccount=HOME),
        aws.add_permission(OLGA, SHOP, 2, "events", "events.amazonaws.com", sourceArn=rule),
        aws.add_permission(OLGA, SHOP, 3, "api", "apigateway.amazonaws.com", sourceArn=api),
        aws.update_code(CI, SHOP, 60),
        *_known_work(SHOP, HOUR),
    ]


def b09() -> list[Record]:
    """A vendor's layer is added; nothing follows."""
    vendor = f"arn:aws:lambda:us-east-1:{ABROAD}:layer:vendor-agent:42"
    return [
        aws.update_configuration(OLGA, SHOP, 0, layers=[vendor]),
        aws.create_function(CI, REPORT, 60, layers=(vendor,)),
        *_known_work(SHOP, HOUR),
        *_known_work(REPORT, HOUR),
    ]


def b10() -> list[Record]:
    """A rotation function reads and writes its secret each day."""
    me = ROTATION.acts()
    rotator = aws.service("secretsmanager.amazonaws.com")
    return [
        record
        for day in range(6)
        for record in (
            aws.invoke(rotator, ROTATION, day * DAY),
            aws.get_secret(me, "prod/db/master", day * DAY + 2),
            aws.decrypt(me, day * DAY + 2),
            aws.put_secret(me, "prod/db/master", day * DAY + 3),
            aws.get_secret(me, "prod/db/app", day * DAY + 5),
        )
    ]


def b11() -> list[Record]:
    """An account-vending function makes roles each day."""
    me = VENDING.acts()
    return [
        record
        for day in range(6)
        for record in (
            aws.invoke(SCHEDULER, VENDING, day * DAY),
            aws.create_role(me, f"team-{day}-admin", day * DAY + 5),
            aws.attach_role_policy(me, f"team-{day}-admin", ADMINISTRATOR, day * DAY + 6),
        )
    ]


def b11_deployed() -> list[Record]:
    """The same, once deployed anew: only an allow-list entry quiets it."""
    return [aws.update_code(CI, VENDING, -HOUR), *b11()]


# --- traps ------------------------------------------------------------------------------------


def t_dry_run() -> list[Record]:
    """A dry run changes nothing."""
    return [
        aws.update_code(EVE, INVOICE, 0, dry_run=True),
        aws.create_access_key(INVOICE.acts(), "backup-svc", 10 * MINUTE),
    ]


def t_refused() -> list[Record]:
    """A refused write changes nothing."""
    return [
        aws.update_code(EVE, INVOICE, 0, error="AccessDeniedException"),
        aws.create_function(EVE, INVOICE, 5, error="ResourceConflictException"),
        aws.create_access_key(INVOICE.acts(), "backup-svc", 10 * MINUTE),
    ]


def t_refused_opening() -> list[Record]:
    """A refused permission opens nothing."""
    return [aws.add_permission(EVE, INVOICE, 0, "open-door", "*", error="AccessDeniedException")]


def t_limited() -> list[Record]:
    """A permission for anyone that a source limits, and one for the own account."""
    topic = f"arn:aws:sns:us-east-1:{HOME}:example-topic"
    return [
        aws.add_permission(EVE, INVOICE, 0, "limited", "*", sourceArn=topic),
        aws.add_permission(EVE, INVOICE, 1, "org", "*", principalOrgID="o-exampleorg1"),
        aws.add_permission(EVE, INVOICE, 2, "own", HOME),
        aws.add_permission(EVE, INVOICE, 3, "self", aws.role_arn("batch")),
    ]


def t_private_url() -> list[Record]:
    """A URL that asks for IAM."""
    return [
        aws.create_function(EVE, INVOICE, 0),
        aws.create_url(EVE, INVOICE, 60, "AWS_IAM"),
        aws.add_permission(
            EVE,
            INVOICE,
            90,
            "url-iam",
            aws.role_arn("web"),
            action="lambda:InvokeFunctionUrl",
            functionUrlAuthType="AWS_IAM",
        ),
    ]


def t_by_hand() -> list[Record]:
    """Who wrote the function makes a key himself: the function did nothing."""
    return [
        aws.create_function(EVE, INVOICE, 0),
        aws.invoke(EVE, INVOICE, 60),
        aws.create_user(EVE, "robot", 100),
        aws.create_access_key(EVE, "robot", 120),
        aws.attach_user_policy(EVE, "robot", ADMINISTRATOR, 130),
    ]


def t_other_services() -> list[Record]:
    """CloudFront and AppSync have a CreateFunction of their own."""
    front = {
        "name": INVOICE.name,
        "functionConfig": {"comment": "", "runtime": "cloudfront-js-2.0"},
    }
    sync = {"apiId": "a1b2c3", "name": INVOICE.name, "dataSourceName": "example"}
    return [
        aws.call(EVE, "cloudfront", "CreateFunction2020_05_31", 0, front),
        aws.call(EVE, "appsync", "CreateFunction", 5, sync),
        aws.attach_user_policy(INVOICE.acts(), "mallory", ADMINISTRATOR, 10 * MINUTE),
    ]


def t_one_session() -> list[Record]:
    """One session seen from several places without being stolen (against A18).

    The worker, a service on the function's behalf, an SDK that does not say where it runs, and a
    second execution environment at another address.
    """
    me = REPORT.acts()
    return [
        aws.get_secret(me, "report/db", 0),
        aws.decrypt(me, 0),
        *aws.cold_start(REPORT, 1),
        aws.caller_identity(me.using(agent=aws.PLAIN_SDK), 5),
        aws.get_secret(me.using(src="198.51.100.21"), "report/db", 10),
        aws.caller_identity(me.using(src="AWS Internal", agent="AWS Internal"), 20),
    ]


def t_namesakes() -> list[Record]:
    """Refusals of a namesake in another account, and a function of the same name there."""
    namesake = aws.user("eve", ABROAD, src="192.0.2.9")
    abroad = INVOICE.with_(account=ABROAD)
    return [
        *(
            aws.create_function(namesake, abroad, -60 * n, error="AccessDeniedException")
            for n in range(6, 1, -1)
        ),
        aws.create_function(EVE, INVOICE, 0),
        aws.invoke(EVE, INVOICE, 60),
        aws.attach_user_policy(abroad.acts(), "mallory", ADMINISTRATOR, 10 * MINUTE),
    ]


def t_own_partner() -> list[Record]:
    """A new function opened to the own account, which runs it (against A06)."""
    return [
        aws.create_function(EVE, INVOICE, 0),
        aws.add_permission(EVE, INVOICE, 60, "batch", HOME),
        aws.add_permission(EVE, INVOICE, 61, "batch-role", aws.role_arn("batch")),
        aws.invoke(ZELDA, INVOICE, 120),
    ]


def t_role_returned() -> list[Record]:
    """A role of the same name in another account is granted; the function here does its work."""
    admin = aws.user("root-admin", ABROAD, src="192.0.2.10")
    return [
        aws.attach_role_policy(admin, INVOICE.role, ADMINISTRATOR, -60),
        aws.create_function(EVE, INVOICE, 0),
        *_known_work(INVOICE, HOUR),
    ]


QUIET = (
    Quiet("B01", "Terraform repeats until the role can be assumed", b01),
    Quiet("B02", "CloudFormation deploys a stack", b02),
    Quiet("B02-admin", "a stack whose role is an administrator", b02_admin),
    Quiet("B03", "CI replaces code at each commit", b03),
    Quiet("B03-secret", "a redeployed function reads its secret as ever", b03_secret),
    Quiet("B04", "schedulers call a function often", b04),
    Quiet("B04-sessions", "the same, each call another session of one role", b04_sessions),
    Quiet("B05", "Lambda tries the role during creation", b05),
    Quiet("B06", "the platform's cold start", b06),
    Quiet("B07", "memory and timeout change", b07),
    Quiet("B08", "service principals bound to own resources", b08),
    Quiet("B09", "vendor's layer, nothing follows", b09),
    Quiet("B10", "rotation function at work", b10),
    Quiet("B11", "account-vending function at work", b11),
    Quiet("trap: dry run", "an update that changes nothing", t_dry_run),
    Quiet("trap: refused", "writes that were refused", t_refused),
    Quiet("trap: refused opening", "a permission that was refused", t_refused_opening),
    Quiet("trap: limited", "permissions with a limit or for the own account", t_limited),
    Quiet("trap: private URL", "a function URL that asks for IAM", t_private_url),
    Quiet("trap: by hand", "the writer acts, not the function", t_by_hand),
    Quiet("trap: other services", "CreateFunction of CloudFront and AppSync", t_other_services),
    Quiet("trap: one session", "one session from several places of AWS", t_one_session),
    Quiet("trap: namesakes", "user and function of equal name in another account", t_namesakes),
    Quiet("trap: own partner", "a new function opened to the own account", t_own_partner),
    Quiet(
        "trap: namesake role", "a role of equal name granted in another account", t_role_returned
    ),
)
