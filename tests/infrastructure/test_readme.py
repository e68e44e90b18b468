"""What the README promises is there, and what is there is in the README."""

import re
import tomllib
from pathlib import Path

import pytest
from storesync.console import texts
from storesync.settings import VARIABLES

from tests.infrastructure.readme_tables import README, ROOT, written
from tests.sandbox.local.template import load
from tests.upgrades import RELEASES, version

TEXT = README.read_text()
TEMPLATE = load(ROOT / "template.yaml")


def part(heading: str) -> str:
    """From a heading to the next one of its rank."""
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_tables_of_settings_are_those_of_the_code() -> None:
    assert written(TEXT) == TEXT, "PYTHONPATH=shared .venv/bin/python -m tests.infrastructure.readme_tables writes them anew"


def test_every_variable_of_the_functions_is_explained() -> None:
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| \S", part("Settings"), re.MULTILINE)
    assert set(re.findall(r"`([A-Z_]+)`", " ".join(rows))) == set(VARIABLES) - {"AWS_REGION"}


def test_every_alarm_has_its_meaning_a_first_look_and_a_fix() -> None:
    rows = [line.strip("| ").split(" | ") for line in part("Operate").splitlines() if re.match(r"\| `\w+(Alarm|Errors)`", line)]
    assert all(len(cells) == 4 and all(cells) for cells in rows)
    alarms = {name for name, resource in TEMPLATE["Resources"].items() if resource["Type"] == "AWS::CloudWatch::Alarm"}
    assert {name for cells in rows for name in re.findall(r"`(\w+)`", cells[0])} == alarms


def test_every_target_of_make_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", TEXT)) <= targets


def test_every_output_of_the_stack_is_one_and_those_to_begin_with_are_named() -> None:
    named = set(re.findall(r"output `(\w+)`|`(\w+Url|\w+Secret|\w+TableName)`", TEXT))
    assert {first or second for first, second in named} <= TEMPLATE["Outputs"].keys() | TEMPLATE["Parameters"].keys()
    assert {"ConsoleUrl", "ConsoleSecret", "DashboardUrl"} <= {first or second for first, second in named}


def headings(file: Path) -> set[str]:
    """As links name them."""
    return {re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-") for found in re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("name", ["README.md", "README.ru.md", "CHANGELOG.md"])
def test_every_picture_file_and_heading_that_is_linked_is_there(name: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text()):
        if not link.startswith("https://"):
            file, _, heading = link.partition("#")
            assert (ROOT / (file or name)).exists(), link
            assert not heading or heading in headings(ROOT / (file or name)), link


def test_the_changelog_tells_of_this_version_and_of_an_upgrade_from_each_that_was_released() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\d+\.\d+\.\d+), ", changelog, re.MULTILINE)
    assert versions[0] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert [version(release) for release in RELEASES] == sorted(versions[1:])
    assert f"### Upgrading from {versions[1]}\n" in changelog


def test_the_merchants_guide_calls_the_pages_as_the_console_does() -> None:
    guide = (ROOT / "README.ru.md").read_text()
    pages = set(re.findall(r"^\* \*\*([^*]+)\*\*", guide.split("\n## Каждый день\n")[1].split("\n## ")[0], re.MULTILINE))
    paths = {step for path in re.findall(r"(?<!\*)\*(Магазины → [^*]+)\*", guide) for step in path.split(" → ")}
    catalogue = texts.catalogue("ru")
    known = {text for text in catalogue._catalog.values() if isinstance(text, str)}  # type: ignore[attr-defined]
    assert len(pages) >= 5 and len(paths) >= 4
    assert pages | paths <= known
