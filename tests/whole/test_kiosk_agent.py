"""The device agent as it runs on a kiosk: real processes, a real WebSocket, a real branch server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import qrcode
import socketio
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from kiosk.agent.main import BEAT_EVERY_S
from tests.kiosk_agent import ORIGIN, WAIT_S, agent, let_in, write_config
from tests.kiosk_card import ID_NUMBER, PAN, card_service, packed
from tests.whole import running


def add_line(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


def scanner_of(folder: Path) -> str:
    return f'[scanner]\ndriver = "simulated"\nfile = "{folder}/codes"\n'


# ---- The page -----------------------------------------------------------------------------------------------------


def test_a_scanned_code_reaches_the_page(tmp_path: Path) -> None:
    with agent(tmp_path, scanner_of(tmp_path)) as kiosk, kiosk.page() as page:
        page.hear_health(scanner="ok")
        add_line(tmp_path / "codes", "]Q1BQ1:V50I/0 $%")
        assert page.hear("seen") == {"type": "seen", "kind": "qr", "value": "BQ1:V50I/0 $%", "older": []}


def test_only_the_kiosk_page_that_knows_the_secret_is_let_in(tmp_path: Path) -> None:
    with agent(tmp_path, "") as kiosk:
        for origin in ("http://evil.example", None):
            with pytest.raises(InvalidStatus, match="403"):
                connect(kiosk.address, origin=Origin(origin) if origin else None)
        for word in ('{"type": "hello", "secret": "wrong"}', '{"type": "ask_token"}', "[]", "{"):
            with connect(kiosk.address, origin=Origin(ORIGIN)) as link:
                link.send(word)
                with pytest.raises(ConnectionClosed) as closed:
                    link.recv(timeout=WAIT_S)
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
        assert oct((tmp_path / "page-secret").stat().st_mode)[-3:] == "600"


def test_a_page_that_says_nonsense_is_closed_and_may_come_again(tmp_path: Path) -> None:
    with agent(tmp_path, "") as kiosk:
        with kiosk.page() as page:
            page.say("open_the_safe")
            with pytest.raises(ConnectionClosed):
                page.hear("welcome")
        with kiosk.page() as page:
            page.say("ask_token")
            assert page.hear("token") == {
                "type": "token",
                "access_token": None,
                "expires_in_s": 0,
                "reason": "not_enrolled",
            }


# ---- Drivers ------------------------------------------------------------------------------------------------------


def test_a_driver_that_dies_or_hangs_is_started_anew(tmp_path: Path) -> None:
    with agent(tmp_path, scanner_of(tmp_path)) as kiosk, kiosk.page() as page:
        page.hear_health(scanner="ok")
        for how in (signal.SIGKILL, signal.SIGSTOP):
            (driver,) = kiosk.drivers()
            os.kill(driver, how)
            until = time.monotonic() + WAIT_S
            while kiosk.drivers() in ([driver], []):
                assert time.monotonic() < until, "never started anew"
                time.sleep(0.1)
            time.sleep(1.5)
            add_line(tmp_path / "codes", f"BQ1:{how.name}")
            assert page.hear("seen")["value"] == f"BQ1:{how.name}"


def test_when_the_agent_ends_no_driver_stays_behind(tmp_path: Path) -> None:
    with agent(tmp_path, scanner_of(tmp_path)) as kiosk, kiosk.page() as page:
        page.hear_health(scanner="ok")
        drivers = kiosk.drivers()
    assert drivers and [each for each in drivers if Path(f"/proc/{each}").exists()] == []


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        (
            '[card_reader]\ndriver = "acme"\n',
            "no card reader 'acme'; there are: magnetic, pcsc, simulated",
        ),
        ('[camera]\ndriver = "simulated"\nfps = 3\n', "no setting 'fps'; there are: folder, frames_per_s"),
        ('[scanner]\ndriver = "serial_port"\n', "needs device (kiosk.toml, [scanner], driver 'serial_port')"),
        ("colour = 1\n", "no setting 'colour'; there are: server,"),
        ("series = 100\n", "series 100: expected 1 to 99"),
        ("camera = 1\n", "camera is int, expected a table [camera]"),
    ],
)
def test_wrong_settings_are_refused_in_one_sentence(devices: str, sentence: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, 47899, devices, "http://127.0.0.1:1")
    command = [sys.executable, "-m", "kiosk.agent", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_S)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert ended.stderr.startswith("branch-lobby-kiosk: ") and sentence in ended.stderr


# ---- The camera ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mjpeg", "y4m"])
def test_a_code_held_before_the_camera_reaches_the_page_once(kind: str, tmp_path: Path) -> None:
    """Played from a recording, in the two forms that OpenCV and Chromium read; the camera comes after the page."""
    text = "BQ1:" + "V50I/0 $%*+-./:" * 8
    film, made = tmp_path / f"film.{kind}", tmp_path / f"made.{kind}"
    write_film(made, text)
    with agent(tmp_path, f'[camera]\ndriver = "opencv"\ndevice = "{film}"\n') as kiosk, kiosk.page() as page:
        made.rename(film)
        assert page.hear("seen")["value"] == text


def write_film(path: Path, text: str) -> None:
    """Two seconds of a code that comes into the picture, is held, and goes."""
    made = qrcode.QRCode(box_size=6)
    made.add_data(text)
    code = np.asarray(made.make_image().get_image().convert("L"), dtype=np.uint8)
    frames = []
    for at in range(20):
        frame = np.full((480, 640), 90, dtype=np.uint8)
        left = 20 * at
        shown = code[: min(480, code.shape[0]), : max(0, 640 - left)]
        frame[: shown.shape[0], left : left + shown.shape[1]] = shown
        frames.append(frame)
    if path.suffix == ".mjpeg":
        path.write_bytes(b"".join(cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames * 20))
        return
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for frame in frames * 20:
            film.write(b"FRAME\n" + frame.tobytes() + bytes([128]) * (640 * 480 // 2))


# ---- The printer --------------------------------------------------------------------------------------------------


def test_a_page_prints_a_ticket_once_and_hears_of_paper_that_ran_out(tmp_path: Path) -> None:
    paper, state = tmp_path / "paper", tmp_path / "state"
    devices = f'[printer]\ndriver = "simulated"\nfile = "{paper}"\npaper_file = "{state}"\n'
    recorded = json.loads((Path(__file__).parents[1] / "golden/wire/kiosk_agent.json").read_text("utf-8"))
    job = next(each for each in recorded["from_page"] if each["type"] == "print")
    facts = {name: value for name, value in job.items() if name != "type"}
    with agent(tmp_path, devices) as kiosk, kiosk.page() as page:
        page.hear_health(printer="ok", paper="ok")
        for _ in range(2):
            page.say("print", **facts)
            assert page.hear("printed", state="done")["job_id"] == job["job_id"]
        printed = paper.read_bytes()
        assert printed.count(job["number"].encode()) == 1 and job["service"].encode("gb18030") in printed
        state.write_text("out")
        page.hear_health(paper="out")
        page.say("print", **{**facts, "job_id": "another"})
        page.hear("printed", state="paper_out", job_id="another")
        page.say("print", **{**facts, "job_id": "wrong", "issued_at": "yesterday"})
        page.hear("printed", state="refused", job_id="wrong")
        assert paper.read_bytes() == printed


# ---- Cards --------------------------------------------------------------------------------------------------------


def test_a_card_held_on_a_real_reader_service_leaves_a_token_and_nothing_else(tmp_path: Path) -> None:
    """pcscd, its virtual reader and a software card; then everything that was written or sent is searched."""
    devices = f"""[card_reader]
driver = "pcsc"
[id_reader]
driver = "simulated"
file = "{tmp_path}/ids"
[[scanner]]
driver = "simulated"
file = "{tmp_path}/codes"
"""
    heard = []
    with card_service() as card, agent(tmp_path, devices) as kiosk, kiosk.page() as page:
        heard.append(page.hear("seen", kind="card_token"))
        page.hear_health(card_reader="ok", id_reader="ok", scanner="ok")
        assert {command[1] for command in card.asked} == {0xA4, 0xA8, 0xB2}
        add_line(tmp_path / "ids", ID_NUMBER)
        heard.append(page.hear("seen", kind="id_token"))
        # A card number printed as a code, and typed by a scanner: it stops at the agent.
        add_line(tmp_path / "codes", PAN)
        add_line(tmp_path / "codes", "BQ1:AFTER")
        heard.append(page.hear("seen", kind="qr"))
        assert heard[-1]["value"] == "BQ1:AFTER"
        assert [each[:3] for each in (heard[0]["value"], *heard[0]["older"])] == ["v2:", "v1:"]
        environments = [Path(f"/proc/{each}/environ") for each in (kiosk.process.pid, *kiosk.drivers())]
        commands = [path.with_name("cmdline") for path in environments]
        written = b"".join(path.read_bytes() for path in (*environments, *commands))
        limits = [path.with_name("limits").read_text() for path in environments[1:]]
        assert all(re.search(r"Max core file size +0 +0 ", each) for each in limits), limits[0]
    shown = tmp_path / "ids", tmp_path / "codes"
    written += b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path not in shown)
    written += json.dumps(heard).encode()
    for canary in (PAN, PAN[6:], ID_NUMBER, "CARD/HOLDER"):
        assert canary.encode() not in written


def test_a_cards_and_a_persons_number_are_on_no_page_frame_log_core_file_or_database(tmp_path: Path) -> None:
    """From the card to the lobby manager's screen, with whatever is tried on the way; then everything is searched."""
    (tmp_path / "server").mkdir()
    (tmp_path / "kiosk").mkdir()
    shown = tmp_path / "ids"
    devices = f'[card_reader]\ndriver = "pcsc"\n[id_reader]\ndriver = "simulated"\nfile = "{shown}"\n'
    said: list[object] = []
    with card_service(), running.demo(tmp_path / "server") as server:
        let_in(tmp_path / "kiosk", server)
        said += [line_of(server, said)]
        with agent(tmp_path / "kiosk", devices, server.address) as kiosk, kiosk.page() as page:
            card = page.hear("seen", kind="card_token")
            page.say("ask_token")
            by_token = {"Authorization": f"Bearer {page.hear('token')['access_token']}"}
            caller = running.Caller(server.client(), by_token)
            add_line(shown, ID_NUMBER)
            person = page.hear("seen", kind="id_token")
            for number in (PAN, ID_NUMBER, f";{PAN}=30122201?", f"%B{PAN}^CARD/HOLDER^3012?"):
                for kind in ("card_token", "id_token", "qr"):
                    refused = caller.post("/visits", {"credential": {"kind": kind, "value": number}})
                    assert refused.status_code == 422
                    said.append(refused.text)
            for seen in (card, person):
                credential = {name: seen[name] for name in ("kind", "value", "older")}
                came = caller.post("/visits", {"credential": credential}).raise_for_status()
                choice = {"service_type": "cash", "choice": "ticket"}
                ticket = caller.post(f"/visits/{came.json()['visit_id']}/route", choice).raise_for_status()
                said += [
                    came.text,
                    ticket.text,
                    server.client().get(f"/t/{ticket.json()['ticket']['ticket_key']}").text,
                ]
            colleague = running.signed_in(server, "L001")
            said += [card, person, colleague.get("/lobby")]
            said += [colleague.http.get(path).text for path in ("/tablet", "/kiosk", "/wall")]
            processes = [server.pid, kiosk.process.pid, *kiosk.drivers()]
            said += [Path(f"/proc/{each}/{name}").read_text() for each in processes for name in ("environ", "cmdline")]
            for each in processes[1:]:
                assert re.search(r"Max core file size +0 +0 ", Path(f"/proc/{each}/limits").read_text())
            for each in processes[2:]:
                os.kill(each, signal.SIGSEGV)
            until = time.monotonic() + WAIT_S
            while set(processes[2:]) & set(kiosk.drivers()):
                assert time.monotonic() < until
                time.sleep(0.1)
    everything = json.dumps(said, ensure_ascii=False).encode()
    everything += b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path != shown)
    for canary in (PAN, PAN[6:], ID_NUMBER, "CARD/HOLDER"):
        assert canary.encode() not in everything
    assert packed(PAN) not in everything
    assert sum(isinstance(each, dict) and "events" in each for each in said) > 0, "no frame was heard"


def line_of(server: running.Demo, said: list[object]) -> str:
    """Every frame that the lobby manager's tablet gets is kept; gives what the connection is called."""
    frames = socketio.Client(reconnection=False)
    server.closing.callback(frames.shutdown)
    for name in ("news", "beat", "reset"):
        frames.on(name, said.append, namespace="/live")
    cookie = running.signed_in(server, "L001").http.cookies["lobby"]
    headers = {"Cookie": f"lobby={cookie}"}
    frames.connect(server.address, headers=headers, auth={}, transports=["websocket"], namespaces=["/live"])
    return str(frames.sid)


# ---- The branch server --------------------------------------------------------------------------------------------


def test_a_kiosk_enrols_proves_itself_and_says_how_it_feels(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "kiosk").mkdir()
    with running.demo(tmp_path / "server") as server:
        made = server.command("devices", "code", "--branch", "0001", "--kind", "kiosk")
        config = write_config(tmp_path / "kiosk", 47899, "", server.address)
        command = [sys.executable, "-m", "kiosk.agent", "--config", str(config), "--enrol", made.stdout.strip()]
        subprocess.run(command, check=True, timeout=WAIT_S)
        again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_S)
        assert again.returncode == 1 and "code_used" in again.stderr
        assert oct((tmp_path / "kiosk/data/device-key.pem").stat().st_mode)[-3:] == "600"
        devices = scanner_of(tmp_path) + '[camera]\ndriver = "simulated"\n[printer]\ndriver = "simulated"\n'
        with agent(tmp_path / "kiosk", devices, server.address) as kiosk, kiosk.page() as page:
            page.hear_health(camera="ok", printer="ok", paper="ok", scanner="ok")
            page.say("ask_token")
            token = page.hear("token")["access_token"]
            asked = server.client().get("/api/v1/lobby", headers={"Authorization": f"Bearer {token}"})
            assert asked.status_code == 200, asked.text
            # The first beat is sent before anything has started; the second tells of every part.
            time.sleep(BEAT_EVERY_S + 1)
            assert "heartbeat_failed" not in kiosk.log()
