"""For pytest: of a test with many variations over whole shops the first is enough to notice most mutants, and each costs every mutant's time."""

from collections import Counter

import pytest

KEPT = 1


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
