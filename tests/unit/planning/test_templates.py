"""The little language of the words files."""

import pytest

from cavendish.planning.templates import TemplateCompiler, slots_of

NOUNS = {"text": ("text", "date stamp"), "people": ("man", "*woman")}
COMPILER = TemplateCompiler(NOUNS)


def _match(source, text):
    return COMPILER.compile(source).whole(text)


@pytest.mark.parametrize(
    ("source", "fits", "fails"),
    [
        ("brighter", ["brighter"], ["bright", "much brighter"]),
        ("[very] bright", ["bright", "very bright"], ["very"]),
        ("(more|less) light", ["more light", "less light"], ["light"]),
        ("make [the|a] {thing} red", ["make the car red", "make car red"], ["make red"]),
        (
            "<remove> {thing:text}",
            ["remove the texts on the wall", "get rid of date stamp"],
            ["remove text message bubbles"],
        ),
        ("<remove> {thing:people}", ["remove the policewoman"], ["remove the hat on the man"]),
        ("fade ...", ["fade", "fade it a lot"], ["it fade"]),
        ("[a] [b] c", ["c", "a c", "b c", "a b c"], ["a b", "b a c"]),
        ("c [a] [b]", ["c", "c a", "c b", "c a b"], ["c b a"]),
    ],
)
def test_what_fits(source, fits, fails):
    assert all(_match(source, text) for text in fits)
    assert not any(_match(source, text) for text in fails)


def test_needs_are_words_every_match_holds():
    template = COMPILER.compile("(brighter|less dark) [now]")
    assert template.needs == (frozenset({"brighter", "less"}),)
    assert all(any(word in text.split() for word in template.needs[0]) for text in ("brighter", "less dark now"))


def test_slots_of_alternatives_are_told_by_name():
    match = _match("(give {thing} more|more for {thing})", "more for the dog")
    (start, end) = slots_of(match)["thing"]
    assert "more for the dog"[start:end] == "the dog"


@pytest.mark.parametrize("source", ["(a", "a)", "[a", "{unknown}", "<unknown>", "{thing:unknown}"])
def test_mistakes_are_refused(source):
    with pytest.raises(ValueError):
        COMPILER.compile(source)
