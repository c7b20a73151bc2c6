"""The Workspace scenarios: attacks W01 to W05, look-alikes B17 and B18, ordinary days and traps."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from builders import scenarios_workspace_scripts as scripts
from builders import workspace as ws
from builders.scenario import (
    DAY,
    HOUR,
    MINUTE,
    Chain,
    Platform,
    Quiet,
    Scenario,
    act,
    at,
    optional,
    seconds_after_start,
    setup,
    write,
)
from builders.workspace import MAIL, App, File, User

if TYPE_CHECKING:
    from pathlib import Path

    from builders.scenario import Record

EVE = User("eve@example.com", "203.0.113.10")
MALLORY = User("mallory@example.com", "203.0.113.11")
ANN = User("ann@example.com", "198.51.100.21")
BOB = User("bob@example.com", "198.51.100.22")
CAROL = User("carol@example.com", "198.51.100.23")
DEV = User("dev@example.com", "198.51.100.30")
ADMIN = User("admin@example.com", "203.0.113.40")
USERS = tuple(User(f"user{n}@example.com", "192.0.2.80") for n in range(8))
SALES = tuple(User(f"sales{n}@example.com", "192.0.2.81") for n in range(5))
IVY = User("ivy@example.com", "198.51.100.25")
DAN = User("dan@example.com", "198.51.100.26")
NAMESAKE = User("ivy@example.net", "198.51.100.27")
STRANGER = User("eve@example.net", "203.0.113.99")  # an equal local part, of another domain

BAIT = File("1BaitSheetCopyExample01", "Bonus plan 2026", "spreadsheet", "eve@example.com")
SCRIPT = File("1ScriptProjectExample02", "Untitled project", "script", "eve@example.com")
TRAP_SCRIPT = File("1TrapScriptExample11", "Untitled project", "script", "ivy@example.com")
MENU_SCRIPT = File("1MenuScriptExample10", "Rota menu", "script", "carol@example.com")
TEAM = File(
    "1TeamSheetExample03", "Team rota", "spreadsheet", "carol@example.com", "shared_internally"
)
BAIT_APP = App("Bonus plan 2026", "111111111111-bait.apps.googleusercontent.com")
OWN_APP = App("Untitled project", "222222222222-own.apps.googleusercontent.com")
ROTA_APP = App("Team rota helper", "333333333333-rota.apps.googleusercontent.com")
OTHER_APP = App("Notes", "444444444444-notes.apps.googleusercontent.com")
ROBOT = App("Sync robot", "106000000000000000001")
BACKUP = App("Backup robot", "106000000000000000002")
MIGRATOR = App("Mover", "106000000000000000003")
TRIED = App("Tried", "106000000000000000004")
POPULAR = App("Mail merge for all", "999999999999-merge.apps.googleusercontent.com")
FAR = App("Far robot", "106000000000000000005")
TRAP_APP = App("Untitled project", "131313131313-trap.apps.googleusercontent.com")
MENU = App("Team rota", "121212121212-menu.apps.googleusercontent.com")
DROP = "https://drop.example.org/in"
OUTSIDE = "collector@example.org"


# --- attacks ----------------------------------------------------------------------------------


def w01(delay: float, stranger: bool) -> Chain:
    """Copy a bait sheet, grant its script, mail is read."""
    victim = STRANGER if stranger else EVE
    return Chain(
        [
            write(ws.copy_in(EVE, BAIT, 0)),
            setup(ws.authorize(victim, BAIT_APP, 2 * MINUTE, MAIL, ws.EXTERNAL_REQUEST)),
            act(ws.api_call(victim, BAIT_APP, delay, "gmail", "gmail.users.messages.list")),
        ],
        names=[BAIT.doc_id, EVE.email, EVE.src, BAIT_APP.name, MAIL, ws.EXTERNAL_REQUEST],
        automation=[BAIT.doc_id],
    )


def w01_plain(delay: float, stranger: bool) -> Chain:
    """Copy a bait form; the grant names no scope of scripts."""
    app = OTHER_APP if stranger else BAIT_APP
    form = File("1BaitFormCopyExample04", "Survey", "form", "eve@example.com")
    return Chain(
        [
            write(ws.copy_in(EVE, form, 0)),
            setup(ws.authorize(EVE, BAIT_APP, MINUTE, f"{ws.AUTH}gmail.readonly")),
            act(ws.api_call(EVE, app, delay, "gmail", "gmail.users.messages.get")),
        ],
        names=[form.doc_id, EVE.email, BAIT_APP.name, f"{ws.AUTH}gmail.readonly"],
        automation=[form.doc_id],
    )


def w02(delay: float, stranger: bool) -> Chain:
    """Make a script, grant it mail and the outside, much is read."""
    victim = BOB if stranger else EVE
    return Chain(
        [
            write(ws.create(EVE, SCRIPT, 0)),
            setup(ws.authorize(victim, OWN_APP, 5 * MINUTE, MAIL, ws.EXTERNAL_REQUEST)),
            act(
                ws.api_call(victim, OWN_APP, delay, "gmail", "gmail.users.messages.get", 48_000_000)
            ),
        ],
        names=[SCRIPT.doc_id, EVE.email, EVE.src, OWN_APP.client_id, MAIL, "48000000"],
        automation=[SCRIPT.doc_id],
    )


def w02_fetch(delay: float, stranger: bool) -> Chain:
    """The same, and the script fetches an address outside."""
    other = File("1OtherScriptExample05", "Other", "script", "eve@example.com")
    return Chain(
        [
            write(ws.create(EVE, SCRIPT, 0)),
            setup(ws.authorize(EVE, OWN_APP, 5 * MINUTE, MAIL, ws.EXTERNAL_REQUEST)),
            act(ws.fetch(EVE, other if stranger else SCRIPT, delay, DROP)),
        ],
        names=[SCRIPT.doc_id, EVE.email, MAIL, ws.EXTERNAL_REQUEST, "drop.example.org"],
        automation=[SCRIPT.doc_id],
    )


def w03(delay: float, stranger: bool) -> Chain:
    """Edit a script in a shared file; two users open it and grant it their mail."""
    seen = File("1AnotherSheetExample06", "Other", "spreadsheet", CAROL.email) if stranger else TEAM
    steps = [write(ws.on_file(MALLORY, "edit", TEAM, 0))]
    for n, victim in enumerate((ANN, BOB)):
        then = delay - 10 * MINUTE + n * MINUTE
        steps += [
            act(ws.on_file(victim, "view", seen, then)),
            act(ws.authorize(victim, ROTA_APP, then + MINUTE, MAIL, ws.EXTERNAL_REQUEST)),
            act(ws.api_call(victim, ROTA_APP, delay - n, "gmail", "gmail.users.messages.list")),
        ]
    return Chain(
        steps,
        names=[TEAM.doc_id, MALLORY.email, MALLORY.src, ANN.email, BOB.email, ROTA_APP.client_id],
        automation=[TEAM.doc_id],
    )


def w03_script(delay: float, stranger: bool) -> Chain:
    """The same, where the edit shows as one of a script."""
    shared = SCRIPT.seen("shared_internally")
    steps = [write(ws.on_file(MALLORY, "edit", shared, 0))]
    for n, victim in enumerate((ANN, BOB, CAROL)):
        app = App(f"Own {n}", f"55555555555{n}-own.apps.googleusercontent.com")
        then = delay - 10 * MINUTE + n * MINUTE
        steps += [
            act(ws.on_file(victim, "view", shared, then)),
            act(ws.authorize(victim, app if stranger else ROTA_APP, then + MINUTE, MAIL)),
            act(
                ws.api_call(
                    victim,
                    app if stranger else ROTA_APP,
                    delay - n,
                    "gmail",
                    "gmail.users.messages.list",
                )
            ),
        ]
    return Chain(
        steps,
        names=[SCRIPT.doc_id, MALLORY.email, ANN.email, BOB.email, CAROL.email],
        automation=[SCRIPT.doc_id],
    )


def _forwards(user: User, seconds: float, target: str = OUTSIDE) -> list[Record]:
    return [
        ws.forward(user, seconds, target, application=application)
        for application in ("user_accounts", "login")
    ]


def w04(delay: float, stranger: bool) -> Chain:
    """Make a script, then mail is forwarded outside."""
    return Chain(
        [
            write(ws.create(EVE, SCRIPT, 0)),
            optional(ws.script_run("sys-example", SCRIPT, MINUTE)),
            *map(act, _forwards(STRANGER if stranger else EVE, delay)),
        ],
        names=[SCRIPT.doc_id, EVE.email, EVE.src, OUTSIDE],
        automation=[SCRIPT.doc_id],
    )


def w04_trigger(delay: float, stranger: bool) -> Chain:
    """Bind a script to a trigger, then mail is forwarded outside."""
    return Chain(
        [
            write(ws.trigger(EVE, SCRIPT, 0, trigger_type="ON_OPEN")),
            *map(act, _forwards(BOB if stranger else EVE, delay)),
        ],
        names=[SCRIPT.doc_id, EVE.email, OUTSIDE, "ON_OPEN"],
        automation=[SCRIPT.doc_id],
    )


def w05(delay: float, stranger: bool) -> Chain:
    """Delegate to an app, which then reads as many users."""
    robot = BACKUP if stranger else ROBOT
    readonly = f"{ws.AUTH}gmail.readonly"
    return Chain(
        [
            write(ws.delegate(ADMIN, ROBOT, 0, readonly, f"{ws.AUTH}drive.readonly")),
            *(
                act(ws.api_call(user, robot, delay - n, "gmail", "gmail.users.messages.list"))
                for n, user in enumerate(USERS)
            ),
        ],
        names=[ROBOT.client_id, ADMIN.email, ADMIN.src, readonly, *(user.email for user in USERS)],
        counts=[len(USERS)],
        automation=[ROBOT.client_id],
    )


def w_shares(delay: float, stranger: bool) -> Chain:
    """Make a script with access to files, then many files are opened."""
    user = BOB if stranger else EVE
    files = [File(f"1OpenedExample{n}", f"Plan {n}", "document", user.email) for n in range(6)]
    return Chain(
        [
            write(ws.create(EVE, SCRIPT, 0)),
            setup(ws.authorize(user, OWN_APP, MINUTE, ws.DRIVE, ws.SCRIPTAPP)),
            *(act(ws.publish(user, file, delay - n)) for n, file in enumerate(files[:3])),
            *(act(ws.share(user, file, delay - n, OUTSIDE)) for n, file in enumerate(files[3:])),
        ],
        names=[SCRIPT.doc_id, EVE.email, OWN_APP.client_id, OUTSIDE],
        automation=[SCRIPT.doc_id],
    )


ATTACKS = (
    Scenario("W01", "Copied bait sheet reads mail", w01),
    Scenario("W01-plain", "Copied bait form, scopes of mail alone", w01_plain),
    Scenario("W02", "New script is granted mail and reads much", w02),
    Scenario("W02-fetch", "New script is granted mail and fetches outside", w02_fetch),
    Scenario("W03", "Script in a shared sheet reaches two users", w03, delay=HOUR),
    Scenario("W03-script", "Shared script reaches three users", w03_script, delay=HOUR),
    Scenario("W04", "New script, then mail is forwarded outside", w04),
    Scenario("W04-trigger", "Script bound to a trigger, then mail is forwarded", w04_trigger),
    Scenario("W05", "Delegation granted, then used on many users", w05),
    Scenario("W-shares", "New script, then many files are opened", w_shares),
    *scripts.ATTACKS,
)


# --- look-alikes and traps --------------------------------------------------------------------


def b17_menu() -> list[Record]:
    """A sheet with an onOpen menu: its script is edited and used, with narrow scopes."""
    narrow = (ws.CURRENT_SHEET, ws.CONTAINER_UI)
    team = [ws.on_file(user, "view", TEAM, HOUR + n) for n, user in enumerate(USERS)]
    grants = [ws.authorize(u, MENU, 2 * HOUR + n, *narrow) for n, u in enumerate(USERS)]
    return [ws.on_file(CAROL, "edit", TEAM, 0), ws.create(CAROL, MENU_SCRIPT, 60), *team, *grants]


def b17_rollout() -> list[Record]:
    """A Marketplace add-on rolled out for all: no user grants it anything."""
    calls = [
        ws.api_call(user, MENU, HOUR + n, "drive", "drive.files.list")
        for n, user in enumerate(USERS)
    ]
    views = [ws.on_file(user, "view", TEAM, n) for n, user in enumerate(USERS)]
    return [ws.on_file(CAROL, "edit", TEAM, 0), *views, *calls]


def b18() -> list[Record]:
    """A developer copies a public template sheet; no grant follows."""
    return [ws.copy_in(DEV, BAIT, 0), ws.on_file(DEV, "edit", BAIT, 60)]


def template_and_addon() -> list[Record]:
    """Users copy templates and grant popular add-ons narrow scopes."""
    narrow = (f"{ws.AUTH}drive.file", "openid", "email", f"{ws.AUTH}calendar.events")
    rows: list[Record] = []
    for n, user in enumerate(USERS):
        rows += [
            ws.copy_in(user, BAIT, n * 60),
            ws.authorize(user, OTHER_APP, n * 60 + 30, *narrow),
            ws.api_call(user, OTHER_APP, n * 60 + 40, "calendar-json", "calendar.events.list"),
        ]
    return rows


def phone_after_template() -> list[Record]:
    """A user copies a template and sets up mail on a new phone."""
    phone = App("iOS Account Manager", "450232826690-phone.apps.googleusercontent.com")
    return [
        ws.copy_in(DAN, BAIT, 0),
        ws.authorize(DAN, phone, HOUR, MAIL, client_type="NATIVE_IOS"),
        ws.api_call(DAN, phone, HOUR + 60, "gmail", "gmail.imap", 9_000_000),
    ]


def known_addon() -> list[Record]:
    """A mail add-on that half the company granted long ago; one more user does after a copy."""
    scopes = (MAIL, ws.EXTERNAL_REQUEST)
    before = [ws.authorize(u, POPULAR, -9 * DAY + n, *scopes) for n, u in enumerate(USERS)]
    return [
        *before,
        ws.copy_in(DAN, BAIT, 0),
        ws.authorize(DAN, POPULAR, HOUR, *scopes),
        ws.api_call(DAN, POPULAR, 2 * HOUR, "gmail", "gmail.users.messages.list"),
    ]


def developer() -> list[Record]:
    """A developer writes a script that reads a sheet and calls a service; then works on it."""
    scopes = (f"{ws.AUTH}spreadsheets", ws.DRIVE, ws.EXTERNAL_REQUEST, f"{ws.AUTH}script.send_mail")
    mine = File("1DevScriptExample07", "Invoice sync", "script", DEV.email)
    app = App("Invoice sync", "666666666666-dev.apps.googleusercontent.com")
    edits = [ws.on_file(DEV, "edit", mine, n * 600) for n in range(1, 12)]
    calls = [ws.api_call(DEV, app, 900 + n * 60, "drive", "drive.files.list") for n in range(30)]
    return [
        ws.create(DEV, mine, 0),
        ws.authorize(DEV, app, 300, *scopes),
        *edits,
        *calls,
        *(ws.fetch(DEV, mine, 1_000 + n, "https://api.example.net/v1") for n in range(20)),
        ws.trigger(DEV, mine, 5_000, trigger_type="CLOCK"),
    ]


def known_automation() -> list[Record]:
    """An automation account edits its script daily; it was granted mail long ago."""
    robot = User("automation@example.com", "198.51.100.90")
    mine = File("1RobotScriptExample08", "Nightly report", "script", robot.email)
    app = App("Nightly report", "777777777777-robot.apps.googleusercontent.com")
    rows = [ws.authorize(robot, app, -20 * DAY, MAIL, ws.EXTERNAL_REQUEST)]
    for day in range(-10, 3):
        rows += [
            ws.on_file(robot, "edit", mine, day * DAY),
            ws.authorize(robot, app, day * DAY + 60, MAIL, ws.EXTERNAL_REQUEST),
            ws.api_call(
                robot, app, day * DAY + 90, "gmail", "gmail.users.messages.list", 7_000_000
            ),
            ws.fetch(robot, mine, day * DAY + 120, DROP),
        ]
    return rows


def ordinary_sharing() -> list[Record]:
    """Sales shares files with customers all day; nobody writes a script."""
    files = [File(f"1OfferExample{n}", f"Offer {n}", "document", DAN.email) for n in range(25)]
    return [ws.share(DAN, file, n * 300, f"buyer{n}@example.org") for n, file in enumerate(files)]


def some_shares_of_developer() -> list[Record]:
    """A developer edits a script and shares three files outside."""
    files = [File(f"1SpecExample{n}", f"Spec {n}", "document", DEV.email) for n in range(3)]
    mine = File("1DevScriptExample07", "Invoice sync", "script", DEV.email)
    shared = [ws.share(DEV, file, 600 + n, "partner@example.org") for n, file in enumerate(files)]
    return [ws.on_file(DEV, "edit", mine, 0), *shared]


def forward_without_script() -> list[Record]:
    """A forward outside alone, and a forward after a script to a domain of one's own."""
    colleague = User("dora@example.de", "198.51.100.24")
    mine = File("1DevScriptExample09", "Tidy", "script", DEV.email)
    return [
        *_forwards(DAN, HOUR),
        ws.authorize(colleague, OTHER_APP, -HOUR, "openid"),
        ws.create(DEV, mine, 0),
        *_forwards(DEV, HOUR, "dora@example.de"),
    ]


def backup_known() -> list[Record]:
    """A backup tool reads as everybody daily; its delegation is renewed."""
    rows = [ws.delegate(ADMIN, BACKUP, 0, f"{ws.AUTH}gmail.readonly")]
    for day in range(-6, 2):
        rows += [
            ws.api_call(user, BACKUP, day * DAY + 100 + n, "gmail", "gmail.users.messages.list")
            for n, user in enumerate(USERS)
        ]
    return rows


def migration() -> list[Record]:
    """A migration tool is delegated and puts old mail into all boxes."""
    rows = [ws.delegate(ADMIN, MIGRATOR, 0, MAIL, f"{ws.AUTH}gmail.insert")]
    return rows + [
        ws.api_call(user, MIGRATOR, HOUR + n, "gmail", "gmail.users.messages.import", 900)
        for n, user in enumerate(USERS)
    ]


def delegated_to_one() -> list[Record]:
    """A new delegation that is tried on one user."""
    calls = [ws.api_call(DAN, TRIED, 60 + n, "drive", "drive.files.list") for n in range(40)]
    return [ws.delegate(ADMIN, TRIED, 0, ws.DRIVE), *calls]


def other_tenant() -> list[Record]:
    """Grant in one tenant, use of the same client in another; the same address in both."""
    abroad = [User(user.email, user.src, ws.OTHER_CUSTOMER) for user in (*USERS, IVY)]
    ivy = abroad[-1]
    return [
        ws.delegate(ADMIN, FAR, 0, f"{ws.AUTH}gmail.readonly"),
        *(ws.api_call(u, FAR, 60, "gmail", "gmail.users.messages.list") for u in abroad),
        ws.create(IVY, TRAP_SCRIPT, 0),
        *_forwards(ivy, HOUR),
        ws.authorize(ivy, TRAP_APP, HOUR, MAIL, ws.EXTERNAL_REQUEST),
        ws.api_call(ivy, TRAP_APP, 2 * HOUR, "gmail", "gmail.users.messages.get", 50_000_000),
    ]


def two_of_one_name() -> list[Record]:
    """Two users with equal local parts: one writes a script, the other one forwards mail."""
    return [
        ws.create(IVY, TRAP_SCRIPT, 0),
        *_forwards(NAMESAKE, HOUR),
        ws.authorize(NAMESAKE, TRAP_APP, HOUR, MAIL, ws.EXTERNAL_REQUEST),
        ws.api_call(NAMESAKE, TRAP_APP, 2 * HOUR, "gmail", "gmail.users.messages.get", 50_000_000),
    ]


def other_client() -> list[Record]:
    """A script is granted nothing that reads; another, older app reads much."""
    return [
        ws.authorize(IVY, OTHER_APP, -2 * DAY, MAIL),
        ws.create(IVY, TRAP_SCRIPT, 0),
        ws.authorize(IVY, TRAP_APP, 60, ws.CURRENT_SHEET, ws.EXTERNAL_REQUEST),
        ws.api_call(IVY, OTHER_APP, HOUR, "gmail", "gmail.users.messages.get", 50_000_000),
    ]


def new_app_in_the_office() -> list[Record]:
    """A new mail tool is adopted by several users, who all read the same files that day."""
    crm = App("Example CRM", "888888888888-crm.apps.googleusercontent.com")
    rows = [ws.on_file(CAROL, "edit", TEAM, 0)]
    for n, user in enumerate(SALES):
        rows += [
            ws.on_file(user, "view", TEAM, 600 + n),
            ws.authorize(user, crm, HOUR + n, f"{ws.AUTH}gmail.modify", f"{ws.AUTH}calendar"),
            ws.api_call(user, crm, HOUR + 60 + n, "gmail", "gmail.users.messages.list"),
        ]
    return rows


QUIET = (
    Quiet("B17", "Menu of a sheet's script, narrow scopes", b17_menu),
    Quiet("B17-rollout", "Add-on rolled out for all", b17_rollout),
    Quiet("B18", "Public template copied", b18),
    Quiet("Q-template", "Templates and narrow add-ons", template_and_addon),
    Quiet("Q-phone", "Template copied, mail set up on a phone", phone_after_template),
    Quiet("Q-known-addon", "Add-on that many granted before", known_addon),
    Quiet("Q-developer", "Developer's script reads a sheet, calls a service", developer),
    Quiet("Q-automation", "Automation account with a known grant", known_automation),
    Quiet("Q-sharing", "Sharing without a script", ordinary_sharing),
    Quiet("Q-few-shares", "Developer shares three files", some_shares_of_developer),
    Quiet("Q-forward", "Forward without script, or to an own domain", forward_without_script),
    Quiet("Q-backup", "Backup tool known for long", backup_known),
    Quiet("Q-migration", "Migration writes only", migration),
    Quiet("Q-one", "Delegation tried on one user", delegated_to_one),
    Quiet("Q-tenant", "Another customer's events", other_tenant),
    Quiet("Q-local-part", "Two users of one name", two_of_one_name),
    Quiet("Q-client", "Another client reads", other_client),
    Quiet("Q-office", "New mail tool adopted on one day", new_app_in_the_office),
    *scripts.QUIET,
)


# --- wrappers ---------------------------------------------------------------------------------


def _write(folder: Path, name: str, text: str) -> list[str]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [str(path)]


def _lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def split(records: list[Record]) -> list[Record]:
    """Return a record per member, with a singular `event`, as Splunk's collectors send it."""
    rows = []
    for record in records:
        shared = {key: value for key, value in record.items() if key != "events"}
        rows += (
            [{**shared, "event": part} for part in record["events"]]
            if "events" in record
            else [record]
        )
    return rows


def _plain(value: dict[str, Any]) -> Any:
    for key in ("value", "boolValue", "multiValue"):
        if key in value:
            return value[key]
    if "intValue" in value:
        return int(value["intValue"])
    return [_spread(item["parameter"]) for item in value["multiMessageValue"]]


def _spread(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {value["name"]: _plain(value) for value in parameters}


def panther_row(record: Record) -> Record:
    """Return a member spread over the record, with parameters as a mapping."""
    if "event" not in record:
        return record
    row = {key: value for key, value in record.items() if key != "event"}
    event = record["event"]
    time = record["id"]["time"].replace("T", " ").replace("Z", "000000")
    row |= {key: event[key] for key in ("type", "name") if key in event}
    row["id"] = {**record["id"], "time": time}
    return {**row, "parameters": _spread(event["parameters"]), "p_log_type": "GSuite.ActivityEvent"}


def pages(folder: Path, records: list[Record]) -> list[str]:
    """Pages of the API, the last without a token."""
    entries = [r for r in records if "events" not in r]
    rest = [r for r in records if "events" in r]
    rows: list[Any] = [
        {
            "kind": "admin#reports#activities",
            "etag": '"e"',
            "nextPageToken": "A",
            "items": rest[n : n + 2],
        }
        for n in range(0, len(rest), 2)
    ]
    return _write(
        folder, "pages.json", "\n".join(json.dumps(row, indent=1) for row in [*rows, *entries])
    )


def json_lines(folder: Path, records: list[Record]) -> list[str]:
    """One activity a line."""
    return _write(folder, "activities.jsonl", _lines(records))


def bare_array(folder: Path, records: list[Record]) -> list[str]:
    """A bare array, indented."""
    return _write(folder, "activities.json", json.dumps(records, indent=2))


def splunk_rows(folder: Path, records: list[Record]) -> list[str]:
    """Splunk's JSON export of one event per member."""
    rows = [
        {"preview": False, "result": {"_raw": json.dumps(row), "sourcetype": "gws:reports:drive"}}
        for row in split(records)
    ]
    return _write(folder, "export.json", _lines(rows))


def splunk_csv(folder: Path, records: list[Record]) -> list[str]:
    """Splunk's CSV export."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["_time", "_raw", "sourcetype"])
    for row in split(records):
        rows.writerow(["2026-03-10T09:00:00Z", json.dumps(row), "gws:reports:token"])
    return _write(folder, "export.csv", text.getvalue())


def collector(folder: Path, records: list[Record]) -> list[str]:
    """HTTP Event Collector messages."""
    rows = [{"sourcetype": "gws:reports:drive", "event": row} for row in split(records)]
    return _write(folder, "hec.jsonl", _lines(rows))


def elastic(folder: Path, records: list[Record]) -> list[str]:
    """Elastic documents, whose event.original has `events` as an object."""
    rows = []
    for n, row in enumerate(split(records)):
        original = {("events" if key == "event" else key): part for key, part in row.items()}
        event = {"original": json.dumps(original), "provider": "drive"}
        rows.append({"_index": "logs-google_workspace", "_id": str(n), "_source": {"event": event}})
    return _write(folder, "hits.ndjson", _lines(rows))


def panther(folder: Path, records: list[Record]) -> list[str]:
    """Panther's copies."""
    return _write(folder, "panther.jsonl", _lines([panther_row(row) for row in split(records)]))


WRAPPERS = {
    "pages": pages,
    "json lines": json_lines,
    "bare array": bare_array,
    "Splunk rows": splunk_rows,
    "Splunk CSV": splunk_csv,
    "HEC": collector,
    "Elastic": elastic,
    "Panther": panther,
}


def seconds(record: Record) -> float:
    """Return a record's time as seconds after START."""
    return seconds_after_start(record["id"]["time"] if "id" in record else record["timestamp"])


def moved(record: Record, to: float) -> Record:
    """Return a record at another time."""
    moment = at(to).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if "id" in record:
        return {**record, "id": {**record["id"], "time": moment}}
    return {**record, "timestamp": moment}


PLATFORM = Platform("workspace", ATTACKS, QUIET, WRAPPERS, seconds, moved)
