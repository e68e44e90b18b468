"""The guard counts over a whole pass, record by record, in every respect."""

from storesync.domain import prints
from storesync.domain.connection import Guard
from storesync.domain.links import Row
from storesync.domain.model import Listing, Record, StoreName, Visibility
from storesync.sync.guards import KINDS, Held

SHOWN, HIDDEN = (prints.listing_print(Listing(one)) for one in (Visibility.VISIBLE, Visibility.HIDDEN))


def test_each_record_is_added_to_those_before_in_every_count() -> None:
    found = Held(Guard(), StoreName.CSCART)
    for number in ("1", "2", "3"):
        before = {f"stock:{number}": "5", f"price:{number}": "10/0", "listing": SHOWN}
        after = {f"stock:{number}": "0", f"price:{number}": "99/0", "listing": HIDDEN}
        found.add(Row(StoreName.CSCART, number, number, "9", prints=before), Record(number, number, (), after))
        found.miss(Row(StoreName.CSCART, f"9{number}", f"9{number}", "9"))
    assert {kind: found.counts[kind] for kind in KINDS} == dict.fromkeys(KINDS, 3)
    assert list(found.ids.values()) == [None] * 6
