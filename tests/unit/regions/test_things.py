from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources

import pytest

from cavendish.regions.things import (
    PERSON,
    Thing,
    forms,
    kin_of,
    label_indices,
    siblings_of,
    thing_called,
    thing_named,
)
from tests.support.region_networks import real_networks

TABLE = tomllib.loads(resources.files("cavendish.regions").joinpath("things.toml").read_text(encoding="utf-8"))
WORDS = {name: row["words"].replace("\n", "").split("|") for name, row in TABLE.items()}
COCO = set(
    """person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|stop sign|parking meter|
bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|backpack|umbrella|handbag|tie|suitcase|frisbee|skis|
snowboard|sports ball|kite|baseball bat|baseball glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|fork|
knife|spoon|bowl|banana|apple|sandwich|orange|broccoli|carrot|hot dog|pizza|donut|cake|chair|couch|potted plant|bed|
dining table|toilet|tv|laptop|mouse|remote|keyboard|cell phone|microwave|oven|toaster|sink|refrigerator|book|clock|vase|
scissors|teddy bear|hair drier|toothbrush""".replace("\n", "").split("|")
)


class TestNouns:
    @pytest.mark.parametrize(
        ("phrase", "name"),
        [
            ("dog", "dog"),
            ("Dogs", "dog"),
            ("the dog's", "dog"),
            ("two wooden bunk beds", "bed"),
            ("bird perched on it", "bird"),
            ("boy and his dog", "dog"),
            ("car parked outside", "car"),
            ("people", "person"),
            ("children", "person"),
            ("women", "person"),
            ("kids", "person"),
            ("hot dog", "hotdog"),
            ("hot dogs", "hotdog"),
            ("coffee cup", "cup"),
            ("coffee table", "table"),
            ("toy cars", "car"),
            ("fire truck", "truck"),
            ("fire hydrant", "hydrant"),
            ("knives", "knife"),
            ("geese", "bird"),
            ("buses", "bus"),
            ("sandwiches", "burger"),
            ("puppies", "dog"),
            ("a glass", "glass"),
            ("glasses", "sunglasses"),
            ("stop sign", "sign"),
            ("jack-o'-lantern", "pumpkin"),
            ("t-rex", "dinosaur"),
        ],
    )
    def test_a_phrase_is_known_by_its_last_words(self, phrase, name):
        thing = thing_named(phrase)
        assert thing is not None
        assert thing == thing_called(name)

    @pytest.mark.parametrize("phrase", ["", "sky", "12 %", "nothing known here"])
    def test_other_words_name_nothing(self, phrase):
        assert thing_named(phrase) is None

    def test_labels_of_the_recognizer_are_nouns_too(self):
        labels = ("tench", "Loafer", "water bottle", "accordion", "space heater")
        assert thing_named("two old accordions", labels) == Thing("accordion", recognized=("accordion",))
        assert thing_named("space heater", labels).recognized == ("space heater",)
        assert thing_named("brown loafers", labels).recognized == ("Loafer",)
        assert thing_named("accordion") is None

    def test_tables_go_before_labels_and_later_words_before_both(self):
        assert thing_named("plate", ("plate",)) == thing_called("plate")
        assert thing_named("dog with an accordion", ("accordion",)).name == "accordion"
        assert thing_named("accordion on a chair", ("accordion",)).name == "chair"

    @pytest.mark.parametrize(
        ("plural", "one"),
        [
            ("cats", "cat"),
            ("men", "man"),
            ("benches", "bench"),
            ("boxes", "box"),
            ("dishes", "dish"),
            ("glass", "glass"),
            ("bus", "bus"),
            ("berries", "berry"),
            ("ties", "tie"),
            ("sheep", "sheep"),
            ("scissors", "scissors"),
            ("jeans", "jeans"),
            ("leaves", "leaf"),
            ("guy's", "guy"),
            ("guys'", "guy"),
            ("iris", "iris"),
        ],
    )
    def test_singulars(self, plural, one):
        assert one in forms(plural)


class TestTable:
    def test_no_word_stands_in_two_tables(self):
        counts = Counter(word for words in WORDS.values() for word in words)
        assert [word for word, count in counts.items() if count > 1] == []

    def test_words_are_lower_case_phrases_without_stray_spaces(self):
        strange = [w for words in WORDS.values() for w in words if w != w.strip().lower() or not w or "  " in w]
        assert strange == []

    def test_every_first_word_names_its_own_table(self):
        wrong = {name for name, words in WORDS.items() if thing_named(words[0]) != thing_called(name)}
        assert wrong == set()

    def test_everything_detected_is_a_class_of_the_detector(self):
        assert {name for row in TABLE.values() for name in row.get("detected", ())} - COCO == set()

    def test_everything_that_something_stands_on_is_a_kind(self):
        assert {name for row in TABLE.values() for name in row.get("under", ())} - set(TABLE) == set()

    def test_a_group_has_more_than_one_member(self):
        groups = Counter(row["kin"] for row in TABLE.values() if "kin" in row)
        assert min(groups.values()) > 1

    def test_what_no_network_sees_has_no_kin(self):
        blind = {name for name, row in TABLE.items() if not row.get("detected") and not row.get("recognized")}
        assert {name for name in blind if "kin" in TABLE[name]} == set()

    def test_the_person_is_there(self):
        assert thing_called(PERSON).detected == ("person",)
        assert thing_called(PERSON).kin == ""


class TestKin:
    def test_siblings_are_of_the_same_group_and_another_kind(self):
        dog = thing_called("dog")
        siblings = siblings_of(dog)
        assert dog not in siblings
        assert thing_called("cat") in siblings
        assert {thing.kin for thing in siblings} == {"animal"}

    def test_kin_are_the_classes_of_all_siblings_and_its_own(self):
        assert kin_of(thing_called("cup")) == {"cup", "wine glass", "bottle", "bowl", "vase"}

    def test_a_kind_of_no_group_has_only_itself(self):
        assert siblings_of(thing_called("umbrella")) == ()
        assert kin_of(thing_called("umbrella")) == {"umbrella"}
        assert kin_of(Thing("accordion", recognized=("accordion",))) == frozenset()


class TestLabels:
    LABELS = ("tench", "goldfish", "cock", "hen", "ostrich", "cup")

    def test_a_stretch_is_everything_from_its_first_to_its_last(self):
        assert label_indices(Thing("bird", recognized=("cock .. ostrich", "cup")), self.LABELS) == (2, 3, 4, 5)

    def test_names_that_are_not_there_are_left_out(self):
        thing = Thing("bird", recognized=("crow", "cock .. heron", "crow .. hen", "hen"))
        assert label_indices(thing, self.LABELS) == (3,)

    def test_every_entry_names_labels_of_the_real_recognizer_in_their_order(self):
        labels = real_networks().recognizer().labels
        entries = [entry for row in TABLE.values() for entry in row.get("recognized", ())]
        ends = [entry.partition(" .. ")[::2] for entry in entries]
        assert {name for pair in ends for name in pair if name} - set(labels) == set()
        assert [pair for pair in ends if pair[1] and labels.index(pair[0]) >= labels.index(pair[1])] == []

    def test_every_class_detected_is_one_of_the_real_detector(self):
        labels = real_networks().objects().labels
        assert set(labels) - {"???"} == COCO
        assert len(COCO) == 80

    def test_stretches_of_real_labels_hold_what_they_should(self):
        labels = real_networks().recognizer().labels
        kinds = {name: {labels[k] for k in label_indices(thing_called(name), labels)} for name in TABLE}
        assert {"beagle", "pug", "dalmatian"} <= kinds["dog"]
        assert {"tabby", "Persian cat"} <= kinds["cat"]
        assert len(kinds["dog"]) > 110
        separate = ["dog", "cat", "bird", "horse", "elephant", "monkey", "fish", "snake", "spider", "butterfly"]
        shared = {(a, b) for a in separate for b in separate if a < b and kinds[a] & kinds[b]}
        assert shared == set()
        assert set().union(*(kinds[name] for name in separate)) <= kinds["animal"] | {"horse cart"}


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        *[("horses", "horse"), ("houses", "house"), ("vases", "vase"), ("roses", "flower"), ("purses", "bag")],
        *[("suitcases", "bag"), ("nurses", "person"), ("tortoises", "turtle"), ("lighthouses", "tower")],
        *[("beanies", "hat"), ("neckties", "tie"), ("plushies", "teddy"), ("collies", "dog"), ("women's", "person")],
        *[("triceratops", "dinosaur"), ("shades", "sunglasses"), ("wine glasses", "glass"), ("glasses", "sunglasses")],
    ],
)
def test_plurals_of_all_kinds(phrase, name):
    thing = thing_named(phrase)
    assert thing is not None
    assert thing.name == name
