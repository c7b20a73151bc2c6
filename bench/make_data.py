"""Makes CloudTrail logs for the benchmark: the same bytes for the same arguments, on any machine.

Two profiles. `management`: 5 % of the events bear a name that some shipped detection may use (writes
0.3 %, grants and other IAM 0.7 %, secrets, STS and enumeration 3 %, Invoke 1 %). `data_events`: 50 %
Invoke, 20 % GetObject, the rest as in `management`. Events are about 1.5 kB of compact JSON in the
vendor's key order, some 100,000 a day, up to ten minutes out of order, and hold attack chains.

Example: `python bench/make_data.py --events 100000 --profile management output/bench/m.jsonl`
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROFILES = ("management", "data_events")
EVENTS_PER_DAY = 100_000
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
LATE_S = 600
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
FUNCTIONS_PER_ACCOUNT = 300
WRITTEN_ONE_IN = 8  # functions under development take all the ordinary writes
EDITION = 2  # count up when the same arguments give other bytes
CHAIN_EVERY = 10_000  # one attack in so many events
CHAIN_SPAN = 3_000  # its events lie within so many
RECORDS_A_FILE = 2_000
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
TLS = (
    '{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",'
    '"clientProvidedHostHeader":"%s.%s.amazonaws.com"}'
)
_DUMPS = json.JSONEncoder(separators=(",", ":")).encode


class Who(NamedTuple):
    """An identity, already JSON, with what its calls come from."""

    text: str
    src: str
    agent: str
    account: str
    name: str  # of the role or user


class Shape(NamedTuple):
    """An operation: a share among its kin, and its request as a template with one random part."""

    weight: int
    service: str
    name: str
    request: str
    response: str
    read_only: bool


BORING = (  # names that no shipped detection asks for
    Shape(
        9,
        "ec2",
        "DescribeInstanceStatus",
        '{"instancesSet":{"items":[{"instanceId":"i-%s"}]},"filterSet":{},"includeAllInstances":true}',
        "null",
        True,
    ),
    Shape(
        8,
        "ec2",
        "DescribeVolumes",
        '{"volumeSet":{"items":[{"volumeId":"vol-%s"}]},"filterSet":{},"maxResults":500}',
        "null",
        True,
    ),
    Shape(
        7,
        "ec2",
        "DescribeTags",
        '{"maxResults":1000,"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":[{"value":"i-%s"}]}}]}}',
        "null",
        True,
    ),
    Shape(
        6,
        "ec2",
        "DescribeNetworkInterfaces",
        '{"networkInterfaceIdSet":{"items":[{"networkInterfaceId":"if-%s"}]},"filterSet":{}}',
        "null",
        True,
    ),
    Shape(
        5,
        "ec2",
        "DescribeSubnets",
        '{"subnetSet":{"items":[{"subnetId":"subnet-%s"}]},"filterSet":{}}',
        "null",
        True,
    ),
    Shape(
        14,
        "kms",
        "Decrypt",
        '{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::data-%s"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}',
        "null",
        True,
    ),
    Shape(
        8,
        "kms",
        "GenerateDataKey",
        '{"keySpec":"AES_256","keyId":"arn:aws:kms:eu-central-1:210000000001:key/%s"}',
        "null",
        True,
    ),
    Shape(
        8,
        "logs",
        "CreateLogStream",
        '{"logGroupName":"/aws/ecs/app","logStreamName":"2026/01/01/%s"}',
        "null",
        False,
    ),
    Shape(
        5,
        "logs",
        "DescribeLogStreams",
        '{"logGroupName":"/aws/ecs/%s","orderBy":"LastEventTime","descending":true,"limit":50}',
        "null",
        True,
    ),
    Shape(
        4,
        "autoscaling",
        "DescribeAutoScalingGroups",
        '{"maxRecords":100,"nextToken":"%s"}',
        "null",
        True,
    ),
    Shape(
        5,
        "elasticloadbalancing",
        "DescribeTargetHealth",
        '{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-central-1:210000000001:targetgroup/app/%s"}',
        "null",
        True,
    ),
    Shape(
        4, "monitoring", "DescribeAlarms", '{"maxRecords":100,"alarmNamePrefix":"%s"}', "null", True
    ),
    Shape(
        5,
        "ecs",
        "DescribeTasks",
        '{"cluster":"main","tasks":["arn:aws:ecs:eu-central-1:210000000001:task/main/%s"]}',
        "null",
        True,
    ),
    Shape(
        4,
        "ecs",
        "DescribeServices",
        '{"cluster":"main","services":["%s"],"include":["TAGS"]}',
        "null",
        True,
    ),
    Shape(
        4,
        "ecr",
        "BatchGetImage",
        '{"repositoryName":"app","imageIds":[{"imageTag":"%s"}],"acceptedMediaTypes":["application/json"]}',
        "null",
        True,
    ),
    Shape(
        4,
        "s3",
        "GetBucketEncryption",
        '{"encryption":"","bucketName":"data-%s","Host":"s3.eu-central-1.amazonaws.com"}',
        "null",
        True,
    ),
    Shape(
        4,
        "s3",
        "GetBucketTagging",
        '{"tagging":"","bucketName":"data-%s","Host":"s3.eu-central-1.amazonaws.com"}',
        "null",
        True,
    ),
    Shape(4, "dynamodb", "DescribeTable", '{"tableName":"orders-%s"}', "null", True),
    Shape(4, "cloudformation", "DescribeStackResources", '{"stackName":"stack-%s"}', "null", True),
    Shape(
        3,
        "tagging",
        "GetResources",
        '{"resourcesPerPage":100,"paginationToken":"%s"}',
        "null",
        True,
    ),
    Shape(
        2,
        "ssm",
        "UpdateInstanceInformation",
        '{"instanceId":"i-%s","agentVersion":"3.3.987.0","agentStatus":"Active","platformType":"Linux"}',
        "null",
        False,
    ),
)
LOOKING = (  # secrets, STS and enumeration
    Shape(
        34,
        "sts",
        "AssumeRole",
        '{"roleArn":"arn:aws:iam::210000000001:role/app-%s","roleSessionName":"app","durationSeconds":3600}',
        '{"credentials":{"accessKeyId":"ASIA%s","expiration":"Jan 1, 2026, 1:00:00 AM"}}',
        True,
    ),
    Shape(16, "secretsmanager", "GetSecretValue", '{"secretId":"prod/app/%s"}', "null", True),
    Shape(10, "ssm", "GetParameters", '{"names":["/app/%s"],"withDecryption":true}', "null", True),
    Shape(
        12,
        "ec2",
        "DescribeInstances",
        '{"instancesSet":{"items":[{"instanceId":"i-%s"}]},"filterSet":{}}',
        "null",
        True,
    ),
    Shape(
        8,
        "ec2",
        "DescribeSecurityGroups",
        '{"securityGroupSet":{"items":[{"groupId":"sg-%s"}]},"filterSet":{}}',
        "null",
        True,
    ),
    Shape(8, "sts", "GetCallerIdentity", "null", "null", True),
    Shape(4, "iam", "ListUsers", '{"maxItems":1000,"marker":"%s"}', "null", True),
    Shape(4, "iam", "GetRole", '{"roleName":"app-%s"}', "null", True),
    Shape(4, "lambda", "ListFunctions20150331", '{"maxItems":50,"marker":"%s"}', "null", True),
)
IAM = (
    Shape(
        30,
        "iam",
        "AttachRolePolicy",
        '{"roleName":"app-%s","policyArn":"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}',
        "null",
        False,
    ),
    Shape(
        20,
        "iam",
        "PutRolePolicy",
        '{"roleName":"app-%s","policyName":"inline","policyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"s3:GetObject\\"],\\"Resource\\":\\"*\\"}]}"}',
        "null",
        False,
    ),
    Shape(
        20,
        "iam",
        "CreateRole",
        '{"roleName":"app-%s","path":"/","assumeRolePolicyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"ecs-tasks.amazonaws.com\\"},\\"Action\\":\\"sts:AssumeRole\\"}]}"}',
        "null",
        False,
    ),
    Shape(10, "iam", "CreateUser", '{"userName":"user-%s"}', "null", False),
    Shape(
        10,
        "iam",
        "CreateAccessKey",
        '{"userName":"user-%s"}',
        '{"accessKey":{"accessKeyId":"AKIA%s","status":"Active","userName":"user"}}',
        False,
    ),
    Shape(
        10,
        "ec2",
        "AuthorizeSecurityGroupIngress",
        '{"groupId":"sg-%s","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}',
        '{"_return":true}',
        False,
    ),
)


_STACKS = ("pay", "mail", "shop", "auth", "feed", "geo", "bill", "chat", "scan", "sync")


class Function(NamedTuple):
    """A function of the landscape."""

    account: str
    region: str
    name: str
    role: str

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def role_arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role/service-role/{self.role}"


class World:
    """Accounts, functions and identities that the events are about; a function of the seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.accounts = [f"2100000000{number:02}" for number in range(1, 11)]
        self.functions = [
            Function(
                account, REGIONS[n % 3], f"{_STACKS[a]}-{n:03}", f"{_STACKS[a]}-{n // 3:03}-role"
            )
            for a, account in enumerate(self.accounts)
            for n in range(FUNCTIONS_PER_ACCOUNT)
        ]
        self.sessions = [function_session(function) for function in self.functions]
        self.apps = [self._app(n) for n in range(400)]
        self.users = [self._user(n) for n in range(60)]
        self.services = [self._service(name) for name in ("autoscaling", "ecs", "config", "logs")]
        self.deployers = [self._deployer(account) for account in self.accounts]

    def anybody(self) -> Who:
        """Return who makes an ordinary call."""
        chance = self.dice.random()
        if chance < 0.55:
            return self.dice.choice(self.apps)
        if chance < 0.75:
            return self.dice.choice(self.sessions)
        return self.dice.choice(self.services if chance < 0.88 else self.users)

    def _app(self, number: int) -> Who:
        account = self.accounts[number % 10]
        session = f"i-0{number:016x}" if number % 2 else f"{number:032x}"
        src = f"10.{number % 200}.{number % 31}.{number % 251}"
        agent = (
            "aws-sdk-java/2.25.11 Linux/5.10.214-202.855.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS "
            "Java/17.0.10 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/standard md/internal"
        )
        return session_of(account, f"app-{number:03}", session, src, agent)

    def _user(self, number: int) -> Who:
        account, name = self.accounts[number % 10], f"user-{number:02}"
        text = _DUMPS(
            {
                "type": "IAMUser",
                "principalId": f"AIDA{number:017d}",
                "arn": f"arn:aws:iam::{account}:user/{name}",
                "accountId": account,
                "accessKeyId": f"AKIA{number:016d}",
                "userName": name,
            }
        )
        agent = "aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0-1017-aws exe/x86_64.ubuntu.22"
        return Who(text, f"198.51.100.{number}", agent, account, name)

    def _service(self, name: str) -> Who:
        host = f"{name}.amazonaws.com"
        return Who(
            _DUMPS({"type": "AWSService", "invokedBy": host}), host, host, self.accounts[0], name
        )

    def _deployer(self, account: str) -> Who:
        agent = "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 aws-sdk-go-v2/1.25.3 os/linux lang/go#1.21.6"
        return session_of(account, "ci-deploy", "GitHubActions", "203.0.113.20", agent)


def session_of(account: str, role: str, session: str, src: str, agent: str) -> Who:
    """Return an assumed role's session."""
    ident = f"AROA{sum(map(ord, role)):017d}"
    text = _DUMPS(
        {
            "type": "AssumedRole",
            "principalId": f"{ident}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            "accountId": account,
            "accessKeyId": f"ASIA{sum(map(ord, session)):016d}",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": ident,
                    "arn": f"arn:aws:iam::{account}:role/service-role/{role}",
                    "accountId": account,
                    "userName": role,
                },
                "webIdFederationData": {},
                "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
                "ec2RoleDelivery": "2.0",
            },
        }
    )
    return Who(text, src, agent, account, role)


def function_session(function: Function) -> Who:
    """Return the session that a function's code acts with."""
    agent = (
        "Boto3/1.34.42 md/Botocore#1.34.42 ua/2.0 os/linux#5.10.216-225.855.amzn2.x86_64 "
        "md/arch#x86_64 lang/python#3.12.2 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 Botocore/1.34.42"
    )
    src = f"18.185.{len(function.name)}.{int(function.account) % 250}"
    return session_of(function.account, function.role, function.name, src, agent)


class Generator:
    """Yields the events of one profile, in order of arrival."""

    def __init__(self, events: int, profile: str, seed: int = 1) -> None:
        self.events, self.profile = events, profile
        self.world = World(seed)
        self.dice = self.world.dice
        self.planned: dict[int, Callable[[int], str]] = {}
        self.chains: list[dict[str, str]] = []
        self._plan_chains()
        self._boring, self._boring_weights = _weighted(BORING)
        self._looking, self._looking_weights = _weighted(LOOKING)
        self._iam, self._iam_weights = _weighted(IAM)

    def lines(self) -> Iterator[str]:
        """Yield every event as one line of JSON without its end."""
        dice, planned, data = self.dice, self.planned, self.profile == "data_events"
        for number in range(self.events):
            if number in planned:
                yield planned[number](number)
                continue
            chance = dice.random()
            if data:
                if chance < 0.7:
                    yield self._invoke(number) if chance < 0.5 else self._get_object(number)
                    continue
                chance = (chance - 0.7) / 0.3
            yield self._management(number, chance)

    def _management(self, number: int, chance: float) -> str:
        if chance < 0.95:
            (shape,) = self.dice.choices(self._boring, cum_weights=self._boring_weights)
            return self._event(number, self.world.anybody(), shape)
        if chance < 0.98:
            (shape,) = self.dice.choices(self._looking, cum_weights=self._looking_weights)
            return self._event(number, self.world.anybody(), shape)
        if chance < 0.987:
            (shape,) = self.dice.choices(self._iam, cum_weights=self._iam_weights)
            return self._event(number, self.dice.choice(self.world.deployers), shape)
        return self._write(number) if chance < 0.99 else self._invoke(number)

    def _event(self, number: int, who: Who, shape: Shape) -> str:
        token = f"{self.dice.getrandbits(40):010x}"
        request = shape.request % token if "%s" in shape.request else shape.request
        response = shape.response % token.upper() if "%s" in shape.response else shape.response
        return self._line(
            number, who, shape.service, shape.name, request, response, read=shape.read_only
        )

    def _line(
        self,
        number: int,
        who: Who,
        service: str,
        name: str,
        request: str,
        response: str,
        *,
        region: str = "eu-central-1",
        read: bool = True,
        extra: str = "",
        data: bool = False,
    ) -> str:
        bits = self.dice.getrandbits(128)
        ident = f"{bits:032x}"
        seconds = number * 86_400 // EVENTS_PER_DAY - bits % LATE_S
        time = (START + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f'{{"eventVersion":"1.09","userIdentity":{who.text},"eventTime":"{time}",'
            f'"eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}",'
            f'"sourceIPAddress":"{who.src}","userAgent":"{who.agent}","requestParameters":{request},'
            f'"responseElements":{response},{extra}"requestID":"{ident[8:16]}-{ident[:4]}-4{ident[4:7]}-a{ident[7:10]}-{ident[20:]}",'
            f'"eventID":"{ident[:8]}-{ident[8:12]}-4{ident[12:15]}-8{ident[15:18]}-{ident[18:30]}",'
            f'"readOnly":{"true" if read else "false"},"eventType":"AwsApiCall","managementEvent":{"false" if data else "true"},'
            f'"recipientAccountId":"{who.account}","vpcEndpointId":"vpce-0{ident[:16]}","vpcEndpointAccountId":"{who.account}","eventCategory":"{"Data" if data else "Management"}",'
            f'"tlsDetails":{TLS % (service, region)},"sessionCredentialFromConsole":"false"}}'
        )

    def _invoke(self, number: int, function: Any = None, who: Any = None) -> str:
        function = function or self.dice.choice(self.world.functions)
        who = who or self.dice.choice(self.world.apps)
        who = who._replace(account=function.account)
        extra = (
            f'"additionalEventData":{{"functionVersion":"{function.arn}:$LATEST"}},'
            f'"resources":[{{"accountId":"{function.account}","type":"AWS::Lambda::Function","ARN":"{function.arn}"}}],'
        )
        request = f'{{"functionName":"{function.arn}","invocationType":"RequestResponse"}}'
        return self._line(
            number,
            who,
            "lambda",
            "Invoke",
            request,
            "null",
            region=function.region,
            extra=extra,
            data=True,
        )

    def _get_object(self, number: int) -> str:
        who = self.world.anybody()
        bucket, key = (
            f"data-{self.dice.randrange(200)}",
            f"2026/01/{self.dice.getrandbits(48):012x}.parquet",
        )
        extra = (
            '"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,'
            f'"AuthenticationMethod":"AuthHeader","x-amz-id-2":"{self.dice.getrandbits(200):050x}","bytesTransferredOut":16384}},'
            f'"resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket}/{key}"}},{{"accountId":"{who.account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}],'
        )
        request = f'{{"bucketName":"{bucket}","Host":"{bucket}.s3.eu-central-1.amazonaws.com","key":"{key}"}}'
        return self._line(number, who, "s3", "GetObject", request, "null", extra=extra, data=True)

    def _write(self, number: int) -> str:
        function = self.dice.choice(self.world.functions[::WRITTEN_ONE_IN])
        who = self.world.deployers[self.world.accounts.index(function.account)]
        chance = self.dice.random()
        name = (
            "UpdateFunctionCode20150331v2"
            if chance < 0.7
            else "UpdateFunctionConfiguration20150331v2"
        )
        change = (
            '"s3Bucket":"artefacts","s3Key":"build.zip","dryRun":false'
            if chance < 0.7
            else '"memorySize":512'
        )
        request = f'{{"functionName":"{function.name}",{change}}}'
        return self._line(
            number,
            who,
            "lambda",
            name,
            request,
            _written(function),
            region=function.region,
            read=False,
        )

    # -- attacks -------------------------------------------------------------------------------

    def _plan_chains(self) -> None:
        for place in range(CHAIN_EVERY // 4, self.events - CHAIN_SPAN, CHAIN_EVERY):
            self._plan_chain(place, len(self.chains))

    def _plan_chain(self, place: int, serial: int) -> None:
        account = self.world.accounts[serial % 10]
        function = Function(
            account, REGIONS[serial % 3], f"maint-{serial:04}", f"maint-{serial:04}-role"
        )
        mallory = self.world.users[serial % 60]._replace(account=account)
        session = function_session(function)
        grant = f'{{"roleName":"{function.role}","policyArn":"{ADMIN}"}}'
        create = (
            f'{{"functionName":"{function.name}","runtime":"python3.12","role":"{function.role_arn}","handler":"index.handler",'
            '"code":{},"timeout":30,"memorySize":128,"publish":false}'
        )
        act, request = (
            ("AttachUserPolicy", f'{{"userName":"backup-{serial}","policyArn":"{ADMIN}"}}'),
            ("CreateAccessKey", f'{{"userName":"backup-{serial}"}}'),
        )[serial % 2]
        order = [
            place + self.dice.randrange(20),
            place + 700,
            place + 1500,
            place + 2200 + serial % 700,
        ]
        if serial % 3 == 0:
            order[0], order[1] = order[1], order[0]  # granted after the write
        region = function.region
        steps: list[Callable[[int], str]] = [
            lambda n: self._line(
                n, mallory, "iam", "AttachRolePolicy", grant, "null", region="us-east-1", read=False
            ),
            lambda n: self._line(
                n,
                mallory,
                "lambda",
                "CreateFunction20150331",
                create,
                _written(function),
                region=region,
                read=False,
            ),
            lambda n: self._invoke(n, function, mallory),
            lambda n: self._line(
                n, session, "iam", act, request, "null", region="us-east-1", read=False
            ),
        ]
        self.planned.update(zip(order, steps, strict=False))
        self.chains.append({"function": function.arn, "role": function.role, "act": act})


def _written(function: Function) -> str:
    return (
        f'{{"functionName":"{function.name}","functionArn":"{function.arn}","runtime":"python3.12","role":"{function.role_arn}",'
        '"handler":"index.handler","codeSize":4096,"timeout":30,"memorySize":128,"codeSha256":"Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE=",'
        '"version":"$LATEST","environment":{},"tracingConfig":{"mode":"PassThrough"},"packageType":"Zip","architectures":["x86_64"]}'
    )


def _weighted(shapes: tuple[Shape, ...]) -> tuple[list[Shape], list[int]]:
    total, sums = 0, []
    for shape in shapes:
        total += shape.weight
        sums.append(total)
    return list(shapes), sums


def write_lines(generator: Generator, path: Path) -> None:
    """Write JSON lines, and beside them the chains that were put in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".part")
    with scratch.open("w", encoding="ascii", buffering=1 << 20) as out:
        for line in generator.lines():
            out.write(line)
            out.write("\n")
    path.with_suffix(".chains.json").write_text(json.dumps(generator.chains), encoding="ascii")
    scratch.replace(path)


def write_tree(generator: Generator, root: Path) -> None:
    """Write gz `{"Records":[…]}` documents as CloudTrail delivers them to S3."""
    batch: list[str] = []
    number = 0
    for line in generator.lines():
        batch.append(line)
        if len(batch) == RECORDS_A_FILE:
            _write_document(root, number, batch)
            batch, number = [], number + 1
    if batch:
        _write_document(root, number, batch)


def _write_document(root: Path, number: int, batch: list[str]) -> None:
    day = START + datetime.timedelta(days=number * RECORDS_A_FILE // EVENTS_PER_DAY)
    folder = root / "AWSLogs" / "210000000001" / "CloudTrail" / "eu-central-1" / f"{day:%Y/%m/%d}"
    folder.mkdir(parents=True, exist_ok=True)
    text = '{"Records":[' + ",".join(batch) + "]}"
    name = f"210000000001_CloudTrail_eu-central-1_{day:%Y%m%d}T0000Z_{number:08x}.json.gz"
    (folder / name).write_bytes(gzip.compress(text.encode("ascii"), 6, mtime=0))


def main() -> None:
    """Parse the arguments and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="the file, or with --tree the folder, to write")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--profile", choices=PROFILES, default="management")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tree", action="store_true", help="write gz Records documents")
    args = parser.parse_args()
    generator = Generator(args.events, args.profile, args.seed)
    (write_tree if args.tree else write_lines)(generator, args.path)


if __name__ == "__main__":
    main()
