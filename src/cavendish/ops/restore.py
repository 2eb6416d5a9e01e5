"""Restore: what a lens, a codec or time took from a picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.domain.plan import Parameters
from cavendish.errors import UnsupportedEdit, require_within
from cavendish.imaging.color import EncodedRGB, Plane
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, Op, OpInput
from cavendish.pixels import deblur as back_projection
from cavendish.pixels import document, fading, sharpness
from cavendish.pixels import upscale as enlargement
from cavendish.pixels.blur_level import blur_level
from cavendish.pixels.composite import Patch, Redrawn, whole
from cavendish.pixels.denoise import denoise
from cavendish.pixels.fill import fill
from cavendish.pixels.jpeg_grid import jpeg_grid
from cavendish.pixels.noise_level import NoiseLevel, noise_level
from cavendish.pixels.region import Box
from cavendish.pixels.restorers import PLAIN_NOTE, Restorers, Run
from cavendish.pixels.scratches import find_scratches

_SHARP_PX = 0.6
"""Blur below which a picture counts as sharp."""

_CLEAN_SIGMA = 2.0
"""Codes of noise that are taken out before a blur is undone: what compression leaves would be sharpened, too."""

_QUANTUM_SIGMA, _UNKNOWN_SIGMA = 2.05, 4.0
"""Noise that compression is like, in codes: times the root of its quantum (measured at qualities 10–90, within 0.1 dB
of the best), and where no quantum is found."""

_MOST_IMAGINED = 260_000
"""Pixels of the largest picture that is enlarged generatively; larger ones take minutes, and have their detail."""

_FACE_SHARE, _DETAIL_SHARE = 0.35, 0.6
"""How much of imagined detail faces and lettering get in an enlargement, and in a deblurring. A face must stay the same
person's."""


def _never() -> None:
    return


def deblur(
    image: Image,
    restorers: Restorers,
    *,
    strength: float,
    details: tuple[Box, ...] = (),
    check: Callable[[], None] = _never,
) -> tuple[EncodedRGB, str]:
    """Make a blurred picture sharp; a sharp one only a little crisper, so that it never gets worse.

    Args:
        image: The picture.
        restorers: FFDNet and Real-ESRGAN are used; without them noise is left and no detail imagined.
        strength: 0 (identity) to 1.
        details: Faces and lettering, where less is imagined.
        check: Called between tiles; raises to stop.

    Returns:
        New pixels, h×w×3, and what to say about how it was done.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        See `pixels.deblur`, `pixels.blur_level`.
    """
    require_within("strength", strength, 0, 1)
    rgb = EncodedRGB(image.rgb)
    level, blur_px = noise_level(rgb), blur_level(rgb)
    if strength == 0:
        return rgb, ""
    if blur_px < _SHARP_PX:
        crisp = sharpness.sharpen(rgb, level, amount=0.6 * strength, radius_px=1.0, check=check)
        return crisp, "it is hardly blurred, so it was only made a little crisper"
    run = restorers.denoiser()
    clean = denoise(rgb, dataclasses.replace(level, blotch=1.0), run, floor=_CLEAN_SIGMA if run else 0.0, check=check)
    imaginer = restorers.imaginer()
    imagined = back_projection.imagine(clean, imaginer, blur_px=blur_px, check=check) if imaginer else None
    if run is None:
        strength /= 2  # what noise is left must not be sharpened much
    sharp = back_projection.deblur(
        clean,
        blur_px=blur_px,
        strength=strength,
        imagined=imagined,
        trusted=_share(image.size, details, _DETAIL_SHARE),
        check=check,
    )
    said = [PLAIN_NOTE] if run is None else []
    return sharp, "; ".join(said + (["fine detail is partly imagined"] if imagined is not None else []))


def upscale(
    image: Image,
    restorers: Restorers,
    *,
    scale: float,
    mode: str = "faithful",
    details: tuple[Box, ...] = (),
    most_pixels: int = 50_000_000,
    check: Callable[[], None] = _never,
) -> Redrawn:
    """Make a picture larger.

    Args:
        image: The picture.
        restorers: SPAN, and for `generative` Real-ESRGAN; Lanczos without them.
        scale: 1 (identity) to 4, of each side.
        mode: `faithful` makes nothing up; `generative` does, and says so.
        details: Faces and lettering, which stay at least 65 % faithful.
        most_pixels: Largest picture that may be made.
        check: Called between tiles; raises to stop.

    Returns:
        The larger picture.

    Raises:
        ParameterOutOfRange: `scale` is outside 1 to 4.
        UnsupportedEdit: It would be larger than `most_pixels`.

    Source:
        See `pixels.upscale`.
    """
    require_within("scale", scale, 1, 4)
    size = (round(image.size[0] * scale), round(image.size[1] * scale))
    if size[0] * size[1] > most_pixels:
        raise UnsupportedEdit(
            f"{scale:g} times its size would be {size[0]} × {size[1]} pixels; at most {most_pixels:,} are allowed"
        )
    if size == image.size:
        return Redrawn(image)
    rgb, factor = EncodedRGB(np.ascontiguousarray(image.rgb)), 2 if scale <= 2 else 4
    run = restorers.doubler() if factor == 2 else restorers.quadrupler()
    pixels = enlargement.upscale(rgb, run, factor=factor, size=size, check=check)
    notes = [] if run else [PLAIN_NOTE]
    if mode == "generative":
        imaginer = restorers.imaginer() if image.size[0] * image.size[1] <= _MOST_IMAGINED else None
        if imaginer:
            imagined = enlargement.imagine_larger(rgb, imaginer, size=size, check=check)
            share = _share(image.size, details, _FACE_SHARE)
            pixels = imagined if share is None else enlargement.blended(pixels, imagined, share)
            notes.append("fine detail is imagined, much less of it on faces and lettering")
        else:
            notes.append("no detail was imagined, because the picture is too large for it or the weights are missing")
    return Redrawn(image.with_pixels(_with_alpha(image, pixels)), "; ".join(notes))


def _with_alpha(image: Image, pixels: EncodedRGB) -> npt.NDArray[np.uint8]:
    if image.alpha is None:
        return pixels
    size = (pixels.shape[1], pixels.shape[0])
    alpha = cv2.resize(np.ascontiguousarray(image.alpha), size, interpolation=cv2.INTER_CUBIC)
    return np.dstack([pixels, alpha])


def remove_jpeg_artifacts(
    image: Image, run: Run | None, *, strength: float, check: Callable[[], None] = _never
) -> EncodedRGB:
    """Smooth the blocks, ringing and color smears of strong compression.

    Args:
        image: The picture.
        run: FFDNet's convolutions, or None for non-local means.
        strength: 0 (identity) to 1; 0.5 suits what the pixels tell of the compression.
        check: Called between tiles; raises to stop.

    Returns:
        New pixels, h×w×3.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        See `pixels.jpeg_grid`, `pixels.denoise`.
    """
    require_within("strength", strength, 0, 1)
    rgb = EncodedRGB(image.rgb)
    if strength == 0:
        return rgb
    quantum = jpeg_grid(rgb).quantum
    sigma = _QUANTUM_SIGMA * quantum**0.5 if quantum else _UNKNOWN_SIGMA
    level = NoiseLevel(np.full(8, 2 * strength * sigma, np.float32), blotch=1.0)
    return denoise(rgb, level, run, check=check)


def restore_fading(image: Image, *, strength: float, check: Callable[[], None] = _never) -> EncodedRGB:
    """Bring faded colors and contrast back.

    Args:
        image: The picture.
        strength: 0 (identity) to 1.
        check: Called between strips; raises to stop.

    Returns:
        New pixels, h×w×3.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        See `pixels.fading`.
    """
    require_within("strength", strength, 0, 1)
    return fading.restore_fading(EncodedRGB(image.rgb), strength=strength, check=check)


def repair_old_photo(
    image: Image, run: Run | None, *, strength: float, check: Callable[[], None] = _never
) -> EncodedRGB:
    """Fill scratches and dust, take some grain out, and bring contrast and color back.

    Args:
        image: The picture.
        run: FFDNet's convolutions, or None for non-local means.
        strength: 0 to 1: how far grain and fading go; damage is filled wherever `strength` is above 0.
        check: Called between tiles; raises to stop.

    Returns:
        New pixels, h×w×3.

    Raises:
        ParameterOutOfRange: `strength` is outside 0 to 1.

    Source:
        See `pixels.scratches`, `pixels.denoise`, `pixels.fading`.
    """
    require_within("strength", strength, 0, 1)
    rgb = EncodedRGB(image.rgb)
    if strength == 0:
        return rgb
    damage = find_scratches(rgb, check=check)
    mended = fill(EncodedRGB(np.ascontiguousarray(rgb)), damage, check=check) if damage.mean() < 0.5 else rgb
    calm = denoise(mended, noise_level(mended), run, factor=strength, check=check)
    return fading.restore_fading(calm, strength=min(1.0, 1.4 * strength), check=check)


def scan_document(image: Image, *, mode: document.Mode, check: Callable[[], None] = _never) -> EncodedRGB:
    """Show a photographed page as a scanner would: even light, white paper.

    Args:
        image: The picture.
        mode: `color`, `gray` or `black_and_white`.
        check: Called between strips; raises to stop.

    Returns:
        New pixels, h×w×3.

    Source:
        See `pixels.document`.
    """
    return document.scan_document(EncodedRGB(image.rgb), mode=mode, check=check)


def _share(size: tuple[int, int], boxes: tuple[Box, ...], within: float) -> Plane | None:
    """A small map: 1, and less within the boxes; None without boxes."""
    if not boxes:
        return None
    scale = min(1.0, 256 / max(size))
    share = np.ones((max(1, round(size[1] * scale)), max(1, round(size[0] * scale))), np.float32)
    for left, top, right, bottom in boxes:
        rows = slice(int(top * scale), max(1, round(bottom * scale)))
        share[rows, int(left * scale) : max(1, round(right * scale))] = within
    return np.asarray(np.minimum(share, cv2.GaussianBlur(share, (0, 0), 3)), np.float32)


def _patch(given: OpInput, pixels: EncodedRGB, note: str = "") -> Patch:
    return whole(given.image, pixels, alpha=given.region.alpha if given.region else None, note=note)


def _deblur(given: OpInput) -> Patch:
    strength = given.parameters["strength"]
    pixels, note = deblur(given.image, given.restorers, strength=strength, details=given.details, check=given.check)
    return _patch(given, pixels, note)


def _upscale(given: OpInput) -> Redrawn:
    return upscale(
        given.image,
        given.restorers,
        scale=given.parameters["scale"],
        mode=given.parameters["mode"],
        details=given.details,
        most_pixels=given.most_pixels,
        check=given.check,
    )


def _is_faithful(_size: tuple[int, int], parameters: Parameters) -> bool:
    return bool(parameters["mode"] == "faithful")


def _with_denoiser(function: Callable[..., EncodedRGB], given: OpInput) -> Patch:
    run = given.restorers.denoiser()
    pixels = function(given.image, run, strength=given.parameters["strength"], check=given.check)
    return _patch(given, pixels, "" if run else PLAIN_NOTE)


def _fading(given: OpInput) -> Patch:
    return _patch(given, restore_fading(given.image, strength=given.parameters["strength"], check=given.check))


def _scan(given: OpInput) -> Patch:
    return _patch(given, scan_document(given.image, mode=given.parameters["mode"], check=given.check))


_WHERE = frozenset({Need.MASK})

OPS = {
    "deblur": Op(_deblur, _WHERE | {Need.DETAILS}),
    "upscale": Op(_upscale, frozenset({Need.DETAILS}), spares=_is_faithful),
    "remove_jpeg_artifacts": Op(lambda given: _with_denoiser(remove_jpeg_artifacts, given), _WHERE),
    "repair_old_photo": Op(lambda given: _with_denoiser(repair_old_photo, given), _WHERE),
    "restore_fading": Op(_fading, _WHERE),
    "scan_document": Op(_scan, _WHERE),
}
