"""How a kiosk comes in: a code that counts once, a key that never leaves it, a token that soon ends."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from lobby_server.branch import store as branches
from lobby_server.branch.actions import MakeCode, make_enrolment_code, revoke
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Invalid, NotFound, Refusal
from tests import make
from tests.doors.calling import Caller, Callers, refusal, told

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# The order of the group of P-256 (FIPS 186-5, SEC 2): a signature (r, s) is as right as (r, n - s).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
WORD_BYTES = 32


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def word(number: int) -> bytes:
    return number.to_bytes(WORD_BYTES, "big")


def new_code(lobby: Lobby, kind: str = "kiosk") -> str:
    return lobby.house.works.run(make_enrolment_code, MakeCode(make.HERE, kind), system(make.HERE))


def jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": base64url(word(point.x)), "y": base64url(word(point.y))}


def enrolment(code: str, key: ec.EllipticCurvePrivateKey, kind: str = "kiosk", **more: Any) -> dict[str, Any]:
    return {"code": code, "kind": kind, "name": "大堂一号机", "public_key": jwk(key), **more}


def signature(key: ec.EllipticCurvePrivateKey, device_id: str, nonce: str) -> tuple[int, int]:
    text = f"branch-lobby device-token v1\n{device_id}\n{nonce}".encode()
    return decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))


class Device:
    """A device that was let in and holds its key."""

    def __init__(self, lobby: Lobby, callers: Callers, code: str | None = None, kind: str = "kiosk") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.caller = callers.nobody
        answer = self.caller.post("/devices/enrol", enrolment(code or new_code(lobby), self.key, kind))
        assert answer.status_code == 201, answer.text
        self.id: str = told(answer)["device_id"]

    def challenged(self) -> str:
        nonce: str = told(self.caller.post(f"/devices/{self.id}/challenge"))["nonce"]
        return nonce

    def prove(self, nonce: str, raw: bytes | None = None) -> TestResponse:
        if raw is None:
            r, s = signature(self.key, self.id, nonce)
            raw = word(r) + word(s)
        return self.caller.post(f"/devices/{self.id}/token", {"nonce": nonce, "signature": base64url(raw)})

    def with_token(self) -> Caller:
        answer = told(self.prove(self.challenged()))
        assert answer["expires_in_s"] == 900
        return replace(self.caller, proof={"Authorization": f"Bearer {answer['access_token']}"})


@pytest.fixture
def device(lobby: Lobby, callers: Callers) -> Device:
    """A kiosk with its key."""
    return Device(lobby, callers)


# ---- Coming in ----------------------------------------------------------------------------------------------------


def test_what_a_kiosk_is_told_is_what_its_agent_was_tried_with(lobby: Lobby, callers: Callers) -> None:
    recorded = json.loads((Path(__file__).parents[1] / "golden/wire/devices.json").read_text("utf-8"))
    key = ec.generate_private_key(ec.SECP256R1())
    came = told(callers.nobody.post("/devices/enrol", enrolment(new_code(lobby), key)))
    assert (came.keys(), came["series"]) == (recorded["enrolled"].keys(), 1)
    second = Device(lobby, callers)
    proved = told(second.prove(second.challenged()))
    assert (proved.keys(), proved["series"]) == (recorded["token"].keys(), 2)


def test_a_kiosk_comes_in_with_its_code_and_proves_its_key(callers: Callers, device: Device) -> None:
    assert told(device.with_token().get("/lobby"))["audience"] == "kiosk"
    shown = {each["id"]: each for each in told(callers.manager.get("/lobby"))["devices"]}
    assert (shown[device.id]["kind"], shown[device.id]["name"]) == ("kiosk", "大堂一号机")


def test_a_code_typed_in_small_letters_with_a_space_is_the_same_code(lobby: Lobby, callers: Callers) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert callers.nobody.post("/devices/enrol", enrolment(f" {new_code(lobby).lower()} ", key)).status_code == 201


def test_a_code_counts_once(lobby: Lobby, callers: Callers) -> None:
    code = new_code(lobby)
    answers = [
        callers.nobody.post("/devices/enrol", enrolment(code, ec.generate_private_key(ec.SECP256R1())))
        for _ in range(2)
    ]
    assert answers[0].status_code == 201
    assert refusal(answers[1]) == (410, "code_used")


def test_a_code_ends_after_ten_minutes(lobby: Lobby, callers: Callers) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    in_time, late = new_code(lobby), new_code(lobby)
    make.advance(lobby.house, 599)
    assert callers.nobody.post("/devices/enrol", enrolment(in_time, key)).status_code == 201
    make.advance(lobby.house, 1)
    assert refusal(callers.nobody.post("/devices/enrol", enrolment(late, key))) == (410, "code_used")


def test_a_code_for_a_wall_lets_no_kiosk_in_and_stays_good(lobby: Lobby, callers: Callers) -> None:
    code, key = new_code(lobby, "wall"), ec.generate_private_key(ec.SECP256R1())
    assert refusal(callers.nobody.post("/devices/enrol", enrolment(code, key))) == (401, "code_unknown")
    assert callers.nobody.post("/devices/enrol", enrolment(code, key, "wall")).status_code == 201


def test_a_code_that_nobody_made_lets_nobody_in(callers: Callers) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for code in ("ABCD2345", "0", "' OR 1=1--", "漢字"):
        assert refusal(callers.nobody.post("/devices/enrol", enrolment(code, key))) == (401, "code_unknown")


def test_a_key_that_is_none_is_refused_and_the_code_stays_good(lobby: Lobby, callers: Callers) -> None:
    code, right = new_code(lobby), ec.generate_private_key(ec.SECP256R1())
    good = jwk(right)
    wrong: list[dict[str, Any]] = [
        {**good, "y": good["x"]},
        {**good, "x": base64url(bytes(WORD_BYTES)), "y": base64url(bytes(WORD_BYTES))},
        {**good, "x": base64url(b"\xff" * WORD_BYTES)},
        {**good, "x": good["x"][:-2]},
        {**good, "x": "!" * 43},
        {**good, "crv": "P-384"},
        {**good, "kty": "RSA"},
        {**good, "d": base64url(bytes(WORD_BYTES))},  # the private half must never be sent
        {},
    ]
    for key in wrong:
        answer = callers.nobody.post("/devices/enrol", enrolment(code, right, public_key=key))
        assert refusal(answer) == (422, "invalid_fields"), key
        assert {each["field"].split(".")[0] for each in told(answer)["errors"]} == {"public_key"}
    assert callers.nobody.post("/devices/enrol", enrolment(code, right)).status_code == 201


def test_a_devices_name_is_clean_text(lobby: Lobby, callers: Callers) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    code = new_code(lobby)
    for name in ("", "x" * 201, "a\u0000", "a\nb", "\u202eolleh", "a\u200bb", "\ufeff"):
        answer = callers.nobody.post("/devices/enrol", enrolment(code, key, name=name))
        assert refusal(answer) == (422, "invalid_fields"), name
    rare = "𠮷野 <img src=x onerror=alert(1)> é"
    device_id = told(callers.nobody.post("/devices/enrol", enrolment(code, key, name=rare)))["device_id"]
    shown = {each["id"]: each["name"] for each in told(callers.manager.get("/lobby"))["devices"]}
    assert shown[device_id] == "𠮷野 <img src=x onerror=alert(1)> é"  # composed, else as it was sent


# ---- Proving the key ----------------------------------------------------------------------------------------------


def test_a_nonce_counts_once(device: Device) -> None:
    nonce = device.challenged()
    assert device.prove(nonce).status_code == 200
    assert refusal(device.prove(nonce)) == (401, "challenge")


def test_a_nonce_of_another_device_counts_nothing(lobby: Lobby, callers: Callers, device: Device) -> None:
    nonce = Device(lobby, callers).challenged()
    assert refusal(device.prove(nonce)) == (401, "challenge")


def test_a_nonce_ends_after_two_minutes(lobby: Lobby, device: Device) -> None:
    nonce = device.challenged()
    make.advance(lobby.house, 119)
    assert device.prove(nonce).status_code == 200
    nonce = device.challenged()
    make.advance(lobby.house, 120)
    assert refusal(device.prove(nonce)) == (401, "challenge")


def test_a_wrong_signature_opens_nothing_and_leaves_the_nonce(device: Device) -> None:
    nonce = device.challenged()
    r, s = signature(device.key, device.id, nonce)
    stranger = ec.generate_private_key(ec.SECP256R1())
    wrong = {
        "another key": b"".join(map(word, signature(stranger, device.id, nonce))),
        "another text": b"".join(map(word, signature(device.key, make.new_id(), nonce))),
        "one bit": word(r) + word(s ^ 1),
        "swapped": word(s) + word(r),
        "zeros": bytes(64),
        "r is zero": bytes(32) + word(s),
        "s is the order": word(r) + word(ORDER),
        "short": (word(r) + word(s))[:-1],
        "long": word(r) + word(s) + b"\0",
        "nothing that can be read": b"\xff",
        "as DER": device.key.sign(b"", ec.ECDSA(hashes.SHA256())),
    }
    answers = {name: refusal(device.prove(nonce, raw)) for name, raw in wrong.items()}
    assert answers == dict.fromkeys(wrong, (401, "challenge"))
    assert device.prove(nonce, word(r) + word(s)).status_code == 200


def test_a_signature_with_the_high_half_counts_as_browsers_make_it(device: Device) -> None:
    nonce = device.challenged()
    r, s = signature(device.key, device.id, nonce)
    assert device.prove(nonce, word(r) + word(max(s, ORDER - s))).status_code == 200


def test_a_signature_that_is_no_base64_is_refused(device: Device) -> None:
    path, nonce = f"/devices/{device.id}/token", device.challenged()
    for text in ("!", "ä" * 86, "A" * 87, "A=" * 43):
        assert refusal(device.caller.post(path, {"nonce": nonce, "signature": text})) == (401, "challenge"), text
    assert refusal(device.caller.post(path, {"nonce": nonce, "signature": "A" * 129})) == (422, "invalid_fields")


def test_a_device_without_a_usable_key_gets_no_token(lobby: Lobby, callers: Callers) -> None:
    """The played kiosk of the trial has none: its row must open no door."""
    path = f"/devices/{callers.kiosk.who.id}/token"
    nonce = told(callers.nobody.post(f"/devices/{callers.kiosk.who.id}/challenge"))["nonce"]
    answer = callers.nobody.post(path, {"nonce": nonce, "signature": base64url(bytes(64))})
    assert refusal(answer) == (401, "challenge")


# ---- The token ----------------------------------------------------------------------------------------------------


def test_a_token_ends_after_fifteen_minutes_by_the_servers_clock(lobby: Lobby, device: Device) -> None:
    caller = device.with_token()
    make.advance(lobby.house, 899)
    assert caller.get("/lobby").status_code == 200
    make.advance(lobby.house, 1)
    assert refusal(caller.get("/lobby")) == (401, "token")
    assert device.with_token().get("/lobby").status_code == 200


def test_a_revoked_device_is_out_at_once_and_stays_out(lobby: Lobby, device: Device) -> None:
    caller, nonce = device.with_token(), device.challenged()
    lobby.house.works.run(revoke, device.id, system(make.HERE))
    assert refusal(caller.get("/lobby")) == (401, "token")
    assert refusal(device.prove(nonce)) == (401, "challenge")
    assert refusal(device.prove(device.challenged())) == (401, "challenge")


def test_only_its_own_branch_shuts_a_device_out(lobby: Lobby, device: Device) -> None:
    with pytest.raises(NotFound):
        lobby.house.works.run(revoke, device.id, system(make.ELSEWHERE))
    assert device.with_token().get("/lobby").status_code == 200


@pytest.mark.parametrize("who", ["known", "unknown", "revoked"])
def test_a_challenge_tells_nobody_which_devices_there_are(lobby: Lobby, device: Device, who: str) -> None:
    if who == "revoked":
        lobby.house.works.run(revoke, device.id, system(make.HERE))
    device_id = make.new_id() if who == "unknown" else device.id
    answer = told(device.caller.post(f"/devices/{device_id}/challenge"))
    assert (len(answer["nonce"]), answer["expires_in_s"]) == (22, 120)


def test_a_sign_of_life_is_shown_with_its_time_and_facts(lobby: Lobby, callers: Callers, device: Device) -> None:
    caller = device.with_token()
    make.advance(lobby.house, 60)
    health = {"paper": "low", "camera": "lost", "clock_offset_ms": -3_600_000}
    answer = caller.post(f"/devices/{device.id}/heartbeat", {"health": health})
    assert (answer.status_code, answer.get_data()) == (204, b"")
    shown = {each["id"]: each for each in told(callers.manager.get("/lobby"))["devices"]}[device.id]
    assert (shown["seen_at"], shown["health"], shown["is_alive"]) == ("2026-11-23T02:01:00.000000Z", health, True)
    make.advance(lobby.house, 30)
    shown = {each["id"]: each for each in told(callers.manager.get("/lobby"))["devices"]}[device.id]
    assert shown["is_alive"] is False


def test_health_is_a_few_known_facts_within_bounds(callers: Callers) -> None:
    path = f"/devices/{callers.kiosk.who.id}/heartbeat"
    wrong: list[Any] = [
        {"mood": "fine"},
        {"paper": "低"},
        {"paper": "lost"},
        {"camera": "low"},
        {"camera": {"state": "ok"}},
        {"clock_offset_ms": "1"},
        {"clock_offset_ms": 0.5},
        {"clock_offset_ms": True},
        {"clock_offset_ms": 2**63},
        [],
    ]
    for health in wrong:
        assert refusal(callers.kiosk.post(path, {"health": health})) == (422, "invalid_fields"), health
    assert refusal(callers.kiosk.post(path, {"health": {}, "visit_id": "1"})) == (422, "invalid_fields")
    right = {"paper": "out", "card_reader": "ok", "camera": "ok", "printer": "lost", "clock_offset_ms": 10**13}
    assert callers.kiosk.post(path, {"health": right, "busy": None, "visit_id": make.new_id()}).status_code == 204


# ---- A machine, and tries in vain ---------------------------------------------------------------------------------


def test_a_machine_stands_at_its_service_point_and_says_whether_it_is_busy(lobby: Lobby, callers: Callers) -> None:
    made = MakeCode(make.HERE, "machine", "S1")
    code = lobby.house.works.run(make_enrolment_code, made, system(make.HERE))
    machine = Device(lobby, callers, code, "machine")
    shown = {each["id"]: each for each in told(callers.manager.get("/lobby"))["devices"]}[machine.id]
    assert (shown["kind"], shown["service_point"], shown["zone"]) == ("machine", "S1", "hall")
    caller = machine.with_token()
    for said, is_busy in (({"busy": True}, True), ({}, False), ({"visit_id": make.new_id()}, True)):
        assert caller.post(f"/devices/{machine.id}/heartbeat", {"health": {}, **said}).status_code == 204
        with lobby.house.database.read() as db:
            (found,) = branches.machines(db, make.HERE, lobby.house.clock.now())
        assert (found.device_id, found.is_busy) == (machine.id, is_busy)


@pytest.mark.parametrize(
    ("kind", "point", "refused"),
    [
        ("machine", None, Invalid),
        ("machine", "W1", Invalid),
        ("kiosk", "S1", Invalid),
        ("tablet", "W9", NotFound),
    ],
)
def test_a_machine_and_nothing_else_is_let_in_at_a_machines_point(
    lobby: Lobby, kind: str, point: str | None, refused: type[Refusal]
) -> None:
    with pytest.raises(refused):
        lobby.house.works.run(make_enrolment_code, MakeCode(make.HERE, kind, point), system(make.HERE))


def test_after_five_tries_in_vain_a_code_lets_nobody_in(lobby: Lobby, callers: Callers) -> None:
    code, key = new_code(lobby, "wall"), ec.generate_private_key(ec.SECP256R1())
    for _ in range(5):
        assert refusal(callers.nobody.post("/devices/enrol", enrolment(code, key))) == (401, "code_unknown")
    assert refusal(callers.nobody.post("/devices/enrol", enrolment(code, key, "wall"))) == (410, "code_used")
    other = new_code(lobby, "wall")
    assert callers.nobody.post("/devices/enrol", enrolment(other, key, "wall")).status_code == 201
