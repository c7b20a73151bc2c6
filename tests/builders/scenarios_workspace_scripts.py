"""Workspace scripts that take data in small or many answers, and those of developers and teachers.

Everybody here appears in one scenario alone, so that all may meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import workspace as ws
from builders.scenario import HOUR, MINUTE, Chain, Quiet, Scenario, act, setup, write
from builders.workspace import MAIL, App, File, User

if TYPE_CHECKING:
    from builders.scenario import Record

FAY = User("fay@example.com", "203.0.113.61")
GUS = User("gus@example.com", "203.0.113.62")
HAL = User("hal@example.com", "203.0.113.63")
LIZ = User("liz@example.com", "203.0.113.64")
MEG = User("meg@example.com", "203.0.113.65")
NAT = User("nat@example.com", "203.0.113.66")
OTTO = User("otto@example.com", "203.0.113.67")
SOMEBODY = User("somebody@example.com", "203.0.113.68")
CREW = tuple(User(f"crew{n}@example.com", "192.0.2.84") for n in range(4))
CLASS = tuple(User(f"teacher{n}@example.com", "192.0.2.83") for n in range(4))


def _script(user: User) -> File:
    return File(
        f"1Script{user.email.partition('@')[0].title()}", "Untitled project", "script", user.email
    )


def _app(user: User) -> App:
    return App("Untitled project", f"{user.src[-2:]}00000000-own.apps.googleusercontent.com")


def _template(user: User) -> File:
    return File(
        f"1Template{user.email.partition('@')[0].title()}", "Template", "spreadsheet", user.email
    )


def w02_many_small(delay: float, stranger: bool) -> Chain:
    """A new script reads mail one by one, in small answers."""
    victim, app = (SOMEBODY if stranger else FAY), _app(FAY)
    calls = [
        ws.api_call(victim, app, delay - n, "gmail", "gmail.users.messages.get", 40_000)
        for n in range(12)
    ]
    return Chain(
        [
            write(ws.create(FAY, _script(FAY), 0)),
            setup(
                ws.authorize(
                    victim, app, 5 * MINUTE, f"{ws.AUTH}gmail.readonly", ws.EXTERNAL_REQUEST
                )
            ),
            *map(act, calls),
        ],
        names=[FAY.email, FAY.src, app.client_id, f"{ws.AUTH}gmail.readonly"],
        counts=[12],
        automation=[_script(FAY).doc_id],
    )


def w02_middling(delay: float, stranger: bool) -> Chain:
    """An edited script gets half a megabyte of mail in one answer."""
    victim, app = (SOMEBODY if stranger else GUS), _app(GUS)
    return Chain(
        [
            write(ws.on_file(GUS, "edit", _script(GUS), 0)),
            setup(ws.authorize(victim, app, 5 * MINUTE, MAIL, ws.EXTERNAL_REQUEST)),
            act(ws.api_call(victim, app, delay, "gmail", "gmail.users.messages.get", 500_000)),
        ],
        names=[GUS.email, GUS.src, app.client_id, MAIL],
        automation=[_script(GUS).doc_id],
    )


def w02_files(delay: float, stranger: bool) -> Chain:
    """A new script gets large files, none of them huge."""
    victim, app = (SOMEBODY if stranger else HAL), _app(HAL)
    calls = [
        ws.api_call(victim, app, delay - n, "drive", "drive.files.get", 4_000_000) for n in range(8)
    ]
    return Chain(
        [
            write(ws.create(HAL, _script(HAL), 0)),
            setup(ws.authorize(victim, app, 5 * MINUTE, ws.DRIVE, ws.EXTERNAL_REQUEST)),
            *map(act, calls),
        ],
        names=[HAL.email, HAL.src, app.client_id, ws.DRIVE],
        counts=[8],
        automation=[_script(HAL).doc_id],
    )


ATTACKS = (
    Scenario("W02-many", "New script reads mail in many small answers", w02_many_small),
    Scenario("W02-some", "Edited script reads half a megabyte of mail", w02_middling),
    Scenario("W02-files", "New script reads large files", w02_files),
)


def developer_tries_mail() -> list[Record]:
    """A developer makes a script for the own mailbox and tries it a few times."""
    app = _app(LIZ)
    tries = [
        ws.api_call(LIZ, app, HOUR + n, "gmail", "gmail.users.labels.list", 2_500) for n in range(4)
    ]
    return [
        ws.create(LIZ, _script(LIZ), 0),
        ws.authorize(LIZ, app, 10 * MINUTE, MAIL, ws.EXTERNAL_REQUEST),
        *tries,
    ]


def developer_with_clasp() -> list[Record]:
    """A developer works with Google's command line for scripts."""
    clasp = App("clasp", "650000000000-clasp.apps.googleusercontent.com")
    names = (
        "script.projects",
        "script.deployments",
        "drive.metadata.readonly",
        "drive.file",
        "cloud-platform",
    )
    return [
        ws.create(MEG, _script(MEG), 0),
        ws.authorize(
            MEG, clasp, MINUTE, *(f"{ws.AUTH}{n}" for n in names), client_type="NATIVE_DESKTOP"
        ),
        *(
            ws.api_call(MEG, clasp, HOUR + n, "drive", "drive.files.list", 30_000)
            for n in range(12)
        ),
    ]


def mail_merge() -> list[Record]:
    """A copied sheet's script sends a mail merge."""
    app = App("Merge", "660000000000-merge.apps.googleusercontent.com")
    sent = [
        ws.api_call(NAT, app, HOUR + n, "gmail", "gmail.users.messages.send", 300)
        for n in range(40)
    ]
    return [
        ws.copy_in(NAT, _template(NAT), 0),
        ws.authorize(NAT, app, MINUTE, f"{ws.AUTH}gmail.send", f"{ws.AUTH}spreadsheets"),
        *sent,
    ]


def form_that_notifies() -> list[Record]:
    """A form's script, bound to a trigger, mails its owner at each answer."""
    app = _app(OTTO)
    scopes = (f"{ws.AUTH}forms.currentonly", f"{ws.AUTH}script.send_mail", ws.SCRIPTAPP)
    return [
        ws.create(OTTO, _script(OTTO), 0),
        ws.trigger(OTTO, _script(OTTO), MINUTE),
        ws.authorize(OTTO, app, 2 * MINUTE, *scopes),
        *(
            ws.api_call(OTTO, app, HOUR + n, "gmail", "gmail.users.messages.send", 300)
            for n in range(20)
        ),
    ]


def teachers_copy_a_template() -> list[Record]:
    """Teachers copy a grading sheet from outside, whose script makes copies for each pupil."""
    rows: list[Record] = []
    for n, user in enumerate(CLASS):
        app = App("Grading", f"67000000000{n}-grade.apps.googleusercontent.com")
        rows += [
            ws.copy_in(user, _template(user), n * MINUTE),
            ws.authorize(user, app, n * MINUTE + 20, ws.DRIVE, f"{ws.AUTH}spreadsheets"),
            *(
                ws.api_call(user, app, HOUR + k, "drive", "drive.files.copy", 900)
                for k in range(25)
            ),
        ]
    return rows


def addon_for_open_mail() -> list[Record]:
    """Colleagues who share a sheet add one add-on, which reads the mail that is open."""
    addon = App("Notes in mail", "680000000000-addon.apps.googleusercontent.com")
    sheet = File("1NoticeBoard", "Notice board", "spreadsheet", CREW[0].email, "shared_internally")
    scopes = [f"{ws.AUTH}gmail.addons.{name}" for name in ("execute", "current.message.readonly")]
    rows = [ws.on_file(CREW[0], "edit", sheet, 0)]
    for n, user in enumerate(CREW):
        rows += [
            ws.on_file(user, "view", sheet, HOUR + n),
            ws.authorize(user, addon, 2 * HOUR + n, *scopes, ws.EXTERNAL_REQUEST),
            ws.api_call(user, addon, 3 * HOUR + n, "gmail", "gmail.users.messages.get"),
        ]
    return rows


QUIET = (
    Quiet("Q-tries", "Developer tries a mail script on the own mailbox", developer_tries_mail),
    Quiet("Q-clasp", "Developer works with the command line for scripts", developer_with_clasp),
    Quiet("Q-merge", "Copied sheet sends a mail merge", mail_merge),
    Quiet("Q-form", "Form that mails its owner", form_that_notifies),
    Quiet("Q-addon", "Add-on for the mail that is open", addon_for_open_mail),
    Quiet("Q-teachers", "Teachers copy a grading template", teachers_copy_a_template),
)
