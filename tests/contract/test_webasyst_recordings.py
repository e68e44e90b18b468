"""The sandbox shop answers what a real Shop-Script 12.4 answered, exchange by exchange."""

from __future__ import annotations

from tests.conformance.replay import reasons, replay


def test_every_recorded_exchange_is_answered_as_the_real_shop_answered_it() -> None:
    outcomes = list(replay())
    wrong = {outcome.title: outcome.differences for outcome in outcomes if outcome.differences}
    assert wrong == {}
    assert len(outcomes) == 469


def test_exchanges_that_are_not_replayed_are_few_and_have_a_reason() -> None:
    titles = {outcome.title for outcome in replay()}
    assert set(reasons()) <= titles
    assert all(reasons().values())
    assert len(reasons()) <= 46
