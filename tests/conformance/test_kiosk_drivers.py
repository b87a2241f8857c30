"""Every driver file keeps the promises of its port, whoever wrote it: found by itself, made without a device."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import typing
from typing import Any

import pytest

from kiosk.agent.devices.driving import make_driver
from kiosk.agent.devices.port import BadDeviceSettings, DeviceTrouble
from kiosk.agent.settings import KINDS, driver_names

# Addresses at which nothing is, whatever a driver calls its device.
NOWHERE: dict[str, Any] = {
    "device": "/nowhere/device",
    "name": "no such reader",
    "folder": "/nowhere",
    "file": "/nowhere/file",
}
NOWHERE |= {"address": "127.0.0.1", "port": 1}
ALL = [(kind, name) for kind in KINDS for name in driver_names(kind)]


def driver_of(kind: str, name: str) -> Any:
    return importlib.import_module(f"kiosk.agent.devices.{kind}.drivers.{name}").Driver


def given(driver: Any) -> dict[str, Any]:
    """Settings with which it can be made, but finds nothing."""
    return {each.name: NOWHERE[each.name] for each in dataclasses.fields(driver) if each.init and each.name in NOWHERE}


def test_each_kind_has_a_simulated_driver() -> None:
    assert [kind for kind in KINDS if "simulated" not in driver_names(kind)] == []


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_driver_has_every_call_of_its_port(kind: str, name: str) -> None:
    port = importlib.import_module(f"kiosk.agent.devices.{kind}.port")
    (promised,) = (
        each for each in vars(port).values() if getattr(each, "_is_protocol", False) and each is not typing.Protocol
    )
    for call in (each for each in vars(promised) if not each.startswith("_")):
        expected = list(inspect.signature(getattr(promised, call)).parameters)
        assert list(inspect.signature(getattr(driver_of(kind, name), call)).parameters) == expected, call


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_driver_says_what_it_is_and_its_settings_have_plain_types(kind: str, name: str) -> None:
    driver = driver_of(kind, name)
    assert inspect.getdoc(importlib.import_module(driver.__module__)) and inspect.getdoc(driver)
    hints = typing.get_type_hints(driver)
    assert {hints[each.name] for each in dataclasses.fields(driver) if each.init} <= {str, int, bool}


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_making_a_driver_opens_nothing_and_closing_an_unopened_one_does_no_harm(kind: str, name: str) -> None:
    driver = make_driver(kind, name, given(driver_of(kind, name)))
    driver.close()
    driver.close()


@pytest.mark.parametrize(("kind", "name"), [each for each in ALL if each[1] != "simulated"])
def test_a_device_that_is_not_there_is_trouble_with_a_code(kind: str, name: str) -> None:
    driver = make_driver(kind, name, given(driver_of(kind, name)))
    with pytest.raises(DeviceTrouble, match=r"^[a-z_]+$"):
        driver.open()
    driver.close()


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_an_unknown_setting_and_a_wrong_type_are_refused(kind: str, name: str) -> None:
    with pytest.raises(BadDeviceSettings, match=rf"no setting 'colour'; there are: .*\[{kind}\], driver '{name}'"):
        make_driver(kind, name, {"colour": 1})
    first = next(each.name for each in dataclasses.fields(driver_of(kind, name)) if each.init)
    with pytest.raises(BadDeviceSettings, match=f"{first} is list, expected"):
        make_driver(kind, name, {first: []})
