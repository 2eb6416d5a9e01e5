"""The table of operations: a published interface, so every name is checked against the frozen list."""

import importlib
import itertools
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from cavendish.domain.sizes import NEAREST, RATIO_SIZES
from cavendish.errors import InvalidRequest, ParameterOutOfRange
from cavendish.ops.base import Need, Op
from cavendish.ops.catalog import Parameter, catalog

FROZEN = {
    "tone": "auto_enhance adjust_exposure adjust_brightness adjust_contrast adjust_highlights adjust_shadows "
    "adjust_whites adjust_blacks apply_curve local_contrast dehaze brighten_low_light brighten_backlit white_balance "
    "adjust_warmth black_and_white sepia fade vignette grade_look match_tone",
    "hue": "adjust_saturation adjust_vibrance shift_hue selective_color tint duotone invert posterize match_colors "
    "color_pop",
    "recolor": "recolor swap_colors recolor_hair recolor_eyes recolor_lips lighten_material darken_material",
    "detail": "sharpen adjust_texture denoise add_grain",
    "blur": "blur_region blur_background motion_blur zoom_blur tilt_shift pixelate_region censor_region",
    "geometry": "crop straighten rotate flip correct_perspective resize extend_canvas pad round_corners reframe "
    "move_object scale_object mirror_object rotate_object duplicate_object swap_objects passport_sheet",
    "background": "remove_background background_color background_gradient replace_background backdrop "
    "desaturate_background darken_background replace_sky extract_subject",
    "compose": "place_subject place_sticker place_on_surface side_by_side collage split_compare double_exposure "
    "stitch_panorama fuse_exposures stack_focus remove_passers_by swap_face_from copy_object style_from",
    "remove": "remove_object remove_person remove_text remove_watermark remove_date_stamp remove_blemishes "
    "remove_scratches remove_wires remove_shadow remove_reflection remove_everything_except",
    "lettering": "add_text replace_text add_caption annotate redact add_emoji",
    "stylize": "paint_style pencil_sketch ink_lines watercolor oil_paint cartoon comic_halftone pixel_art mosaic "
    "low_poly pop_art blueprint vintage_film polaroid_look glitch",
    "retouch": "fix_red_eye whiten_teeth smooth_skin brighten_eyes reduce_under_eye reduce_shine remove_glare",
    "restore": "deblur upscale remove_jpeg_artifacts repair_old_photo restore_fading scan_document",
    "effects": "drop_shadow outline glow frame light_rays fog rain snow reflection spotlight",
    "generate": "add_content replace_content change_pose change_expression change_viewpoint change_clothes change_age "
    "new_scene outpaint_content colorize_photo other",
}
"""Names scripts and stored plans rely on: rows may be added, none renamed or moved to another family."""

PARAMETERS = """
auto_enhance strength; adjust_exposure exposure_ev; adjust_brightness amount; adjust_contrast amount;
adjust_highlights amount; adjust_shadows amount; adjust_whites amount; adjust_blacks amount; apply_curve points;
local_contrast amount; dehaze amount; brighten_low_light strength; brighten_backlit strength;
white_balance mode temperature_k tint; adjust_warmth amount; black_and_white weights; sepia strength; fade amount;
vignette amount roundness; grade_look name; adjust_saturation amount; adjust_vibrance amount; shift_hue hue_deg;
selective_color color hue_deg saturation lightness; tint color amount; duotone shadows highlights; posterize levels;
recolor color; swap_colors a b; recolor_hair color; recolor_eyes color; recolor_lips color; sharpen amount radius_px;
adjust_texture amount; denoise strength; add_grain amount size; blur_region radius_px; blur_background strength shape;
motion_blur angle_deg length_px; zoom_blur amount; tilt_shift angle_deg width; pixelate_region block_px;
censor_region style; crop to box ratio margin; straighten angle_deg auto; rotate angle_deg fill; flip direction;
correct_perspective quad auto; resize width_px height_px scale max_bytes; extend_canvas sides amounts fill; pad color;
round_corners radius_px; reframe ratio policy; passport_sheet country; background_color color;
background_gradient colors; replace_background match; backdrop name; desaturate_background amount;
darken_background amount; replace_sky name; place_subject scale shadow; place_sticker opacity; place_on_surface quad;
side_by_side gutter_px; collage layout gutter_px; double_exposure amount;
add_text text font size color place outline shadow arc_deg; replace_text old new; add_caption text style;
annotate shape text; add_emoji name place; paint_style name; pixel_art size; mosaic tile_px; smooth_skin strength;
deblur strength; upscale scale mode; outline color width_px; frame style color; add_content what where;
replace_content what with
"""
"""Parameters of the frozen table; more may be added, none renamed."""

UNITS = ("_px", "_deg", "_ev", "_k", "_bytes")

REFERENCE = Path(__file__).parents[3] / "docs/reference/ops.md"

AVAILABLE = [row for row in catalog().values() if row.available]


@pytest.mark.parametrize("family", FROZEN)
def test_every_frozen_name_is_there_in_its_family(family):
    for name in FROZEN[family].split():
        assert catalog()[name].family == family


@pytest.mark.parametrize("line", PARAMETERS.split(";"), ids=lambda line: line.split()[0])
def test_every_frozen_parameter_is_there(line):
    name, *parameters = line.split()
    assert set(parameters) <= set(catalog()[name].parameters)


@pytest.mark.parametrize("family", FROZEN)
def test_what_is_built_is_what_the_family_has(family):
    has = importlib.import_module(f"cavendish.ops.{family}").OPS if find_spec(f"cavendish.ops.{family}") else {}
    assert set(has) == {row.name for row in AVAILABLE if row.family == family}


def test_generate_is_never_exact_and_never_built_here():
    for row in catalog().values():
        assert row.exact == (row.family != "generate")
        assert row.exact or not row.available


@pytest.mark.parametrize("row", AVAILABLE, ids=lambda row: row.name)
def test_available_ops_load(row):
    op = row.load()
    assert isinstance(op, Op)
    assert op.needs <= set(Need)


@pytest.mark.parametrize("row", catalog().values(), ids=lambda row: row.name)
def test_defaults_are_legal_and_what_varies_is_an_amount(row):
    filled = row.fill_in({}, param="p")
    assert row.fill_in(filled, param="p") == filled
    for spec in row.parameters.values():
        assert (spec.kind in {"choice", "sides"}) == bool(spec.choices)
        assert spec.low < spec.high
    if row.varies:
        amount = row.parameters[row.varies]
        assert (amount.kind, amount.whole) == ("number", False)
        assert amount.default


@pytest.mark.parametrize("row", catalog().values(), ids=lambda row: row.name)
def test_what_an_op_does_is_said_in_a_few_words(row):
    assert 1 <= len(row.does.split()) <= 8
    assert row.does[0].islower()
    assert not row.does.endswith(".")


def test_the_order_of_execution_is_the_documented_one():
    order = [
        "deblur", "remove_object", "recolor", "remove_background", "place_subject", "blur_background", "crop",
        "reframe", "adjust_exposure", "sharpen", "cartoon", "fog", "add_text",
    ]  # fmt: skip
    stages = [catalog()[name].stage for name in order]
    assert stages == sorted(stages)
    assert catalog()["denoise"].stage < catalog()["remove_object"].stage
    assert catalog()["crop"].stage < catalog()["reframe"].stage < catalog()["adjust_exposure"].stage
    assert catalog()["add_text"].stage < catalog()["frame"].stage < catalog()["round_corners"].stage


def test_the_ranges_of_the_table():
    ranges = {
        ("adjust_exposure", "exposure_ev"): (-5, 5),
        ("adjust_brightness", "amount"): (-1, 1),
        ("adjust_contrast", "amount"): (-1, 1),
        ("adjust_saturation", "amount"): (-1, 1),
        ("sepia", "strength"): (0, 1),
        ("blur_background", "strength"): (0, 1),
        ("adjust_highlights", "amount"): (-1, 1),
        ("adjust_shadows", "amount"): (-1, 1),
        ("adjust_whites", "amount"): (-1, 1),
        ("adjust_blacks", "amount"): (-1, 1),
        ("adjust_warmth", "amount"): (-1, 1),
        ("adjust_vibrance", "amount"): (0, 1),
        ("auto_enhance", "strength"): (0, 1),
        ("smooth_skin", "strength"): (0, 0.4),
    }
    for (name, parameter), limits in ranges.items():
        spec = catalog()[name].parameters[parameter]
        assert (spec.low, spec.high) == limits
    for name, more in {"crop": (), "pad": (), "reframe": (NEAREST,)}.items():
        assert catalog()[name].parameters["ratio"].choices == (*RATIO_SIZES, *more)


def test_a_number_beyond_a_fraction_names_its_unit():
    counts = {"scale", "levels", "copies", "amounts", "weights"}
    for row in catalog().values():
        for name, spec in row.parameters.items():
            if spec.kind != "size":  # is pixels by itself
                assert -1 <= spec.low <= spec.high <= 1 or name in counts or name.endswith(UNITS), f"{row.name}.{name}"


@pytest.mark.parametrize(
    ("name", "parameters", "error"),
    [
        ("adjust_exposure", {"exposure_ev": 5.1}, ParameterOutOfRange),
        ("adjust_exposure", {"exposure_ev": "1"}, InvalidRequest),
        ("adjust_exposure", {"exposure_ev": True}, InvalidRequest),
        ("adjust_exposure", {"exposure_ev": float("nan")}, ParameterOutOfRange),
        ("adjust_exposure", {"exposure_ev": float("inf")}, ParameterOutOfRange),
        ("adjust_exposure", {"stops": 1}, InvalidRequest),
        ("flip", {"direction": "sideways"}, ParameterOutOfRange),
        ("flip", {"direction": ["horizontal"]}, InvalidRequest),
        ("flip", {"direction": None}, InvalidRequest),
        ("background_color", {"color": "white"}, InvalidRequest),
        ("background_color", {"color": "#12345G"}, InvalidRequest),
        ("background_color", {"color": 0xFFFFFF}, InvalidRequest),
        ("crop", {"box": [0, 0, 1]}, InvalidRequest),
        ("crop", {"box": [0, 0, 1, 1.2]}, ParameterOutOfRange),
        ("crop", {"box": "all"}, InvalidRequest),
        ("crop", {"ratio": "7:5"}, ParameterOutOfRange),
        ("remove_background", {"color": "#FFFFFF"}, InvalidRequest),
        ("posterize", {"levels": 4.5}, InvalidRequest),
        ("posterize", {"levels": 1}, ParameterOutOfRange),
        ("pencil_sketch", {"colored": 1}, InvalidRequest),
        ("add_text", {"text": ""}, InvalidRequest),
        ("add_text", {"text": ["a"]}, InvalidRequest),
        ("add_text", {"text": "x" * 1001}, ParameterOutOfRange),
        ("duotone", {"shadows": "navy"}, InvalidRequest),
        ("background_gradient", {"colors": ["#FFFFFF"]}, InvalidRequest),
        ("background_gradient", {"colors": ["#FFFFFF"] * 6}, InvalidRequest),
        ("background_gradient", {"colors": "#FFFFFF"}, InvalidRequest),
        ("apply_curve", {"points": [[0, 0]]}, InvalidRequest),
        ("apply_curve", {"points": [[0, 0], [1]]}, InvalidRequest),
        ("apply_curve", {"points": [[0, 0], 1]}, InvalidRequest),
        ("apply_curve", {"points": [[0, 0], [1, 1.1]]}, ParameterOutOfRange),
        ("apply_curve", {"points": [[0, 0]] * 17}, InvalidRequest),
        ("place_on_surface", {"quad": [[0, 0], [1, 0], [1, 1]]}, InvalidRequest),
        ("extend_canvas", {"sides": []}, InvalidRequest),
        ("extend_canvas", {"sides": ["left", "left"]}, InvalidRequest),
        ("extend_canvas", {"sides": ["north"]}, ParameterOutOfRange),
        ("extend_canvas", {"sides": "left"}, InvalidRequest),
        ("extend_canvas", {"amounts": [0.1] * 5}, InvalidRequest),
        ("black_and_white", {"weights": [1, 1]}, InvalidRequest),
        ("resize", {"width_px": 0}, ParameterOutOfRange),
        ("resize", {"width_px": 640.5}, InvalidRequest),
    ],
)
def test_what_does_not_fit_is_refused_and_named(name, parameters, error):
    with pytest.raises(error) as refused:
        catalog()[name].fill_in(parameters, param="plan.steps[0].parameters")
    assert str(refused.value.param).startswith("plan.steps[0].parameters")


def test_stated_amounts_win_over_defaults():
    assert catalog()["crop"].fill_in({"margin": 0.2}, param="p") == {"to": "subject", "margin": 0.2}
    assert catalog()["background_color"].fill_in({"color": "#abcdef"}, param="p") == {
        "color": "#ABCDEF",
        "shadow": "none",
    }


def test_a_number_is_kept_as_given():
    assert Parameter("number", low=-5, high=5).check(3, param="p") == 3


def test_a_size_is_two_whole_numbers():
    size = Parameter("size", low=1, high=16384, whole=True)
    assert size.check([640, 480.0], param="p") == [640, 480]
    with pytest.raises(ParameterOutOfRange, match=r"p\[1\] must be between 1 and 16384"):
        size.check([640, 16385], param="p")
    with pytest.raises(InvalidRequest, match="Expected 2 numbers at p"):
        size.check([640], param="p")


def test_lists_are_returned_in_their_own_terms():
    fill_in = {name: catalog()[name].fill_in for name in ("background_gradient", "extend_canvas", "posterize")}
    assert fill_in["background_gradient"]({"colors": ["#abcdef", "#ABCDEF"]}, param="p")["colors"] == ["#ABCDEF"] * 2
    assert fill_in["extend_canvas"]({"sides": ["top"]}, param="p")["sides"] == ["top"]
    levels = fill_in["posterize"]({"levels": 8.0}, param="p")["levels"]
    assert isinstance(levels, int)


def test_names_are_verbs_in_snake_case():
    for name in catalog():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)


def test_the_table_loads_no_pixel_library():
    """The planner reads it before any picture is there."""
    code = (
        "import sys, cavendish.ops.catalog as c; c.catalog();"
        "print(*sorted({'numpy', 'cv2', 'PIL', 'scipy', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.split()


@pytest.mark.alone
def test_the_table_loads_fast():
    """Every command and the server's start wait for it."""
    read = catalog.__wrapped__
    assert min(_seconds(read) for _ in range(5)) < 0.015


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def reference():
    """The page about the ops, from the table."""
    families = itertools.groupby(catalog().values(), key=lambda row: row.family)
    return HEAD + "".join(f"\n## {family}\n\n{COLUMNS}{''.join(map(_line, rows))}" for family, rows in families)


HEAD = """# Operations

Written from `src/cavendish/ops/catalog.toml` by `python -m tests.unit.ops.test_catalog`; a test compares them.
Families stand in the order of execution; `denoise` runs first, `reframe` last of geometry, `frame` and `round_corners`
at the very end. *Built* ops run here. *Planned* ones are recognized in a sentence and checked in a plan, then reported
as skipped; those of `generate` need a generative engine.

A name's end is its unit; angles are clockwise; what has no unit is a fraction. Colors are #RRGGBB, points [x, y] and
boxes [left, top, right, bottom] in fractions of the picture. In brackets: the default, used where a plan does not say.
Several pictures of one request differ in the *varied* amount, unless the sentence states it. Where an op acts, on which
side and with which other picture is not a parameter but the step's `region`, `placement` and `image`.
"""

COLUMNS = "| op | does | parameters | here |\n|---|---|---|---|\n"


def _line(row):
    parameters = "; ".join(
        f"`{name}` {_values(spec)}{_default(spec)}{' *varied*' if name == row.varies else ''}"
        for name, spec in row.parameters.items()
    )
    return f"| `{row.name}` | {row.does} | {parameters} | {'built' if row.available else 'planned'} |\n"


def _values(spec):
    span = f"{spec.low:.12g} to {spec.high:.12g}"
    many = "–".join(str(n) for n in sorted(set(spec.count)))
    return {
        "number": f"whole number {span}" if spec.whole else span,
        "choice": ", ".join(spec.choices),
        "color": "#RRGGBB",
        "text": f"text, at most {spec.longest} characters",
        "numbers": f"{many} numbers {span}",
        "colors": "2–5 colors",
        "points": f"{many} points",
        "quad": "4 points",
        "sides": f"any of {', '.join(spec.choices)}",
    }.get(spec.kind, spec.kind)


def _default(spec):
    if spec.default is None:
        return ""
    return f" ({str(spec.default).lower() if spec.kind == 'flag' else _shown(spec.default)})"


def _shown(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def test_the_reference_is_the_table():
    assert REFERENCE.read_text("utf-8") == reference(), "run: python -m tests.unit.ops.test_catalog"


if __name__ == "__main__":
    REFERENCE.write_text(reference(), "utf-8")
