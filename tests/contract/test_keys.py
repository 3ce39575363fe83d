"""Who is calling, whoever is asked."""

from __future__ import annotations

import pytest

from .talk import Talk


def test_a_key_pair_has_the_project_of_its_region(about_keys: Talk) -> None:
    """IAM finds exactly one project by the name of the region, the one whose id opens everything else."""
    assert about_keys.site.project_id == about_keys["project"].data
    assert 200 == about_keys["right"].status


@pytest.mark.parametrize("step", ["another secret", "another key"])
def test_a_wrong_signature_stops_at_the_gateway(about_keys: Talk, step: str) -> None:
    """It is the gateway that says so, to both generations of the API, with 401 and a code of its own."""
    answers = (about_keys[step], about_keys[f"{step}, first API"])

    assert [(401, "APIGW.0301")] * 2 == [answer.refusal for answer in answers]


def test_another_project_is_refused(about_keys: Talk) -> None:
    """A key pair opens no other project than its own: training knows no such path, the first API forbids it."""
    assert (404, "2786") == about_keys["another project"].refusal
    assert (403, "0210") == about_keys["another project, first API"].refusal
