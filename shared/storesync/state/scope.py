"""One connection's part of the state table: every key in it begins with the connection, and every partition it may have is known."""

from collections.abc import Iterator
from typing import Protocol

from ..domain.model import StoreName
from .items import Fence
from .tables import Table

OF_A_STORE = ("product", "claim", "sku", "order", "customer")
OF_BOTH = ("images", "parked", "reserved", "cursor", "run", "sheet")
LEASES = ("cursor", "lease")


class Fenced(Protocol):
    """A lease as a write needs it."""

    @property
    def name(self) -> str: ...

    @property
    def fence(self) -> int: ...


class Scope:
    def __init__(self, table: Table, connection: str) -> None:
        self.table, self.connection = table, connection

    def _pk(self, *parts: str) -> str:
        return "#".join((self.connection, *parts))

    def _fence(self, lease: Fenced | None) -> Fence | None:
        return Fence(self._pk(lease_partition(lease.name)), lease.name, lease.fence) if lease else None


def of_a_record(lease: str) -> bool:
    """As `order#cscart#5` is, of which there will be as many as records: these are forgotten in time."""
    return "#" in lease


def lease_partition(lease: str) -> str:
    """A stream's lease and its cursor are one item, so that saving the one under the other is one plain write."""
    stream, record = LEASES
    return record if of_a_record(lease) else stream


def partitions(connection: str) -> Iterator[str]:
    """Of the state table; that of the leases of records holds nothing else."""
    for kind in OF_A_STORE:
        yield from (f"{connection}#{kind}#{store}" for store in StoreName)
    yield from (f"{connection}#{kind}" for kind in OF_BOTH)
