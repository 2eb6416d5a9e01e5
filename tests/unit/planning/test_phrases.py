"""The tables of a words file, as rules."""

import pytest

from cavendish.planning import phrases

FRAMES = {"more": ["<increase> [the] ($)", "more ($)"]}


@pytest.fixture
def rules_of(monkeypatch):
    """The rules of one words file."""

    def of(*asks, **tables):
        monkeypatch.setattr(phrases, "_tables", lambda: {"tone.toml": {"ask": asks, "frames": FRAMES, **tables}})
        monkeypatch.setattr(phrases, "noun_classes", dict)
        return phrases.rules.__wrapped__()

    return of


def test_a_frame_stands_for_all_its_lines(rules_of):
    rules = rules_of({"op": "adjust_contrast", "say": ["@more contrast|contrasts", "punchier"]})
    assert [rule.template.source for rule in rules] == [
        "<increase> [the] (contrast|contrasts)",
        "more (contrast|contrasts)",
        "punchier",
    ]


def test_a_table_stands_for_one_ask_a_row(rules_of):
    ask = {
        "op": "grade_look",
        "parameters": {"a": 1},
        "say": ["@more $"],
        "each": {"name": {"dusk": "dusk", "night": "moon"}},
    }
    assert [(rule.template.source, rule.parameters) for rule in rules_of(ask)][1::2] == [
        ("more (dusk)", {"a": 1, "name": "dusk"}),
        ("more (moon)", {"a": 1, "name": "night"}),
    ]


def test_what_each_list_sets(rules_of):
    rules = rules_of({"op": "sepia", "say": ["a"], "complain": ["b"], "vague": ["c"], "alone": ["d"], "also": ["fade"]})
    assert [(rule.mood, rule.confidence) for rule in rules] == [
        ("", 0.9),
        ("complaint", 0.9),
        ("vague", 0.9),
        ("", 0.5),
    ]
    assert {rule.also for rule in rules} == {("fade",)}


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        ({"op": "sepia", "say": ["@less sepia"]}, "tone.toml: .*'less'"),
        ({"op": "sepia", "say": ["@more"]}, "tone.toml: .*'@more'"),
        ({"op": "sepia", "say": ["<unheard>"]}, "tone.toml: .*unheard"),
        ({"op": "sepia", "say": ["sepia"], "complaint": True}, "tone.toml: .*complaint"),
    ],
)
def test_an_error_names_the_file_and_what_is_wrong(rules_of, ask, error):
    with pytest.raises(ValueError, match=error):
        rules_of(ask)


def test_a_frame_stands_in_one_file_only(monkeypatch):
    monkeypatch.setattr(phrases, "_tables", lambda: {"hue.toml": {"frames": FRAMES}, "tone.toml": {"frames": FRAMES}})
    monkeypatch.setattr(phrases, "noun_classes", dict)
    with pytest.raises(ValueError, match=r"tone\.toml: 'more'"):
        phrases.rules.__wrapped__()
