"""A model's config.json, or the `initial_config` sent in its place: what is accepted, and what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fmctl.sandbox import strict_json

JsonObject = Mapping[str, Any]

NOT_CONFORMING = "ModelArts.3015"
NOT_PARSABLE = "ModelArts.3016"
BAD_RESTRAINT = "ModelArts.3041"

METHODS = frozenset({"GET", "POST"})
PROTOCOLS = frozenset({"http", "https"})
RESTRAINTS = frozenset({"EXACT", "ATLEAST", "ATMOST"})
IMAGE_PORT = 8080
LAST_PORT = 65535
PORT = 8080  # where a container listens that names no other
LAST_PORT = 65535
HEALTH_CHECKS = ("health", "readiness_health", "startup_health")
LONGEST_NUMBER = 9  # digits
PACKAGE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
PACKAGE_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+_-]*(\.\*)?")
HEALTH_NUMBERS = ("period_seconds", "timeout_seconds", "failure_threshold", "initial_delay_seconds")


class ConfigError(Exception):
    """The configuration is not acceptable: the platform's code, and what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Health:
    """When an instance counts as healthy. The defaults are the console's, without its initial delay."""

    url: str = "/health"
    command: str = ""
    period: float = 5.0
    timeout: float = 5.0
    threshold: int = 12
    initial_delay: float = 0.0

    @property
    def patience(self) -> float:
        """Seconds from its start until a check that never passes has failed too often."""
        return self.initial_delay + self.period * (self.threshold - 1)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What a configuration says, checked and with defaults filled in."""

    apis: Sequence[JsonObject] = ()
    dependencies: Sequence[JsonObject] = ()
    health: Health = field(default_factory=Health)
    port: int = PORT
    runtime: str = ""
    algorithm: str = ""


def parse(text: str | bytes, source: str) -> JsonObject:
    """The JSON object in `text`; `source` names it in the error."""
    try:
        value = strict_json.loads(text)
    except ValueError as error:
        raise ConfigError(NOT_PARSABLE, f"{source} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(NOT_CONFORMING, f"{source} must be a JSON object.")
    return value


def check(config: JsonObject, *, is_image: bool) -> ModelConfig:
    """The configuration as the platform reads it. Container images may have any APIs, and none."""
    apis = [_api(entry) for entry in _objects(config, "apis")]
    if not is_image and [api["url"] for api in apis] != ["/"]:
        urls = ", ".join(str(api["url"]) for api in apis) or "none"
        raise ConfigError(NOT_CONFORMING, f"apis must have exactly one entry, with the url /; it has: {urls}.")
    health, *_ = [_health(config.get(name) or {}) for name in HEALTH_CHECKS]
    return ModelConfig(
        apis=apis,
        dependencies=check_dependencies(config),
        health=health,
        port=_port(config) if is_image else PORT,
        runtime=str(config.get("runtime") or ""),
        algorithm=str(config.get("model_algorithm") or config.get("algorithm") or ""),
    )


def check_dependencies(config: JsonObject) -> Sequence[JsonObject]:
    """The packages to install, unchanged, or the first thing wrong with them."""
    entries = _objects(config, "dependencies")
    for entry in entries:
        if entry.get("installer") != "pip":
            raise ConfigError(NOT_CONFORMING, "dependencies: the only installer is pip.")
        for package in _objects(entry, "packages"):
            _check_package(package)
    return entries


def uninstallable(dependencies: Sequence[JsonObject]) -> str:
    """The first package that no installer could make sense of; empty when there is none."""
    for package in (package for entry in dependencies for package in _objects(entry, "packages")):
        name, version = str(package["package_name"]), str(package.get("package_version") or "0")
        if not PACKAGE_NAME.fullmatch(name) or not PACKAGE_VERSION.fullmatch(version):
            return f"{name} {package.get('package_version') or ''}".strip()
    return ""


def _check_package(package: JsonObject) -> None:
    name = package.get("package_name")
    if not isinstance(name, str) or not name:
        raise ConfigError(NOT_CONFORMING, "dependencies: a package has no package_name.")
    restraint = package.get("restraint")
    if restraint is None and not package.get("package_version"):
        return
    if not isinstance(restraint, str) or restraint not in RESTRAINTS:
        raise ConfigError(BAD_RESTRAINT, f"dependencies: restraint of {name} must be EXACT, ATLEAST or ATMOST.")


def _api(entry: JsonObject) -> JsonObject:
    url = entry.get("url", "/")
    if not isinstance(url, str) or not url.startswith("/"):
        raise ConfigError(NOT_CONFORMING, f"apis: url must begin with a slash, not {url!r}.")
    method = str(entry.get("method") or "POST").upper()
    if method not in METHODS:
        raise ConfigError(NOT_CONFORMING, f"apis: method of {url} must be get or post, not {entry['method']!r}.")
    protocol = str(entry.get("protocol") or "http").lower()
    if protocol not in PROTOCOLS:
        raise ConfigError(NOT_CONFORMING, f"apis: protocol of {url} must be http or https, not {protocol!r}.")
    for part in ("request", "response"):
        if not isinstance(entry.get(part) or {}, dict):
            raise ConfigError(NOT_CONFORMING, f"apis: {part} of {url} must be an object.")
    return {**entry, "url": url, "method": method, "protocol": protocol}


def _port(config: JsonObject) -> int:
    """A number, or the text of one."""
    raw = config.get("port")
    text = str(PORT if raw is None else raw)
    if not _is_whole(text) or not 1 <= int(text) <= LAST_PORT:
        raise ConfigError(NOT_CONFORMING, f"port must be a whole number from 1 to {LAST_PORT}, not {text[:20]!r}.")
    return int(text)


def _health(value: Any) -> Health:
    if not isinstance(value, dict):
        raise ConfigError(NOT_CONFORMING, "health must be an object.")
    method = str(value.get("check_method") or "HTTP").upper()
    if method not in {"HTTP", "EXEC"}:
        raise ConfigError(NOT_CONFORMING, f"health: check_method must be HTTP or EXEC, not {method!r}.")
    protocol = str(value.get("protocol") or "http").lower()
    if protocol not in PROTOCOLS:
        raise ConfigError(NOT_CONFORMING, f"health: protocol must be http or https, not {protocol!r}.")
    command = str(value.get("command") or "") if method == "EXEC" else ""
    if method == "EXEC" and not command:
        raise ConfigError(NOT_CONFORMING, "health: check_method EXEC needs a command.")
    url = str(value.get("url") or "/health")
    numbers = {key: _positive(value, key) for key in HEALTH_NUMBERS}
    default = Health()
    return Health(
        url=url if url.startswith("/") else f"/{url}",
        command=command,
        period=numbers["period_seconds"] or default.period,
        timeout=numbers["timeout_seconds"] or default.timeout,
        threshold=numbers["failure_threshold"] or default.threshold,
        initial_delay=numbers["initial_delay_seconds"] or default.initial_delay,
    )


def _positive(value: JsonObject, key: str) -> int | None:
    """The wire has these numbers as strings; a JSON number is understood as well."""
    raw = value.get(key)
    if raw is None:
        return None
    text = str(raw)
    if not _is_whole(text):
        raise ConfigError(NOT_CONFORMING, f"health: {key} must be a whole number of at least 0, not {text[:20]!r}.")
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER


def _objects(config: JsonObject, key: str) -> list[JsonObject]:
    value = config.get(key) or []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ConfigError(NOT_CONFORMING, f"{key} must be a list of objects.")
    return value
