"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--generated-orders", type=int, default=40, help="orders that are sent through both sandbox shops, with discounts on and off each"
    )
    parser.addoption(
        "--generated-states", type=int, default=40, help="random states of both shops in memory that plans, proofs and undos are tried on"
    )
