"""The README's tables of settings, made of the code. `python -m tests.infrastructure.readme_tables` (with `shared` on the path) writes them anew."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from storesync.console.fields import ConnectionForm, build
from storesync.console.settings_form import SettingsForm
from storesync.domain.connection import Connection
from wtforms import SelectField

from tests.sandbox.local.template import load

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def parameters() -> str:
    """Of the stack, in the order in which `sam deploy --guided` asks for them."""
    found = load(ROOT / "template.yaml")["Parameters"]
    rows = [(f"`{name}`", _shown(one["Default"]), one["Description"]) for name, one in found.items()]
    return table(("parameter", "default", "meaning"), rows)


def _shown(default: object) -> str:
    return f"`{default}`" if default != "" else "empty"


def merchants() -> str:
    """Of a connection, as its owner sees them in the console."""
    form: ConnectionForm = build(SettingsForm, Connection("main"), None, "en")
    rows = [(field.label.text, _value(field), str(field.description)) for field in form]
    return table(("setting", "default", "meaning"), rows)


def _value(field: Any) -> str:
    if isinstance(field, SelectField):
        return next(str(label) for value, label, *_ in field.iter_choices() if field.coerce(value) == field.data)
    if isinstance(field.data, bool):
        return "on" if field.data else "off"
    return "empty" if field.data is None else f"{field.data:,}"


TABLES = {"parameters": parameters, "merchant's settings": merchants}


def written(readme: str) -> str:
    """The README with the tables as they are now, between the marks that name them."""
    for name, made in TABLES.items():
        start, end = f"<!-- {name}: made by tests/infrastructure/readme_tables.py -->\n", f"\n<!-- end of {name} -->"
        before, _, rest = readme.partition(start)
        _, found, after = rest.partition(end)
        assert found, name
        readme = f"{before}{start}{made()}{end}{after}"
    return readme


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
