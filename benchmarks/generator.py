"""Building and driving the load generator (benchmarks/load), which is not Python: it must never be what is slow."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "benchmarks" / "load"
PROGRAM = ROOT / "var" / "bench" / "load"
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]

# One for each of the four number series, so that they fill evenly; a series ends at 999.
SERVICES = "cash,account,wealth,corporate"
ARRIVALS_MAX = 3000  # of a measurement, and a quarter of it in the warm-up: together below four times 999
WARM_UP_S = 0.7
MUST_BE_NOUGHT = ("lost_news", "gaps", "numbers_twice", "closed", "unreadable", "reconnected", "server_gone")


@dataclass(frozen=True)
class Load:
    """What the generator is asked for. `rate` arrivals a second, or 0 for a closed loop."""

    tablets: int
    kiosks: int
    seconds: float
    rate: float = 0.0
    with_ticket: bool = True
    warm_up_s: float = WARM_UP_S
    arrivals_max: int = ARRIVALS_MAX


def build() -> None:
    """Compile it if its sources are newer. Raises SystemExit with what the compiler said."""
    sources = sorted(SOURCES.glob("*.c"))
    newest = max(each.stat().st_mtime for each in SOURCES.iterdir())
    if PROGRAM.exists() and PROGRAM.stat().st_mtime > newest:
        return
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("no C compiler on this machine: apt-get install gcc libc6-dev")
    command = [compiler, *FLAGS, *map(str, sources), "-lm", "-o", str(PROGRAM)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise SystemExit(f"the load generator does not compile:\n{made.stderr}")


class Generator:
    """One that has joined its tablets and warmed the server up."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def go(self) -> dict[str, Any]:
        """Measure now; gives what load.c prints."""
        said, _ = self._process.communicate("go\n")
        if self._process.returncode != 0:
            raise SystemExit("the load generator gave up (see above)")
        found: dict[str, Any] = json.loads(said)
        return found


@contextmanager
def ready(port: int, keys: Path, load: Load, seed: int) -> Iterator[Generator]:
    """Start it and wait until it is ready; it ends with the context."""
    words = {
        "port": port,
        "keys": keys,
        "seed": seed,
        "tablets": load.tablets,
        "kiosks": load.kiosks,
        "rate": load.rate,
        "seconds": load.seconds,
        "warm-up": load.warm_up_s,
        "most": load.arrivals_max,
    }
    words |= {"services": SERVICES} if load.with_ticket else {}
    command = [str(PROGRAM), *(part for name, value in words.items() for part in (f"--{name}", str(value)))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise SystemExit("the load generator could not begin (see above)")
            yield Generator(process)
        finally:
            process.kill()
