"""What a worker loads before its first message, and for a message of each kind: no more than it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from storesync import bootstrap
from storesync.domain.changes import Kind
from storesync.sync.worker import load
bootstrap.worker(), bootstrap.store_modules(), load(Kind.{kind})
print(*sorted(sys.modules))
"""
NEVER = ("tenacity", "aws_lambda_powertools", "jinja2", "boto3", "storesync.sync.preview", "storesync.sync.looks", "storesync.sync.proof")
LEFT_OUT = {
    "PRODUCT": (
        "storesync.domain.orders",
        "storesync.sync.orders",
        "storesync.sync.pull",
        "storesync.cscart.orders",
        "storesync.webasyst.orders",
    ),
    "ORDER": ("storesync.sync.products", "storesync.sync.pull"),
    "STREAM": ("storesync.sync.products", "storesync.sync.orders", "storesync.domain.planning"),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_a_message_loads_its_own_part_of_the_engine(kind: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "shared")}
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(kind=kind)], env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {*NEVER, *LEFT_OUT[kind]}
