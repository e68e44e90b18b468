"""What the stack tells its functions: the only reader of the environment."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from .errors import ConfigurationError

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True, slots=True)
class Settings:
    """`public_url` has no slash at its end. `console_networks`: where the console may be opened from, none for everywhere. No secret is among them: those are read where they are used, and from elsewhere."""

    state_table: str
    journal_table: str
    queue_url: str
    dead_letters_url: str
    secrets_prefix: str
    public_url: str
    journal_days: int
    allow_private_addresses: bool
    console_networks: "tuple[IPv4Network | IPv6Network, ...]"
    aws_region: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Raises ConfigurationError with everything that is missing or wrong."""
        problems: list[str] = []
        found: dict[str, Any] = {}
        for name, read in VARIABLES.items():
            try:
                found[name.lower()] = read(environ[name])
            except KeyError:
                problems.append(f"{name} is missing")
            except ValueError as wrong:
                problems.append(f"{name} {wrong}")
        if problems:
            raise ConfigurationError(problems)
        return cls(**found)


@functools.cache
def settings() -> Settings:
    """Those of this container. Raises ConfigurationError."""
    return Settings.from_env(os.environ)


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value.strip().rstrip("/")


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise ValueError("is not a whole number above zero")
    return int(value)


def _networks(value: str) -> "tuple[IPv4Network | IPv6Network, ...]":
    from ipaddress import ip_network

    return tuple(ip_network(one.strip()) for one in value.split(",") if one.strip())


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return value == "true"


VARIABLES: Mapping[str, Callable[[str], Any]] = {
    "STATE_TABLE": _text,
    "JOURNAL_TABLE": _text,
    "QUEUE_URL": _text,
    "DEAD_LETTERS_URL": _text,
    "SECRETS_PREFIX": _text,
    "PUBLIC_URL": _text,
    "JOURNAL_DAYS": _count,
    "ALLOW_PRIVATE_ADDRESSES": _flag,
    "CONSOLE_NETWORKS": _networks,
    "AWS_REGION": _text,  # set by Lambda itself
}
