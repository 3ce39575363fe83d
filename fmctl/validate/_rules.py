"""The rules of validation, and how each is reported."""

from __future__ import annotations

from collections.abc import Mapping
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

RULES: Mapping[str, str] = {
    API_VERSION: "apiVersion is fmctl/v1.",
    KIND: "The kind is one that fmctl knows.",
    NAME: "A name is 1 to 48 of a-z, 0-9 and -, and begins and ends with a letter or digit.",
    UNKNOWN_KEY: "Every key is one that the schema knows.",
    MISSING_KEY: "Every required key is there.",
    TYPE: "Every value has the type that the schema wants.",
    CHOICE: "A value with a list of choices is one of them.",
    FORM: "A text has the form that the schema wants.",
    SIZE: "Numbers, texts, lists and maps stay within their limits.",
    COMBINATION: "Keys that exclude or need each other are combined as the schema says.",
    EMPTY: "A key that wants text has a value; null as text is quoted.",
    INVALID: "The value satisfies its schema.",
    DUPLICATE: "Each kind and name is declared once.",
    REFERENCE: "Every reference names a resource of the set.",
    LOCAL_PATH: "Every local path exists, relative to its manifest.",
    LITERAL: "Secrets are not written in manifests.",
    OVERLAY: "Every overlay has a manifest of its kind and name to be merged over.",
}
