"""VPC flow log records become events: which interface sent what to where.

Text lines come in the default format (version 2), or in a custom one under its header. Copies are
JSON with snake_case, camelCase or dashes, and may hold numbers as floats. One flow has one id in
all of them.

Example: `2 123456789012 eni-0a1b2c3d 10.0.1.20 203.0.113.9 49152 443 6 9 5120 1767225600 1767225660
ACCEPT OK` gives eni, src, dst, dest `203.0.113.9:443` and external "true".

Source: VPC user guide, "Flow log records" (available fields, versions 2 to 10).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec, TextFormat

from .aws_names import interface
from .aws_raw_keys import ENI
from .times import time_ms
from .values import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

NAME = "aws_vpcflow"
DEFAULT_COLUMNS = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol",
    "packets", "bytes", "start", "end", "action", "log-status",
)  # fmt: skip
COLUMNS = (
    *DEFAULT_COLUMNS, "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr",
    "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service",
    "pkt-dst-aws-service", "flow-direction", "traffic-path", "ecs-cluster-arn", "ecs-cluster-name",
    "ecs-container-instance-arn", "ecs-container-instance-id", "ecs-container-id",
    "ecs-second-container-id", "ecs-service-name", "ecs-task-definition-arn", "ecs-task-arn",
    "ecs-task-id", "reject-reason", "resource-id", "encryption-status",
)  # fmt: skip
_DEFAULT = frozenset(DEFAULT_COLUMNS)
_BY_KEY = {column.replace("-", ""): column for column in COLUMNS}
_ALIASES = (("account", "account-id"), ("status", "log-status"))  # Panther's names
_ENDS = ("interface-id", "srcaddr", "dstaddr")
_FEWEST = 3  # columns that make a record a flow
_STATUSES = ("OK", "NODATA", "SKIPDATA")
_FIELDS = (
    ("region", "region"), ("src_port", "srcport"), ("dst_port", "dstport"),
    ("protocol", "protocol"), ("bytes", "bytes"), ("packets", "packets"),
)  # fmt: skip
_PANTHER = "AWS.VPCFlow"
# Nobody's public addresses. The documentation ranges (RFC 5737, 3849) are not among them: they are
# never routed, and synthetic samples use them for outside hosts.
# Source: IANA IPv4 and IPv6 special-purpose address registries.
_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
        "::/127", "64:ff9b:1::/48", "100::/64", "fc00::/7", "fe80::/9", "ff00::/8",
    )
)  # fmt: skip


@lru_cache(maxsize=4_096)
def _column(key: str) -> str:
    """Return the column that a key spells: `interface_id`, `interfaceId`, `interface-id`; or ""."""
    return _BY_KEY.get(key.replace("-", "").replace("_", "").lower(), "")


def _columns_of(record: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in record.items():
        column = _column(key) if key.__class__ is str else ""
        if column:
            shown = _scalar(value)
            if shown:
                found[column] = shown
    for key, column in _ALIASES:
        if column not in found and key in record:
            found[column] = _scalar(record[key])
    if found.get("account-id"):
        found["account-id"] = found["account-id"].zfill(12)  # a number lost its zeros
    return found


def _scalar(value: Any) -> str:
    """Return a value as the text log writes it, "" where there is none."""
    if value.__class__ is str:
        return "" if value in NONE or value == "null" else value
    # Example: 443.0
    if isinstance(value, float):
        return str(int(value)) if value == value and abs(value) < 1e18 else ""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1e18:
        return str(value)
    return ""


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a JSON record is a flow: three of its columns, an end of the flow among them."""
    if record.get("p_log_type") == _PANTHER:
        return True
    columns = {_column(key) for key in record if isinstance(key, str)} - {""}
    return len(columns) >= _FEWEST and any(end in columns for end in _ENDS)


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a flow tells; a NODATA or SKIPDATA record has no ends.

    Raises RecordError where `start` is no good.
    """
    columns = _columns_of(record)
    column = columns.get
    when = time_ms(column("start") or record.get("p_event_time"))
    fields: dict[str, FieldValue] = {}
    for field, name in _FIELDS:
        value = column(name)
        if value:
            fields[field] = value
    account, eni = column("account-id"), interface(column("interface-id"))
    if account:
        fields["account"] = account
    if eni:
        fields["eni"] = fields["actor"] = eni
    action, direction = (column("action") or "").upper(), (column("flow-direction") or "").lower()
    if action in ("ACCEPT", "REJECT"):
        fields["action"] = action
    if direction in ("egress", "ingress"):
        fields["direction"] = direction
    src = column("pkt-srcaddr") or column("srcaddr")
    _read_ends(fields, src, column("pkt-dstaddr") or column("dstaddr"))
    fields["summary"] = _summary(fields, column("log-status") or "")
    return Event(NAME, _id(columns), when, fields, record)


def _read_ends(fields: dict[str, FieldValue], src: str | None, dst: str | None) -> None:
    if src:
        fields["src"] = src
    if not dst:
        return
    fields["dst"] = dst
    port = fields.get("dst_port")
    if port:
        fields["dest"] = f"[{dst}]:{port}" if ":" in dst else f"{dst}:{port}"
    if _is_outside(dst):
        fields["external"] = "true"


@lru_cache(maxsize=65_536)
def _is_outside(address: str) -> bool:
    """Tell whether an address is a public unicast one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return not any(parsed.version == net.version and parsed in net for net in _INSIDE)


def _summary(fields: dict[str, FieldValue], status: str) -> str:
    get = fields.get
    interface_id = get("eni", "an interface")
    # Example: 2 123456789012 eni-0a1b2c3d - - - - - - - 1767225600 1767225660 - NODATA
    if "dst" not in fields:
        return f"{interface_id} {status or 'without addresses'}"
    size = f", {fields['bytes']} bytes" if "bytes" in fields else ""
    src, dst = get("src", "unknown"), get("dest") or fields["dst"]
    return f"{get('action', 'flow')} {src} to {dst} on {interface_id}{size}"


def _id(columns: dict[str, str]) -> str:
    """Return the hash of a flow's columns in the vendor's order; nothing else names a flow."""
    get = columns.get
    names = DEFAULT_COLUMNS if columns.keys() <= _DEFAULT else COLUMNS
    line = "\x1f".join([get(name, "") for name in names])
    return blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# --- text lines -------------------------------------------------------------------------------


def header(line: str) -> tuple[str, ...] | None:
    """Return the columns that a header names, the default ones for a line of version 2, or None."""
    if line[:1] in ("{", "[", "<", ""):
        return None
    words = line.split()
    # Example: version account-id interface-id srcaddr dstaddr pkt-dstaddr start end action
    # Example: ${version} ${interface-id} ${srcaddr} ${dstaddr} ${start}, as the format is set
    if len(words) >= _FEWEST and words[0].strip("${}")[:1].isalpha():
        columns = tuple(_column(word.strip("${}")) for word in words)
        named = all(columns) and len(set(columns)) == len(columns)
        return columns if named and any(end in columns for end in _ENDS) else None
    # Example: 2 123456789012 eni-0a1b2c3d 10.0.1.20 203.0.113.9 49152 443 6 9 5120 1767225600
    #   1767225660 ACCEPT OK
    if len(words) == len(DEFAULT_COLUMNS) and words[0] == "2" and words[13] in _STATUSES:
        return DEFAULT_COLUMNS if words[10].isdigit() and words[11].isdigit() else None
    return None


def parse(columns: tuple[str, ...], line: str) -> dict[str, str]:
    """Return a line's record, {} (which has no time) where it has not the columns of its header."""
    words = line.split()
    return dict(zip(columns, words)) if len(words) == len(columns) else {}


SPEC = FeedSpec(
    NAME,
    recognise,
    normalise,
    raw_keys={"eni": ENI._replace(guards=())},
    text=TextFormat(header, parse),
)
