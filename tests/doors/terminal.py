"""The terminal of the tests: runs commands in the child process of tests/doors/console.py, in one data folder."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    exit_code: int
    said: str
    complained: str


class Console:
    """A terminal; every command works on the folder that it stands in."""

    def __init__(self, child: subprocess.Popen[str], folder: Path) -> None:
        self._child = child
        self.folder = folder

    def run(self, *words: str, typed: str = "", **environment: str) -> Ran:
        assert self._child.stdin is not None and self._child.stdout is not None
        told = [[*words, "--data-dir", str(self.folder)], typed, environment]
        self._child.stdin.write(json.dumps(told) + "\n")
        self._child.stdin.flush()
        return Ran(*json.loads(self._child.stdout.readline()))

    def refuses(self, *words: str, **more: str) -> str:
        """The one sentence with which a command ends that does nothing; never our inside."""
        ran = self.run(*words, **more)
        crashed_with = ran.complained.splitlines()[-3:] if "Traceback" in ran.complained else []
        assert crashed_with == [], words
        assert (ran.exit_code, ran.said) == (1, "")
        assert ran.complained.startswith("branch-lobby: ")
        return ran.complained

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "lobby.sqlite3", isolation_level=None)

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database() as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
        db.close()
        return found
