"""Tokens, whoever gives them."""

from __future__ import annotations

from .talk import Talk


def test_a_password_buys_a_token_that_opens_the_project(about_tokens: Talk) -> None:
    """The token comes in a header, and is good in place of a signature."""
    assert about_tokens["token"].data
    assert 200 == about_tokens["right"].status
