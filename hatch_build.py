"""The wheel carries the vendored browser files, so that a branch needs no Node: refuse to build one without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("staff_tablet/web/shared/vendor")


class VendoredFiles(BuildHookInterface[Any]):
    """Stops a build whose vendor folder is missing or not whole."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Look before hatchling packs anything.

        An editable installation reads the folder in place, and make may fill it later.
        """
        if version == "editable":
            return
        missing = missing_files(Path(self.root))
        if missing:
            self.app.abort(f"{VENDOR}/{missing[0]} is missing: run `make vendor` before building the wheel.")


def missing_files(root: Path) -> list[str]:
    """The vendored files that the manifest promises and the folder lacks; the manifest itself first."""
    manifest = root / VENDOR / "manifest.json"
    if not manifest.is_file():
        return [manifest.name]
    promised = [entry["file"] for entry in json.loads(manifest.read_text(encoding="utf-8"))["files"]]
    return [name for name in promised if not (root / VENDOR / name).is_file()]
