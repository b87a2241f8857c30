"""A branch can install what we ship: the sdist is whole, the wheel needs no Node, and the demo starts from it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).parents[2]
STEP_S_MAX = 300
START_S_MAX = 40
# Building, an environment and an installation take longer than a usual test.
pytestmark = pytest.mark.timeout(900)


def told(*command: str | Path, cwd: Path, path: str | None = None) -> str:
    """Run to the end and give what was said; with `path`, only programs of these folders can be found."""
    environment = bare_environment() | ({"PATH": path} if path else {})
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=STEP_S_MAX,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def bare_environment() -> dict[str, str]:
    """Ours without what would let the child find this repository."""
    left_out = ("PYTHON", "LOBBY_", "VIRTUAL_ENV", "MAKE")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel made from that sdist, not from the folder: so the sdist is proved to be whole."""
    folder = tmp_path_factory.mktemp("dist")
    told(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the pinned packages and our wheel, made as a branch would make it."""
    folder = tmp_path_factory.mktemp("branch")
    told(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    pip: list[str | Path] = [
        folder / "env/bin/python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "install",
    ]
    told(*pip, "--require-hashes", "--requirement", ROOT / "requirements/server.lock", cwd=folder)
    told(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    return folder / "env" / "bin"


@contextlib.contextmanager
def demo(programs: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The demo, running from the wheel with nothing but its own programs to be found."""
    command: list[str | Path] = [
        programs / "branch-lobby",
        "demo",
        "--port",
        str(port),
        "--data-dir",
        folder / "data",
        "--no-traffic",
    ]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            command, cwd=folder, env=bare_environment() | {"PATH": str(programs)}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()


def answer(port: int, path: str) -> bytes | None:
    """What the server gives for an address; None while it does not listen yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as found:
            body: bytes = found.read()
            return body
    except urllib.error.HTTPError as refused:
        pytest.fail(f"{path} gave {refused.code}: {refused.read().decode()}")
    except OSError:
        return None


def test_the_wheel_carries_every_file_of_ours_and_every_vendored_one(wheel: Path) -> None:
    """A forgotten template, word list or migration would be found only at the branch."""
    with zipfile.ZipFile(wheel) as packed:
        inside = set(packed.namelist())
    expected = {
        str(path.relative_to(ROOT))
        for package in ("lobby_server", "referral", "staff_tablet", "kiosk")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected - inside == set()
    assert "staff_tablet/web/shared/vendor/manifest.json" in inside


def test_the_wheel_carries_nothing_but_the_four_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        roots = {name.split("/")[0] for name in packed.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {
        "kiosk",
        "lobby_server",
        "referral",
        "staff_tablet",
    }


def test_a_wheel_without_the_vendored_files_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """Ask the build hook alone, over an empty folder: no file of this repository is touched."""
    for name in ("pyproject.toml", "hatch_build.py"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "lobby_server").mkdir()
    (tmp_path / "lobby_server" / "__init__.py").touch()
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=STEP_S_MAX,
    )
    assert done.returncode != 0
    assert "manifest.json is missing: run `make vendor`" in done.stdout + done.stderr


def test_the_installed_command_explains_itself(programs: Path, tmp_path: Path) -> None:
    said = told(programs / "branch-lobby", "--help", cwd=tmp_path, path=str(programs))
    assert "demo" in said


def test_the_demo_starts_from_the_wheel_without_node_and_stops_when_asked(programs: Path, tmp_path: Path) -> None:
    port = free_port()
    with demo(programs, tmp_path, port) as child:
        until = time.monotonic() + START_S_MAX
        while (alive := answer(port, "/livez")) is None and child.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert alive is not None, (tmp_path / "log").read_text(encoding="utf-8")[-3000:]
        page = answer(port, "/sign-in")
        assert page is not None
        assert b'type="importmap"' in page
        child.send_signal(signal.SIGTERM)
        child.wait(START_S_MAX)
    assert child.returncode in (0, -signal.SIGTERM)


def test_the_environment_of_a_branch_is_whole(programs: Path, tmp_path: Path) -> None:
    listed = json.loads(told(programs / "python", "-m", "pip", "list", "--format=json", cwd=tmp_path))
    told(programs / "python", "-m", "pip", "check", cwd=tmp_path)
    names = {entry["name"] for entry in listed}
    assert "branch-lobby" in names
    # What only builds or tests has no place at a branch.
    assert names.isdisjoint({"hatchling", "pytest", "playwright", "ruff"})
