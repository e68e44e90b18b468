"""The first schedules of the simulator, one test each: what the engine's mutants are tried with when the smaller tests saw nothing."""

import pytest

from tests.sandbox.simulator.schedule import play


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_schedule_of_faults_costs_nothing(seed: int) -> None:
    assert play(seed).verdict.faults == []
