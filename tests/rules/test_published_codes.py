"""The published test vectors of the customer's code: what a bank's app must write, and what each text is taken for."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lobby_server.identification import rules
from lobby_server.kernel.clock import from_wire
from tests.reference_pages import REFERENCE, vectors


@pytest.mark.parametrize("vector", vectors()["signed"], ids=lambda vector: vector["name"])
def test_a_published_code_is_what_we_would_write(vector: dict[str, Any]) -> None:
    private = private_key()
    body = rules.CodeBody(
        kid=vector["kid"],
        cust_ref=bytes.fromhex(vector["cust_ref"]),
        issued_at=from_wire(vector["issued_at"]),
        nonce=bytes.fromhex(vector["nonce"]),
        audience=vector["audience"],
    )
    assert body.packed().hex() == vector["body"]
    assert rules.write_code(body, private) == vector["text"]


def private_key() -> Ed25519PrivateKey:
    """The one seed of all published keys, which must give their public half too."""
    (seed,) = {key["seed"] for key in vectors()["keys"]}
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    assert {key["public_key"] for key in vectors()["keys"]} == {private.public_key().public_bytes_raw().hex()}
    return private


@pytest.mark.parametrize("vector", vectors()["verdicts"], ids=lambda vector: vector["name"])
def test_a_published_text_gets_the_published_verdict(vector: dict[str, Any]) -> None:
    keys = {
        key["kid"]: rules.SigningKey(key["kid"], bytes.fromhex(key["public_key"]), key["revoked"])
        for key in vectors()["keys"]
    }
    seen = rules.read_code(vector["text"], keys, vector["branch_no"], from_wire(vector["now"]))
    assert (str(seen.verdict), seen.scheme) == (vector["verdict"], vector["scheme"])


def test_the_published_texts_show_every_verdict_that_reading_can_give() -> None:
    shown = {vector["verdict"] for vector in vectors()["verdicts"]}
    assert shown == {str(verdict) for verdict in rules.Verdict} - {str(rules.Verdict.REPLAY)}


def test_the_page_of_the_code_explains_every_verdict() -> None:
    page = (REFERENCE / "customer-code.md").read_text(encoding="utf-8")
    assert [str(verdict) for verdict in rules.Verdict if f"\n| `{verdict}` |" not in page] == []


def test_base45_is_that_of_its_standard() -> None:
    for vector in vectors()["base45"]:
        raw = bytes.fromhex(vector["hex"])
        assert (rules.base45_encode(raw), rules.base45_decode(vector["text"])) == (vector["text"], raw)
    for text in vectors()["not_base45"]:
        with pytest.raises(ValueError, match=r"wrong|overflow"):
            rules.base45_decode(text)
