"""The kiosk's way to the branch server over HTTP: being let in, proving itself, saying that it is alive."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from kiosk.agent.device_key import DeviceKey, Enrolled

ANSWER_S_MAX = 5.0  # a branch server answers in milliseconds; longer is away
RENEW_BEFORE_S = 60.0  # a token is renewed before it can end in the middle of a visit


class Away(Exception):
    """The branch server cannot be reached, or does not answer in time."""


class Refused(Exception):
    """The branch server said no; the message is its code."""


class Unproven(Refused):
    """The branch server does not know this token (any more), or this kiosk was shut out."""


class BranchServer:
    """What the agent asks of the branch server. `steady_s` is a clock that never jumps."""

    def __init__(
        self,
        address: str,
        key: DeviceKey,
        enrolled: Enrolled | None,
        *,
        ca_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
        base = f"{address.rstrip('/')}/api/v1"
        self._http = httpx.AsyncClient(base_url=base, timeout=ANSWER_S_MAX, verify=verify, transport=transport)
        self._key = key
        self._steady_s = steady_s
        self._token = ""
        self._token_ends_s = 0.0
        self.enrolled = enrolled
        self.clock_offset_ms = 0
        """How far the server's clock is ahead of ours, to the second that its answers tell."""

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def enrol(self, code: str, name: str) -> Enrolled:
        """Be let in with a one-time code. Raises Refused or Away."""
        sent = {"code": code, "kind": "kiosk", "name": name, "public_key": self._key.jwk()}
        answer = await self._post("/devices/enrol", sent)
        self.enrolled = Enrolled(answer["device_id"], answer["branch"], answer.get("series"))
        return self.enrolled

    async def token(self) -> tuple[str, int]:
        """An access token and the seconds it still lives. Raises Refused or Away."""
        left_s = self._token_ends_s - self._steady_s()
        if left_s < RENEW_BEFORE_S:
            device_id = self._device_id()
            nonce = (await self._post(f"/devices/{device_id}/challenge"))["nonce"]
            signed = {"nonce": nonce, "signature": self._key.sign(device_id, nonce)}
            given = await self._post(f"/devices/{device_id}/token", signed)
            self._token, left_s = given["access_token"], float(given["expires_in_s"])
            self._token_ends_s = self._steady_s() + left_s
            assert self.enrolled is not None
            self.enrolled = replace(self.enrolled, series=given.get("series", self.enrolled.series))
        return self._token, int(left_s)

    async def beat(self, health: Mapping[str, object]) -> None:
        """Say that the kiosk is alive, and how it feels. Raises Refused or Away."""
        await self.post_as_device("/heartbeat", {"health": health})

    def now(self) -> datetime:
        """The branch's time, as far as its last answer told."""
        return datetime.now(UTC) + timedelta(milliseconds=self.clock_offset_ms)

    async def post_as_device(self, path: str, body: object, key: str | None = None) -> Any:
        """One command at `/devices/{this one}`. A token that the server forgot is renewed once."""
        for is_last in (False, True):
            token, _ = await self.token()
            headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
            try:
                return await self._post(f"/devices/{self._device_id()}{path}", body, headers)
            except Unproven:
                if is_last:
                    raise
                self._token_ends_s = 0.0
        raise AssertionError("unreachable")

    def _device_id(self) -> str:
        if self.enrolled is None:
            raise Refused("not_enrolled")
        return self.enrolled.device_id

    async def _post(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        try:
            answer = await self._http.post(path, json={} if body is None else body, headers=headers)
            content = answer.json() if answer.content else None
        except (httpx.HTTPError, ValueError) as error:
            raise Away(type(error).__name__) from None
        if answer.status_code >= 500:
            raise Away(str(answer.status_code))
        if "Date" in answer.headers:
            theirs = parsedate_to_datetime(answer.headers["Date"])
            self.clock_offset_ms = round((theirs - datetime.now(UTC)).total_seconds()) * 1000
        if answer.is_error:
            code = content.get("code", "") if isinstance(content, dict) else ""
            raise Unproven(code) if answer.status_code == httpx.codes.UNAUTHORIZED else Refused(code)
        return content
