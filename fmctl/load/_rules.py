"""The rules of reading manifests, and how each is reported."""

from __future__ import annotations

from collections.abc import Mapping
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

RULES: Mapping[str, str] = {
    SYNTAX: "The file is not well-formed YAML.",
    TAB: "YAML indents with spaces; a tab is an error.",
    DUPLICATE_KEY: "A mapping has each key once.",
    TAG: "Only YAML's own tags are known: !!str !!int !!float !!bool !!null !!map !!seq.",
    COMPLEX_KEY: "A key is text, not a map or a list.",
    UNDEFINED_ALIAS: "An alias (*name) needs an anchor (&name) before it in the same document.",
    RECURSIVE_ALIAS: "An alias may not stand inside its own anchor.",
    EXPANSION: "Aliases may not expand to more than 100,000 values in one file.",
    DEPTH: "Maps and lists are nested at most 100 deep.",
    ROOT: "A document is a mapping.",
    ENCODING: "Files are UTF-8.",
    CHARACTER: "Control characters do not belong in YAML.",
    UNREADABLE: "Every named file can be read.",
    NO_MATCH: "Every name that is given matches something.",
    NOTHING: "There is at least one manifest.",
    PROJECT_FILE: "fmctl.yaml is the project file, never a manifest.",
    MERGE_KEY: "The value of a merge key (<<) is a map, or a list of maps.",
    TAGGED_VALUE: "A value can be read as its tag says.",
    IGNORED: "A .fmctlignore holds gitignore patterns.",
}
