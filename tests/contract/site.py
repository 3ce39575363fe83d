"""A ModelArts to talk to: where it is, who we are there, and what there is to work with."""

from __future__ import annotations

from dataclasses import dataclass, field

SPECIFICATION = "modelarts.vm.cpu.2u"
"""What services run on unless somebody says otherwise: the smallest machine without an accelerator."""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a conversation needs to know; secrets stay out of its repr."""

    name: str
    modelarts: str
    iam: str
    obs: str
    region: str
    project_id: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    bucket: str
    folder: str
    """Where objects may be made: a prefix in the bucket that ends in a slash."""
    security_token: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    domain: str = field(default="", repr=False)
    tag: str = "a7c3e1"
    """Is part of every name, so that nobody else's objects are met."""
    engine: str = "PyTorch"
    engine_version: str = "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64"
    flavor: str = "modelarts.vm.cpu.2u"
    specification: str = SPECIFICATION
    several: int = 3
    """How many jobs and models a walk through pages may make, 1 to 4; more than one costs money elsewhere."""
    patience: float = 30.0
    """Seconds until something that was to happen is missed."""
    pause: float = 0.02
    """Seconds between two looks."""

    @property
    def signs_in(self) -> bool:
        """Whether there is a password to get a token for."""
        return bool(self.password)

    def url(self, name: str = "") -> str:
        """The address of an object of ours."""
        return f"obs://{self.bucket}/{self.folder}{name}"
