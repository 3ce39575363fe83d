"""Whom the judge knows: one account with one project, made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials and names that only tests use."""

    access: str = "AKJUDGE0000000000FAKE"
    secret: str = "SKjudgeSKjudgeSKjudgeSKjudgeSKjudgeSECRET"
    user: str = "judge"
    password: str = "pw-Judge-SECRET"
    domain: str = "judge-domain"
    project: str = "0123456789abcdef0123456789abcdef"
    region: str = "cn-judge-1"
    workspaces: tuple[str, ...] = ("0", "ws" + "1" * 30)
    bucket: str = "bkt"


ACCOUNT = Account()
