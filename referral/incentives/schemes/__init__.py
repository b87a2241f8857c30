"""The schemes that plans may name, one file each."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import cast

from referral.incentives.port import Scheme


@cache
def schemes() -> dict[str, Scheme]:
    """Every scheme of this folder by its file's name."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    return {name: cast(Scheme, import_module(f"{__name__}.{name}")) for name in names}
