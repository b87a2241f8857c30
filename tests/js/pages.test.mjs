import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { readText, ROOT, sources } from "./sources.js";

const PLACES = { shared: "staff_tablet/web/shared", staff: "staff_tablet/web", kiosk: "kiosk/web" };
const place = (/** @type {string} */ path) =>
  path.replace(/^(shared|staff|kiosk)\//, (_, name) => `${PLACES[/** @type {keyof typeof PLACES} */ (name)]}/`);
const isVendored = (/** @type {string} */ path) => path.startsWith("shared/vendor/");
const vendor = JSON.parse(readText("staff_tablet/web/shared/vendor.json"));
const code = sources(".js", ".html");

test("every file that a page or a style names is there", () => {
  for (const { path, text } of sources(".html")) {
    for (const [, asset] of text.matchAll(/asset\('([^']+)'\)/g))
      assert.ok(isVendored(asset) || existsSync(join(ROOT, place(asset))), `${path}: ${asset}`);
  }
});

test("modules import by the names of the import map only, and what they import is there", () => {
  const vendored = new Set(vendor.files.map((/** @type {any} */ file) => file.specifier));
  for (const { path, text } of sources(".js")) {
    for (const [, from] of text.matchAll(/(?:^import (?:[^"@]*? from )?|\bimport\()"([^"]+)"/gm)) {
      const isOwn = from.startsWith("#") && existsSync(join(ROOT, place(from.slice(1))));
      assert.ok(isOwn || vendored.has(from), `${path}: ${from}`);
    }
  }
});

test("the sprite has the symbols in use and no others", () => {
  const types = readText("lobby_server/branch/service_types.toml");
  const named = [...code.map(({ text }) => text), types].join("\n");
  const used = new Set(
    [
      ...named.matchAll(
        /icon(?:=| = |: |\$\{)?"([a-z0-9-]+)"|name="([a-z0-9-]+)"|\? "([a-z0-9-]+)" : "([a-z0-9-]+)"|\?\? "([a-z0-9-]+)"/g,
      ),
    ].flatMap((found) => found.slice(1)),
  );
  assert.deepEqual(
    vendor.sprite.filter((/** @type {string} */ symbol) => !used.has(symbol)),
    [],
  );
  for (const { path, text } of code) {
    for (const [, symbol] of text.matchAll(/<\$\{(?:Icon|Empty)\} (?:name|icon)="([a-z0-9-]+)"/g))
      assert.ok(vendor.sprite.includes(symbol), `${path}: ${symbol}`);
  }
  for (const [, symbol] of types.matchAll(/icon = "([a-z0-9-]+)"/g)) assert.ok(vendor.sprite.includes(symbol), symbol);
});
