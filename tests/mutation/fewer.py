"""For pytest: of a test with many variations over whole shops the first two are enough to notice a mutant, and each costs a mutant's life time."""

from collections import Counter

import pytest

KEPT = 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seen: Counter[str] = Counter()
    kept, dropped = [], []
    for item in items:
        name = item.nodeid.partition("[")[0]
        seen[name] += 1
        (dropped if name.startswith("tests/integration/") and seen[name] > KEPT else kept).append(item)
    items[:] = kept
    if dropped:
        config.hook.pytest_deselected(items=dropped)
