"""Both languages say everything, and say it with the same words filled in."""

import re

import polib
import pytest
from storesync.console import texts

from tests.unit.catalogue import messages

RUSSIAN = polib.pofile(str(texts.LOCALE / "ru" / "LC_MESSAGES" / "console.po"))
FIELD = re.compile(r"%\(\w+\)[sd]")


def test_every_text_has_a_translation() -> None:
    known = {(one.msgid, one.msgid_plural) if one.msgid_plural else one.msgid for one in RUSSIAN if one.translated()}
    assert sorted({str(one) for one in messages() if one not in known}) == []


def test_nothing_is_translated_that_is_not_said_any_more() -> None:
    wanted = {one[0] if isinstance(one, tuple) else one for one in messages()}
    assert [one.msgid for one in RUSSIAN if one.msgid not in wanted] == []


def test_a_translation_fills_in_what_the_text_fills_in() -> None:
    for one in RUSSIAN:
        for translation in [one.msgstr] if one.msgstr else one.msgstr_plural.values():
            assert sorted(FIELD.findall(translation)) == sorted(FIELD.findall(one.msgid)), one.msgid


@pytest.mark.parametrize(("count", "said"), [(1, "1 минута"), (3, "3 минуты"), (5, "5 минут"), (11, "11 минут"), (22, "22 минуты")])
def test_russian_counts_as_russian_does(count: int, said: str) -> None:
    assert texts.catalogue("ru").ngettext("%(num)d minute", "%(num)d minutes", count) % {"num": count} == said


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [("", "", "en"), ("", "ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("en", "ru", "en"), ("xx", "de,ru;q=0.5", "ru"), ("../ru", "zz", "en")],
)
def test_the_language_is_the_chosen_one_else_the_browsers(chosen: str, accepted: str, language: str) -> None:
    assert texts.language(chosen, accepted) == language
