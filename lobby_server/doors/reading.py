"""Reading what a stranger sent: JSON that is exactly JSON, then exactly the declared shape."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationError,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from lobby_server.kernel.clock import from_wire
from lobby_server.kernel.errors import Invalid, Unreadable
from lobby_server.kernel.ids import is_id
from lobby_server.kernel.privacy import is_forbidden_number

BODY_BYTES_MAX = 64 * 1024
DEPTH_MAX = 8
ERRORS_SHOWN_MAX = 20
PAN_FORBIDDEN = "pan_forbidden"

M = TypeVar("M", bound=BaseModel)


class Wire(BaseModel):
    """Base of everything that crosses the wire: no unknown field, no silent conversion, no change later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def from_event(cls, recorded: Mapping[str, Any]) -> Self:
        """What this shape knows of an event's data: another version of us may have recorded more, or less."""
        return cls(**{name: recorded[name] for name in cls.model_fields if name in recorded})


def _an_id(text: str) -> str:
    if not is_id(text):
        raise ValueError("not an id")
    return text


def _clean(text: str) -> str:
    """NFC, without control, direction and zero-width characters, lone surrogates, or a card or ID number."""
    if is_forbidden_number(text):
        raise PydanticCustomError(PAN_FORBIDDEN, "a card or ID number")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            raise ValueError("control character")
    return unicodedata.normalize("NFC", text)


class OneOf:
    """A text that must be one of the known ones."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = tuple(known)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A literal, so that the contract lists what is known."""
        return core_schema.literal_schema(list(self._known))


Id = Annotated[str, AfterValidator(_an_id)]
Moment = Annotated[datetime, BeforeValidator(lambda text: from_wire(text) if isinstance(text, str) else text)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean)]
Language = Annotated[str, StringConstraints(pattern=r"^(zh-CN|en)$")]


def read_json(raw: bytes) -> Any:
    """Parse strictly: UTF-8, no NaN or infinity, no key twice, not too deep.

    Raises Unreadable("bad_json").
    """
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_key_twice, parse_constant=_refuse, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable("bad_json") from error
    if _depth(value) > DEPTH_MAX:
        raise Unreadable("bad_json")
    return value


def read_model(model: type[M], value: Any) -> M:
    """The declared shape, or Invalid("invalid_fields") that names each wrong field, never its value.

    A card or ID number in a text is Invalid("pan_forbidden").
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong = [
            {"field": ".".join(str(part) for part in each["loc"]), "code": each["type"]}
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        is_forbidden = any(each["code"] == PAN_FORBIDDEN for each in wrong)
        raise Invalid(PAN_FORBIDDEN if is_forbidden else "invalid_fields", errors=wrong[:ERRORS_SHOWN_MAX]) from None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _depth(value: Any) -> int:
    """How deep lists and objects are nested; stops counting just above the limit."""
    level, depth = [value], 0
    while (level := [each for each in level if isinstance(each, dict | list)]) and depth <= DEPTH_MAX:
        depth += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
    return depth
