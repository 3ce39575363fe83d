"""The way back: values as YAML that reads back equal, here and by any reader of YAML 1.1 or 1.2."""

from __future__ import annotations

from typing import Any, Final

import yaml

from fmctl.load._scalars import plain

try:
    from yaml import CSafeDumper as _Base
except ImportError:  # PyYAML without libyaml
    from yaml import SafeDumper as _Base  # type: ignore[assignment]

_NEVER_FOLDED: Final = 1 << 20


class _Dumper(_Base):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    """Several lines as a block; quotes around what would read as something else than text."""
    style = "|" if "\n" in value.strip() else "'" if not isinstance(plain(value), str) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style=style)


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)


def dump(value: Any) -> str:
    """``value`` in block style, keys in their order, no aliases; it ends with a line break."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLDED)
