"""What a process and its children have used, from Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_TICKS_A_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def family(root: int) -> list[int]:
    """A process and all that it started, directly or not, and that still live."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [root]
    for each in found:
        found += children.get(each, [])
    return found


def cpu_s(root: int) -> float:
    """Processor seconds, user and system, of a family; those of ended children whom it waited for count too."""
    return sum(sum(int(ticks) for ticks in fields[11:15]) for fields in map(_stat, family(root)) if fields) / _TICKS_A_S


def memory_bytes(root: int) -> int:
    """Resident memory of a family, shared pages counted for each."""
    return sum(int(fields[21]) for fields in map(_stat, family(root)) if fields) * _PAGE_BYTES


def machine_busy_s() -> float:
    """Processor seconds that all cores together have spent on anything but idling and waiting for the disk."""
    ticks = [int(each) for each in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _waiting, hard, soft, stolen = ticks[:8]
    return (user + nice + system + hard + soft + stolen) / _TICKS_A_S


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on (proc(5)); empty when it has ended meanwhile."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()
