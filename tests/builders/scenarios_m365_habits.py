"""Microsoft 365 attacks on users with habits of their own, and makers' days that look alike.

The victim's own flows mail already, links were made before, the record names the user by object id;
or the flow acts only once. Everybody here appears in one scenario alone, so that all may meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import m365
from builders.m365 import FLOW_AGENT, FLOW_APP, Person
from builders.scenario import (
    DAY,
    HOUR,
    MINUTE,
    Chain,
    Quiet,
    Record,
    Scenario,
    act,
    noise,
    optional,
    setup,
    write,
)

if TYPE_CHECKING:
    from builders.scenario import Step

IDA = Person("ida@example.com", src="203.0.113.51")
JON = Person("jon@example.com", src="203.0.113.52")
KAY = Person("kay@example.com", src="203.0.113.53")
LEO = Person("leo@example.com", src="203.0.113.54")
MAE = Person("mae@example.com", src="203.0.113.55")
NED = Person("ned@example.com", src="203.0.113.56")
OLA = Person("ola@example.com", src="203.0.113.57")
PIA = Person("pia@example.com", src="203.0.113.58")
RAY = Person("ray@example.com", src="203.0.113.60")
SOMEBODY = Person("sam@example.com", src="203.0.113.59")
OUTSIDE = "collect@example.net"


def _flow_of(who: Person) -> str:
    return m365.key_of("flow", who.name)


def _agent(*parts: str) -> str:
    """Return how the client of another running flow names itself."""
    return FLOW_AGENT.replace(
        "8f1d2c3b4a5968778695a4b3c2d1e0f9", m365.key_of(*parts).replace("-", "")
    )


def _made(who: Person, connectors: str, operation: str = "CreateFlow") -> Step:
    return write(m365.flow(who, operation, 0, flow_id=_flow_of(who), connectors=connectors))


def _links(who: Person, seconds: float, count: int) -> list[Record]:
    return [
        m365.anonymous_link(who, seconds - n, f"ledger-{who.src[-2:]}-{n}.xlsx")
        for n in range(count)
    ]


def _shared_daily(who: Person, days: int) -> list[Step]:
    """Return a link of each of the days before, at the same site."""
    return [
        noise(m365.anonymous_link(who, -day * DAY, f"flyer-{who.src[-2:]}-{day}.pdf"))
        for day in range(1, days + 1)
    ]


def m01_habit(delay: float, stranger: bool) -> Chain:
    """The user's approval flow mails every day; a new one with HTTP does so as well."""
    runner = SOMEBODY if stranger else IDA
    daily = [
        m365.graph(IDA, -day * DAY, "/me/sendMail", agent=_agent("approvals")) for day in (2, 3, 4)
    ]
    sent = [
        m365.graph(runner, delay - n, "/me/sendMail", agent=_agent("new flow")) for n in range(2)
    ]
    return Chain(
        [*map(noise, daily), _made(IDA, "Office 365 Outlook, HTTP"), *map(optional, sent)],
        names=[IDA.upn, IDA.src, m365.ENVIRONMENT, "HTTP"],
        visible=["sendMail"],
        counts=[2],
        automation=[_flow_of(IDA)],
    )


def m01_once(delay: float, stranger: bool) -> Chain:
    """A flow with Gmail forwards a single mail."""
    runner = SOMEBODY if stranger else JON
    sent = m365.graph(runner, delay, "/me/messages/AAMkADE1/forward", agent=_agent("jon's flow"))
    return Chain(
        [_made(JON, "Gmail, Office 365 Outlook"), optional(sent)],
        names=[JON.upn, JON.src, "Gmail"],
        visible=["forward", JON.id],
        automation=[_flow_of(JON)],
    )


def m02_pause(delay: float, stranger: bool) -> Chain:
    """The user made a link at the same site five days ago."""
    before = noise(m365.anonymous_link(KAY, -5 * DAY, "flyer.pdf"))
    links = _links(SOMEBODY if stranger else KAY, delay, 6)
    return Chain(
        [before, _made(KAY, "SharePoint"), *map(act, links)],
        names=[KAY.upn, KAY.src, "ledger-53-0.xlsx"],
        counts=[6],
        automation=[_flow_of(KAY)],
    )


def m02_burst(delay: float, stranger: bool) -> Chain:
    """The user makes a link every day; the flow makes twelve."""
    links = _links(SOMEBODY if stranger else LEO, delay, 12)
    return Chain(
        [*_shared_daily(LEO, 4), _made(LEO, "OneDrive for Business"), *map(act, links)],
        names=[LEO.upn, LEO.src, "ledger-54-0.xlsx"],
        counts=[12],
        automation=[_flow_of(LEO)],
    )


def m03_object_id(delay: float, stranger: bool) -> Chain:
    """The flow's record knows its maker by object id, with the address beside it."""
    made = m365.flow(
        MAE, "CreateFlow", 0, flow_id=_flow_of(MAE), UserId=MAE.id, UserKey="10032001020A3408"
    )
    rule = m365.inbox_rule(SOMEBODY if stranger else MAE, delay, OUTSIDE)
    return Chain(
        [write(made), act(rule)],
        names=[MAE.upn, MAE.src, OUTSIDE],
        automation=[_flow_of(MAE)],
    )


def m04_habit(delay: float, stranger: bool) -> Chain:
    """The new owner, who makes a link every day, adds HTTP and makes two."""
    granted = m365.share_flow(SOMEBODY, NED.upn, -10 * MINUTE, flow_id=_flow_of(NED))
    edited = m365.flow(
        NED, "EditFlow", 0, connectors="SharePoint, HTTP",
        flow_id=m365.key_of("other") if stranger else _flow_of(NED),
    )  # fmt: skip
    return Chain(
        [*_shared_daily(NED, 4), setup(granted), write(edited), *map(act, _links(NED, delay, 2))],
        names=[NED.upn, NED.src, SOMEBODY.upn, SOMEBODY.src, "HTTP"],
        counts=[2],
        automation=[_flow_of(NED)],
    )


_BLIND = {"unlogged": "quiet", "reason": "Graph activity is off: only the flow's making shows"}
ATTACKS = (
    Scenario("M01-habit", "a new flow with HTTP beside one that mails daily", m01_habit, **_BLIND),
    Scenario("M01-once", "flow with Gmail, one mail is forwarded", m01_once, **_BLIND),
    Scenario("M02-pause", "flow, six links of one who made one last week", m02_pause),
    Scenario("M02-burst", "flow, twelve links of one who makes one daily", m02_burst),
    Scenario("M03-id", "flow by object id, then a rule that forwards", m03_object_id),
    Scenario("M04-habit", "flow handed over, HTTP added, links of one who shares daily", m04_habit),
)


def maker_without_files() -> list[Record]:
    """A maker's flow reaches neither files nor the web; files go to clients by open link."""
    connectors = "Microsoft Teams, Office 365 Outlook, Excel Online (Business)"
    made = m365.flow(OLA, "CreateFlow", 0, flow_id=_flow_of(OLA), connectors=connectors)
    return [made, *_links(OLA, 3 * HOUR, 8)]


def maker_of_first_flow() -> list[Record]:
    """A maker lets Power Automate itself in, and the first flow reads and sends mail."""
    reads = [
        m365.graph(PIA, HOUR + n, "/me/messages", method="GET", status=200, agent=_agent("pia"))
        for n in range(3)
    ]
    return [
        m365.entra_signin(PIA, -MINUTE),
        m365.consent(PIA, 0, app=FLOW_APP),
        m365.flow(PIA, "CreateFlow", MINUTE, flow_id=_flow_of(PIA)),
        *reads,
        *(m365.graph(PIA, 2 * HOUR + n, "/me/sendMail", agent=_agent("pia")) for n in range(3)),
    ]


def integration_beside_approvals() -> list[Record]:
    """A flow that calls a service from a list, by a maker whose approval flow starts to mail."""
    approvals = m365.key_of("approvals of", RAY.name)
    mails = (m365.graph(RAY, 2 * HOUR + n, "/me/sendMail", agent=_agent("ray")) for n in range(5))
    return [
        m365.flow(RAY, "CreateFlow", 0, flow_id=_flow_of(RAY), connectors="HTTP, SharePoint"),
        m365.flow(RAY, "CreateFlow", HOUR, flow_id=approvals),
        *mails,
    ]


QUIET = (
    Quiet("office: no files", "a flow without files, many open links", maker_without_files),
    Quiet("office: service", "a flow calls a service, another mails", integration_beside_approvals),
    Quiet("office: first flow", "Power Automate let in, a first flow", maker_of_first_flow),
)
