"""What a quiet pass costs grows with what changed, not with the catalogue."""

from decimal import Decimal

from tests.integration.product_scene import OURS, THEIRS, Scene


class Counting(Scene):
    """Counts calls to the shops and writes to the tables."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.labels: list[str] = []
        for store in self.stores.values():
            store.watch(self.labels.append)
        self.state.watch(self.labels.append)

    def counted(self) -> tuple[int, int]:
        """Calls to the shops, and writes to the tables and the queue, since the last time."""
        begun = [label for label in self.labels if label.startswith("before")]
        calls = [label for label in begun if label.split()[1] in ("cscart", "webasyst")]
        self.labels.clear()
        return len(calls), len(begun) - len(calls)


def linked(number: int) -> Counting:
    made = Counting()
    for at in range(number):
        made.add(OURS, f"A-{at}")
    made.sweep()
    made.sweep()
    made.counted()
    return made


def test_a_quiet_pass_writes_as_much_to_the_tables_whatever_the_catalogues_size():
    small, large = linked(3), linked(60)
    for scene in (small, large):
        assert scene.sweep() == 0
    assert small.counted() == large.counted()


def test_a_quiet_pull_asks_each_shop_once():
    scene = linked(20)
    scene.pull()
    calls, _ = scene.counted()
    assert calls <= 3  # Webasyst has two queries, for edits and for what is new


def test_many_changes_take_as_many_calls_to_webasyst_as_one():
    calls = []
    for changed in (1, 45):
        scene = linked(60)
        for at in range(changed):
            scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal("77"))
        scene.counted()
        scene.pull()
        made = list(scene.labels)
        assert scene.variant(THEIRS, "A-0").price == Decimal("77")
        calls.append(sum(label.startswith("before webasyst") for label in made))
    assert calls[0] == calls[1]
