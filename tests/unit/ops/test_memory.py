"""Memory: few ops on a picture of 50 megapixels need more than about 1.2 GB, pictures and masks included."""

import subprocess
import sys

import pytest

MOST_MB = 1200
FILLING_MB = {"remove_object": 1500, "move_object": 1700, "swap_colors": 1600}
"""What takes several masks of a picture's size at once, or fills holes with them."""
SIZE = (8160, 6120)

SCRIPT = """
import resource, sys
import cv2
import numpy as np
from cavendish.domain.plan import Step
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, OpInput
from cavendish.ops.catalog import catalog
from cavendish.pixels.canvas import Canvas
from cavendish.pixels.composite import Patch, apply_patch, render
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.perspective import Perspective
from cavendish.pixels.region import Region

name, parameters, (width, height) = sys.argv[1], eval(sys.argv[2]), eval(sys.argv[3])
tile = np.random.default_rng(0).integers(40, 220, (height // 8, width // 8, 3), np.uint8)
picture = Image(cv2.resize(tile, (width, height), interpolation=cv2.INTER_LINEAR))
alpha = np.zeros((height, width), np.float32)
cv2.circle(alpha, (width // 2, height // 2), int(0.45 * height), 1.0, -1)
alpha[height // 2] *= 0.5
if name == "matte":
    refine_alpha(EncodedRGB(picture.rgb), alpha)
else:
    row = catalog()[name]
    op = row.load()
    resolved = {}
    if op.needs & {Need.FOREGROUND, Need.FOREGROUND_IF_ANY} and name != "place_subject":
        resolved["foreground"] = Region(alpha)
    if Need.MASK in op.needs:
        resolved["region"] = Region(alpha)
    if Need.OTHER_IMAGE in op.needs:
        resolved["other"] = picture
    if Need.SKY in op.needs:
        resolved["sky"] = Region(alpha)
    if Need.SKIN in op.needs:
        resolved["skin"] = Region(alpha)
    if Need.PARTS in op.needs:
        left = alpha.copy()
        left[:, width // 2 :], alpha[:, : width // 2] = 0, 0
        resolved["parts"] = Region(left), Region(alpha)
    if name in {"remove_object", "move_object"}:
        alpha[:] = 0
        cv2.circle(alpha, (width // 2, height // 2), int(0.12 * height), 1.0, -1)
        resolved["company"] = np.zeros_like(alpha)
    if Need.FACES in op.needs:
        resolved["faces"] = ((3400, 1800, 4800, 3600),)
    if Need.HORIZON in op.needs:
        resolved["tilt_deg"] = 3.0
    if Need.PERSPECTIVE in op.needs:
        resolved["perspective"] = Perspective(upright=(4200.0, 40000.0, 1.0))
    if Need.OTHER_FOREGROUND in op.needs:
        resolved["other_foreground"] = Region(alpha)
    step = Step(name, row.family, image=1, placement="right" if name == "move_object" else "")
    amounts = row.fill_in(parameters, param="p")
    result = op.apply(OpInput(picture, picture.size, step, amounts, **resolved))
    if isinstance(result, Canvas):
        render(picture, result, subject=resolved["foreground"].alpha if "foreground" in resolved else None)
    elif isinstance(result, Patch):
        apply_patch(picture, result)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

CALLS = [
    ("matte", {}),
    ("blur_background", {}),
    ("blur_region", {"radius_px": 4}),
    ("blur_region", {"radius_px": 60}),
    ("motion_blur", {"angle_deg": 20, "length_px": 200}),
    ("tilt_shift", {}),
    ("pixelate_region", {}),
    ("remove_background", {}),
    ("background_color", {"color": "#2040a0"}),
    ("replace_background", {"match": 0.5}),
    ("place_subject", {}),
    ("place_subject", {"scale": 0.9}),
    *(("reframe", {"ratio": "1:1", "policy": policy}) for policy in ("auto", "crop", "pad", "extend")),
    ("rotate", {"angle_deg": 7.0}),
    ("rotate", {"angle_deg": 7.0, "fill": "blur"}),
    ("rotate", {"angle_deg": 90.0}),
    ("flip", {"direction": "horizontal"}),
    ("adjust_exposure", {"exposure_ev": 1.0}),
    ("auto_enhance", {}),
    ("brighten_low_light", {}),
    ("adjust_shadows", {}),
    ("local_contrast", {}),
    ("dehaze", {}),
    ("grade_look", {}),
    ("match_tone", {}),
    ("white_balance", {"mode": "gray"}),
    ("adjust_vibrance", {"amount": 1.0}),
    ("selective_color", {"color": "#2E9E3F", "saturation": 0.5}),
    ("match_colors", {}),
    ("color_pop", {}),
    ("straighten", {}),
    ("correct_perspective", {}),
    ("resize", {"scale": 0.5}),
    ("resize", {"width_px": 3000, "height_px": 3000}),
    ("extend_canvas", {"amounts": [0.1]}),
    ("extend_canvas", {"fill": "mirror"}),
    ("pad", {}),
    ("round_corners", {}),
    ("passport_sheet", {}),
    ("sharpen", {"radius_px": 3.0}),
    ("adjust_texture", {"amount": 1.0}),
    ("add_grain", {"size": 1.0}),
    ("restore_fading", {}),
    ("scan_document", {"mode": "black_and_white"}),
    ("deblur", {}),
    ("remove_object", {}),
    ("move_object", {}),
    ("background_gradient", {}),
    ("backdrop", {"name": "cafe"}),
    ("extract_subject", {"tight": True}),
    ("replace_sky", {}),
    ("censor_region", {"style": "bar"}),
    ("swap_colors", {}),
    ("place_sticker", {}),
    ("style_from", {}),
]


@pytest.mark.long
@pytest.mark.parametrize(("name", "parameters"), CALLS, ids=str)
def test_fifty_megapixels_fit(name, parameters):
    arguments = [sys.executable, "-c", SCRIPT, name, repr(parameters), repr(SIZE)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= FILLING_MB.get(name, MOST_MB)
