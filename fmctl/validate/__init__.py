"""The second stage: documents to resources, offline. Every mistake of every document is told in one run.

The only door to jsonschema: jsonschema-rs decides, jsonschema explains what it refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.domain.problem import ManifestError
from fmctl.domain.resource import Document, Resource, Spec
from fmctl.kinds.base import Kind
from fmctl.validate._merge import Places
from fmctl.validate._rules import REFERENCE
from fmctl.validate._schema import Compiled, document_schema
from fmctl.validate._text import with_text
from fmctl.validate._validation import Validation, explained

__all__ = ["REFERENCE", "checked", "document_schema", "validate"]


def validate(
    documents: Sequence[Document],
    kinds: Mapping[str, Kind],
    *,
    set_name: str = "default",
    defaults: Mapping[str, Spec] | None = None,
    overlays: Sequence[Document] = (),
    project: Document | None = None,
) -> tuple[Resource, ...]:
    """The resources that ``documents`` declare, with ``defaults`` under them and ``overlays`` over them.

    ``project`` is the document that ``defaults`` stand in, for the source text of its scalars and for messages.
    """
    run = Validation(kinds, defaults or {}, project)
    run.declare(documents, overlays)
    for document in documents:
        run.check_schema(document)
    run.check_set(set_name)
    if run.problems:
        raise ManifestError(dict.fromkeys(run.problems))
    return tuple(item.resource for item in run.accepted)


def checked(document: Document, schema: Mapping[str, Any]) -> Any:
    """The value of a document that is not a manifest (the project file), with text as written; or ManifestError."""
    compiled = Compiled(dict(schema))
    value = with_text(document.value, compiled.wants, document.written)
    if not compiled.is_valid(value):
        raise ManifestError(explained(value, compiled, Places(document, {}, None)))
    return value
