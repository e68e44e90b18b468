"""What a look at the shops brings to light, each with what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Weight(StrEnum):
    """`stops`: nothing may start with it; `warns`: it works, but perhaps not as the owner expects; `fine`: looked at and in order."""

    STOPS = "stops"
    WARNS = "warns"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is a whole sentence with %(name)s where `data` fills in: so it can be translated. `topic` names what was looked at."""

    topic: str
    weight: Weight
    text: str
    data: Mapping[str, str] = field(default_factory=dict)
