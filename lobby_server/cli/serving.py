"""Running the server: the furnished trial in one process, production under gunicorn."""

from __future__ import annotations

import gc
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer
from gevent.threadpool import ThreadPool
from gunicorn.app.base import BaseApplication

from lobby_server.admin import history
from lobby_server.admin.devices import PlayedDevices
from lobby_server.admin.fetching import Fetcher, source_of
from lobby_server.admin.furnish import Past, furnish, plan
from lobby_server.admin.traffic import Traffic
from lobby_server.admin.trial_crm import trial_crm
from lobby_server.app import Lobby, build_house, build_lobby
from lobby_server.branch.rules import SERVICE_TYPES_FILE, read_service_types
from lobby_server.kernel.house import House
from lobby_server.kernel.passwords import Passwords
from lobby_server.kernel.privacy import load_keyring, write_secret
from lobby_server.kernel.settings import Settings
from lobby_server.migrations import migrate
from lobby_server.webhooks.sender import Sender
from lobby_server.worker import Worker
from referral.crm_sync import connectors
from referral.crm_sync.road import Road

SWEEP_EVERY_S = 1.0
DRAIN_WATCH_S = 0.1
STOPS_WITHIN_S = 10  # a stop takes two seconds; a head office that does not answer may hold it for longer
DRAIN_S = 0.6  # a little longer than what screens are told, so that they hear it
# Pauses of the collector reach 800 ms with thousands of sockets, so the oldest generation is left to the worker's
# hourly round; the middle one keeps the memory flat (with 1000 it grew by 1.1 kB an arrival).
GC_THRESHOLDS = (700, 20, 1_000_000)


def _offloaded_house(settings: Settings) -> House:
    """A house whose heavy work runs in native threads: hashing in the hub's, commits in one of their own."""
    return build_house(settings, offload=gevent.get_hub().threadpool.apply, commit_offload=ThreadPool(1).apply)


def _worker(lobby: Lobby) -> Worker:
    """What runs beside the requests, with the way to head office where the settings name one."""
    house = lobby.house
    to = connectors.connected(house.settings.head_office, house.settings.secrets)
    road, source = Road(house, to) if to else None, source_of(house)
    fetcher = Fetcher(house, source) if source else None
    return Worker(house, lobby.types, road, Sender(house, lobby.vocabulary), fetcher)


def _start_beside(lobby: Lobby) -> None:
    """The loops of every web process: delivery, sweep, hints."""
    threading.Thread(target=lobby.delivery.run, name="delivery", daemon=True).start()
    threading.Thread(target=_sweep, args=(lobby,), name="sweep", daemon=True).start()
    if lobby.hints is not None:
        lobby.hints.start()
    lobby.metrics.watch_collector()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _sweep(lobby: Lobby) -> None:
    while True:
        gevent.sleep(SWEEP_EVERY_S)
        lobby.sockets.sweep()


def serve_demo_with_crm(settings: Settings, *, with_traffic: bool, say: Callable[[str], None]) -> int:
    """The trial, and a real Tryton as its head office beside it."""
    with trial_crm(settings) as (told, address):
        say(f"Head office's CRM is a Tryton at {address}, database lobby; /admin shows what it holds.")
        return serve_demo(replace(settings, head_office=told), with_traffic=with_traffic, say=say)


def serve_demo(settings: Settings, *, with_traffic: bool, say: Callable[[str], None]) -> int:
    """The trial: migrate, furnish, serve on loopback in this one process until told to stop."""
    address = f"http://127.0.0.1:{settings.port}"
    settings = replace(settings, demo=True, host="127.0.0.1", public_url=settings.public_url or address)
    head_office = settings.head_office or connectors.SIMULATED
    settings = replace(settings, arrivals_outside_hours=True, head_office=head_office)
    load_keyring(settings.secrets, make=True)
    migrate(settings.database)
    settings = replace(settings, demo_password=_demo_password(settings))
    house = _offloaded_house(settings)
    past = Past(history.LASTS, partial(history.remember, types=read_service_types(SERVICE_TYPES_FILE)))
    furnish(house, Passwords(house.keys.pepper, house.offload).hash(settings.demo_password), past)
    lobby = build_lobby(house, "gevent", breathe=lambda: gevent.sleep(0))
    server = WSGIServer(
        (settings.host, settings.port), lobby.flask, log=None, error_log=logging.getLogger("gevent.pywsgi")
    )
    server.init_socket()
    # Head and body leave in two writes: without this each answer waits 40 ms for the other side's delayed ACK.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.start()
    _start_beside(lobby)
    worker = _worker(lobby)
    worker.start()
    devices = PlayedDevices(house)
    devices.start()
    traffic = Traffic(house, lobby.types)
    if with_traffic:
        traffic.start()
    _greet(address, settings.demo_password, say)
    stopped = threading.Event()

    def stop(*_told: object) -> None:
        # Whatever is still waiting then is ended by the system: what was acknowledged is on the disk anyway.
        signal.alarm(STOPS_WITHIN_S)
        stopped.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    stopped.wait()
    traffic.stop()
    devices.stop()
    worker.stop()
    lobby.sockets.drain()
    gevent.sleep(DRAIN_S)
    lobby.delivery.stop()
    server.stop(timeout=1)
    house.database.close()
    return 0


def _demo_password(settings: Settings) -> str:
    """The one given, else the one of the last start, else a new one; kept beside the keys."""
    path = settings.secrets / "demo-password"
    password = settings.demo_password or (path.read_text().strip() if path.exists() else secrets.token_urlsafe(6))
    write_secret(path, password + "\n")
    return password


def _greet(address: str, password: str, say: Callable[[str], None]) -> None:
    pages = (
        ("choose a screen", "/"),
        ("kiosk", "/demo/enrol/kiosk"),
        ("wall display", "/demo/enrol/wall"),
        ("a customer's phone", "/demo/wallet"),
        ("lobby manager's tablet", "/tablet"),
        ("teller's desk", "/desk"),
        ("branch head's board", "/head"),
        ("administration", "/admin"),
    )
    say("Branch Lobby is open.")
    for name, path in pages:
        say(f"  {name:<24}{address}{path}")
    say(f"Sign in with any of these numbers and the password  {password}")
    played = plan()["played"]
    for branch, people in plan()["staff"].items():
        numbers = [f"{number} ({role})" for number, _name, role in people if number not in played]
        say(f"  branch {branch}: {', '.join(numbers)}")
    say("Stop with Ctrl-C.")


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn with one gevent worker; the lobby is built in the worker, after the fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lobby: Lobby | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "worker_class": "gevent",
            "workers": 1,
            "graceful_timeout": 3,
            "keepalive": 30,
            "post_worker_init": self._watch,
            # A heartbeat file on a slow disk would get a healthy worker killed.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108
            "control_socket_disable": True,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        lobby = build_lobby(_offloaded_house(self._settings), "gevent", breathe=lambda: gevent.sleep(0))
        _start_beside(lobby)
        if lobby.house.database.is_sqlite:
            _worker(lobby).start()
        self._lobby = lobby
        return lobby.flask

    def _watch(self, worker: Any) -> None:
        """Tell the screens as soon as the worker is asked to end; gunicorn's own hooks come after the sockets."""

        def wait() -> None:
            while worker.alive:
                gevent.sleep(DRAIN_WATCH_S)
            if self._lobby is not None:
                self._lobby.sockets.drain()

        threading.Thread(target=wait, name="drain-watch", daemon=True).start()


def serve(settings: Settings) -> int:
    """Production: one web process a branch group; on SQLite the worker runs inside it."""
    _Gunicorn(settings).run()
    return 0


def serve_worker(settings: Settings) -> int:
    """The worker beside several web processes."""
    house = _offloaded_house(settings)
    lobby = build_lobby(house, "gevent")
    for thread in _worker(lobby).start():
        thread.join()
    return 0
