"""A kiosk stands unattended: what its browser may, what its services may, and which keyboards count."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.agent.wire import PORT

DEPLOY = Path(__file__).parents[2] / "deploy" / "kiosk"
AGENT, PAGE = DEPLOY / "branch-lobby-kiosk.service", DEPLOY / "branch-lobby-page.service"
# `systemd-analyze security` gives 9.6 to a unit without any of this.
EXPOSURE_MAX = 1.5


def directives(unit: Path) -> list[str]:
    """The lines of a unit without its comments, long ones joined."""
    text = unit.read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_browser_may_go_nowhere_but_to_the_kiosk_page() -> None:
    policy = json.loads((DEPLOY / "chromium-policy.json").read_text("utf-8"))
    # The star does not hold for the pages of the browser itself: chrome://version opened under it.
    assert policy["URLBlocklist"][0] == "*" and {"chrome://*", "view-source:*"} < set(policy["URLBlocklist"])
    assert all(each.startswith("https://") for each in policy["URLAllowlist"])
    assert policy["DeveloperToolsAvailability"] == 2 and policy["DownloadRestrictions"] == 3
    assert policy["ExtensionInstallBlocklist"] == ["*"]
    off = ("PrintingEnabled", "AllowFileSelectionDialogs", "PasswordManagerEnabled", "VideoCaptureAllowed")
    assert [name for name in off if policy[name]] == []
    # A door to a device that the page could open by itself: the agent has them all.
    assert {value for name, value in policy.items() if name.endswith("GuardSetting")} == {2}


def test_the_page_finds_the_agent_and_gets_the_secret_from_the_service_manager() -> None:
    (start,) = (line for line in directives(PAGE) if line.startswith("ExecStart="))
    assert f"#agent={PORT},$(cat $CREDENTIALS_DIRECTORY/page-secret)" in start
    for option in ("--kiosk", "--incognito", "--disable-pinch", "--disable-features=BackForwardCache"):
        assert option in start


def test_browser_and_agent_are_two_users_and_leave_no_core_file() -> None:
    users = [line for unit in (AGENT, PAGE) for line in directives(unit) if line.startswith("User=")]
    assert len(set(users)) == 2
    assert all("LimitCORE=0" in directives(unit) for unit in (AGENT, PAGE))


def test_a_keyboard_that_is_plugged_in_types_into_nothing() -> None:
    rules = [
        line for line in (DEPLOY / "70-branch-lobby-kiosk.rules").read_text("utf-8").splitlines() if line[0] != "#"
    ]
    assert all('ENV{LIBINPUT_IGNORE_DEVICE}="1"' in rule for rule in rules)
    assert any('ENV{ID_INPUT_KEYBOARD}=="1"' in rule for rule in rules)


# What the service's MemoryDenyWriteExecute does, as the kernel itself offers it since 6.3.
UNDER_DENIAL = """
import ctypes, importlib, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(77)
import numpy
from kiosk.agent.devices.camera.decoding import read_still
from kiosk.agent.settings import KINDS, driver_names
for kind in KINDS:
    for name in driver_names(kind):
        importlib.import_module(f"kiosk.agent.devices.{kind}.drivers.{name}")
read_still(numpy.zeros((720, 1280), numpy.uint8))
"""


def test_every_driver_and_the_decoder_run_where_no_memory_is_both_written_and_run() -> None:
    ended = subprocess.run([sys.executable, "-c", UNDER_DENIAL], capture_output=True, text=True, check=False)
    if ended.returncode == 77:
        pytest.skip("this kernel does not know PR_SET_MDWE")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
def test_the_agents_service_is_closed_to_all_it_does_not_need() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(AGENT)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert exposure and float(exposure[1]) <= EXPOSURE_MAX, said
