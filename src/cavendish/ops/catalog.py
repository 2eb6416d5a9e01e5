"""The table of operations as data: names, families, parameters, order and where the code is. Imports no pixel library.

The names and ranges are a published interface (plans are stored and exchanged): rows may be added, never renamed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from cavendish.domain.sizes import RATIO_SIZES
from cavendish.errors import InvalidRequest, ParameterOutOfRange

if TYPE_CHECKING:
    from cavendish.ops.base import Op


@dataclass(frozen=True)
class Parameter:
    """One parameter of an op.

    Args:
        kind: `number`, `choice`, `color` (#RRGGBB), `box` (four fractions 0–1: left, top, right, bottom) or
            `numbers` (three weights).
        default: Used where the plan does not say.
        low: Least number.
        high: Greatest number.
        choices: Allowed words of a `choice`.
    """

    kind: Literal["number", "choice", "color", "box", "numbers"]
    default: Any = None
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()

    def check(self, value: object, *, param: str) -> Any:
        """Return `value` where it fits.

        Raises:
            ParameterOutOfRange: A number outside `low`–`high`, or a word not among `choices`.
            InvalidRequest: A value of another type.
        """
        if self.kind == "choice":
            if value not in self.choices:
                expected = " | ".join(f"'{choice}'" for choice in self.choices)
                raise ParameterOutOfRange(f"Expected {expected}, received {value!r} at {param}", param=param)
            return value
        if self.kind == "color":
            return _check_color(value, param)
        if self.kind == "number":
            return self._check_number(value, param)
        return self._check_numbers(value, param)

    def _check_number(self, value: object, param: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"Expected number at {param}", param=param)
        if not self.low <= value <= self.high:
            raise ParameterOutOfRange(f"{param} must be between {self.low:g} and {self.high:g}", param=param)
        return value

    def _check_numbers(self, value: object, param: str) -> list[float]:
        length = 4 if self.kind == "box" else 3
        if not isinstance(value, list | tuple) or len(value) != length:
            raise InvalidRequest(f"Expected {length} numbers at {param}", param=param)
        return [self._check_number(item, f"{param}[{i}]") for i, item in enumerate(value)]


def _check_color(value: object, param: str) -> str:
    text = value if isinstance(value, str) else ""
    if len(text) != 7 or text[0] != "#" or not all(c in "0123456789abcdefABCDEF" for c in text[1:]):
        raise InvalidRequest(f"Expected a color as #RRGGBB at {param}", param=param)
    return text.upper()


@dataclass(frozen=True)
class OpRow:
    """One op as the planner and the router see it.

    Args:
        name: The published name.
        family: The published family.
        stage: Place in the order of execution; lower runs first.
        parameters: By name.
        varies: The amount that differs between several pictures of one request; "" where nothing may.
        module: Import path of the family's module, "" where this build has none.
    """

    name: str
    family: str
    stage: int
    parameters: Mapping[str, Parameter]
    varies: str = ""
    module: str = ""

    @property
    def exact(self) -> bool:
        """Whether the pixels can be computed; `generate` ops need a generative engine."""
        return self.family != "generate"

    @property
    def available(self) -> bool:
        """Whether this build has the code."""
        return bool(self.module)

    def load(self) -> Op:
        """Import the family's module and return the op."""
        return cast("Op", importlib.import_module(self.module).OPS[self.name])

    def fill_in(self, parameters: Mapping[str, Any], *, param: str) -> dict[str, Any]:
        """Check amounts and add the defaults of those not stated.

        Raises:
            InvalidRequest: An amount of an unknown name or a wrong type.
            ParameterOutOfRange: An amount outside its range.
        """
        unknown = set(parameters) - set(self.parameters)
        if unknown:
            raise InvalidRequest(f"Unrecognized parameter {min(unknown)!r} of {self.name} at {param}", param=param)
        stated = {k: self.parameters[k].check(v, param=f"{param}.{k}") for k, v in parameters.items()}
        defaults = {k: spec.default for k, spec in self.parameters.items() if spec.default is not None}
        return defaults | stated


# Order of execution by family (architecture §5); single ops that run elsewhere are in _STAGES.
_FAMILIES: dict[str, tuple[int, str]] = {
    "restore": (0, "deblur upscale remove_jpeg_artifacts repair_old_photo restore_fading scan_document"),
    "remove": (
        10,
        "remove_object remove_person remove_text remove_watermark remove_date_stamp remove_blemishes remove_scratches "
        "remove_wires remove_shadow remove_reflection remove_everything_except",
    ),
    "recolor": (
        20,
        "recolor swap_colors recolor_hair recolor_eyes recolor_lips lighten_material darken_material",
    ),
    "retouch": (
        21,
        "fix_red_eye whiten_teeth smooth_skin brighten_eyes reduce_under_eye reduce_shine remove_glare",
    ),
    "background": (
        30,
        "remove_background background_color background_gradient replace_background backdrop desaturate_background "
        "darken_background replace_sky extract_subject",
    ),
    "compose": (
        40,
        "place_subject place_sticker place_on_surface side_by_side collage split_compare double_exposure "
        "stitch_panorama fuse_exposures stack_focus remove_passers_by swap_face_from copy_object style_from",
    ),
    "blur": (
        50,
        "blur_region blur_background motion_blur zoom_blur tilt_shift pixelate_region censor_region",
    ),
    "geometry": (
        60,
        "crop straighten rotate flip correct_perspective resize extend_canvas pad round_corners move_object "
        "scale_object mirror_object rotate_object duplicate_object swap_objects passport_sheet reframe",
    ),
    "tone": (
        70,
        "auto_enhance adjust_exposure adjust_brightness adjust_contrast adjust_highlights adjust_shadows adjust_whites "
        "adjust_blacks apply_curve local_contrast dehaze brighten_low_light brighten_backlit white_balance "
        "adjust_warmth black_and_white sepia fade vignette grade_look match_tone",
    ),
    "hue": (
        71,
        "adjust_saturation adjust_vibrance shift_hue selective_color tint duotone invert posterize match_colors "
        "color_pop",
    ),
    "detail": (80, "sharpen adjust_texture denoise add_grain"),
    "stylize": (
        90,
        "paint_style pencil_sketch ink_lines watercolor oil_paint cartoon comic_halftone pixel_art mosaic low_poly "
        "pop_art blueprint vintage_film polaroid_look glitch",
    ),
    "effects": (
        100,
        "drop_shadow outline glow frame light_rays fog rain snow reflection spotlight",
    ),
    "lettering": (110, "add_text replace_text add_caption annotate redact add_emoji"),
    "generate": (
        120,
        "add_content replace_content change_pose change_expression change_viewpoint change_clothes change_age "
        "new_scene outpaint_content colorize_photo other",
    ),
}

_STAGES = {"denoise": 1, "reframe": 69, "frame": 111}

_AMOUNT = Parameter("number", default=0.3, low=-1, high=1)

_PARAMETERS: dict[str, dict[str, Parameter]] = {
    "adjust_exposure": {"exposure_ev": Parameter("number", default=0.7, low=-5, high=5)},
    "adjust_brightness": {"amount": _AMOUNT},
    "adjust_contrast": {"amount": _AMOUNT},
    "adjust_saturation": {"amount": _AMOUNT},
    "black_and_white": {"weights": Parameter("numbers", default=[0.299, 0.587, 0.114], low=-2, high=3)},
    "sepia": {"strength": Parameter("number", default=1.0)},
    "crop": {
        "to": Parameter("choice", default="subject", choices=("box", "subject", "ratio")),
        "box": Parameter("box"),
        "ratio": Parameter("choice", choices=tuple(RATIO_SIZES)),
        "margin": Parameter("number", default=0.08),
    },
    "rotate": {
        "angle_deg": Parameter("number", default=90, low=-360, high=360),
        "fill": Parameter("choice", default="crop", choices=("crop", "blur", "white", "transparent")),
    },
    "flip": {"direction": Parameter("choice", default="horizontal", choices=("horizontal", "vertical"))},
    "reframe": {
        "ratio": Parameter("choice", choices=(*RATIO_SIZES, "nearest")),
        "policy": Parameter("choice", default="auto", choices=("auto", "crop", "extend", "pad")),
    },
    "remove_background": {},
    "background_color": {"color": Parameter("color", default="#FFFFFF")},
    "replace_background": {"match": Parameter("number", default=0.5)},
    "blur_background": {
        "strength": Parameter("number", default=0.5),
        "shape": Parameter("choice", default="disc", choices=("disc",)),
    },
    "place_subject": {
        "scale": Parameter("number", default=0.42, low=0.02, high=1),
        "shadow": Parameter("choice", default="auto", choices=("auto", "contact", "none")),
    },
}

_VARIES = {
    "adjust_exposure": "exposure_ev",
    "adjust_brightness": "amount",
    "adjust_contrast": "amount",
    "adjust_saturation": "amount",
    "sepia": "strength",
    "blur_background": "strength",
    "place_subject": "scale",
}


def _rows() -> Iterable[OpRow]:
    for family, (stage, names) in _FAMILIES.items():
        for name in names.split():
            built = name in _PARAMETERS
            yield OpRow(
                name=name,
                family=family,
                stage=_STAGES.get(name, stage),
                parameters=_PARAMETERS.get(name, {}),
                varies=_VARIES.get(name, ""),
                module=f"cavendish.ops.{family}" if built else "",
            )


@cache
def catalog() -> Mapping[str, OpRow]:
    """Every op of the table, by name, in the table's order."""
    return MappingProxyType({row.name: row for row in _rows()})
