"""Asks in six languages as canonical English."""

import time
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.planning.languages import Said, Translation, language_of, to_english
from tests.unit.planning.labelled import labelled

LABELLED = tomllib.loads(Path(__file__).with_name("languages.toml").read_text("utf-8"))
ASKS = [(code, ask, english) for code, table in LABELLED.items() for ask, english in table["asks"].items()]


@pytest.mark.parametrize(("code", "ask", "english"), ASKS)
def test_asks_become_canonical_english(code, ask, english):
    found = to_english(ask)
    assert found is not None
    assert found.language == code
    assert [said.english for said in found.said] == english
    assert found.unread == ()


@pytest.mark.parametrize(("code", "ask", "english"), [row for row in ASKS if row[0] in {"es", "fr", "pt"}])
def test_accents_may_be_left_out(code, ask, english):
    bare = "".join(letter for letter in unicodedata.normalize("NFD", ask) if not unicodedata.combining(letter))
    found = to_english(bare)
    if found is None or found.language != code:  # a short ask may look like its neighbour, or like English
        pytest.skip("nothing but an accent told the language")
    plain = [unicodedata.normalize("NFD", said) for said in english]
    assert [said.english for said in found.said] == [
        "".join(letter for letter in said if not unicodedata.combining(letter)) for said in plain
    ]


@pytest.mark.parametrize("ask", ["faerbe die Haare gruen", "loesche den Text", "mach die Zaehne weisser"])
def test_umlauts_may_be_spelled_out(ask):
    found = to_english(ask)
    assert found is not None
    assert found.said
    assert not found.unread


@pytest.mark.parametrize(("code", "ask"), [(code, ask) for code, table in LABELLED.items() for ask in table["unread"]])
def test_unknown_asks_are_unread(code, ask):
    assert to_english(ask) == Translation(code, (), (ask,))


@pytest.mark.parametrize("code", LABELLED)
def test_there_are_enough_labels(code):
    assert len(LABELLED[code]["asks"]) >= 60


def test_what_is_not_known_stands_beside_what_is():
    assert to_english("quita el fondo y cuéntame un chiste") == Translation(
        "es", (Said("remove the background", "quita el fondo"),), ("cuéntame un chiste",)
    )


@pytest.mark.parametrize(
    ("ask", "english"),
    [
        ("quita el zarambeque verde", "remove the green zarambeque"),
        ("enlève le schmilblick", "remove the schmilblick"),
        ("entferne das Dingsbums", "remove the Dingsbums"),
        ("去掉奇奇怪怪", "remove the 奇奇怪怪"),
        ("ぐにゃぐにゃを消して", "remove the ぐにゃぐにゃ"),
    ],
)
def test_unknown_nouns_stay_as_they_are(ask, english):
    assert [said.english for said in to_english(ask).said] == [english]


def test_quoted_text_is_not_read():
    found = to_english("añade el texto «quita el fondo, y gira» abajo")
    assert [said.english for said in found.said] == ['add the text "quita el fondo, y gira" at the bottom']
    assert found.said[0].original == "añade el texto «quita el fondo, y gira» abajo"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ("quita el fondo", "es"),
        ("mach es heller", "de"),
        ("remova o fundo", "pt"),
        ("enlève l'arrière-plan", "fr"),
        ("enleve l'arriere plan", "fr"),
        ("去掉背景", "zh"),
        ("背景を消して", "ja"),
        ("restaura a foto", "pt"),
        ("Change le fond en blanc", "fr"),
        ("remove the background", "en"),
        ("Sepia", "en"),
        ("a", "en"),
        ("", "en"),
        ("Los Angeles skyline at night", "en"),
        ("Las Vegas", "en"),
        ("die hard poster", "en"),
        ("put a sombrero on the man", "en"),
        ("crème brûlée on the plate", "en"),
        ('add the text "quita el fondo"', "en"),
        ("Add the words 生日快乐 at the bottom", "en"),
        ("убери фон", "other"),
        ("إزالة الخلفية", "other"),
        ("배경 제거", "other"),
        ("पृष्ठभूमि हटाओ", "other"),
        ("ลบพื้นหลัง", "other"),
        ("αφαίρεσε το φόντο", "other"),
        ("הסר את הרקע", "other"),
        ("rimuovi lo sfondo", "other"),
        ("verwijder de achtergrond", "other"),
        ("usuń tło", "other"),
        ("arka planı kaldır", "other"),
        ("xóa nền", "other"),
    ],
)
def test_languages_are_told_apart(ask, code):
    assert language_of(ask) == code


def test_english_is_left_to_the_english_planner():
    assert to_english("remove the background") is None


def test_other_languages_are_unread_as_a_whole():
    assert to_english("убери фон") == Translation("other", (), ("убери фон",))


def test_english_requests_are_never_taken_for_another_language():
    assert {language_of(row["text"]) for row in labelled()} == {"en"}


@pytest.mark.parametrize(
    "message",
    [
        "quita el fondo y pon la foto más clara. " * 800,
        "quita " + "el de la " * 3600,
        ("cambia el color de la a de a de a por de " * 4 + ". ") * 190,
        "mach " + "der die und, " * 2400,
        "quita el fondo" + " " * 31_000 + "y",
        "把背景换成白色，然后提高亮度。" * 2100,
        "把" + "把的成" * 10_000,
        ("把的成，" * 20 + "。") * 390,
        "背景を" + "のをに" * 10_000,
        "quita el fondo " + "'\"«「" * 7500,
    ],
)
def test_hostile_messages_are_cheap(message):
    to_english(message)  # which loads the language's file
    start = time.process_time()
    found = to_english(message[:32_000])
    assert time.process_time() - start < 0.15  # about 0.04 on an idle core
    assert found is not None


@given(st.text())
def test_any_text_is_read(message):
    found = to_english(message)
    assert found is None or found.language != "en"


@given(st.text(alphabet="quita el fondo,.y«»\"'把背景换成白色、。を消して\ue000\n ", max_size=60))
def test_clauses_are_verbatim(message):
    found = to_english(f"quita el fondo y {message}")
    if found is not None:
        assert all(said.english for said in found.said)
        assert all(found.unread)
