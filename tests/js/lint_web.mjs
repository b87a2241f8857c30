/** What the browser files must not hold. Run with `npm run lint`; prints each place and fails. */

import { sources } from "./sources.js";

const STYLES = [".css"];
const CODE = [".js", ".html"];
/** @type {{why: string, bad: RegExp, in: string[], but?: RegExp}[]} */
const RULES = [
  {
    why: "HTML from text",
    bad: /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|DOMParser)\b/,
    in: CODE,
  },
  { why: "code from text", bad: /\beval\(|new Function\(|set(?:Timeout|Interval)\(["'`]/, in: CODE },
  { why: "inline style", bad: /<style|\sstyle\s*=/, in: CODE },
  { why: "inline handler", bad: /\son[a-z]+\s*=\s*["']/, in: CODE },
  { why: "inline script", bad: /<script(?![^>]*(?:\ssrc=|type="application\/json"))/, in: [".html"] },
  {
    why: "the wall clock for a duration",
    bad: /\bDate\.now\(|new Date\(\)/,
    in: [".js"],
    but: /shared\/lib\/ids\.js$/,
  },
  { why: "words outside the catalogue", bad: /[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]/, in: [...CODE, ...STYLES] },
  {
    why: "a screen that opens sockets or storage",
    bad: /\b(localStorage|sessionStorage|indexedDB|new WebSocket)\b/,
    in: [".js"],
    but: /kiosk\/web\/lib\/agent\.js$/,
  },
  { why: "an address outside this server", bad: /https?:\/\/(?!www\.w3\.org\/)/, in: [...CODE, ...STYLES] },
  { why: "another import than by the import map", bad: /from "\.{1,2}\//, in: [".js"] },
  { why: "a raw colour outside the tokens", bad: /#[0-9a-f]{6}\b/i, in: STYLES, but: /tokens\.css$|modes\.css$/ },
  { why: "something left for later", bad: /\b(TODO|FIXME|XXX)\b|console\./, in: [...CODE, ...STYLES] },
];
const LINES_MAX = 150;
const WIDTH_MAX = 120;

let found = 0;
/** @param {string} path @param {number} line @param {string} why */
function report(path, line, why) {
  console.error(`${path}:${line}: ${why}`);
  found++;
}

for (const { path, text } of sources(".js", ".html", ".css")) {
  const lines = text.split("\n");
  for (const rule of RULES) {
    if (!rule.in.some((ending) => path.endsWith(ending)) || rule.but?.test(path)) continue;
    lines.forEach((line, at) => rule.bad.test(line) && report(path, at + 1, rule.why));
  }
  if (path.endsWith(".js")) lines.forEach((line, at) => line.length > WIDTH_MAX && report(path, at + 1, "too wide"));
  if (path.endsWith(".js") && lines.length > LINES_MAX) report(path, lines.length, `longer than ${LINES_MAX} lines`);
  if (path.endsWith(".js") && !text.startsWith("/**")) report(path, 1, "no sentence that says what it is for");
}
process.exitCode = found > 0 ? 1 : 0;
