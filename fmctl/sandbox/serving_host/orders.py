"""What an instance is told when it starts, and how that crosses the command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that one instance has to know about its model."""

    folder: str  # the downloaded model/ folder
    model_name: str
    model_type: str
    api_url: str = "/"
    api_method: str = "POST"
    health_url: str = "/health"
    health_command: str = ""
    health_timeout: float = 5.0

    @classmethod
    def from_text(cls, text: str) -> Orders:
        """The orders that `to_text` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**fields)

    def to_text(self) -> str:
        """One line for the command line."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class CommandOrders:
    """What the host of a command has to know. Without a URL and a command for its health it need only listen."""

    command: str
    container_port: int = 0  # the command may name it; 0: there is none
    health_url: str = ""
    health_command: str = ""
    health_timeout: float = 5.0
    python_path: str = ""  # of the command; the host needs another one

    @classmethod
    def from_text(cls, text: str) -> CommandOrders:
        """The orders that `to_text` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**fields)

    def to_text(self) -> str:
        """One line for the command line."""
        return json.dumps(asdict(self))
