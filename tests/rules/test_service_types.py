"""Every service type can be read, drawn and called; tests/golden/service_types.csv says what each leads to."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

from lobby_server.branch.rules import SERVICE_TYPES_FILE, read_service_types

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "service_types.csv"
PLAN = ROOT / "lobby_server" / "admin" / "demo_branch.toml"
VENDORED = ROOT / "staff_tablet" / "web" / "shared" / "vendor.json"


def test_the_service_types_are_those_of_the_golden_table_in_its_order() -> None:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        golden = [(row["code"], row["ticket_class"], row["on_the_first_page"]) for row in csv.DictReader(file)]
    types = read_service_types(SERVICE_TYPES_FILE).values()
    assert [(each.code, each.ticket_class, "yes" if each.tile else "no") for each in types] == golden


def test_the_trial_has_a_point_that_calls_every_service_type() -> None:
    points = tomllib.loads(PLAN.read_text(encoding="utf-8"))["service_point"]
    served = {ticket_class for point in points if "0001" in point["branches"] for ticket_class in point["serves"]}
    types = read_service_types(SERVICE_TYPES_FILE).values()
    assert [each.code for each in types if each.ticket_class not in served] == []


def test_every_service_type_has_an_icon_that_is_in_the_sprite() -> None:
    sprite = json.loads(VENDORED.read_text(encoding="utf-8"))["sprite"]
    types = read_service_types(SERVICE_TYPES_FILE).values()
    assert [each.code for each in types if each.icon not in sprite] == []
