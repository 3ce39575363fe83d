"""The rules of validation, by the codes that ``rules.toml`` has words for."""

from __future__ import annotations

from typing import Final

API_VERSION: Final = "FM0101"
KIND: Final = "FM0102"
NAME: Final = "FM0103"
UNKNOWN_KEY: Final = "FM0104"
MISSING_KEY: Final = "FM0105"
TYPE: Final = "FM0106"
CHOICE: Final = "FM0107"
FORM: Final = "FM0108"
SIZE: Final = "FM0109"
COMBINATION: Final = "FM0110"
EMPTY: Final = "FM0111"
INVALID: Final = "FM0112"
DUPLICATE: Final = "FM0201"
REFERENCE: Final = "FM0202"
LOCAL_PATH: Final = "FM0203"
LITERAL: Final = "FM0204"
OVERLAY: Final = "FM0205"
PROGRAM: Final = "FM0206"
