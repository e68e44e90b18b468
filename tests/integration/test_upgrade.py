"""A newer version takes over from a released one in the middle of a day, and is rolled back again: over one set of tables, queues and shops."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.local import LocalStack
from tests.sandbox.script import compare
from tests.sandbox.script.day import Day
from tests.sandbox.script.scene import NAME, Options, Scene
from tests.sandbox.script.shops import CsCartShop, WebasystShop
from tests.sandbox.webasyst import WebasystSandbox
from tests.upgrades import RELEASES, unpack, version

ROOT = Path(__file__).parents[2]
SECONDS = 240  # a machine may be busy; alone it takes a tenth


@dataclass
class Town:
    """Both shops and the stack between them, whose functions are those of `old` or of this folder."""

    scene: Scene
    old: Path
    days: int = 0

    def settle(self) -> None:
        """Until there is nothing to do; then both shops are equal."""
        assert self.scene.rounds.settle(SECONDS), self.scene.rounds.unfinished
        aside = compare.Aside.of(self.scene.links.parked())
        assert compare.product_differences(self.scene.cscart, self.scene.webasyst, aside)[1] == []
        assert compare.order_differences(self.scene.cscart, self.scene.webasyst, NAME, aside)[1] == []
        assert self.scene.stack.dead_letters() == []

    def change_over_by_day(self, root: Path) -> None:
        """People are at work in both shops, and what that made the one version queue is left to the other."""
        self.days += 1
        with self.scene.stack.held():
            day = Day(self.scene.cscart, self.scene.webasyst, self.days)
            assert day.play(edits=4, orders=2)["ordered in cscart"]
            self.scene.stack.tick()
            assert self.scene.stack.queue_counts()["visible"] > 3
            self.scene.stack.deploy(root)


@pytest.fixture(params=RELEASES, ids=version)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    old = unpack(request.param, tmp_path / "old")
    cscart, webasyst = CsCartSandbox(), WebasystSandbox()
    with (
        Server(cscart.app) as ours,
        Server(webasyst.app) as theirs,
        LocalStack(tmp_path / "aws", speed=60.0, schedules=False, workers=2, root=old) as stack,
    ):
        cscart.public_url, webasyst.public_url = ours.url, theirs.url
        cscart.seed(8, 2, 1)
        webasyst.seed(2, 0, 2)
        variables = {"AWS_ENDPOINT_URL": stack.aws_url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        os.environ.update(variables, AWS_REGION="eu-central-1", AWS_DEFAULT_REGION="eu-central-1")
        shops = CsCartShop(ours.url + "/", cscart.email, cscart.key), WebasystShop(theirs.url + "/", webasyst.issue_token())
        scene = Scene(Options(once=True), stack, *shops, (cscart.email, cscart.key))
        assert scene.connect()
        cscart.push, webasyst.notify = scene.push_cscart, scene.push_webasyst
        yield Town(scene, old)


def test_fault_63_an_upgrade_and_a_rollback_lose_nothing_and_write_nothing_twice(town: Town) -> None:
    town.settle()
    town.change_over_by_day(ROOT)
    town.settle()
    town.change_over_by_day(town.old)
    town.settle()
    town.scene.stack.deploy(ROOT)
    assert town.scene.rounds.round() == 0, "the newer version takes what the older one remembers as its own"
