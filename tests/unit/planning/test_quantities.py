"""Amounts, picture sizes, colors and adverbs of degree in English text."""

import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cavendish.planning import quantities
from cavendish.planning.quantities import color_of, degree_of, read_amounts, read_colors, read_sizes

THIRD = 0.333333333


def amounts(text):
    return [(amount.value, amount.unit) for amount in read_amounts(text)]


def colors(text):
    return [color.words.lower() for color in read_colors(text)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("brighten it by 20%", 0.2, "fraction"),
        ("20 percent more", 0.2, "fraction"),
        ("7.5 per cent", 0.075, "fraction"),
        ("a 30-percent boost", 0.3, "fraction"),
        ("twenty percent", 0.2, "fraction"),
        ("twenty-five percent", 0.25, "fraction"),
        ("thirty five percent", 0.35, "fraction"),
        ("one hundred percent", 1.0, "fraction"),
        ("saturation -10 %", -0.1, "fraction"),
        ("saturation − 5％", -0.05, "fraction"),
        ("contrast - 10 %", -0.1, "fraction"),
        ("by 10-20 %", 0.15, "fraction"),
        ("by 10–20%", 0.15, "fraction"),
        ("5 to 10%", 0.075, "fraction"),
        ("1,5 %", 0.015, "fraction"),
        ("exposure:+15%", 0.15, "fraction"),
        ("(50%)", 0.5, "fraction"),
        ("two stops darker", 2.0, "ev"),
        ("half a stop", 0.5, "ev"),
        ("a half stop", 0.5, "ev"),
        ("half-stop", 0.5, "ev"),
        ("1/3 stop", THIRD, "ev"),
        ("1/3 of a stop", THIRD, "ev"),
        ("a third of a stop", THIRD, "ev"),
        ("two thirds of a stop", 0.666666667, "ev"),
        ("½ stop", 0.5, "ev"),
        ("1½ stops", 1.5, "ev"),
        ("1 1/2 stops", 1.5, "ev"),
        ("one and a half stops", 1.5, "ev"),
        ("2 and a half f-stops", 2.5, "ev"),
        ("one full stop", 1.0, "ev"),
        ("by a stop", 1.0, "ev"),
        ("a couple of stops", 2.0, "ev"),
        ("a few stops", 3.0, "ev"),
        ("1 or 2 stops", 1.5, "ev"),
        ("+1 EV", 1.0, "ev"),
        ("-0.7ev", -0.7, "ev"),
        ("−.5 EV", -0.5, "ev"),
        ("0,125 ev", 0.125, "ev"),
        ("minus two stops", -2.0, "ev"),
        ("rotate 90°", 90.0, "deg"),
        ("rotate 15 degrees", 15.0, "deg"),
        ("2 deg clockwise", 2.0, "deg"),
        ("a 15-degree tilt", 15.0, "deg"),
        ("tilt it one degree", 1.0, "deg"),
        ("-7.5º", -7.5, "deg"),
        ("ninety degrees", 90.0, "deg"),
        ("a few degrees", 3.0, "deg"),
        ("a quarter turn", 90.0, "deg"),
        ("half turn", 180.0, "deg"),
        ("1/4 turn", 90.0, "deg"),
        ("a border of 20 px", 20.0, "px"),
        ("20pixels", 20.0, "px"),
        ("a 3-pixel blur", 3.0, "px"),
        ("white balance 5500K", 5500.0, "k"),
        ("6,500 kelvin", 6500.0, "k"),
        ("twice as big", 2.0, "factor"),
        ("Double the size", 2.0, "factor"),
        ("tripled", 3.0, "factor"),
        ("3x", 3.0, "factor"),
        ("2.5× larger", 2.5, "factor"),
        ("x2", 2.0, "factor"),
        ("times 5", 5.0, "factor"),
        ("three times as much", 3.0, "factor"),
        ("a 4-fold zoom", 4.0, "factor"),
        ("half the size", 0.5, "factor"),
        ("cut in half", 0.5, "factor"),
        ("a third of the picture", THIRD, "factor"),
        ("reduce by a quarter", 0.25, "factor"),
        ("two thirds", 0.666666667, "factor"),
        ("halve the width", 0.5, "factor"),
        ("brightness 10", 10.0, "number"),
        ("brightness:10", 10.0, "number"),
        ("+15", 15.0, "number"),
        ("blue + 33", 33.0, "number"),
        ("contrast minus 15", -15.0, "number"),
        ("negative 4", -4.0, "number"),
        ("increase by ten", 10.0, "number"),
        ("by 10 points", 10.0, "number"),
        ("1,920", 1920.0, "number"),
        ("1,5", 1.5, "number"),
        ("three people", 3.0, "count"),
        ("add 2 more dogs", 2.0, "count"),
        ("a couple of dogs", 2.0, "count"),
        ("a dozen roses", 12.0, "count"),
        ("the 3 cups", 3.0, "count"),
        ("TWO CATS", 2.0, "count"),
    ],
)
def test_amounts(text, value, unit):
    assert amounts(text) == [(value, unit)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "brighten the sky",
        "this one",
        "the yellow one",
        "1920x1080",
        "1920 by 1080 px",
        "4000px x 3000px",
        "16:9",
        "under 200 kB",
        "at 300 dpi",
        "a 24mm lens",
        "12 pm",
        "at 12:30",
        "3D",
        "8-bit",
        "the 1980s",
        "in 1985",
        "4K",
        "10 degrees celsius",
        "$10",
        "image 2",
        "figure 1 and image 3",
        "f/16",
        "#123456",
        "«12»",
        "§2",
        'write "50% off"',
        "write “50% off”",
        "1.2.3",
        "the third man",
        "a third person",
        "a stop sign",
        "the lower half of it",
        "double happiness",
        "a couple dancing",
        "between the two",
        "1. Crop it",
        "a 1/7 scale figure",
    ],
)
def test_no_amounts(text):
    assert amounts(text) == []


def test_amounts_stand_in_order_and_know_their_place():
    text = "Raise contrast 10%, rotate −2° and add 3 dogs to image 2"
    found = read_amounts(text)
    assert [(amount.value, amount.unit) for amount in found] == [(0.1, "fraction"), (-2.0, "deg"), (3.0, "count")]
    assert [text[amount.start : amount.end] for amount in found] == ["10%", "−2°", "3"]


def test_letters_that_grow_in_lower_case_move_nothing():
    text = "İİ 20% and İ red"
    assert [text[found.start : found.end] for found in (*read_amounts(text), *read_colors(text))] == ["20%", "red"]


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("slightly brighter", 0.5),
        ("a bit", 0.5),
        ("a tad warmer", 0.5),
        ("just a touch", 0.5),
        ("just a little", 0.5),
        ("a little bit darker", 0.5),
        ("not too much", 0.5),
        ("brighter but not too bright", 0.5),
        ("don’t overdo it", 0.5),
        ("VERY SLIGHTLY", 0.35),
        ("ever so slightly", 0.35),
        ("somewhat", 0.75),
        ("moderately", 0.75),
        ("much brighter", 1.6),
        ("so much brighter", 1.6),
        ("a lot", 1.6),
        ("very dark", 1.6),
        ("way brighter", 1.6),
        ("far more contrast", 1.6),
        ("really bright", 1.6),
        ("significantly", 1.6),
        ("quite a bit", 1.6),
        ("extremely", 2.0),
        ("drastically", 2.0),
        ("super bright", 2.0),
        ("completely", 3.0),
        ("as much as possible", 3.0),
        ("as bright as possible", 3.0),
        ("blur it 100%", 3.0),
        ("slightly brighter and much sharper", 0.5),
        ("make it red", None),
        ("too much noise", None),
        ("how much", None),
        ("thank you very much", None),
        ("the driveway", None),
        ("on the way", None),
        ("farther", None),
        ("write «very»", None),
        ('write "very"', None),
    ],
)
def test_degrees(text, factor):
    assert degree_of(text) == factor


@pytest.mark.parametrize(
    ("text", "width_px", "height_px"),
    [
        ("resize to 1920x1080", 1920, 1080),
        ("1920 by 1080 px", 1920, 1080),
        ("1920 × 1080", 1920, 1080),
        ("1280*720", 1280, 720),
        ("4000px x 3000px", 4000, 3000),
        ("1,920 x 1,080", 1920, 1080),
        ("16x16 px", 16, 16),
        ("800 pixels wide", 800, None),
        ("1200 px in width", 1200, None),
        ("width: 640", 640, None),
        ("set the width to 800 pixels", 800, None),
        ("height of 600px", None, 600),
        ("600px tall", None, 600),
        ("800px wide and 600 px tall", 800, 600),
        ("600 wide by 800 high", 600, 800),
        ("512 px square", 512, 512),
        ("phone wallpaper", 1080, 1920),
        ("a desktop wallpaper", 1920, 1080),
        ("Instagram story", 1080, 1920),
        ("instagram post", 1080, 1080),
        ("an instagram reel", 1080, 1920),
        ("YouTube-thumbnail", 1280, 720),
        ("facebook cover", 851, 315),
        ("twitter header", 1500, 500),
        ("X header", 1500, 500),
        ("linkedin banner", 1584, 396),
        ("4K", 3840, 2160),
        ("full HD", 1920, 1080),
        ("1080p", 1920, 1080),
        ("A4 at 300 dpi", 2480, 3508),
        ("landscape A4", 3508, 2480),
        ("A4 landscape at 150 dpi", 1754, 1240),
        ("letter at 100 dpi", 850, 1100),
        ("us letter", 2550, 3300),
        ("4x6 print", 1200, 1800),
        ("4x6 inches at 150dpi", 600, 900),
        ("10 x 15 cm", 1181, 1772),
        ("35x45mm", 413, 531),
        ("passport photo", 413, 531),
        ("us passport photo", 600, 600),
    ],
)
def test_sizes_in_pixels(text, width_px, height_px):
    (size,) = read_sizes(text)
    assert (size.width_px, size.height_px, size.ratio, size.max_bytes) == (width_px, height_px, None, None)


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("16:9", "16:9"),
        ("make it 9 : 16", "9:16"),
        ("4x5 ratio", "4:5"),
        ("ratio of 4 by 5", "4:5"),
        ("aspect ratio: 7:3", "7:3"),
        ("7:3 aspect ratio", "7:3"),
        ("8 by 10", "4:5"),
        ("21:9", "21:9"),
        ("16:10", "8:5"),
        ("1.85:1", "1.85:1"),
        ("portrait 4:5", "4:5"),
        ("portrait 16:9", "9:16"),
        ("horizontal 4:5", "5:4"),
        ("make it square", "1:1"),
        ("square crop", "1:1"),
        ("crop to a square.", "1:1"),
        ("profile picture", "1:1"),
        ("avatar", "1:1"),
        ("widescreen", "16:9"),
        ("landscape orientation", "4:3"),
    ],
)
def test_ratios(text, ratio):
    (size,) = read_sizes(text)
    assert (size.width_px, size.height_px, size.ratio, size.max_bytes) == (None, None, ratio, None)


@pytest.mark.parametrize(
    ("text", "max_bytes"),
    [
        ("under 200 kB", 200_000),
        ("less than 2 MB", 2_000_000),
        ("max 500kb", 500_000),
        ("max: 500kb", 500_000),
        ("no more than 1,5 MB", 1_500_000),
        ("compress to 100 kilobytes", 100_000),
        ("< 50kb", 50_000),
        ("1.5 MiB", 1_572_864),
    ],
)
def test_limits_of_bytes(text, max_bytes):
    (size,) = read_sizes(text)
    assert (size.width_px, size.height_px, size.ratio, size.max_bytes) == (None, None, None, max_bytes)


@pytest.mark.parametrize(
    "text",
    [
        "", "half size", "3x", "a red square", "Times Square", "3x3 grid", "at least 2 MB", "from 5 MB", "12:30",
        "at 9:16 pm", "a letter from home", "800 high-quality shots", "width 50%", "0x0", "0:0", "7:3", "a 4x4 truck",
        "«1920x1080»", 'write "16:9"', "portrait of a man", "5500K", "90 degrees", "image 2", "3 dogs wide awake",
    ],
)  # fmt: skip
def test_no_sizes(text):
    assert read_sizes(text) == ()


def test_several_sizes_with_names_and_places():
    text = "Resize to 300x300 pixels under 50kb for my Instagram Story"
    found = read_sizes(text)
    assert [text[size.start : size.end] for size in found] == ["300x300 pixels", "under 50kb", "Instagram Story"]
    assert [size.name for size in found] == ["", "", "instagram story"]


@pytest.mark.parametrize(
    ("words", "color"),
    [
        ("#ff8800", "#FF8800"),
        ("#f80", "#FF8800"),
        ("#ff880080", "#FF8800"),
        ("rgb(255, 0, 128)", "#FF0080"),
        ("rgba(255 0 128 / 50%)", "#FF0080"),
        ("rgb(100%, 0%, 50%)", "#FF0080"),
        ("hsl(120, 100%, 50%)", "#00FF00"),
        ("white", "#FFFFFF"),
        ("Black", "#000000"),
        ("dark olive green", "#556B2F"),
        ("darkOliveGreen", "#556B2F"),
        ("medium violet red", "#C71585"),
        ("light slate grey", "#778899"),
        ("sky blue", "#87CEEB"),
        ("sky-blue", "#87CEEB"),
        ("hot pink", "#EC4899"),
        ("navy blue", "#1E2A5A"),
        ("off-white", "#FAF7F0"),
        ("burgundy", "#610023"),
        ("charcoal", "#36393E"),
        ("mustard yellow", "#D2BD0A"),
        ("rose gold", "#B76E79"),
        ("neon green", "#0CFF0C"),
    ],
)
def test_color_names(words, color):
    assert color_of(words) == color
    (found,) = read_colors(f"paint the wall {words}, please")
    assert (found.hex, found.words, found.start) == (color, words, 15)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the red car", ["red"]),
        ("from red to light blue", ["red", "light blue"]),
        ("a dark red color", ["dark red"]),
        ("a bright red", ["bright red"]),
        ("pale yellow", ["pale yellow"]),
        ("deep purple", ["deep purple"]),
        ("pastel pink", ["pastel pink"]),
        ("a very dark shade of teal", ["very dark shade of teal"]),
        ("warm tone of brown", ["warm tone of brown"]),
        ("blue-green waves", ["blue-green"]),
        ("bluish gray", ["bluish gray"]),
        ("a blue-ish tint", ["blue-ish"]),
        ("reddish", ["reddish"]),
        ("turn the reds to blue", ["reds", "blue"]),
        ("mint color", ["mint"]),
        ("salmon-colored", ["salmon"]),
        ("deep plum.", ["deep plum"]),
        ("an orange hue", ["orange"]),
        ("make it orange", ["orange"]),
        ("blue, white and #fff", ["blue", "white", "#fff"]),
        ("MAKE IT RED", ["red"]),
        ("black and white", []),
        ("black & white", []),
        ("b&w", []),
        ("Black-and-White", []),
        ("fix the white balance", []),
        ("golden hour", []),
        ("remove red eye", []),
        ("red-eyes", []),
        ("a green screen", []),
        ("blackout", []),
        ("white noise", []),
        ("orange juice", []),
        ("replace it with an orange", []),
        ("an orange to the bowl", []),
        ("oranges", []),
        ("roses and a rose", []),
        ("salmon on a plate", []),
        ("dark chocolate cake", []),
        ("Snow White", []),
        ("a blue-eyed, red haired girl", []),
        ("redder", []),
        ("hundred", []),
        ("make the light softer", []),
        ("write «red»", []),
        ('write "red"', []),
        ("#12", []),
        ("rgb(1, 2)", []),
    ],
)
def test_colors_in_text(text, words):
    assert colors(text) == words


@pytest.mark.parametrize(
    ("words", "is_color"),
    [
        ("a dark red color", True), ("the color red", True), ("light mint", True), ("tomato", True),
        ("blue gray", True), ("a light shade of dark blue", True),
        ("red tone", True), ("", False), ("dark", False), ("red and blue", False),
        ("nonsense", False), ("«red»", False), ("red car", False),
    ],
)  # fmt: skip
def test_color_of_takes_the_whole_phrase(words, is_color):
    assert (color_of(words) is not None) is is_color


@pytest.mark.parametrize("name", ["red", "orange", "green", "teal", "blue", "purple", "brown", "gray"])
def test_shades_change_what_they_say(name):
    lightness, chroma = zip(*map(_lightness_and_chroma, (name, *(f"{s} {name}" for s in SHADES))), strict=True)
    plain, light, lighter, dark, darker, pale, muted = range(len(SHADES) + 1)
    assert lightness[light] > lightness[lighter] > lightness[plain] > lightness[darker] > lightness[dark]
    assert lightness[pale] > lightness[plain]
    assert chroma[muted] < chroma[plain] or name == "gray"


SHADES = ("light", "lighter", "dark", "darker", "pale", "muted")


def _lightness_and_chroma(words):
    shades = {
        word: numbers for word, numbers in quantities._table("colors.toml")["shades"].items() if word in words.split()
    }
    color = quantities._names()[words.split()[-1]]
    for shade in shades.values():  # not `color_of`: the tables' own “light blue” is a taste, not a computation
        color = quantities._shaded(color, shade)
    lightness, a, b = quantities._to_oklab(color)
    return lightness, a * a + b * b


def test_oklab_gives_its_published_values_and_comes_back():
    assert quantities._to_oklab("#FFFFFF") == pytest.approx((1, 0, 0), abs=1e-4)
    assert quantities._to_oklab("#FF0000") == pytest.approx((0.62796, 0.22486, 0.12585), abs=1e-4)
    for color in ("#FF0000", "#00FF00", "#0000FF", "#123456", "#FFFFFF", "#000000", "#FACC15"):
        assert quantities._to_hex(quantities._to_oklab(color)) == color


def test_every_name_of_the_tables_is_read():
    table = quantities._table("colors.toml")
    groups = (table[group] for group in ("everyday", "css", "survey", "things"))
    for name, color in (entry for group in groups for entry in group.items()):
        assert re.fullmatch("#[0-9A-F]{6}", color), name
        assert color_of(name) == quantities._colors()[name]
        assert color_of(name.replace(" ", "")) == quantities._colors()[name]
    for word in table["ish"] | dict.fromkeys(f"{shade} red" for shade in table["shades"]):
        assert color_of(word), word
    for phrase in table["phrases"]["not_colors"]:
        assert read_colors(f"the {phrase}.") == (), phrase
    for name, entry in quantities._formats().values():
        if name not in {"square", "letter"}:
            (size,) = read_sizes(f"for a {name}.")
            assert size.name == name
            assert (size.ratio is None) is ("ratio" not in entry)


def test_any_text_is_read_without_error_and_without_overlap():
    rng = random.Random(7)
    grammar = quantities.files("cavendish.planning").joinpath("amounts.lark").read_text("utf-8")
    pieces = [
        *re.findall("[a-z]{1,12}", grammar),
        *quantities._colors(),
        *(name for name, _ in quantities._formats().values()),
    ]
    signs = "1 2 10 1.5 1,5 1,920 .5 1/3 ½ % ° x × - − : / , . # « » “ ( ) rgb( #fff < half a of and minus by"
    pieces += [*signs.split(" "), '"'] * 40
    for _ in range(3000):
        text = "".join(rng.choice(pieces) + rng.choice(["", " ", " ", "-"]) for _ in range(rng.randint(1, 10)))
        for read in (read_amounts, read_sizes, read_colors):
            end = 0
            for found in read(text):
                assert end <= found.start < found.end <= len(text), text
                end = found.end
        assert degree_of(text) is None or degree_of(text) > 0
        assert color_of(text) is None or re.fullmatch("#[0-9A-F]{6}", color_of(text))


LENGTH = 32_000


@pytest.mark.parametrize(
    "piece",
    [
        "9", "%", " ", "-", "1 ", "1 % ", "9 9%", "1x", "1x1 ", "1,", "1/", "1:", "a ", "one ", "half a ", "minus ",
        "times 1 ", "red ", "dark ", "very dark red-", "light   ", "an orange ", "rgb(", "#fff ", "#", "“", '"', "«",
        "İ", "under ", "width 1", "square ", "instagram ", "not ", "as a", "way a", "image 1 ", "\n", "1 px wide ",
        "black and ",
    ],
)  # fmt: skip
@pytest.mark.alone
def test_hostile_texts_cost_little(piece):
    text = (piece * (LENGTH // len(piece) + 1))[:LENGTH] + " red"
    for read in (read_amounts, read_sizes, read_colors, degree_of, color_of):
        read("2 red stops")
        assert min(_seconds(read, text) for _ in range(3)) < 0.05, read.__name__


def _seconds(read, text):
    start = time.perf_counter()
    read(text)
    return time.perf_counter() - start


def test_a_long_list_is_cut():
    assert len(read_amounts("5% " * 1000)) == quantities.SPOT_LIMIT
    assert len(read_colors("red " * 1000)) == quantities.SPOT_LIMIT


def test_threads_share_the_grammar():
    texts = ["by 20%", "1920x1080", "very dark red", "half a stop"] * 50
    alone = [(read_amounts(text), read_sizes(text), read_colors(text)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: (read_amounts(text), read_sizes(text), read_colors(text)), texts)) == alone


def test_a_text_without_quantities_loads_no_grammar():
    program = (
        "import sys; from cavendish.planning import quantities as q; text = 'make the sky softer';"
        "assert not q.read_amounts(text) + q.read_sizes(text) + q.read_colors(text) and q.degree_of(text) is None;"
        "sys.exit('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
