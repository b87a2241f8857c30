"""Furnishing the trial: two branches, colleagues, customers from a head-office file, a signing key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from lobby_server.admin.credential import make_demo_key
from lobby_server.admin.demo_feeds import files, head_office
from lobby_server.admin.feeds import Import, take
from lobby_server.admin.founding import found_branches
from lobby_server.branch import store as branches
from lobby_server.branch.rules import MACHINE_POINT, Device
from lobby_server.branch.wire import FoundedBranch
from lobby_server.doors.reading import read_model
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.clock import StillClock
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff
from lobby_server.staff.actions import AddStaff, add_staff

PLAYED_KIOSK = "演示取号机"
_PLAN = Path(__file__).with_name("demo_branch.toml")


def plan() -> dict[str, Any]:
    """What the trial is furnished with, and what its head office knows."""
    return tomllib.loads(_PLAN.read_text("utf-8")) | head_office()


@dataclass(frozen=True)
class Furnish:
    """The trial's password, hashed."""

    password_hash: str


@dataclass(frozen=True)
class Past:
    """What happened before: for how long, and what plays it."""

    lasts: timedelta
    play: Callable[[House], None]


def furnish(house: House, password_hash: str, past: Past | None = None) -> None:
    """Furnish an empty database; a furnished one only gets the password and what head office says today.

    With a past the branches open when it begins, and it is played before anything of today is known.
    """
    with house.database.read() as db:
        is_new = not branches.all_branches(db)
    if is_new:
        begins = StillClock(house.clock.now() - past.lasts) if past else house.clock
        replace(house.works, clock=begins).run(_furnish_all, Furnish(password_hash), system("0001"))
        if past:
            past.play(house)
    else:
        house.works.run(_set_passwords, password_hash, system("0001"))
    # Each day anew, as head office would: what is due in twelve days shall be due in twelve days tomorrow too.
    for kind, raw in files(house.clock.now().date()).items():
        take(house, Import(kind, raw), system("0001"))


def _furnish_all(work: Work, request: Furnish) -> None:
    planned = plan()
    for entry in planned["branch"]:
        found_branches(work, [read_model(FoundedBranch, entry)])
        for staff_no, name, role in planned["staff"][entry["id"]]:
            licences = tuple(planned["licences"].get(staff_no, ()))
            add_staff(work, AddStaff(entry["id"], staff_no, name, (role,), request.password_hash, licences))
    kiosk = Device(work.ids.new_id(), "0001", "kiosk", PLAYED_KIOSK, None, None)
    machines = [
        Device(work.ids.new_id(), "0001", "machine", each.names["zh-CN"], None, None, service_point=each.code)
        for each in branches.service_points(work.db, "0001")
        if each.kind == MACHINE_POINT
    ]
    # No key belongs to them, so none of their rows opens a door; the trial plays them by the real actions.
    for device in (kiosk, *machines):
        branches.add_device(work.db, device, {}, work.now)
    make_demo_key(work, None)


def _set_passwords(work: Work, password_hash: str) -> None:
    staff.set_all_passwords(work.db, password_hash)


def is_played(device: Device) -> bool:
    """Whether it is the kiosk that the trial plays."""
    return device.name == PLAYED_KIOSK


def played_kiosk(house: House) -> Actor:
    """The kiosk at which the trial's own customers arrive."""
    with house.database.read() as db:
        device = next(each for each in branches.devices(db, "0001") if is_played(each))
    return Actor(kind="device", id=device.id, branch_id="0001", roles=frozenset({"kiosk"}))


def played_colleague(house: House, staff_no: str) -> Actor:
    """A colleague whom the trial plays."""
    with house.database.read() as db:
        found = staff.find(db, house.keys, "0001", staff_no)
    assert found is not None
    who = found[0]
    return Actor("staff", who.id, "0001", frozenset(who.roles), who.staff_no, who.name)
