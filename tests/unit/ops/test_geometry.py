"""Geometry: exact sizes always, and what matters stays in the frame."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from cavendish.domain.sizes import RATIO_SIZES
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import to_linear
from cavendish.imaging.image import Image
from cavendish.imaging.resample import rotation
from cavendish.ops import geometry
from cavendish.pixels.canvas import Canvas, Solid, Surround, Transparent
from cavendish.pixels.composite import render, render_plane
from cavendish.pixels.frames import extend
from cavendish.pixels.passport import FORMATS
from cavendish.pixels.perspective import Perspective
from cavendish.pixels.region import Region

from .support import disc, edited, given, noise, run

AWKWARD = [(1, 1), (3, 2000), (5000, 3), (2, 1), (1024, 1024), (1184, 864), (640, 480), (479, 641), (33, 31)]
SIZES = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
TARGETS = st.sampled_from(sorted(RATIO_SIZES.values()))


def moved(canvas, box):
    """Where a box of the picture lands on the canvas: (left, top, right, bottom)."""
    forth = np.linalg.inv(canvas.matrix)
    corners = np.array([[box[0], box[1], 1], [box[2], box[3], 1]]) @ forth.T
    return (*corners.min(axis=0)[:2].tolist(), *corners.max(axis=0)[:2].tolist())


@st.composite
def boxes(draw, size):
    left, top = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
    return left, top, draw(st.integers(left + 1, size[0])), draw(st.integers(top + 1, size[1]))


@pytest.mark.parametrize("size", AWKWARD)
@pytest.mark.parametrize("ratio", RATIO_SIZES)
def test_reframe_gives_exactly_the_tables_size(size, ratio):
    image = Image(np.full((size[1], size[0], 3), 120, np.uint8))
    for policy in ("auto", "crop", "pad"):
        canvas = run("reframe", image, parameters={"ratio": ratio, "policy": policy})
        assert canvas.size == RATIO_SIZES[ratio]
    assert render(image, canvas).size == RATIO_SIZES[ratio]


@settings(max_examples=50)
@for_all(st.data(), SIZES, TARGETS, st.sampled_from(["auto", "crop", "pad"]))
def test_reframe_is_exact_and_never_squeezes(data, size, target, policy):
    subject = data.draw(st.none() | boxes(size))
    canvas = geometry.reframe(size, target, subject=subject, policy=policy, fill=Surround())
    assert canvas.size == target
    across, down = canvas.matrix[0, 0], canvas.matrix[1, 1]
    shape, frame = size[0] / size[1], target[0] / target[1]
    window = min(size[0], size[1] * frame), min(size[1], size[0] / frame)
    placed = min(target[0], target[1] * shape), min(target[1], target[0] / shape)
    # Windows and placed pictures are whole pixels, which bounds how exact a shape can be.
    if (least := min(*window, *placed)) >= 2:
        assert abs(np.log(across / down)) <= 0.75 / least
    assert canvas.matrix[0, 1] == canvas.matrix[1, 0] == 0


@settings(max_examples=50)
@for_all(st.data(), SIZES, TARGETS)
def test_a_subject_is_never_cut(data, size, target):
    """Whether reframe crops or pads, every pixel of the subject's box is on the canvas."""
    subject = data.draw(boxes(size))
    canvas = geometry.reframe(size, target, subject=subject, policy="auto", fill=Surround())
    left, top, right, bottom = moved(canvas, subject)
    assert left >= -1
    assert top >= -1
    assert right <= target[0] + 1
    assert bottom <= target[1] + 1


@settings(max_examples=50)
@for_all(st.data(), SIZES, TARGETS)
def test_it_crops_where_the_subject_fits_and_pads_where_not(data, size, target):
    subject = data.draw(boxes(size))
    canvas = geometry.reframe(size, target, subject=subject, policy="auto", fill=Surround())
    picture = moved(canvas, (0, 0, *size))
    covered = picture[0] <= 1 and picture[1] <= 1 and picture[2] >= target[0] - 1 and picture[3] >= target[1] - 1
    window = min(size[0], size[1] * target[0] / target[1]), min(size[1], size[0] * target[1] / target[0])
    with_air = (subject[2] - subject[0] + 0.04 * size[0] + 2, subject[3] - subject[1] + 0.04 * size[1] + 2)
    if with_air[0] < window[0] and with_air[1] < window[1]:
        assert covered
    if subject[2] - subject[0] > window[0] + 1 or subject[3] - subject[1] > window[1] + 1:
        assert canvas.stretch is not None or (not covered and "blurred copy" in canvas.note)


def test_policy_crop_fills_the_frame_even_if_it_cuts():
    canvas = geometry.reframe((1000, 500), (512, 512), subject=(0, 0, 1000, 500), policy="crop", fill=Surround())
    left, top, right, bottom = moved(canvas, (0, 0, 1000, 500))
    assert (left, right) == pytest.approx((-256, 768))
    assert (top, bottom) == pytest.approx((0, 512))


def test_a_crop_follows_the_subject_to_the_side():
    canvas = geometry.reframe((1000, 500), (512, 512), subject=(820, 100, 960, 400), policy="auto", fill=Surround())
    assert moved(canvas, (500, 0, 1000, 500)) == pytest.approx((0, 0, 512, 512))


def test_a_picture_of_the_same_shape_is_only_scaled():
    canvas = geometry.reframe((2048, 2048), (1024, 1024), subject=(0, 0, 2048, 2048), policy="pad", fill=Surround())
    assert np.array_equal(canvas.matrix, np.diag([2, 2, 1]))


def test_a_picture_of_the_exact_size_keeps_every_bit():
    image = noise(1184, 864)
    after = render(image, run("reframe", image, parameters={"ratio": "4:3"}, foreground=disc(1184, 864, radius=0.49)))
    assert np.array_equal(after.pixels, image.pixels)


def wide_subject(width, height):
    """A bar nearly as wide as the picture, so that a narrow frame must pad."""
    alpha = np.zeros((height, width), np.float32)
    alpha[height // 3 : -height // 3, width // 50 : -width // 50] = 1
    return Region(alpha)


def test_padding_of_a_cut_out_is_transparent():
    pixels = np.zeros((60, 200, 4), np.uint8)
    pixels[20:40, 4:196] = 200, 100, 50, 255
    image = Image(pixels)
    after = render(image, run("reframe", image, parameters={"ratio": "9:16"}, foreground=wide_subject(200, 60)))
    assert after.alpha is not None
    assert not after.alpha[:400].any()
    assert (after.alpha == 255).sum() > 0.05 * after.alpha.size


def test_padding_of_a_picture_on_white_is_white():
    pixels = np.full((60, 200, 3), 253, np.uint8)
    pixels[20:40, 4:196] = 200, 100, 50
    image = Image(pixels)
    canvas = run("reframe", image, parameters={"ratio": "9:16"}, foreground=wide_subject(200, 60))
    assert canvas.fill == Solid((255, 255, 255))
    assert not canvas.note
    after = render(image, canvas)
    assert (after.pixels[:400] == 255).all()


def test_padding_of_anything_else_is_its_own_surround():
    image = noise(200, 60)
    canvas = run("reframe", image, parameters={"ratio": "9:16"}, foreground=wide_subject(200, 60))
    assert isinstance(canvas.fill, Surround)
    after = render(image, canvas)
    assert after.alpha is None
    around, before = (float(np.asarray(to_linear(part)).mean()) for part in (after.pixels[:300].copy(), image.pixels))
    assert 0.35 * before < around < 0.65 * before


@pytest.mark.parametrize(
    ("size", "ratio"), [((640, 480), "4:3"), ((1000, 1000), "1:1"), ((1080, 1920), "9:16"), ((5000, 3), "21:9")]
)
def test_nearest_is_the_tables_nearest_shape(size, ratio):
    image = Image(np.zeros((size[1], size[0], 3), np.uint8))
    assert run("reframe", image, parameters={"ratio": "nearest"}).size == RATIO_SIZES[ratio]


def test_crop_to_a_box_of_fractions():
    image = noise(100, 60)
    canvas = run("crop", image, parameters={"to": "box", "box": [0.1, 0.5, 0.6, 1]})
    assert np.array_equal(render(image, canvas).pixels, image.pixels[30:60, 10:60])


@pytest.mark.parametrize("box", [[0.5, 0.5, 0.5, 0.9], [0.8, 0.2, 0.3, 0.9], [0, 0, 0, 0]])
def test_an_empty_box_is_unsupported(box):
    with pytest.raises(UnsupportedEdit):
        run("crop", noise(), parameters={"to": "box", "box": box})


def test_crop_to_the_subject_keeps_a_margin():
    image, subject = noise(400, 300), disc(400, 300, center=(0.6, 0.4), radius=0.2)
    canvas = run("crop", image, foreground=subject, parameters={"margin": 0.1})
    left, top, right, bottom = subject.box
    assert canvas.size == pytest.approx((1.2 * (right - left), 1.2 * (bottom - top)), abs=2)
    assert render_plane(subject.alpha, canvas).sum() == pytest.approx(subject.alpha.sum())


def test_crop_to_the_subject_without_one_is_unsupported():
    with pytest.raises(UnsupportedEdit, match="no clear subject"):
        run("crop", noise())


def test_crop_to_a_ratio_keeps_native_pixels():
    image = noise(640, 480)
    canvas = run("crop", image, parameters={"to": "ratio", "ratio": "1:1"})
    assert canvas.size == (480, 480)
    assert np.array_equal(render(image, canvas).pixels, image.pixels[:, 80:560])


@pytest.mark.parametrize(("direction", "axis"), [("horizontal", 1), ("vertical", 0)])
def test_flips_are_exact(direction, axis):
    image = noise(31, 22, channels=4)
    image.pixels[..., 3] = 255 - image.pixels[..., 3] // 3
    after = render(Image(image.rgb.copy()), run("flip", image, parameters={"direction": direction}))
    assert np.array_equal(after.pixels, np.flip(image.rgb, axis))


@pytest.mark.parametrize("angle_deg", [-270, -90, 0, 90, 180, 270, 360])
def test_quarter_turns_are_exact(angle_deg):
    image = noise(31, 22)
    canvas = run("rotate", image, parameters={"angle_deg": angle_deg})
    assert np.array_equal(render(image, canvas).pixels, np.rot90(image.pixels, -angle_deg // 90))


@settings(max_examples=50)
@for_all(st.integers(20, 400), st.integers(20, 400), st.floats(-360, 360))
def test_a_turn_without_fill_shows_no_corner(width, height, angle_deg):
    canvas = geometry.rotate((width, height), angle_deg=angle_deg, fill=None)
    forth = np.array([[0, 0, 1], [canvas.size[0], 0, 1], [0, canvas.size[1], 1], [*canvas.size, 1]]) @ canvas.matrix.T
    # The size is rounded to whole pixels, which may reach half a pixel over each edge.
    assert forth[:, :2].min() >= -0.75
    assert forth[:, 0].max() <= width + 0.75
    assert forth[:, 1].max() <= height + 0.75


@settings(max_examples=50)
@for_all(st.integers(1, 400), st.integers(1, 400), st.floats(-360, 360))
def test_a_turn_with_fill_keeps_the_whole_picture(width, height, angle_deg):
    canvas = geometry.rotate((width, height), angle_deg=angle_deg, fill=Transparent())
    back = np.linalg.inv(canvas.matrix)
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ back.T
    assert corners[:, :2].min() >= -0.75
    assert corners[:, 0].max() <= canvas.size[0] + 0.75
    assert corners[:, 1].max() <= canvas.size[1] + 0.75


def test_the_crop_after_a_turn_is_the_largest():
    """45° out of a square leaves the square on its half diagonal; tiny angles leave nearly everything."""
    assert geometry.rotate((1000, 1000), angle_deg=45, fill=None).size == pytest.approx((707, 707), abs=1)
    width, height = geometry.rotate((1000, 600), angle_deg=1, fill=None).size
    assert width * height > 0.95 * 600_000


def test_a_turned_picture_has_no_transparent_pixel():
    image = noise(300, 200)
    after = render(image, run("rotate", image, parameters={"angle_deg": 10}))
    assert after.alpha is None


@pytest.mark.parametrize(
    ("fill", "expected"), [("white", Solid((255, 255, 255))), ("transparent", Transparent()), ("blur", Surround())]
)
def test_the_corners_get_what_was_asked(fill, expected):
    canvas = run("rotate", noise(), parameters={"angle_deg": 10, "fill": fill})
    assert isinstance(canvas, Canvas)
    assert canvas.fill == expected


# --- crop to a size or a face ---


def test_crop_to_a_size_is_native_pixels_around_the_subject():
    image, subject = noise(400, 300), disc(400, 300, center=(0.8, 0.5), radius=0.1)
    after = render(image, run("crop", image, parameters={"to": "size", "size": [100, 120]}, foreground=subject))
    assert after.size == (100, 120)
    left, top, _, _ = subject.box
    at = (image.pixels[:, :, None] == after.pixels[0, 0]).all(-1).nonzero()
    assert (image.pixels[at[0][0] : at[0][0] + 120, at[1][0] : at[1][0] + 100] == after.pixels).all()
    assert at[1][0] <= left
    assert at[0][0] <= top


def test_crop_to_a_size_larger_than_the_picture_is_unsupported():
    with pytest.raises(UnsupportedEdit, match="400×300"):
        run("crop", noise(400, 300), parameters={"to": "size", "size": [401, 100]})


def test_crop_to_the_largest_face():
    image = noise(400, 300)
    canvas = run("crop", image, parameters={"to": "face", "margin": 0.5}, faces=((100, 100, 160, 180), (5, 5, 20, 20)))
    assert np.array_equal(render(image, canvas).pixels, image.pixels[60:220, 70:190])
    with pytest.raises(UnsupportedEdit, match="no face"):
        run("crop", image, parameters={"to": "face"})


@pytest.mark.parametrize("to", ["box", "ratio", "size"])
def test_a_crop_to_something_that_was_not_said_is_unsupported(to):
    with pytest.raises(UnsupportedEdit, match=to):
        run("crop", noise(), parameters={"to": to})


# --- level ---


def test_straightening_undoes_the_tilt():
    canvas = run("straighten", noise(400, 300), tilt_deg=4.0)
    assert np.allclose(canvas.matrix, geometry.straighten((400, 300), angle_deg=-4.0).matrix)
    assert np.allclose(canvas.matrix[:2, :2], rotation(4.0)[:2, :2])
    assert "counterclockwise by 4.0°" in canvas.note


def test_a_stated_angle_wins_over_the_horizon():
    canvas = run("straighten", noise(400, 300), parameters={"angle_deg": 3.0}, tilt_deg=9.0)
    assert np.allclose(canvas.matrix, geometry.straighten((400, 300), angle_deg=3.0).matrix)


@settings(max_examples=40)
@for_all(st.integers(60, 400), st.integers(60, 400), st.floats(-45, 45))
def test_a_straightened_picture_keeps_its_shape_and_shows_no_corner(width, height, angle_deg):
    canvas = geometry.straighten((width, height), angle_deg=angle_deg)
    forth = np.array([[0, 0, 1], [canvas.size[0], 0, 1], [0, canvas.size[1], 1], [*canvas.size, 1]]) @ canvas.matrix.T
    assert forth[:, :2].min() >= 0
    assert (forth[:, :2] <= (width, height)).all()
    assert abs(canvas.size[0] - canvas.size[1] * width / height) < 2 * max(1, width / height)


def test_a_straightened_cut_out_loses_nothing():
    image = noise(400, 300, channels=4)
    assert run("straighten", image, tilt_deg=5.0).size == (425, 334)


def test_a_level_picture_keeps_every_bit():
    image = noise(40, 30)
    canvas = run("straighten", image, tilt_deg=0.05)
    assert np.array_equal(render(image, canvas).pixels, image.pixels)
    assert "level already" in canvas.note


def test_without_anything_level_nothing_is_turned():
    with pytest.raises(UnsupportedEdit, match="level"):
        run("straighten", noise())
    with pytest.raises(UnsupportedEdit, match="angle"):
        run("straighten", noise(), parameters={"auto": False}, tilt_deg=4.0)


# --- perspective ---


def test_a_quad_becomes_the_whole_answer():
    """A plane painted through a known perspective comes back with its corners in the corners."""
    plane = np.zeros((200, 300, 3), np.uint8)
    plane[:100, :150], plane[:100, 150:], plane[100:, 150:], plane[100:, :150] = (
        (220, 40, 40), (40, 220, 40), (40, 40, 220), (220, 220, 40),
    )  # fmt: skip
    corners = np.array([[80, 60], [330, 30], [350, 260], [60, 230]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [300, 0], [300, 200], [0, 200]], np.float32), corners)
    image = Image(cv2.warpPerspective(plane, matrix, (400, 300)))
    quad = [[float(x) / 400, float(y) / 300] for x, y in corners]
    after = render(image, run("correct_perspective", image, parameters={"quad": quad}))
    assert after.alpha is None
    seen = cv2.resize(after.pixels, (300, 200), interpolation=cv2.INTER_AREA).astype(int)
    for y, x in ((50, 75), (50, 225), (150, 75), (150, 225), (90, 140), (110, 160)):
        assert np.abs(seen[y, x] - plane[y, x]).max() <= 2


@pytest.mark.parametrize("quad", [[[0, 0], [0, 1], [1, 1], [1, 0]], [[0, 0], [1, 1], [1, 0], [0, 1]]])
def test_corners_in_a_wrong_order_are_unsupported(quad):
    with pytest.raises(UnsupportedEdit, match="corners"):
        run("correct_perspective", noise(400, 300), parameters={"quad": quad})


def test_upright_lines_become_upright():
    """A point on each of two leaning lines, and their common vanishing point: after it, both have one x."""
    size, meets = (400, 300), (230.0, -2000.0, 1.0)
    canvas = run("correct_perspective", noise(*size), perspective=Perspective(upright=meets))
    forth = np.linalg.inv(canvas.matrix)
    for x in (60.0, 340.0):
        ends = [np.array([x, 280.0]), np.array([x, 280.0]) + 0.1 * (np.array(meets[:2]) - (x, 280.0))]
        moved = [forth @ np.append(end, 1) for end in ends]
        (x1, _), (x2, _) = ((p[0] / p[2], p[1] / p[2]) for p in moved)
        assert x1 == pytest.approx(x2, abs=1e-6)
    assert render(noise(*size), canvas).alpha is None


def test_nothing_aslant_is_refused_with_the_way_out():
    with pytest.raises(UnsupportedEdit, match="quad"):
        run("correct_perspective", noise())
    with pytest.raises(UnsupportedEdit, match="corners"):
        run("correct_perspective", noise(), parameters={"auto": False})


# --- pixels ---


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"width_px": 200}, (200, 150)),
        ({"height_px": 600}, (800, 600)),
        ({"width_px": 333, "height_px": 222}, (333, 222)),
        ({"width_px": 100, "height_px": 100}, (100, 100)),
        ({"scale": 0.5}, (200, 150)),
        ({"scale": 2}, (800, 600)),
        ({"max_bytes": 2000}, (400, 300)),
    ],
)
def test_resizing_is_exact(parameters, expected):
    image = noise(400, 300)
    after = render(image, run("resize", image, parameters=parameters))
    assert after.size == expected
    assert after.alpha is None


def test_resizing_without_a_size_or_to_too_much_is_unsupported():
    with pytest.raises(UnsupportedEdit, match="no new size"):
        run("resize", noise())
    with pytest.raises(UnsupportedEdit, match="50 megapixels"):
        run("resize", noise(400, 300), parameters={"width_px": 16000})


# --- more room ---


@pytest.mark.parametrize("fill", ["auto", "mirror", "blur", "white", "black", "transparent"])
def test_extending_keeps_every_pixel_of_the_picture(fill):
    image = noise(100, 80)
    parameters = {"sides": ["left", "bottom"], "amounts": [0.2, 0.5], "fill": fill}
    after = render(image, run("extend_canvas", image, parameters=parameters))
    assert after.size == (120, 120)
    assert np.array_equal(after.rgb[:80, 20:], image.pixels)
    assert (after.alpha is None) == (fill != "transparent")


def test_a_mirrored_margin_is_the_mirrored_picture():
    image = noise(100, 80)
    after = render(image, run("extend_canvas", image, parameters={"sides": ["right"], "fill": "mirror"})).pixels
    assert np.array_equal(after[:, 100:125], image.pixels[:, :74:-1])


def test_a_side_that_cuts_the_subject_is_not_continued_unless_it_is_named():
    image, subject = noise(100, 80), disc(100, 80, center=(0.5, 0.9), radius=0.3)
    assert run("extend_canvas", image, foreground=subject).size == (150, 100)
    step = replace(given("extend_canvas", image).step, parameters={"sides": ["bottom"]})
    named = replace(given("extend_canvas", image, parameters={"sides": ["bottom"]}, foreground=subject), step=step)
    assert geometry.OPS["extend_canvas"].apply(named).size == (100, 100)


def test_padding_is_of_its_color_and_width():
    image = noise(100, 80)
    after = render(image, run("pad", image, parameters={"color": "#102030", "amount": 0.25})).pixels
    assert after.shape == (120, 140, 3)
    assert (after[:20] == (0x10, 0x20, 0x30)).all()
    assert np.array_equal(after[20:100, 20:120], image.pixels)


@pytest.mark.parametrize(("ratio", "expected"), [("1:1", (100, 100)), ("16:9", (143, 80)), ("9:16", (100, 178))])
def test_padding_to_a_shape_only_adds(ratio, expected):
    image = noise(100, 80)
    assert run("pad", image, parameters={"ratio": ratio}).size == expected


def test_more_than_fifty_megapixels_are_scaled_down_and_said():
    canvas = extend((8000, 6000), (2000, 2000, 2000, 2000), fill=Transparent())
    assert 49e6 < canvas.size[0] * canvas.size[1] <= 50e6
    assert "50 megapixels" in canvas.note


# --- corners ---


def test_corners_are_round_and_the_rest_untouched():
    image = noise(120, 90)
    after = edited("round_corners", image, parameters={"radius_px": 30})
    assert np.array_equal(after.rgb, image.pixels)
    assert (after.alpha[[0, 0, -1, -1], [0, -1, 0, -1]] == 0).all()
    assert (after.alpha[30:60] == 255).all()
    lost = (255 - after.alpha.astype(float)).sum() / 255
    assert lost == pytest.approx((4 - np.pi) * 30**2, rel=0.01)


def test_round_corners_keep_what_was_transparent():
    image = noise(120, 90, channels=4)
    after = edited("round_corners", image, parameters={"radius_px": 4096})
    assert (after.alpha <= image.alpha).all()
    assert np.array_equal(after.alpha[45, 60], image.alpha[45, 60])


# --- passport photos ---


@pytest.mark.parametrize("country", FORMATS)
def test_a_sheet_is_ten_by_fifteen_centimeters_of_photos_with_the_right_head(country):
    image, head = noise(1200, 1600), (500, 500, 700, 780)
    canvas = run("passport_sheet", image, parameters={"country": country}, faces=(head,))
    assert sorted(canvas.size) == [1181, 1772]
    photo, wanted = canvas.sheet.photo, FORMATS[country]
    assert photo == (round(wanted.width_mm / 25.4 * 300), round(wanted.height_mm / 25.4 * 300))
    on_print = (head[3] - head[1]) / canvas.matrix[1, 1] / 300 * 25.4
    assert on_print == pytest.approx(wanted.head_mm, abs=0.1)
    places = canvas.sheet.places
    assert len(places) >= 2
    for k, (left, top) in enumerate(places):
        assert 0 < left < canvas.size[0] - photo[0]
        assert 0 < top < canvas.size[1] - photo[1]
        others = places[:k]
        assert all(abs(left - x) > photo[0] or abs(top - y) > photo[1] for x, y in others)


def test_all_photos_of_a_sheet_are_the_same_and_printed_at_300_dpi():
    image = noise(1200, 1600)
    canvas = run("passport_sheet", image, faces=((500, 500, 700, 780),))
    after = render(image, canvas)
    width, height = canvas.sheet.photo
    photos = [after.pixels[y : y + height, x : x + width] for x, y in canvas.sheet.places]
    assert len(photos) == 8
    assert all(np.array_equal(photo, photos[0]) for photo in photos)
    assert after.metadata.dpi == (300, 300)
    assert (after.pixels[0] == 255).all()


def test_whoever_can_be_told_from_the_background_gets_a_plain_one():
    """Light gray in Europe, which refuses white; white in the USA; also above a head that is cut off."""
    for country, code in (("eu", 232), ("us", 255)):
        person = disc(1200, 1600, center=(0.5, 0.5), radius=0.4)
        made = run(
            "passport_sheet",
            noise(1200, 1600),
            parameters={"country": country},
            faces=((500, 20, 700, 300),),
            foreground=person,
        )
        photo = made.image.pixels[60 : 60 + 300, 60 : 60 + 200]
        assert (photo == code).all(axis=2).mean() > 0.1
        assert "plain background" in made.note


def test_a_head_without_shoulders_or_no_face_makes_no_passport_photo():
    with pytest.raises(UnsupportedEdit, match="below the head"):
        run("passport_sheet", noise(600, 600), faces=((200, 300, 400, 590),))
    with pytest.raises(UnsupportedEdit, match="no face"):
        run("passport_sheet", noise(600, 600))
