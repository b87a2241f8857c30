"""Administration without a browser: branches, colleagues, devices, head office's signing keys."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lobby_server.admin import erasing, rotation
from lobby_server.admin.founding import found_branches, read_branch_file
from lobby_server.app import build_house
from lobby_server.branch import store as branches
from lobby_server.branch.actions import MakeCode, make_enrolment_code, revoke
from lobby_server.clients import store as clients
from lobby_server.clients.actions import AddClient, add_client, revoke_client
from lobby_server.clients.wire import ClientNamed
from lobby_server.customers.store import find_by_number
from lobby_server.doors.reading import read_model
from lobby_server.doors.who import CLIENT_SCOPES, DEVICE_KINDS, STAFF_ROLES
from lobby_server.identification import store as identification
from lobby_server.identification.actions import AddKey, add_signing_key, revoke_signing_key
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.house import House
from lobby_server.kernel.passwords import Passwords
from lobby_server.kernel.settings import BadSettings, Settings
from lobby_server.staff.actions import AddStaff, ChangeStaff, Reset, add_staff, change_staff, reset_staff
from lobby_server.staff.rules import PASSWORD_LENGTH_MIN, may_be_password
from lobby_server.staff.wire import NewColleague

Command = Callable[[Settings, argparse.Namespace], int]
Add = Callable[[Any, str, Command, str], argparse.ArgumentParser]


def say(line: str) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def first_branch(house: House) -> str:
    """The branch to whose audit a deed belongs that is about none of them. Raises BadSettings where there is none."""
    with house.database.read() as db:
        first = db.scalar(sa.text("SELECT min(id) FROM branch"))
    if first is None:
        raise BadSettings("there is no branch yet")
    return str(first)


def add_administration(commands: Any, add: Add) -> None:
    """The words of all of it."""
    branch = commands.add_parser("branch", help="branches").add_subparsers(required=True, metavar="COMMAND")
    founding = add(branch, "add", _branch_add, "found branches from a TOML file, all of them or none")
    founding.add_argument("file", type=Path, help="TOML with one [[branch]] for each")
    _add_staff(commands.add_parser("staff", help="colleagues").add_subparsers(required=True, metavar="COMMAND"), add)
    customers = commands.add_parser("customers", help="people's data").add_subparsers(required=True, metavar="COMMAND")
    forgetting = add(customers, "erase", _customers_erase, "forget who somebody was, in every backup too")
    forgetting.add_argument("--branch", required=True, help="branch code, to whose audit it belongs")
    devices = commands.add_parser("devices", help="kiosks, walls, tablets, machines")
    _add_devices(devices.add_subparsers(required=True, metavar="COMMAND"), add)
    keys = commands.add_parser("keys", help="what signs customers' codes, and what seals people's data")
    _add_keys(keys.add_subparsers(required=True, metavar="COMMAND"), add)


def _add_staff(staff: Any, add: Add) -> None:
    adding = _of_colleague(add(staff, "add", _staff_add, "enter a colleague; the password is read from standard input"))
    adding.add_argument("--name", required=True, help="full name")
    adding.add_argument("--role", required=True, action="append", choices=sorted(STAFF_ROLES), help="may be repeated")
    adding.add_argument("--licence", action="append", default=[], help="what they may sell; may be repeated")
    _of_colleague(add(staff, "disable", _staff_disable, "let a colleague sign in no more; every sign-in ends"))
    _of_colleague(
        add(staff, "reset", _staff_reset, "give a colleague another password, read from standard input; sign-ins end")
    )


def _of_colleague(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--branch", required=True, help="branch code")
    parser.add_argument("--staff-no", required=True, help="staff number")
    return parser


def _add_devices(devices: Any, add: Add) -> None:
    code = add(devices, "code", _devices_code, "a one-time code that lets one device in, for ten minutes")
    code.add_argument("--branch", required=True, help="branch code")
    code.add_argument("--kind", required=True, choices=sorted(DEVICE_KINDS), help="what it is")
    code.add_argument("--service-point", help="where it stands; a machine is one itself")
    revoking = add(devices, "revoke", _devices_revoke, "shut a device out at once")
    revoking.add_argument("--branch", required=True, help="branch code")
    revoking.add_argument("device_id", help="the device's id")


def _add_keys(keys: Any, add: Add) -> None:
    adding = add(keys, "add-signing", _keys_add, "believe codes that are signed with a key of head office")
    adding.add_argument("--kid", type=int, required=True, help="the key's number, 0 to 65535")
    adding.add_argument("public_key", help="Ed25519, 32 bytes in hexadecimal")
    revoking = add(keys, "revoke-signing", _keys_revoke, "refuse codes that are signed with a key, for ever")
    revoking.add_argument("--kid", type=int, required=True, help="the key's number")
    add(keys, "list-signing", _keys_list, "head office's keys and whether they are in force")
    _add_clients(keys, add)
    add(keys, "rotate", _keys_rotate, "seal everything anew with a new key, while everybody works")
    add(keys, "forget", _keys_forget, "destroy the sealing keys that nothing needs any more")


def _add_clients(keys: Any, add: Add) -> None:
    adding = add(keys, "add-client", _client_add, "let a program of head office in; prints its token, once")
    adding.add_argument(
        "--scope", required=True, action="append", choices=sorted(CLIENT_SCOPES), help="may be repeated"
    )
    revoking = add(keys, "revoke-client", _client_revoke, "shut a program out at once")
    for each in (adding, revoking):
        each.add_argument("name", help="what it is called at this branch")
        each.add_argument("--branch", required=True, help="branch code")
    listing = add(
        keys, "list-clients", _client_list, "a branch's programs, their scopes, and whether they are in force"
    )
    listing.add_argument("--branch", required=True, help="branch code")


def _client_add(settings: Settings, given: argparse.Namespace) -> int:
    house = _house_with(settings, given.branch)
    request = AddClient(read_model(ClientNamed, {"name": given.name}).name, frozenset(given.scope))
    say(house.works.run(add_client, request, system(given.branch)))
    return 0


def _client_revoke(settings: Settings, given: argparse.Namespace) -> int:
    house = _house_with(settings, given.branch)
    house.works.run(revoke_client, given.name, system(given.branch))
    say("revoked")
    return 0


def _client_list(settings: Settings, given: argparse.Namespace) -> int:
    with _house_with(settings, given.branch).database.read() as db:
        found = clients.listed(db, given.branch)
    for each, revoked_at in found:
        say(f"{each.name}  {'revoked ' if revoked_at else 'in force'}  {' '.join(sorted(each.scopes))}")
    return 0


def _customers_erase(settings: Settings, given: argparse.Namespace) -> int:
    """The number is read from standard input: a command line is seen by others, and kept."""
    house = _house_with(settings, given.branch)
    number = sys.stdin.readline().strip()
    with house.database.read() as db:
        known = find_by_number(db, house.keys, number)
    if known is None:
        raise NotFound("customer")
    erasing.erase(house, erasing.Erase(known.id, erasing.ASKED), given.branch)
    say(f"{known.id} names nobody any more. Replace the copies of own_keys: the ones made until now still do.")
    return 0


def _branch_add(settings: Settings, given: argparse.Namespace) -> int:
    founded = read_branch_file(given.file.read_text("utf-8"))
    house = build_house(settings)
    house.works.run(found_branches, founded, system(founded[0].id))
    for each in founded:
        say(f"{each.id} is founded, with {len(each.service_point)} service points")
    return 0


def _password() -> str:
    """One line from standard input. Raises BadSettings for one that is too short."""
    password = sys.stdin.readline().rstrip("\n")
    if not may_be_password(password):
        raise BadSettings(f"the password (one line on standard input) needs {PASSWORD_LENGTH_MIN} characters")
    return password


def _house_with(settings: Settings, branch_id: str) -> House:
    """The house, in which this branch must be."""
    house = build_house(settings)
    with house.database.read() as db:
        if branches.find_branch(db, branch_id) is None:
            raise NotFound("branch")
    return house


def _staff_add(settings: Settings, given: argparse.Namespace) -> int:
    password = _password()
    told = {"branch": given.branch, "staff_no": given.staff_no, "name": given.name, "licences": given.licence}
    who = read_model(NewColleague, told)
    house = _house_with(settings, who.branch)
    hashed = Passwords(house.keys.pepper, house.offload).hash(password)
    request = AddStaff(who.branch, who.staff_no, who.name, tuple(given.role), hashed, tuple(who.licences))
    house.works.run(add_staff, request, system(given.branch))
    say(f"{given.staff_no} may sign in")
    return 0


def _staff_disable(settings: Settings, given: argparse.Namespace) -> int:
    house = _house_with(settings, given.branch)
    house.works.run(change_staff, ChangeStaff(given.staff_no, is_disabled=True), system(given.branch))
    say(f"{given.staff_no} may not sign in any more")
    return 0


def _staff_reset(settings: Settings, given: argparse.Namespace) -> int:
    password = _password()
    house = _house_with(settings, given.branch)
    hashed = Passwords(house.keys.pepper, house.offload).hash(password)
    house.works.run(reset_staff, Reset(given.staff_no, hashed), system(given.branch))
    say(f"{given.staff_no} signs in with the new password")
    return 0


def _devices_code(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    request = MakeCode(given.branch, given.kind, given.service_point)
    say(house.works.run(make_enrolment_code, request, system(given.branch)))
    return 0


def _devices_revoke(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    house.works.run(revoke, given.device_id, system(given.branch))
    say("revoked")
    return 0


def _keys_add(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    house.works.run(add_signing_key, AddKey(given.kid, given.public_key), system(first_branch(house)))
    say(f"codes signed with key {given.kid} are believed")
    return 0


def _keys_revoke(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    house.works.run(revoke_signing_key, given.kid, system(first_branch(house)))
    say(f"codes signed with key {given.kid} are refused")
    return 0


def _keys_rotate(settings: Settings, _given: argparse.Namespace) -> int:
    house = build_house(settings)
    count = rotation.rotate(house, first_branch(house))
    say(f"{count} values are sealed with key {house.keys.current}")
    say("Older keys still open older backups: keep a copy of the keys with each, then `branch-lobby keys forget`.")
    return 0


def _keys_forget(settings: Settings, _given: argparse.Namespace) -> int:
    house = build_house(settings)
    rotation.forget(house, first_branch(house))
    say(f"only key {house.keys.current} is left")
    return 0


def _keys_list(settings: Settings, _given: argparse.Namespace) -> int:
    with build_house(settings).database.read() as db:
        keys = identification.signing_keys(db)
    for kid, key in sorted(keys.items()):
        say(f"{kid}  {'revoked ' if key.revoked else 'in force'}  {key.public_key.hex()}")
    return 0
