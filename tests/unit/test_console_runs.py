"""A plan as the console shows it: by shop and kind, what is left alone last; as a table that no spreadsheet takes for formulas."""

from datetime import UTC, datetime

from storesync.console import runs
from storesync.domain.connection import Connection, Damage
from storesync.domain.journal import Action, Entry, Run

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def entry(subject: str, store: str, group: str, action: Action = Action.PLANNED) -> Entry:
    return Entry("plan", subject, action, store, "1", group, old='{"price":"1"}', new="=cmd()", rule="changed")


def test_lines_are_gathered_by_shop_and_kind() -> None:
    lines = [
        entry("A", "webasyst", "price"),
        entry("B", "cscart", "product"),
        entry("C", "webasyst", "price"),
        entry("D", "cscart", "", Action.PARKED),
    ]
    found = [
        (part.store, part.group, [one.subject for one in part.entries]) for part in runs.sections([*lines, entry("E", "webasyst", "order")])
    ]
    assert found == [("cscart", "product", ["B"]), ("webasyst", "price", ["A", "C"]), ("webasyst", "order", ["E"]), ("", "", ["D"])]


def test_a_run_as_a_table_holds_every_line_and_no_formula() -> None:
    head, line = runs.as_csv([entry("=A", "webasyst", "price")]).splitlines()
    assert head == "shop,record,action,field,before,after,why"
    assert line == 'webasyst,\'=A,planned,price,"{""price"":""1""}",\'=cmd(),changed'


def test_the_damage_of_a_plan_stands_beside_the_budget() -> None:
    run = Run("r", "preview", NOW, counts={"writes": 12, "mails": 3, "prices_up": 2, "echo": 9})
    found = runs.shares(Connection("main", damage=Damage(writes=10, mails=5, money=0)), run)
    assert [(one.name, one.amount, one.limit, one.is_over) for one in found] == [
        ("writes", 12, 10, True),
        ("mails", 3, 5, False),
        ("money", 0, 0, False),
    ]
    assert runs.totals(run) == {"prices_up": 2}


def test_a_stopped_run_says_where() -> None:
    assert runs.stopped_at(Run("r", "apply", NOW, error="budget writes 9 of 10")) == ("writes", "9 of 10")
    assert runs.stopped_at(Run("r", "orders:cscart", NOW, error="budget orders 3")) == ("orders", "3")
