"""Compose: a thing from one picture stands in another, where and as large as asked."""

import numpy as np
import pytest

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import to_encoded, to_linear
from cavendish.imaging.image import Image
from cavendish.ops.compose import place_subject
from cavendish.pixels.cast_shadow import CastLight
from cavendish.pixels.composite import apply_patch
from cavendish.pixels.region import Region
from cavendish.pixels.staging import Placement
from tests.support.pictures import ball, scene

from .support import disc, edited, noise, run

WIDTH, HEIGHT = 240, 160


def room():
    return Image(scene(WIDTH, HEIGHT))


def thing():
    """A red ball, and its soft alpha in its own picture."""
    pixels, _ = ball(120, 120, radius=0.35)
    return Image(pixels), disc(120, 120, radius=0.35)


def placed(**options):
    other, alpha = thing()
    return run("place_subject", room(), other=other, other_foreground=alpha, **options)


def center(patch):
    """Middle of the placed alpha, as fractions of the scene."""
    rows, columns = np.nonzero(patch.subject > 0.5)
    return (columns.mean() + 0.5) / WIDTH, (rows.mean() + 0.5) / HEIGHT


def tall(patch):
    rows = np.flatnonzero((patch.subject > 0.5).any(axis=1))
    return (rows[-1] - rows[0] + 1) / HEIGHT


def test_only_the_thing_and_its_shadow_change():
    patch = placed()
    after = apply_patch(room(), patch)
    assert np.array_equal(after.pixels[patch.alpha == 0], room().pixels[patch.alpha == 0])
    assert 0.02 < (patch.alpha > 0).mean() < 0.6


@pytest.mark.parametrize("scale", [0.2, 0.42, 0.8])
def test_the_height_is_the_asked_share(scale):
    assert tall(placed(parameters={"scale": scale}, stated=("scale",))) == pytest.approx(scale, abs=0.03)


@pytest.mark.parametrize(("side", "low", "high"), [("left", 0, 0.4), ("center", 0.45, 0.55), ("right", 0.6, 1)])
def test_sides(side, low, high):
    across, _ = center(placed(placement=side))
    assert low < across < high


def test_up_and_down():
    heights = [center(placed(placement=side, parameters={"scale": 0.3}))[1] for side in ("top", "center", "bottom")]
    assert heights == sorted(heights)
    assert heights[2] - heights[0] > 0.3


def test_corners_combine_both_words():
    across, down = center(placed(placement="top-right", parameters={"scale": 0.2}))
    assert across > 0.6
    assert down < 0.5


@pytest.mark.parametrize(("busy_at", "expected"), [(0.2, "right"), (0.8, "left")])
def test_without_a_side_it_goes_where_there_is_room(busy_at, expected):
    busy = disc(WIDTH, HEIGHT, center=(busy_at, 0.5))
    across, _ = center(placed(foreground=busy))
    assert (across > 0.5) == (expected == "right")


def test_unasked_it_stays_smaller_than_the_scenes_subject():
    busy = disc(WIDTH, HEIGHT, radius=0.15)
    assert tall(placed(foreground=busy)) < 0.3
    assert tall(placed(foreground=busy, parameters={"scale": 0.6}, stated=("scale",))) == pytest.approx(0.6, abs=0.03)


def test_the_thing_keeps_its_color():
    """Red stays red; matching light only nudges it."""
    patch = placed(parameters={"shadow": "none"})
    solid = patch.subject > 0.99
    shown = apply_patch(room(), patch).pixels[solid].astype(float).mean(axis=0)
    assert shown[0] > 2 * shown[1]
    assert shown[0] > 2 * shown[2]


def test_no_trace_of_the_things_own_background():
    """Around the placed ball nothing of the pale sheet it was photographed on."""
    dark = Image(np.full((HEIGHT, WIDTH, 3), 20, np.uint8))
    alpha = disc(120, 120, radius=0.35, soft_px=4)
    red, sheet = (np.asarray(to_linear(np.full((120, 120, 3), color, np.uint8))) for color in ((190, 40, 35), 215))
    other = Image(to_encoded(sheet + (red - sheet) * alpha.alpha[..., None]))
    patch = run("place_subject", dark, other=other, other_foreground=alpha, parameters={"shadow": "none"})
    after = apply_patch(dark, patch).pixels
    rim = (patch.subject > 0.02) & (patch.subject < 0.6)
    assert rim.sum() > 30
    # Pasting the sheet along would leave up to 0.98 of its light, and 0.3 on average.
    left = np.asarray(to_linear(after))[rim][:, 1] / np.asarray(to_linear(np.full((1, 1, 3), 215, np.uint8))).max()
    assert left.mean() < 0.13
    assert left.max() < 0.25


def test_a_shadow_darkens_the_ground_and_nothing_else():
    bare, shaded = (placed(parameters={"shadow": kind, "scale": 0.4}) for kind in ("none", "contact"))
    without, shadow = (apply_patch(room(), patch).pixels.astype(int) for patch in (bare, shaded))
    outside = bare.subject == 0
    assert (shadow[outside] <= without[outside]).all()
    darker = (shadow < without - 8).any(axis=2) & outside
    assert darker.sum() > 50
    rows = np.nonzero(darker)[0]
    foot = np.flatnonzero((bare.subject > 0.5).any(axis=1))[-1]
    assert abs(np.median(rows) - foot) < 0.15 * HEIGHT


def test_a_thing_without_an_outline_is_unsupported():
    faint = Region(np.full((120, 120), 0.2, np.float32))
    with pytest.raises(UnsupportedEdit, match="no clear outline"):
        run("place_subject", room(), other=thing()[0], other_foreground=faint)


def test_onto_a_cut_out_it_becomes_visible():
    clear = Image(np.zeros((HEIGHT, WIDTH, 4), np.uint8))
    other, alpha = thing()
    after = edited("place_subject", clear, other=other, other_foreground=alpha, parameters={"shadow": "none"})
    assert after.alpha is not None
    assert (after.alpha == 255).sum() > 500
    assert (after.alpha == 0).sum() > 0.5 * after.alpha.size


def test_a_thing_over_the_edge_is_cut_there():
    other, alpha = thing()
    half_out = Placement(20, -60, 120, 120)
    patch = place_subject(room(), other, alpha.alpha, alpha.box, half_out, match=0.5)
    assert apply_patch(room(), patch).size == (WIDTH, HEIGHT)
    assert (patch.subject[0] > 0.5).any()


def test_noise_is_no_obstacle():
    assert edited("place_subject", noise(50, 40), other=noise(30, 30, seed=1), other_foreground=disc(30, 30)).size == (
        50,
        40,
    )


# --- pictures on one canvas, stickers, surfaces ---


def plain(size, color):
    return Image(np.full((size[1], size[0], 3), color, np.uint8))


@pytest.mark.parametrize("name", ["side_by_side", "collage"])
def test_all_pictures_are_on_the_canvas(name):
    colors = ((200, 20, 20), (20, 200, 20), (20, 20, 200))
    first, *rest = (plain((60, 40), color) for color in colors)
    redrawn = run(name, first, others=tuple(rest))
    seen = {tuple(int(v) for v in color) for color in redrawn.image.rgb.reshape(-1, 3)}
    assert {*colors, (255, 255, 255)} <= seen


def test_what_was_found_moves_along_with_the_first_picture():
    redrawn = run("side_by_side", plain((60, 40), 10), others=(plain((60, 40), 200),), parameters={"gutter_px": 8})
    assert redrawn.image.size == (128, 40)
    grid = redrawn.grid((60, 40))
    assert grid.move((10, 10, 20, 20)) == (10, 10, 20, 20) or grid.move((10, 10, 20, 20)) == (10, 10, 21, 21)


def test_layouts_of_a_collage():
    pictures = {"first": plain((60, 40), 10), "others": tuple(plain((60, 40), 10 * k) for k in (2, 3, 4))}
    sizes = {
        layout: run(
            "collage", pictures["first"], others=pictures["others"], parameters={"layout": layout, "gutter_px": 0}
        ).image.size
        for layout in ("grid", "row", "column")
    }
    assert sizes == {"grid": (120, 80), "row": (240, 40), "column": (60, 160)}


def test_a_canvas_beyond_the_cap_is_refused():
    with pytest.raises(UnsupportedEdit, match="too many"):
        run("side_by_side", plain((60, 40), 10), others=(plain((60, 40), 200),), most_pixels=3000)


def test_one_picture_makes_no_collage():
    with pytest.raises(UnsupportedEdit, match="no second picture"):
        run("collage", plain((60, 40), 10))


def logo():
    pixels = np.full((50, 100, 3), 255, np.uint8)
    pixels[10:40, 20:80] = (10, 60, 160)
    return Image(pixels)


@pytest.mark.parametrize(("placement", "rows", "columns"), [("", 1, 1), ("top-left", 0, 0), ("bottom-left", 1, 0)])
def test_a_logo_lies_in_its_corner_without_its_paper(placement, rows, columns):
    image = plain((400, 300), 120)
    after = edited("place_sticker", image, other=logo(), placement=placement).rgb
    changed = (after != 120).any(axis=-1)
    down, across = np.nonzero(changed)
    assert (down.mean() > 150, across.mean() > 200) == (bool(rows), bool(columns))
    assert changed.sum() == pytest.approx(60 * 120, rel=0.05)  # a fifth of the height, twice as wide
    assert np.abs(after[int(down.mean()), int(across.mean())].astype(int) - (10, 60, 160)).max() <= 2


def test_a_sticker_may_be_half_transparent_or_a_whole_picture():
    image = plain((400, 300), 120)
    whole = edited("place_sticker", image, other=noise(80, 60), placement="top-left").rgb
    assert (whole != 120).any(axis=-1).sum() == pytest.approx(60 * 80, rel=0.05)
    faint = edited("place_sticker", image, other=logo(), parameters={"opacity": 0.3}).rgb
    assert 90 < faint[faint[..., 2] > 125].mean() < 150


def test_a_picture_is_fitted_onto_corners_or_a_flat_thing():
    image, other = plain((200, 100), 40), plain((80, 60), 220)
    quad = [[0.1, 0.1], [0.6, 0.1], [0.6, 0.8], [0.1, 0.8]]
    after = edited("place_on_surface", image, other=other, parameters={"quad": quad}).rgb
    assert np.abs(after[20:70, 30:110].astype(int) - 220).max() <= 1
    assert np.array_equal(after[:, 130:], image.rgb[:, 130:])
    flat = np.zeros((100, 200), np.float32)
    flat[20:80, 40:140] = 1
    assert (
        np.abs(
            edited("place_on_surface", image, other=other, region=Region(flat)).rgb[30:70, 50:130].astype(int) - 220
        ).max()
        <= 1
    )
    with pytest.raises(UnsupportedEdit, match="onto what"):
        run("place_on_surface", image, other=other)


def test_divided_and_twice_exposed_pictures():
    left, right = plain((100, 60), 50), plain((100, 60), 180)
    halves = edited("split_compare", left, other=right).rgb
    assert (halves[:, 10] == 50).all()
    assert np.abs(halves[:, 90].astype(int) - 180).max() <= 1
    assert edited("double_exposure", left, other=right).rgb.mean() > 180


@pytest.mark.parametrize("name", ["remove_passers_by", "fuse_exposures", "stack_focus"])
def test_shots_of_different_scenes_are_refused(name):
    with pytest.raises(UnsupportedEdit, match="same scene"):
        run(name, noise(300, 200), others=(noise(300, 200, seed=1), noise(300, 200, seed=2)))
    with pytest.raises(UnsupportedEdit, match="no second picture"):
        run(name, noise(300, 200))


def test_a_copied_thing_is_as_large_as_it_was_unless_a_size_is_said():
    other, subject = thing()
    image = plain((WIDTH, HEIGHT), 150)

    def height(**parameters):
        parameters["shadow"] = "none"
        after = edited("copy_object", image, other=other, other_foreground=subject, parameters=parameters).rgb
        return np.flatnonzero((after != 150).any(axis=(1, 2))).size / HEIGHT

    assert height() == pytest.approx(0.7, abs=0.04)
    assert height(scale=0.3) == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize(("target", "most"), [("statue", 0.6), ("blue mug", 0.28)])
def test_beside_the_scenes_subject_a_thing_is_as_large_as_things_of_its_name_may_be(target, most):
    other, subject = thing()
    image = plain((WIDTH, HEIGHT), 150)
    busy = disc(WIDTH, HEIGHT, center=(0.3, 0.5), radius=0.4)
    parameters = {"shadow": "none"}
    after = edited(
        "place_subject",
        image,
        other=other,
        other_foreground=subject,
        foreground=busy,
        target=target,
        parameters=parameters,
    ).rgb
    tall = np.flatnonzero((after != 150).any(axis=(1, 2))).size / HEIGHT
    assert tall == pytest.approx(min(0.42, most * 0.8), abs=0.04)


def cup(*, left=60, right=110):
    """A thing of the scene, 80 of its 160 pixels high, that stands at 120."""
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[40:120, left:right] = 1
    return Region(alpha)


@pytest.mark.parametrize(
    ("target", "anchor", "least", "most"), [("cat", "woman", 0.08, 0.2), ("man", "dog", 0.6, 0.93)]
)
def test_beside_another_a_thing_is_about_as_tall_as_such_things_are(target, anchor, least, most):
    patch = placed(target=target, placement=f"right of the {anchor}", anchor=cup(left=30, right=70))
    assert least <= tall(patch) <= most


def test_what_stands_behind_is_hidden_by_what_is_before_it():
    anchor = cup()
    patch = placed(placement="behind the cup", anchor=anchor, parameters={"scale": 0.4}, stated=("scale",))
    assert patch.subject[anchor.alpha > 0.5].max() == 0
    assert (patch.alpha[anchor.alpha > 0.5] == 0).all()  # nor is it shaded
    assert (patch.subject > 0.5).any()


def test_an_anchor_that_is_not_there_is_said():
    assert "“sofa” was not found" in placed(placement="behind the sofa").note
    assert placed(placement="left").note == ""


def test_instead_of_another_it_is_about_as_tall_as_that_unless_such_things_are_not():
    assert tall(placed(placement="instead of the gizmo", anchor=cup())) == pytest.approx(0.5, abs=0.02)
    small = placed(target="apple", placement="instead of the man", anchor=cup())
    assert tall(small) == pytest.approx(0.6 * 0.5, abs=0.02)
    assert center(small)[0] == pytest.approx(85 / WIDTH, abs=0.02)


def test_what_floats_is_mirrored_in_the_water_and_nowhere_else():
    other, subject = thing()
    lake = np.zeros((HEIGHT, WIDTH), np.float32)
    lake[80:, :200] = 1
    patch = run(
        "place_subject",
        plain((WIDTH, HEIGHT), 150),
        other=other,
        other_foreground=subject,
        placement="in the lake",
        anchor=Region(lake),
        parameters={"scale": 0.3},
        stated=("scale",),
    )
    changed = np.abs(apply_patch(plain((WIDTH, HEIGHT), 150), patch).rgb.astype(int) - 150).max(axis=2)
    assert (changed[patch.alpha == 0] == 0).all()
    assert (patch.alpha[:, 201:] == 0).all()
    line = np.flatnonzero((patch.subject > 0.5).any(axis=1))[-1] + 1
    rows = changed[line + 1 :].max(axis=1)
    assert rows[:6].mean() > 1.5 * rows[rows > 0][-6:].mean() > 0  # ever fainter


def test_where_shadows_fall_a_placed_thing_throws_one_too():
    light = CastLight(across=1.0, down=0.2, density=0.6)
    plain_patch, lit = placed(placement="left"), placed(placement="left", light=light)
    before, after = apply_patch(room(), plain_patch).rgb, apply_patch(room(), lit).rgb
    darker = (before.astype(int) - after).max(axis=2) > 8
    assert darker.any()
    _, columns = np.nonzero(darker)
    assert columns.mean() / WIDTH > center(plain_patch)[0]  # to the right of it
    assert np.array_equal(before[plain_patch.subject >= 1], after[plain_patch.subject >= 1])


def test_a_logo_is_printed_within_a_flat_thing_and_not_stretched_over_it():
    flat = np.zeros((100, 200), np.float32)
    flat[20:80, 40:140] = 1
    image = plain((200, 100), 150)
    after = edited("place_on_surface", image, other=logo(), region=Region(flat)).rgb
    changed = (after != 150).any(axis=-1)
    assert changed[flat > 0].any()
    assert not changed[flat == 0].any()
    rows, columns = np.nonzero(changed)
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(2, rel=0.15)
