"""The tables of the console: what is proposed, what is kept, what is refused with its reason."""

import pytest
from storesync.console import categories, chart, methods, statuses, tables
from storesync.domain.connection import MethodMap, StatusMap
from storesync.domain.links import OrderLink
from storesync.domain.model import StoreName

SHOPS = {
    StoreName.CSCART: {
        "categories": {"1": "Home/Chairs", "2": "Lamps"},
        "statuses": [{"id": "P", "name": "Processed"}, {"id": "C", "name": "Complete"}],
        "shippings": {"1": "Courier", "2": "Post", "3": "Post"},
        "payments": {"4": "Cash"},
    },
    StoreName.WEBASYST: {
        "categories": {"7": "Home/Chairs", "8": "Lighting/Lamps", "9": "Other"},
        "statuses": [
            {"id": "new", "name": "New", "actions": ["process", "complete"]},
            {"id": "processing", "name": "Confirmed", "actions": []},
            {"id": "completed", "name": "Completed", "actions": []},
        ],
        "shippings": {"9": "courier ", "10": "Post"},
        "payments": {},
    },
}
SAVED = StatusMap({"P": "process", "C": "complete"}, {"new": "P", "processing": "P", "completed": "C"})


def values(table: tables.Table) -> dict[str, tuple[str, bool]]:
    return {row.id: (row.value, row.proposed) for row in table.rows}


def test_the_status_table_begins_with_proposals_and_shows_what_was_saved() -> None:
    fresh = statuses.table(StatusMap(), SHOPS)
    assert fresh.proposed
    assert {row.id: row.value for row in fresh.to_webasyst} == {"P": "process,restore>process", "C": "complete"}
    saved = statuses.table(StatusMap({"P": ""}, {"new": "C"}), SHOPS)
    assert not saved.proposed
    assert [row.value for row in saved.to_webasyst] == ["", statuses.UNDECIDED]
    assert next(row.value for row in saved.to_cscart if row.id == "new") == "C"


def test_fault_70_a_status_table_that_goes_round_in_a_circle_or_names_the_unknown_is_refused() -> None:
    circle = StatusMap({"P": "complete", "C": "process"}, {"completed": "C", "processing": "P"})
    assert statuses.problems(circle, SHOPS)
    assert statuses.problems(StatusMap({"Z": "process"}, {}), SHOPS)
    assert statuses.problems(StatusMap({"P": "process", "C": "complete"}, {"processing": "P", "completed": "C"}), SHOPS) == []


def test_a_status_table_is_read_from_its_form_and_an_undecided_row_is_none() -> None:
    form = {"token": ["x"], "letter-P": ["process"], "letter-C": ["?"], "state-new": ["", "O"], "state-paid": ["?"]}
    assert statuses.read(form) == StatusMap({"P": "process"}, {"new": "O"})


def test_a_row_that_orders_still_stand_on_does_not_go() -> None:
    orders = [OrderLink(StoreName.CSCART, str(number), "1", "C", "completed") for number in range(3)]
    wanted = StatusMap({"P": "process"}, {"new": "P", "processing": "P"})
    found = {(words["name"], words["count"]) for _, words in statuses.still_used(SAVED, wanted, orders, SHOPS)}
    assert found == {("Complete", "3"), ("Completed", "3")}
    assert statuses.still_used(SAVED, wanted, [OrderLink(StoreName.CSCART, "7", "1", "P", "new")], SHOPS) == []
    assert statuses.still_used(SAVED, SAVED, orders, SHOPS) == []


def test_it_is_told_when_several_statuses_are_one_in_the_other_shop() -> None:
    both = StatusMap({"P": "process", "C": "process,complete"}, SAVED.to_cscart)
    assert [words for _, words in statuses.remarks(both, SHOPS)] == [{"names": "Processed, Complete", "back": "Processed"}]
    assert statuses.remarks(SAVED, SHOPS) == []


def test_categories_are_proposed_by_path_then_by_a_unique_name_and_a_saved_row_stays() -> None:
    assert values(categories.table({}, SHOPS)) == {"1": ("7", True), "2": ("8", True)}
    assert values(categories.table({"1": "", "2": "9"}, SHOPS)) == {"1": ("", False), "2": ("9", False)}


def test_a_row_is_read_by_its_value_or_by_the_label_that_was_typed() -> None:
    table = categories.table({}, SHOPS)
    form = {"category-1": ["Lighting/Lamps"], "category-2": [" 9 "], "category-99": ["7"]}
    assert tables.read(table, form) == ({"1": "8", "2": "9"}, [])
    assert tables.read(table, {}) == ({"1": "", "2": ""}, [])


def test_what_the_other_shop_does_not_have_is_refused_by_name() -> None:
    rows, problems = tables.read(categories.table({}, SHOPS), {"category-1": ["Gardens"], "category-2": ["8"]})
    assert rows == {"2": "8"}
    assert [words for _, words in problems] == [{"title": "Home/Chairs", "value": "Gardens"}]


def test_of_two_that_are_called_the_same_each_is_told_from_the_other() -> None:
    assert list(tables.labelled({"1": "Post", "2": "Courier", "3": "Post"}).items()) == [
        ("2", "Courier"),
        ("1", "Post (№ 1)"),
        ("3", "Post (№ 3)"),
    ]


def test_long_lists_are_typed_and_short_ones_chosen() -> None:
    many = {StoreName.CSCART: {"categories": {"1": "A"}}, StoreName.WEBASYST: {"categories": {str(n): f"C{n}" for n in range(61)}}}
    assert categories.table({}, many).typed
    assert not categories.table({}, SHOPS).typed
    forty = {store: {"shippings": {str(n): f"M{n}" for n in range(40)}} for store in StoreName}
    assert methods.both("shipping", MethodMap(), forty)[0].typed, "so many lists of so many make a page slow"


def test_methods_are_proposed_to_their_namesakes_unless_there_are_two() -> None:
    there, here = methods.both("shipping", MethodMap(), SHOPS)
    assert values(there) == {"1": ("courier ", True), "2": ("Post", True), "3": ("Post", True)}
    assert values(here) == {"9": ("1", True), "10": ("", False)}


def test_methods_are_read_back_and_a_strange_one_is_refused() -> None:
    form = {"shipping-to-1": ["Post"], "shipping-from-9": ["2"], "shipping-from-10": ["77"]}
    wanted, problems = methods.read("shipping", MethodMap(), SHOPS, form)
    assert wanted == MethodMap({"1": "Post", "2": "", "3": ""}, {"9": "2"})
    assert [words["value"] for _, words in problems] == ["77"]
    assert methods.read("payment", MethodMap({"4": "Card"}), SHOPS, {"payment-to-4": ["Card"]}) == (MethodMap({"4": "Card"}), [])


@pytest.mark.parametrize(
    ("most", "measure", "top", "step"),
    [(0, "changes", 4, 1), (5, "changes", 8, 2), (4000, "changes", 4000, 1000), (0, "lag", 60, 15), (2440, "lag", 3600, 900)],
)
def test_a_chart_counts_in_whole_numbers_and_in_times_that_people_use(most: int, measure: str, top: int, step: int) -> None:
    lines = chart.scale(most, measure)
    assert (lines[0], lines[1], lines[-1]) == (0, step, top)
