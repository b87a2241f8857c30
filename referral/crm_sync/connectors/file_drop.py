"""Files in a folder that head office's own transfer fetches: header, details, trailer, and then an empty `.ok`.

It acknowledges when both files are on the disk under their own names (fsync). Whoever fetches takes a batch once its
`.ok` is there, takes every batch in the order of the names, and a line whose (epoch, version) is not newer than what it
has changes nothing. Head office cannot be asked what it holds; its answer would be another file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lobby_server.kernel.database import canonical
from referral.crm_sync.port import Capabilities, Connector, Trouble
from referral.crm_sync.rules import Digest, Party, Record, Remote, Span, Verdict

FORMAT = "branch-lobby referrals v1"
ENCODINGS = ("utf-8", "gb18030")
LINES_MAX = 64  # one lease's worth: a batch that does not fit the disk is tried again whole


class FileDrop:
    """One folder. A batch is named by its first step and its content: the same again is the same file, and another
    batch never takes the name of one that was fetched.
    """

    capabilities = Capabilities(can_find=False, returns_id=False, bulk_max=LINES_MAX, keeps=frozenset())

    def __init__(self, folder: Path, encoding: str) -> None:
        self._folder = folder
        self._encoding = encoding

    def health(self) -> None:
        """Whether the folder is there and takes files."""
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise Trouble(Verdict.UNAUTHORISED, "folder_not_writable")

    def drop(self, records: Sequence[tuple[Record, Party | None]], key: str) -> None:
        """Write a batch durably, or nothing that a reader would take."""
        self.health()
        lines = [canonical({**asdict(record), "party": _party(party)}) for record, party in records]
        head = canonical({"format": FORMAT, "batch": key, "encoding": self._encoding})
        body = "".join(f"{line}\n" for line in (head, *lines))
        amount = sum(record.amount_minor or 0 for record, _party in records)
        raw = body.encode(self._encoding)
        sha256 = hashlib.sha256(raw).hexdigest()
        trailer, name = {"lines": len(lines), "amount_minor": amount, "sha256": sha256}, f"{key}-{sha256[:16]}"
        try:
            self._write(f"{name}.ndjson", raw + canonical(trailer).encode() + b"\n")
            self._write(f"{name}.ok", b"")
        except OSError as error:
            raise Trouble(Verdict.RETRY, f"errno_{error.errno}") from error

    def _write(self, name: str, raw: bytes) -> None:
        """Under another name first: whoever looks sees it whole or not at all."""
        draft = self._folder / f".{name}.new"
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Nothing is open between two batches."""

    # ---- What a folder cannot say ---------------------------------------------------------------------------------

    def upsert_party(self, party: Party, key: str) -> str:
        """Never asked: a party travels with its record."""
        raise AssertionError("a folder takes batches")

    def upsert_referral(self, record: Record, remote_id: str | None, party_id: str | None, key: str) -> None:
        """Never asked."""
        raise AssertionError("a folder takes batches")

    def transition(self, record: Record, remote: Remote) -> None:
        """Never asked."""
        raise AssertionError("a folder takes batches")

    def find(self, external_id: str) -> list[Remote]:
        """Never asked."""
        raise AssertionError("a folder cannot be asked")

    def retire(self, remote: Remote, kept: Remote) -> None:
        """Never asked."""
        raise AssertionError("a folder cannot be asked")

    def digest(self, span: Span) -> Digest:
        """Never asked."""
        raise AssertionError("a folder cannot be asked")

    def pull(self, span: Span) -> list[Remote]:
        """Never asked."""
        raise AssertionError("a folder cannot be asked")


def _party(party: Party | None) -> dict[str, str] | None:
    return asdict(party) if party else None


def read_batch(path: Path) -> list[dict[str, Any]]:
    """A batch as head office would read it; raises ValueError where the trailer does not say what is there."""
    raw = path.read_bytes()
    body, _, last = raw.rstrip(b"\n").rpartition(b"\n")
    trailer = json.loads(last)
    if hashlib.sha256(body + b"\n").hexdigest() != trailer["sha256"]:
        raise ValueError("sha256")
    told = json.loads(body.partition(b"\n")[0].decode("utf-8"))
    lines = [json.loads(line) for line in body.decode(told["encoding"]).splitlines()[1:]]
    if len(lines) != trailer["lines"] or sum(each["amount_minor"] or 0 for each in lines) != trailer["amount_minor"]:
        raise ValueError("count or amount")
    return lines


def connect(told: Mapping[str, Any], _secret: str) -> Connector:
    """`folder`, and `encoding`: utf-8 (usual) or gb18030."""
    folder, encoding = told.get("folder"), told.get("encoding", ENCODINGS[0])
    if not isinstance(folder, str) or not Path(folder).is_dir():
        raise ValueError(f"file_drop: expected an existing folder, found {folder!r}")
    if encoding not in ENCODINGS:
        raise ValueError(f"file_drop: encoding {encoding!r}; there are: {', '.join(ENCODINGS)}")
    return FileDrop(Path(folder), encoding)
