/** The browser files of the repository, as text. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const FOLDERS = ["staff_tablet/web", "kiosk/web"];

/** @param {...string} endings @returns {{path: string, text: string}[]} all but what others wrote */
export function sources(...endings) {
  return FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("/shared/vendor/"))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, "utf8") }));
}

/** @param {string} path from the root of the repository */
export const readText = (path) => readFileSync(join(ROOT, path), "utf8");
