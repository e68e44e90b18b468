"""Texts as a reader sees them, whatever a shop did to the markup."""

import pytest
from storesync.domain import texts

SEEN = [
    ("<p>A <b>mug</b></p>", "A mug"),
    ("A&nbsp;mug &amp; cup", "A mug & cup"),
    ("A\r\n\tmug ", "A mug"),
    ("a<script>alert(1)</script>b", "a b"),
    ("a<style>p{}</style><noscript>x</noscript>b", "a b"),
    ("a<object>x<object>y</object>z</object>b", "a b"),
    ("a</object>b", "a b"),
    ("a</iframe></iframe>b<iframe>c</iframe>d", "a b d"),
    ("a<b>b</b>c", "a b c"),
    ('<img src="/1.png" alt="x">', "/1.png"),
    ('<img alt="x">', ""),
    ("<img src>a", "a"),
    ('<a href="/x" src="/2.png">link</a>', "link"),
    ("soft\u00adhyphen\u200b", "softhyphen"),
    ("😀", "?"),
    ("\U00010000", "?"),
    ("XaX", "XaX"),
    ("\x00a\x01b", "ab"),
    ("- a -", "a"),
    ("e\u0301", "é"),
    ("&lt;b&gt;", "<b>"),
    ("&amp;lt;", "<"),
]


@pytest.mark.parametrize(("text", "seen"), SEEN)
def test_what_a_reader_sees(text: str, seen: str) -> None:
    assert texts.seen(text) == seen


@pytest.mark.parametrize("made", [231, 250, 255])
def test_a_text_that_a_shop_cut_at_its_limit_is_alike(made: int) -> None:
    whole = "word " * 100
    assert texts.alike(whole, whole[:made]) and texts.alike(whole[:made], whole)


@pytest.mark.parametrize("made", [100, 229, 257, 300])
def test_a_text_that_was_cut_elsewhere_is_another(made: int) -> None:
    whole = "x" * 400
    assert not texts.alike(whole, whole[:made])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("b", "a", False), ("<p>a</p>", "a", True), ("a", "a", True), ("<b>a", "<i>a", True), ("b" + "x" * 300, "a" + "x" * 240, False)],
)
def test_texts_are_alike_when_a_reader_sees_the_same(one: str, other: str, alike: bool) -> None:
    assert texts.alike(one, other) is texts.alike(other, one) is alike
