"""From a socket's event to the painted card on the tablet, with 50 and with 500 cards (front-end.md: 50 and 150 ms).

Run beside a running trial: `python -m benchmarks.event_to_paint http://127.0.0.1:8000 PASSWORD`. The lobby is made
large in the browser by answering its question with invented visits; the event goes the way of every event, from
the socket's frame on. The ratio is to an empty frame of the same page, so that machines can be compared.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

CHROMIUM = "/usr/bin/chromium"
CARDS = (50, 500)
ROUNDS = 30
# The page listens to its own socket; a frame that looks like the server's is put in by the page's own WebSocket.
_TAP = """
(() => {
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(...sent) { super(...sent); window.tapped = this; }
  };
})();
"""
_ROUND = """(frame) => new Promise((done) => {
  const from = performance.now();
  if (frame) tapped.dispatchEvent(new MessageEvent("message", { data: frame }));
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - from);
    channel.port2.postMessage(0);
  });
})"""


def crowd(lobby: dict[str, Any], count: int) -> dict[str, Any]:
    """The same lobby with so many customers, each with a ticket."""
    visits, tickets = [], []
    for at in range(count):
        visit_id, number = f"00000000-0000-7000-8000-{at:012d}", f"A{at % 1000:03d}"
        visit = {
            **dict.fromkeys(("masked_name", "tier", "claimed_by", "claimed_until", "recommendation", "companion_of")),
            **dict.fromkeys(("greeted_by", "device", "undo_until", "level_reason")),
            "visit_id": visit_id,
            "state": "routed",
            "arrived_at": lobby["server_time"],
            "service_level": "ordinary",
            "need": {"code": "cash", "reason": {"code": "declared"}},
            "greeting": {"code": "morning_guest"},
            "service_type": "cash",
            "route": "ticket",
            "ticket_id": f"t{at}",
            "language": "zh-CN",
            "party_size": 1,
            "promise_s": 900,
            "at_machine": False,
            "steps_done": [],
        }
        visits.append(visit)
        ticket = {"id": f"t{at}", "number": number, "ticket_class": "A", "visit_id": visit_id, "state": "waiting"}
        times = {"arrived_at": lobby["server_time"], "called_at": None, "service_point": None, "language": "zh-CN"}
        tickets.append({**ticket, **times, "service_type": "cash"})
    return {**lobby, "visits": visits, "tickets": tickets, "alerts": []}


def frame_of(lobby: dict[str, Any], at: int) -> str:
    """News that one visit's level has changed, as Engine.IO frames it."""
    visit = {**lobby["visits"][at % len(lobby["visits"])], "service_level": ("vulnerable", "ordinary")[at % 2]}
    seq = lobby["seq"] + at + 1
    event = {"seq": seq, "prev_seq": seq - 1, "type": "visit.changed", "at": lobby["server_time"], "data": visit}
    return "42/live," + json.dumps(["news", {"epoch": lobby["epoch"], "events": [event]}])


def measure(page: Page, address: str, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each round, of the event and of an empty frame."""
    seen: dict[str, Any] = {}

    def answer(route: Route) -> None:
        seen.update(crowd(route.fetch().json(), count))
        route.fulfill(json=seen)

    page.route("**/api/v1/lobby", answer)
    page.goto(f"{address}/tablet")
    page.locator(".card").first.wait_for()
    page.locator(".light.connected").wait_for()
    page.wait_for_timeout(1500)
    events, frames = [], []
    for at in range(ROUNDS):
        frames.append(page.evaluate(_ROUND, None))
        events.append(page.evaluate(_ROUND, frame_of(seen, at)))
    # A frame that nobody understood would be fast as well.
    assert page.locator(".badge.assist").count() > 0, "no event was applied"
    page.unroute("**/api/v1/lobby")
    return events, frames


def main(address: str, password: str) -> None:
    """Print one line a size."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(_TAP)
        signed_in = {"branch": "0001", "staff_no": "L002", "password": password}
        assert page.request.post(f"{address}/api/v1/sign-in", data=signed_in).ok
        for count in CARDS:
            events, frames = measure(page, address, count)
            median, empty = statistics.median(events), statistics.median(frames)
            p90 = statistics.quantiles(events, n=10)[-1]
            print(
                f"{count} cards: {median:.0f} ms, p90 {p90:.0f} ms; {median / empty:.1f} empty frames of {empty:.0f} ms"
            )
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
