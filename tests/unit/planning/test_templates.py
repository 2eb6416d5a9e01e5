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


@pytest.mark.parametrize(
    ("source", "openings"),
    [
        ("(crop|trim) {thing}", {"crop", "trim"}),
        ("[please] crop {thing}", {"please", "crop"}),
        ("[{thing}] crop", None),
        ("{thing} cropped", None),
        ("[crop] [trim]", None),
        ("(crop|[trim]) tight", None),
    ],
)
def test_a_template_knows_the_words_it_can_begin_with(source, openings):
    assert COMPILER.compile(source).openings == openings


def test_a_template_is_found_within_a_clause_at_its_leftmost_place():
    found = COMPILER.compile("crop {thing}").inside("then crop the car and crop the bus")
    assert found is not None
    assert found.start() == len("then ")
    assert COMPILER.compile("crop").inside("a cropped crops") is None
