"""The rules of reading manifests, by the codes that ``rules.toml`` has words for."""

from __future__ import annotations

from typing import Final

SYNTAX: Final = "FM0001"
TAB: Final = "FM0002"
DUPLICATE_KEY: Final = "FM0003"
TAG: Final = "FM0004"
COMPLEX_KEY: Final = "FM0005"
UNDEFINED_ALIAS: Final = "FM0006"
RECURSIVE_ALIAS: Final = "FM0007"
EXPANSION: Final = "FM0008"
DEPTH: Final = "FM0009"
ROOT: Final = "FM0010"
ENCODING: Final = "FM0011"
CHARACTER: Final = "FM0012"
UNREADABLE: Final = "FM0013"
NO_MATCH: Final = "FM0014"
NOTHING: Final = "FM0015"
PROJECT_FILE: Final = "FM0016"
MERGE_KEY: Final = "FM0017"
TAGGED_VALUE: Final = "FM0018"
IGNORED: Final = "FM0019"
