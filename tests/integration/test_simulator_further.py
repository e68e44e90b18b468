"""The second half of the schedules that the suite plays."""

from tests.integration.simulations import SCHEDULES, assert_nothing_is_lost


def test_further_schedules_of_faults_cost_nothing() -> None:
    assert_nothing_is_lost(SCHEDULES + 1)
