"""The parts of the reference that are made from the code, so that they cannot say anything else.

A page under docs/reference holds them between `<!-- made from the code: NAME -->` and `<!-- end -->`; a test compares.
After a change, write them anew with `.venv/bin/python -m tests.reference_pages`.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from lobby_server.app import WORDINGS, build_lobby
from lobby_server.branch.events import DeviceEvent, ServicePointChanged
from lobby_server.branch.rules import PROMISES, ServicePoint
from lobby_server.doors.pages import Pages, Words
from lobby_server.doors.problems import _HTTP_CODES
from lobby_server.doors.routes import API, Route
from lobby_server.kernel.events import Event, Recorded
from lobby_server.kernel.settings import _ENVIRONMENT, Settings
from lobby_server.queue.events import ExpectedWaitChanged, PointEvent, QueueChanged, TicketEvent, TicketRated
from lobby_server.queue.rules import FIFO, QueuePolicy, Standing, Ticket, TicketState, Waits
from lobby_server.realtime.wording import Reader, Vocabulary
from lobby_server.recommend.events import OfferEvent
from lobby_server.recommend.rules import Offer, Reason
from lobby_server.visits.events import AlertEvent, VisitEvent
from lobby_server.visits.rules import Alert, AlertKind, AlertState, Rung, ServiceLevel, Visit, VisitState
from referral.incentives.events import DisputeOverdue, PeriodClosed
from referral.lifecycle.events import ReferralEvent, ReferralReversed, ReferralWon
from referral.lifecycle.rules import Booking, Consent, Referral, ReferralState
from tests import make

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
LIMITS = ROOT / "tests" / "golden" / "limits.csv"
VECTORS = ROOT / "tests" / "golden" / "bq1_vectors.json"
BLOCK = re.compile(r"<!-- made from the code: ([a-z-]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; `head` names the columns, parted by `|`."""
    names = head.split("|")
    lines = [names, ["---"] * len(names), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "—"


# ---- Settings and commands ----------------------------------------------------------------------------------------


def in_toml(value: object) -> str:
    """A default as it would stand in the settings file."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f'"{name}" = "{item}"' for name, item in value.items()) + " }"
    if isinstance(value, Path):
        return f'"{value}"'
    return json.dumps(value)


def settings_table() -> str:
    variables = {name: variable for variable, name in _ENVIRONMENT.items()}
    rows = []
    for each in fields(Settings):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        variable = f"`{variables[each.name]}`" if each.name in variables else "—"
        rows.append((f"`{each.name}`", f"`{in_toml(default)}`", variable, each.metadata["says"]))
    return table("setting|default|environment|what it is", rows)


# In a process of its own: the command line makes the whole process wait in gevent's way.
TELL_COMMANDS = """
import argparse, json
from lobby_server.cli.commands import _parser

def tell(parser, name, found):
    groups = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for word, sub in [each for group in groups for each in group.choices.items()]:
        tell(sub, f"{name} {word}", found)
    if not groups:
        actions = [each for each in parser._actions if not isinstance(each, argparse._HelpAction)]
        options = [[each.option_strings, each.metavar or each.dest, each.required, each.nargs == 0,
                    [str(choice) for choice in each.choices or []], each.help] for each in actions]
        found.append([name, parser.description, options])
    return found

print(json.dumps(tell(_parser(), "branch-lobby", [])))
"""


def commands_list() -> str:
    told = subprocess.run([sys.executable, "-c", TELL_COMMANDS], cwd=ROOT, capture_output=True, text=True, check=True)
    commands = json.loads(told.stdout)
    everywhere = [option for option in commands[0][2] if all(option in options for _name, _says, options in commands)]
    parts = ["Every command takes:\n\n" + options_table(everywhere)]
    for name, says, options in commands:
        own = [option for option in options if option not in everywhere]
        parts.append(f"## {name}\n\n{says[0].upper()}{says[1:]}.\n" + ("\n" + options_table(own) if own else ""))
    return "\n".join(parts)


def options_table(options: list[Any]) -> str:
    rows = []
    for strings, name, required, is_flag, choices, says in options:
        shown = "|".join(choices) if choices else name.upper()
        written = f"{strings[-1]}{'' if is_flag else ' ' + shown}" if strings else shown
        rows.append((f"`{written}`", "yes" if required else "no", says))
    return table("option|needed|what it is", rows)


# ---- Events -------------------------------------------------------------------------------------------------------


WITH_BOOKING = (ReferralWon, ReferralReversed)


def samples() -> Mapping[type[Event], Callable[[type[Any]], Event]]:
    """How to make an event of each family, without a person in it, so that wording it asks no database."""
    who, place = ("t", "0001", date(2026, 11, 23), "A", 1, "v"), ("cash", "A", "ordinary", "en", 0)
    ticket = Ticket(*who, *place, TicketState.WAITING, NOW, NOW, NOW)
    level, state = ServiceLevel.ORDINARY, VisitState.ARRIVED
    visit = Visit("v", "0001", state, NOW, None, None, level, None, "morning_guest", "en", 1, "device:d")
    point = ServicePoint("0001", "W1", "window", {}, ("A",))
    offer = Offer("o", "0001", "v", "c", 1, "dep-1y", "deposit", {}, Reason("declared", {}), None, None, NOW)
    help_asked = (AlertKind.HELP, "d", AlertState.RAISED, Rung.LOBBY, NOW, 180, NOW)
    alert = Alert("a", "0001", *help_asked)
    consent = Consent("refer_internal", "1", "counter", "", NOW)
    made = ("r", "0001", "", "", "card", None, ReferralState.CREATED, "", "", NOW, NOW)
    referral = Referral(*made, is_late_entry=False, consent=consent)
    booking = Booking("b", "0001", "p", "card", 1, "CNY", NOW)
    return {
        TicketEvent: lambda kind: cast(Event, kind("0001", ticket)),
        PointEvent: lambda kind: cast(Event, kind("0001", point)),
        VisitEvent: lambda kind: cast(Event, kind("0001", visit)),
        ServicePointChanged: lambda kind: cast(Event, kind("0001", point)),
        OfferEvent: lambda kind: cast(Event, kind("0001", offer)),
        DeviceEvent: lambda kind: cast(Event, kind("0001", "d", "kiosk", "门口")),
        AlertEvent: lambda kind: cast(Event, kind("0001", alert)),
        QueueChanged: lambda kind: cast(Event, kind("0001", QueuePolicy(FIFO, 1, 0), Standing())),
        TicketRated: lambda kind: cast(Event, kind("0001", ticket, 5)),
        ReferralEvent: lambda kind: cast(Event, kind("0001", referral, *([booking] if kind in WITH_BOOKING else []))),
        PeriodClosed: lambda kind: cast(Event, kind("0001", "2026-11", 1, "00")),
        DisputeOverdue: lambda kind: cast(Event, kind("0001", "d", "c", NOW, NOW)),
        ExpectedWaitChanged: lambda kind: cast(Event, kind("0001", {"A": Waits(0, 60, 120)})),
    }


def event_kinds(family: type[Event]) -> Iterator[type[Event]]:
    if "type" in family.__dict__:
        yield family
    for kind in family.__subclasses__():
        yield from event_kinds(kind)


def vocabulary() -> Vocabulary:
    return Vocabulary(WORDINGS)


def event_types_table() -> str:
    words = vocabulary()
    kinds = {kind.type: kind for family in samples() for kind in event_kinds(family)}
    heard = {
        name: [who for who in words.audiences if name in words.types[who]]
        for name in sorted(set().union(*words.types.values()))
    }
    return table(
        "type|when|who hears it",
        ((f"`{name}`", (kinds[name].__doc__ or "").split("\n")[0], ", ".join(heard[name])) for name in heard),
    )


def event_fields_table() -> str:
    words = vocabulary()
    rows: dict[tuple[str, str], dict[str, None]] = {}
    for family, sample in samples().items():
        for kind in event_kinds(family):
            reader = Reader(cast(Any, None), cast(Any, None))
            happened = Recorded("0001", 1, kind.type, NOW, sample(kind).data())
            for who in words.audiences:
                for put in words.put(reader, who, [happened]):
                    shape = (kind.type.split(".")[0] + ".*", ticked(put["data"]))
                    rows.setdefault(shape, {})[who] = None
    return table(
        "type|who|fields of `data`", ((f"`{kind}`", ", ".join(who), shape) for (kind, shape), who in rows.items())
    )


# ---- Doors, promises, policy, codes -------------------------------------------------------------------------------


@cache
def every_door() -> list[Route]:
    """The policy table of a web process, the trial's own doors among them."""
    return build_lobby(make.house("sqlite:///var/none/never-opened.sqlite3", demo=True), "threading").table


def doors_table(*, is_api: bool) -> str:
    rows = [row for row in every_door() if row.path.startswith(API) == is_api]
    return table(
        "address|who may|key|what it does",
        (
            (f"`{row.method} {row.path}`", ", ".join(sorted(row.may)), "yes" if row.keyed else "no", row.summary)
            for row in sorted(rows, key=lambda row: (row.path, row.method))
        ),
    )


def promises_table() -> str:
    return table(
        "service level|called within, minutes|an alert is answered within, seconds",
        ((f"`{level}`", each.wait_s // 60, each.answer_s) for level, each in PROMISES.items()),
    )


def policy(*, is_kiosk: bool) -> str:
    files = SimpleNamespace(address=str, preload_tags=str, import_maps={})
    headers = Pages([], cast(Any, files), Words({}))._headers("sha256-…", is_kiosk=is_kiosk)
    lines = [f"{name}: {value}".replace("; ", ";\n  ") for name, value in headers.items()]
    return "```\n" + "\n".join(lines) + "\n```\n"


def refusals_table() -> str:
    return table(
        "kind|HTTP|meaning",
        ((f"`{kind.__name__}`", http, (kind.__doc__ or "").split("\n")[0]) for kind, http in _HTTP_CODES.items()),
    )


def limits_table() -> str:
    """One line a limit in the list, so that a room that gets one touches no code here."""
    rows = []
    for line in csv.DictReader(LIMITS.read_text("utf-8").splitlines()):
        room, name, says = import_module(line["where"]), line["limit"], line["says"]
        where = Path(str(room.__file__)).relative_to(ROOT)
        rows.append((says, in_words(getattr(room, name)), f"`{where}: {name}`"))
    return table("what|limit|where", rows)


def in_words(limit: float | timedelta) -> str:
    """A span in its largest whole unit; a number with its thousands parted."""
    if not isinstance(limit, timedelta):
        return f"{int(limit):,}" if int(limit) == limit else str(limit)
    s = round(limit.total_seconds())
    per_unit = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
    # Two hours are hours, but 60 seconds are what the code says: one of a unit is told in the next smaller one.
    unit, size = next((unit, size) for unit, size in per_unit if s % size == 0 and s > size)
    return f"{s // size} {unit}"


def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return found


def signed_codes() -> str:
    keys = table(
        "key|state|seed|public key",
        (
            (key["kid"], "revoked" if key["revoked"] else "in force", f"`{key['seed']}`", f"`{key['public_key']}`")
            for key in vectors()["keys"]
        ),
    )
    shown = (
        f"\n{each['name'].capitalize()}: key {each['kid']}, customer `{each['cust_ref']}`, issued {each['issued_at']}, "
        f"nonce `{each['nonce']}`, audience {each['audience']}.\n\n"
        f"```\nbody  {each['body']}\ntext  {each['text']}\n```\n"
        for each in vectors()["signed"]
    )
    return keys + "".join(shown)


def verdicts_table() -> str:
    return table(
        "what was shown|verdict",
        (
            (each["name"], f"`{each['verdict']}`" + (f" (`{each['scheme']}`)" if each["scheme"] else ""))
            for each in vectors()["verdicts"]
        ),
    )


MADE: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "commands": commands_list,
    "event-types": event_types_table,
    "event-fields": event_fields_table,
    "doors": lambda: doors_table(is_api=True),
    "pages": lambda: doors_table(is_api=False),
    "refusals": refusals_table,
    "limits": limits_table,
    "promises": promises_table,
    "page-policy": lambda: policy(is_kiosk=False),
    "kiosk-policy": lambda: policy(is_kiosk=True),
    "signed-codes": signed_codes,
    "verdicts": verdicts_table,
}


def renew() -> None:
    """Write every block anew."""
    for page in REFERENCE.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(BLOCK.sub(lambda found: block(found[1]), text), encoding="utf-8")


def block(name: str) -> str:
    return f"<!-- made from the code: {name} -->\n\n{MADE[name]()}\n<!-- end -->\n"


if __name__ == "__main__":
    renew()
