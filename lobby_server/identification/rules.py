"""What customers present. The customer's code: how it is read, and the one verdict that it gets.

`BQ1:` + Base45 (RFC 9285) of 85 bytes: type 1 | kid 2 | cust_ref 8 | iat 4 (seconds since 2025-01-01) |
nonce 4 | aud 2 (0 = any branch) | Ed25519 signature 64 (RFC 8032) over `BQ1\\0` and the 21 bytes before it.
It lives 60 s; clocks may differ by 30 s. Reading is pure: whether a code was used before only the
database knows.

Type 2 is a day pass that a telephone shows without a network. Head office signs the end of a chain of hashes, its
anchor; every 30 s the telephone shows the link before. From a link one can reach the anchor, but no later link.

`BQ2:` + Crockford Base32 holds the same bytes, for scanners that type and have no letters of Base45 to type.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lobby_server.kernel.privacy import is_forbidden_number

PREFIX, TYPED_PREFIX = "BQ1:", "BQ2:"
ONLINE, DAY_PASS = 1, 2
BODY_BYTES, SIGNATURE_BYTES = 21, 64
PASS_BYTES, LINK_BYTES = 34, 16
STEP_LASTS = timedelta(seconds=30)
STEPS_MAX = 2880  # a day of steps: no more hashes than that for one code
_STEP_CODE = 1  # says that a step lasts 30 s; another number is for another time
CODE_LENGTH_MAX = 512
KID_MAX = 2**16 - 1  # two bytes of the code
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
LIVES = timedelta(seconds=60)
SKEW = timedelta(seconds=30)
_SIGNED = b"BQ1\0"

QR, CARD_TOKEN, ID_TOKEN, APPOINTMENT = "qr", "card_token", "id_token", "appointment"
# As the kiosk's agent makes them and head office's file has them: no digits of the number stand beside a token.
_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{16,128}")
_DIGITS = re.compile(r"[0-9 -]{12,}")
_APPOINTMENT = re.compile(r"APT-[0-9A-HJKMNP-TV-Z]{8}")

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_TYPED_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE_OF = {letter: value for value, letter in enumerate(_ALPHABET)}

# Whose payment codes people hold up by mistake: digits and first digits as the schemes publish them.
_PAY_CODES = (
    ("wechat", re.compile(r"1[0-5]\d{16}")),
    ("alipay", re.compile(r"(?:2[5-9]|30)\d{14,22}")),
    ("unionpay", re.compile(r"62\d{17}")),
    ("emv_cpm", re.compile(r"hQVDUFYwMW[A-Za-z0-9+/=]*")),
)


class Verdict(StrEnum):
    """What a code turned out to be. `REPLAY` is found by the database, all others here."""

    OK = "ok"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    REVOKED = "revoked"
    REPLAY = "replay"
    WRONG_AUDIENCE = "wrong_audience"
    MALFORMED = "malformed"
    FOREIGN_PAYCODE = "foreign_paycode"
    PAN_FORBIDDEN = "pan_forbidden"
    NOT_OURS = "not_ours"


@dataclass(frozen=True)
class SigningKey:
    """A key of head office's list. `revoked` ones stay on it, so that their codes are told apart."""

    kid: int
    public_key: bytes
    revoked: bool = False


def is_public_key(text: str) -> bool:
    """Whether a text is an Ed25519 key's public half: 32 bytes in hexadecimal."""
    return re.fullmatch(r"[0-9a-fA-F]{64}", text) is not None


@dataclass(frozen=True)
class CodeBody:
    """What a type 1 code says."""

    kid: int
    cust_ref: bytes
    issued_at: datetime
    nonce: bytes
    audience: int

    def packed(self) -> bytes:
        """The 21 bytes that are signed."""
        issued_s = int((self.issued_at - EPOCH).total_seconds())
        return b"".join(
            (
                bytes([ONLINE]),
                self.kid.to_bytes(2, "big"),
                self.cust_ref,
                issued_s.to_bytes(4, "big"),
                self.nonce,
                self.audience.to_bytes(2, "big"),
            )
        )


@dataclass(frozen=True)
class Seen:
    """What was presented, with its verdict.

    `body` when a customer's code could be read, `scheme` for somebody else's pay code; `value` is the token of a
    card or an ID, or the code of an appointment. `older` are the tokens of the same card under the readers' older keys.
    """

    verdict: Verdict
    body: CodeBody | None = None
    scheme: str = ""
    kind: str = QR
    value: str = ""
    older: tuple[str, ...] = ()


def read_token(kind: str, text: str, older: Sequence[str] = ()) -> Seen:
    """What a card or ID reader sent: a token, never the number itself; `older` under the keys before the newest."""
    # Whatever is digits alone is no token, and a mistyped card number is as secret as a right one.
    if any(is_forbidden_number(each) or _DIGITS.fullmatch(each) for each in (text, *older)):
        return Seen(Verdict.PAN_FORBIDDEN, kind=kind)
    if not all(map(_TOKEN.fullmatch, (text, *older))):
        return Seen(Verdict.MALFORMED, kind=kind)
    return Seen(Verdict.OK, kind=kind, value=text, older=tuple(older))


def read_appointment_code(text: str) -> Seen:
    """What stands on a customer's confirmation: small letters and what scanners append will do."""
    code = text.strip().upper()
    if is_forbidden_number(code):
        return Seen(Verdict.PAN_FORBIDDEN, kind=APPOINTMENT)
    verdict = Verdict.OK if _APPOINTMENT.fullmatch(code) else Verdict.MALFORMED
    return Seen(verdict, kind=APPOINTMENT, value=code if verdict is Verdict.OK else "")


def read_code(text: str, keys: dict[int, SigningKey], branch_no: int, now: datetime) -> Seen:
    """The verdict over what a scanner read. First what it is, then whose, then whether it counts now.

    `branch_no` is the branch's code as a number, to compare with the audience.
    """
    # A space is a letter of Base45, so only what scanners append is taken off.
    text = text.strip("\r\n\t")
    if not text.startswith((PREFIX, TYPED_PREFIX)):
        scheme = next((name for name, shape in _PAY_CODES if shape.fullmatch(text)), "")
        # Pay codes first: a scanner reads thousands of them, and some happen to have the sum of a card number.
        if scheme:
            return Seen(Verdict.FOREIGN_PAYCODE, scheme=scheme)
        return Seen(Verdict.PAN_FORBIDDEN if is_forbidden_number(text) else Verdict.NOT_OURS)
    try:
        decode = base45_decode if text.startswith(PREFIX) else base32_decode
        raw = decode(text[len(PREFIX) :]) if len(text) <= CODE_LENGTH_MAX else b""
    except ValueError:
        return Seen(Verdict.MALFORMED)
    if len(raw) == BODY_BYTES + SIGNATURE_BYTES and raw[0] == ONLINE:
        body, size, lives = _unpack(raw[:BODY_BYTES]), BODY_BYTES, LIVES
    elif len(raw) == PASS_BYTES + SIGNATURE_BYTES + 2 + LINK_BYTES and raw[0] == DAY_PASS:
        if raw[15] != _STEP_CODE or _step_of(raw) >= STEPS_MAX:
            return Seen(Verdict.MALFORMED)
        body, size, lives = _unpack_pass(raw), PASS_BYTES, STEP_LASTS
    else:
        return Seen(Verdict.MALFORMED)
    seen = _judge(raw, body, size, keys, branch_no)
    if seen.verdict is not Verdict.OK:
        return seen
    if body.issued_at > now + SKEW:
        return Seen(Verdict.NOT_YET_VALID, body)
    return Seen(Verdict.EXPIRED, body) if now > body.issued_at + lives + SKEW else seen


def _judge(raw: bytes, body: CodeBody, size: int, keys: dict[int, SigningKey], branch_no: int) -> Seen:
    """Whose it is and for which branch; `size` is how many bytes were signed."""
    signature, rest = raw[size : size + SIGNATURE_BYTES], raw[size + SIGNATURE_BYTES :]
    key = keys.get(body.kid)
    if key is None:
        return Seen(Verdict.UNKNOWN_KEY, body)
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, _SIGNED + raw[:size])
    except InvalidSignature:
        # Nothing in an unsigned body may be believed, not even for the log.
        return Seen(Verdict.BAD_SIGNATURE)
    # Hashed only for a pass that head office signed: a forger cannot make us work.
    if rest and chain(raw[:PASS_BYTES], rest[2:], _step_of(raw) + 1) != raw[PASS_BYTES - LINK_BYTES : PASS_BYTES]:
        return Seen(Verdict.BAD_SIGNATURE)
    if key.revoked:
        return Seen(Verdict.REVOKED, body)
    if body.audience not in (0, branch_no):
        return Seen(Verdict.WRONG_AUDIENCE, body)
    return Seen(Verdict.OK, body)


def _unpack(packed: bytes) -> CodeBody:
    return CodeBody(
        kid=int.from_bytes(packed[1:3], "big"),
        cust_ref=packed[3:11],
        issued_at=EPOCH + timedelta(seconds=int.from_bytes(packed[11:15], "big")),
        nonce=packed[15:19],
        audience=int.from_bytes(packed[19:21], "big"),
    )


def _step_of(raw: bytes) -> int:
    at = PASS_BYTES + SIGNATURE_BYTES
    return int.from_bytes(raw[at : at + 2], "big")


def _unpack_pass(raw: bytes) -> CodeBody:
    """A step of a day pass as the code that it is: issued when its step begins, its own by the anchor's first bytes."""
    begins_at = EPOCH + timedelta(seconds=int.from_bytes(raw[11:15], "big"))
    return CodeBody(
        kid=int.from_bytes(raw[1:3], "big"),
        cust_ref=raw[3:11],
        issued_at=begins_at + _step_of(raw) * STEP_LASTS,
        nonce=raw[18:22],
        audience=int.from_bytes(raw[16:18], "big"),
    )


def chain(signed: bytes, link: bytes, times: int) -> bytes:
    """A link hashed forward so many times: SHA-256 to 16 bytes, salted with whose pass it is and of which day."""
    salt = b"BQ1 link\0" + signed[3:15]
    for _ in range(times):
        link = hashlib.sha256(salt + link).digest()[:LINK_BYTES]
    return link


def sign_pass(first: CodeBody, seed: bytes, private_key: Ed25519PrivateKey) -> bytes:
    """What head office gives a telephone for a day: 34 bytes and their signature. `first.nonce` is not used.

    The telephone keeps the secret `seed` of 16 bytes. The pass begins at `first.issued_at`.
    """
    packed = bytes([DAY_PASS]) + first.packed()[1:15] + bytes([_STEP_CODE]) + first.audience.to_bytes(2, "big")
    signed = packed + chain(packed, seed, STEPS_MAX)
    return signed + private_key.sign(_SIGNED + signed)


def write_step(signed_pass: bytes, seed: bytes, step: int) -> bytes:
    """What the telephone shows at a step (0 to 2879), in bytes: `PREFIX` and Base45 make the code of it."""
    return signed_pass + step.to_bytes(2, "big") + chain(signed_pass, seed, STEPS_MAX - 1 - step)


def write_code(body: CodeBody, private_key: Ed25519PrivateKey) -> str:
    """The code's text, signed: for the bank's app, the demo wallet and tests."""
    packed = body.packed()
    return PREFIX + base45_encode(packed + private_key.sign(_SIGNED + packed))


def base45_encode(raw: bytes) -> str:
    """RFC 9285: two bytes as three letters, a last single byte as two."""
    letters = []
    for at in range(0, len(raw), 2):
        pair = raw[at : at + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, letter = divmod(value, 45)
            letters.append(_ALPHABET[letter])
    return "".join(letters)


def base45_decode(text: str) -> bytes:
    """The reverse. Raises ValueError for a wrong letter, length or overflow (RFC 9285, section 4.2)."""
    raw = bytearray()
    if len(text) % 3 == 1:
        raise ValueError("wrong length")
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        if any(letter not in _VALUE_OF for letter in group):
            raise ValueError("wrong letter")
        value = sum(_VALUE_OF[letter] * 45**power for power, letter in enumerate(group))
        size = len(group) - 1
        if value >= 256**size:
            raise ValueError("overflow")
        raw += value.to_bytes(size, "big")
    return bytes(raw)


def base32_encode(raw: bytes) -> str:
    """Crockford's Base32: five bits a letter, the last one filled with zeros."""
    bits = "".join(f"{byte:08b}" for byte in raw)
    groups = (bits[at : at + 5].ljust(5, "0") for at in range(0, len(bits), 5))
    return "".join(_TYPED_ALPHABET[int(group, 2)] for group in groups)


def base32_decode(text: str) -> bytes:
    """The reverse, small letters too, for a keyboard's caps lock. Raises ValueError for a wrong letter or length."""
    bits = "".join(f"{_TYPED_ALPHABET.index(letter):05b}" for letter in text.upper())
    whole = len(bits) // 8 * 8
    if len(bits) - whole >= 5 or "1" in bits[whole:]:
        raise ValueError("wrong length")
    return bytes(int(bits[at : at + 8], 2) for at in range(0, whole, 8))
