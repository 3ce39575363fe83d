"""Conversations on tape: what a real service said, kept without secrets, and said again without network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import vcr

from .scrubbing import Scrubber
from .site import Site

CASSETTES = Path(__file__).parent / "cassettes"
STAND_IN = Site(
    name="recorded",
    modelarts="https://modelarts.example.com",
    iam="https://iam.example.com",
    obs="https://obs.example.com",
    region="region-1",
    project_id="0" * 32,
    access_key="RECORDEDACCESSKEY000",
    secret_key="recorded-secret-key",
    user="recorded-user",
    password="recorded-password",
    domain="recorded-domain",
    bucket="contract-bucket",
    folder="contract/",
    tag="recorded",
    several=1,
    pause=0.0,
)
"""Stands in cassettes for whoever they were recorded with; who plays them back has to be it."""


@contextmanager
def recording(path: Path, site: Site, stand_in: Site = STAND_IN) -> Iterator[None]:
    """Keep what is said with a site; nothing is kept of a conversation that failed."""
    scrubber, draft = Scrubber(site, stand_in), path.with_suffix(".draft")
    path.parent.mkdir(exist_ok=True)
    draft.unlink(missing_ok=True)
    with _tape(scrubber, "all").use_cassette(draft):
        yield
    path.write_text(scrubber.last(draft.read_text()))
    draft.unlink()


@contextmanager
def replaying(path: Path, stand_in: Site = STAND_IN) -> Iterator[None]:
    """Answer as was recorded; whatever was not is an error."""
    with _tape(Scrubber(stand_in, stand_in), "none").use_cassette(path):
        yield


def _tape(scrubber: Scrubber, mode: str) -> vcr.VCR:
    return vcr.VCR(
        record_mode=mode,
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        decode_compressed_response=True,
        record_on_exception=False,
    )
