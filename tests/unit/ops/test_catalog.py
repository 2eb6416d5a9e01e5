"""The table of operations: a published interface, so every name is checked against the frozen list."""

import re
import subprocess
import sys

import pytest

from cavendish.domain.sizes import RATIO_SIZES
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

AVAILABLE = [row for row in catalog().values() if row.available]


@pytest.mark.parametrize("family", FROZEN)
def test_every_frozen_name_is_there_in_its_family(family):
    for name in FROZEN[family].split():
        assert catalog()[name].family == family


def test_generate_is_never_exact_and_never_built_here():
    for row in catalog().values():
        assert row.exact == (row.family != "generate")
        assert row.exact or not row.available


@pytest.mark.parametrize("row", AVAILABLE, ids=lambda row: row.name)
def test_available_ops_load_and_their_defaults_are_legal(row):
    op = row.load()
    assert isinstance(op, Op)
    assert op.needs <= set(Need)
    filled = row.fill_in({}, param="p")
    assert row.fill_in(filled, param="p") == filled
    assert not row.varies or row.parameters[row.varies].kind == "number"


def test_the_order_of_execution_is_the_documented_one():
    order = [
        "deblur", "remove_object", "recolor", "remove_background", "place_subject", "blur_background", "crop",
        "reframe", "adjust_exposure", "sharpen", "cartoon", "fog", "add_text",
    ]  # fmt: skip
    stages = [catalog()[name].stage for name in order]
    assert stages == sorted(stages)
    assert catalog()["denoise"].stage < catalog()["remove_object"].stage
    assert catalog()["crop"].stage < catalog()["reframe"].stage < catalog()["adjust_exposure"].stage
    assert catalog()["frame"].stage > catalog()["add_text"].stage


def test_the_ranges_of_the_table():
    ranges = {
        ("adjust_exposure", "exposure_ev"): (-5, 5),
        ("adjust_brightness", "amount"): (-1, 1),
        ("adjust_contrast", "amount"): (-1, 1),
        ("adjust_saturation", "amount"): (-1, 1),
        ("sepia", "strength"): (0, 1),
        ("blur_background", "strength"): (0, 1),
    }
    for (name, parameter), limits in ranges.items():
        spec = catalog()[name].parameters[parameter]
        assert (spec.low, spec.high) == limits
    assert set(RATIO_SIZES) <= set(catalog()["reframe"].parameters["ratio"].choices)


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
    ],
)
def test_what_does_not_fit_is_refused_and_named(name, parameters, error):
    with pytest.raises(error) as refused:
        catalog()[name].fill_in(parameters, param="plan.steps[0].parameters")
    assert str(refused.value.param).startswith("plan.steps[0].parameters")


def test_stated_amounts_win_over_defaults():
    assert catalog()["crop"].fill_in({"margin": 0.2}, param="p") == {"to": "subject", "margin": 0.2}
    assert catalog()["background_color"].fill_in({"color": "#abcdef"}, param="p") == {"color": "#ABCDEF"}


def test_a_number_is_kept_as_given():
    assert Parameter("number", low=-5, high=5).check(3, param="p") == 3


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
