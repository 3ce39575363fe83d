"""What the published reference allows: everything else is refused, and remembered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .wire import Refused

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
VERSION = re.compile(r"(0|[1-9]\d?)\.(0|[1-9]\d?)\.(0|[1-9]\d?)")
SHORT_TEXT = re.compile(r"[^&!'\"<>=+]{0,100}")
"""Descriptions of models and services."""


class Rules:
    """Refuses what no correct client sends. One that keeps to the reference leaves no violations."""

    def __init__(self) -> None:
        self.violations: list[str] = []

    def demand(self, holds: Any, why: str, code: str = "2788", status: int = 400) -> None:
        """Refuse a request that breaks a rule."""
        if not holds:
            self.violations.append(why)
            raise Refused(status, code, why)

    def frown(self, holds: Any, why: str) -> None:
        """Remember what no correct client sends, and yet answer as the platform does."""
        if not holds:
            self.violations.append(why)

    def known(self, data: Iterable[str], allowed: str, where: str, code: str = "2788") -> None:
        """Refuse fields that the reference does not have."""
        extra = sorted(set(data) - set(allowed.split()))
        self.demand(not extra, f"unknown fields {extra} in {where}", code)

    def required(self, data: Mapping[str, Any], names: str) -> None:
        """Refuse a body of models or services in which something is missing."""
        for name in names.split():
            self.demand(data.get(name) not in (None, ""), f"{name} is missing", "3036")

    def name(self, data: Mapping[str, Any], key: str, code: str = "2788") -> None:
        """Refuse a name that is not 1 to 64 letters, digits, _ and -."""
        value = data.get(key)
        self.demand(isinstance(value, str) and NAME.fullmatch(value), f"{key} {value!r}", code)

    def one_of(self, value: Any, allowed: Collection[Any], what: str, code: str = "2788") -> None:
        """Refuse a value that is none of a few."""
        self.demand(value in allowed, f"{what} {value!r}", code)
