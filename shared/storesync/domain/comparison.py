"""Whether two linked records agree, field by field, as proof and not as a plan: what was remembered of them plays no part."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from . import prints, statuses
from .connection import Connection, Policy
from .model import Group, Product, StoreName, Variant
from .order_translation import cents
from .orders import Line, Order
from .translation import product as translate

Fit = Callable[[Product], Product]
_TEXTS = ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the stores differ. `kind` is product or order; `subject` a SKU or an order's number; values as text.

    Of people and places only the field's name is told, never a value.
    """

    kind: str
    subject: str
    field: str
    cscart: str
    webasyst: str


@dataclass(frozen=True, slots=True)
class Counterparts:
    """Two linked products; `variants` maps a CS-Cart variant id to its Webasyst one. `whole` as in `planning.Pair`."""

    cscart: Product
    webasyst: Product
    variants: Mapping[str, str]
    whole: bool = True


def products(connection: Connection, pair: Counterparts, fits: Mapping[StoreName, Fit]) -> list[Difference]:
    """Two values agree when either store would keep the other's as its own: rounding and trimming are no difference. Groups that are off do not count."""
    there = fits[StoreName.WEBASYST](translate(connection, pair.cscart, StoreName.WEBASYST, pair.webasyst))
    here = fits[StoreName.CSCART](translate(connection, pair.webasyst, StoreName.CSCART, pair.cscart))
    subject = pair.cscart.variants[0].sku.strip()
    found: list[Difference] = []
    if pair.whole:
        rows = zip(_shared(pair.cscart), _shared(pair.webasyst), _shared(there), _shared(here), strict=True)
        found += _differences(connection, subject, rows)
    for ours, theirs in pair.variants.items():
        four = (pair.cscart.variant(ours), pair.webasyst.variant(theirs), there.variant(ours), here.variant(theirs))
        if four[0] is None or four[1] is None or four[2] is None or four[3] is None:
            continue
        single = 1 in (len(pair.cscart.variants), len(pair.webasyst.variants))
        rows = zip(*(_own(item, single=single) for item in four if item), strict=True)
        found += _differences(connection, four[0].sku.strip(), rows)
    return found


Field = tuple[Group, str, str]


def _differences(connection: Connection, subject: str, rows: Iterable[tuple[Field, ...]]) -> Iterator[Difference]:
    for cscart, webasyst, there, here in rows:
        if connection.policy(cscart[0]) is not Policy.OFF and webasyst[2] != there[2] and cscart[2] != here[2]:
            yield Difference("product", subject, cscart[1], cscart[2], webasyst[2])


def _shared(found: Product) -> list[Field]:
    """A field's group, name and canonical value. Images are counted: their bytes are not readable in Webasyst (contract 3.7)."""
    texts = [(Group.CONTENT, name, value) for name, value in zip(_TEXTS, prints.content_value(found.content), strict=True)]
    listing = prints.listing_value(found.listing)
    return [
        *texts,
        (Group.LISTING, "visibility", str(listing[0])),
        (Group.LISTING, "categories", " ".join(sorted(found.listing.categories))),
        (Group.MEDIA, "images", str(len(found.images))),
    ]


def _own(found: Variant, *, single: bool) -> list[Field]:
    """A single variant's `available` has no twin in CS-Cart, where the product's status says it."""
    own = [
        (Group.IDENTITY, "sku", found.sku.strip()),
        (Group.PRICE, "price", prints.number(found.price)),
        (Group.PRICE, "compare_price", prints.number(found.compare_price)),
        (Group.STOCK, "stock", prints.stock_text(found.stock)),
    ]
    return own if single else [*own, (Group.IDENTITY, "available", str(found.available))]


def orders(connection: Connection, cscart: Order, webasyst: Order) -> list[Difference]:
    """Money to the cent, the lines that have a SKU, and whether the statuses agree by the table."""
    subject = cscart.id
    pairs = {
        "total": (cents(cscart.total), cents(webasyst.total)),
        "shipping": (cents(cscart.shipping), cents(webasyst.shipping)),
        "lines": (_lines(cscart.lines), _lines(webasyst.lines)),
    }
    found = [Difference("order", subject, name, ours, theirs) for name, (ours, theirs) in pairs.items() if ours != theirs]
    standing = statuses.Standing(cscart.status, webasyst.status)
    if cscart.status in connection.statuses.to_webasyst and not statuses.agree(connection.statuses, standing):
        found.append(Difference("order", subject, "status", cscart.status, webasyst.status))
    return found


def _lines(lines: Iterable[Line]) -> str:
    """Pieces per SKU: a discount may have cut a line in two."""
    pieces: dict[str, Decimal] = {}
    for line in lines:
        if not line.is_free_form:
            pieces[line.sku.strip()] = pieces.get(line.sku.strip(), Decimal(0)) + line.quantity
    return "; ".join(f"{sku} x{prints.number(count)}" for sku, count in sorted(pieces.items()))


def digest(values: Iterable[object]) -> str:
    """Of the records of one part, in their order: equal digests prove a part without listing it."""
    whole = hashlib.blake2b(digest_size=12)
    for value in values:
        whole.update(prints.of_value(value).encode())
    return whole.hexdigest()


def value_of(pair: Counterparts) -> tuple[object, ...]:
    """What a digest is made of: every compared field of both sides."""
    sides = []
    for product in (pair.cscart, pair.webasyst):
        single = len(product.variants) == 1
        own = [[field[2] for field in _own(item, single=single)] for item in product.variants]
        sides.append([[field[2] for field in _shared(product)], own])
    return tuple(sides)


def as_csv(differences: Iterable[Difference]) -> str:
    head = ("record", "name", "field", "CS-Cart", "Webasyst")
    return spreadsheet(head, ((one.kind, one.subject, one.field, one.cscart, one.webasyst) for one in differences))


def spreadsheet(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """As CSV: a value that a spreadsheet would take for a formula is quoted, and control characters are left out."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(head)
    rows.writerows([_harmless(value) for value in line] for line in lines)
    return text.getvalue()


def _harmless(value: str) -> str:
    plain = "".join(letter for letter in value if letter.isprintable() or letter in "\n\t")
    return f"'{plain}" if plain.lstrip()[:1] in tuple("=+-@") and not _is_number(plain) else plain


def _is_number(value: str) -> bool:
    return value.lstrip("-").replace(".", "", 1).isdigit()
