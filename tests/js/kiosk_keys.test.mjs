import assert from "node:assert/strict";
import test from "node:test";
import { CHOICES_MAX, guideOf, tilesOf } from "#kiosk/lib/guide.js";
import { panelOf, scalesOf } from "#kiosk/lib/panel.js";
import { resultOf } from "#kiosk/lib/flow.js";
import { isCard, Showing, sumOf } from "#kiosk/lib/seen.js";
import { PAUSE } from "#shared/lib/spoken.js";
import { lobby } from "./make.js";
import { readText } from "./sources.js";

/** @import { Step } from "#kiosk/lib/steps.js" */

const PORTRAIT = { width: 1080, height: 1920 };
const MACHINE = { code: "S1", names: { "zh-CN": "1", en: "Self-service 1" }, zone: null, kind: "smart_counter" };
const ISSUED = { number: "A012", ahead: 3, expected_wait: { p50_s: 250, p90_s: 400 } };
const routed = (faster = {}) =>
  resultOf(/** @type {any} */ ({ route: "ticket", ticket: ISSUED, ...faster }), "cash", "v1");
const type = (/** @type {string} */ code, tile = true) => /** @type {any} */ ({ code, tile });

test("a card's number or stripe is known, a code and a pay code are not taken for one", () => {
  for (const text of ["6222021234567894", ";6222021234567890123=25121010000?", "%B4111111111111111^WANG/M^2512?"])
    assert.ok(isCard(text), text);
  for (const text of ["BQ1:ABCDEF", "134567890123456789", "6222021234567895", "2840123456789012"])
    assert.ok(!isCard(text), text);
});

test("a code is remembered by a sum that nobody reads it from", () => {
  const showing = new Showing();
  assert.deepEqual([showing.isNew("BQ1:X", 0, true), showing.isNew("BQ1:X", 2000, true)], [true, false]);
  assert.ok(showing.isNew("BQ1:X", 5001, true));
  assert.equal(typeof sumOf("BQ1:X"), "number");
});

test("on a 32-inch panel the words stay as drawn; the smaller the panel, the larger the large text", () => {
  assert.deepEqual(scalesOf(null, PORTRAIT), { usual: 1, large: 1.3 });
  assert.deepEqual(scalesOf(813, PORTRAIT), { usual: 1, large: 1.3 });
  const small = scalesOf(546, PORTRAIT);
  // 21.5 inches: 0.248 mm a px, so that body text of 30 px must become 40 px to be 10 mm high.
  assert.ok(small.large * 30 * 0.248 >= 9.9 && small.large < 1.4, String(small.large));
  assert.deepEqual(scalesOf(300, PORTRAIT), { usual: 1.15, large: 1.6 });
});

test("a panel's size comes from the address, and a slip of the hand is no size", () => {
  assert.deepEqual(["?panel_mm=546", "?panel_mm=21.5", "?panel_mm=x", ""].map(panelOf), [546, null, null, null]);
});

test("the guide names each choice with its key, as many as the screen has", () => {
  const here = lobby({ service_types: ["a", "b", "c", "d", "e", "f", "g"].map((code) => type(code)) });
  const said = guideOf({ name: "home" }, "en", here);
  assert.deepEqual(
    said.filter((clip) => clip.startsWith("service_")),
    ["a", "b", "c", "d", "e", "f"].map((code) => `service_${code}`),
  );
  assert.deepEqual(said.slice(1, 5), ["service_a", PAUSE, "press", "number_1"]);
  assert.equal(tilesOf(lobby({ service_types: [type("a", false)] })).length, 0);
  const services = Array.from({ length: 9 }, (_, at) => ({ code: `s${at}` }));
  const step = /** @type {any} */ ({ name: "choose", arrival: { services }, busyWith: null });
  assert.equal(guideOf(step, "en", here).filter((clip) => clip.startsWith("service_")).length, CHOICES_MAX);
});

test("a result is read: the faster way and its key first, then number, people and minutes", () => {
  const plain = guideOf(routed(), "en", null);
  assert.deepEqual(plain.slice(0, 5), ["guide_number", "letter_a", "number_0", "number_1", "number_2"]);
  assert.ok(plain.join(" ").includes("guide_wait number_4 range_to number_7 minutes"));
  const two = guideOf(routed({ faster: { route: "self_service", device: MACHINE, wait_s: 300 } }), "en", null);
  assert.deepEqual(two.slice(0, 6), ["guide_machine", "machine", "number_1", PAUSE, "press", "number_1"]);
});

test("every clip of the guide is made, in both languages", () => {
  const listed = readText("deploy/voice/clips.toml").split("\n[en]");
  const steps = /** @type {Step[]} */ ([
    { name: "home" },
    { name: "helped" },
    { name: "trouble", code: "expired", again: null },
    { name: "machine", device: MACHINE, running: null },
    { name: "already", ticket: { number: "", state: "waiting", service_point: null } },
    routed({ faster: { route: "self_service", device: MACHINE, wait_s: null } }),
  ]);
  for (const [at, language] of ["zh-CN", "en"].entries()) {
    const said = new Set(steps.flatMap((step) => guideOf(step, language, null)));
    for (const clip of said)
      if (clip !== PAUSE && !/^(number|letter)_[\da-z]+$/.test(clip))
        assert.match(listed[at], new RegExp(`^${clip} = "`, "m"), `${language}: ${clip}`);
  }
});
