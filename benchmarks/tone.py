"""Whether the light ops help and do not harm: `python -m benchmarks.tone [--bench DIR] [--more DIR] [--side 360]`.

Photos are scikit-image's own, those of the bench and those of any further folder, where they are there. Each is also
degraded in eight ways, the last of them several at once, drawn by the photo's name. Rows are also given for two halves
of the photos, by name, to show how far figures hang on the choice; constants were chosen with both in view, so neither
is an examination.
`safety` is of auto_enhance at its default on untouched and degraded photos: how far a good photo moves (mean CIE dE
2000), how much more is clipped, how far skin turns. `recovery` is the share of a degradation's dE, on the photos it
changed at all (colors of gray ones cannot fade), that auto_enhance undoes unasked, what Pillow's autocontrast undoes,
and the share that the op made for it undoes at its default (where it looks at the picture) or at the opposite amount
(where it does not). `pairs` are the bench's pairs with a known answer, in dB.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from cavendish.imaging.color import EncodedRGB, LinearRGB, OklabImage, from_oklab, to_encoded, to_linear, to_oklab
from cavendish.ops import hue, tone
from cavendish.pixels.enhance import auto_enhance
from cavendish.pixels.haze import dehaze
from cavendish.pixels.low_light import brighten_low_light
from cavendish.pixels.white_balance import white_balance
from cavendish.pixels.white_point import NEUTRAL, adaptation, light_of

Pixels = npt.NDArray[np.uint8]
Edit = Callable[[Pixels], Pixels]
Measures = npt.NDArray[np.float64]

_BENCH = Path(__file__).parents[2] / "shared" / "bench"
_OWN = ("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field", "retina")
_GRAY = ("camera", "coins", "moon", "brick", "grass", "gravel")
_FOLDERS = (
    "dreambooth/*.jpg",
    "compose/*.jpg",
    "reference/*.jp*g",
    "matting/lemur.png",
    "examples/*.jpg",
    "gt/rm-*-[fr]*_in.png",
)
_NOT_PHOTOS = {"handwriting", "mona_lisa_extended", "road_teddy", "rm-text-rocket_in"}
_STRENGTH, _AMOUNT = 0.5, 0.5
_UNCHANGED_DE = 0.3


def photos(bench: Path, more: Path | None, side_px: int) -> dict[str, Pixels]:
    """Photos by name, at most so large."""
    found = {name: np.asarray(getattr(data, name)()[..., :3]) for name in _OWN}
    found |= {name: np.repeat(np.asarray(getattr(data, name)())[..., None], 3, axis=2) for name in _GRAY}
    files = [path for pattern in _FOLDERS for path in sorted((bench / "images").glob(pattern))]
    files += sorted(path for path in more.iterdir() if path.suffix in {".jpg", ".png"}) if more else []
    for path in files:
        if path.stem not in _NOT_PHOTOS:
            found[path.stem] = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR))[..., ::-1]
    return {name: _at_most(image, side_px) for name, image in found.items()}


def _at_most(image: Pixels, side_px: int) -> Pixels:
    scale = min(1.0, side_px / max(image.shape[:2]))
    return np.asarray(
        cv2.resize(np.ascontiguousarray(image), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


def _light(image: Pixels) -> LinearRGB:
    return to_linear(EncodedRGB(np.ascontiguousarray(image)))


def _shown(light: npt.NDArray[Any]) -> Pixels:
    return np.asarray(to_encoded(LinearRGB(np.asarray(light, np.float32))))


def exposed(image: Pixels, *, stops: float) -> Pixels:
    """More or less light; highlights clip."""
    return _shown(_light(image) * 2.0**stops)


def cast(image: Pixels, *, temperature_k: float) -> Pixels:
    """As a camera set to 6500 K would take it in other light."""
    return _shown(cv2.transform(_light(image), adaptation(NEUTRAL, light_of(temperature_k))))


def flat(image: Pixels) -> Pixels:
    """40 % less contrast about middle gray, encoded."""
    return np.rint(127.5 + (image - 127.5) * 0.6).astype(np.uint8)


def pale(image: Pixels) -> Pixels:
    """40 % less chroma in Oklab."""
    lab = np.asarray(to_oklab(_light(image))).copy()
    lab[..., 1:] *= 0.6
    return _shown(from_oklab(OklabImage(lab)))


def hazed(image: Pixels) -> Pixels:
    """Behind a bluish haze that thickens upwards, half of all light at the top."""
    clear = (1 - 0.5 * np.linspace(1, 0.45, image.shape[0]))[:, None, None]
    return _shown(_light(image) * clear + np.array([0.80, 0.82, 0.85]) * (1 - clear))


def mixed(image: Pixels, *, name: str) -> Pixels:
    """A little of several mistakes, as happens; the same ones for the same name."""
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    image = exposed(image, stops=draw.uniform(-1.2, 0.6))
    image = cast(image, temperature_k=1e6 / (1e6 / 6500 + draw.uniform(-30, 45)))
    grayer = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    image = np.rint(image + (grayer - image) * draw.uniform(0, 0.35)).astype(np.uint8)
    return np.rint(127.5 + (image - 127.5) * draw.uniform(0.7, 1.0)).astype(np.uint8)


def _autocontrast(image: Pixels) -> Pixels:
    return np.asarray(ImageOps.autocontrast(Image.fromarray(image)))


def _enhanced(image: Pixels) -> Pixels:
    return np.asarray(auto_enhance(EncodedRGB(image), strength=_STRENGTH)[0])


def _balanced(image: Pixels) -> Pixels:
    return np.asarray(white_balance(EncodedRGB(image)))


def _cleared(image: Pixels) -> Pixels:
    return np.asarray(dehaze(EncodedRGB(image), amount=_AMOUNT))


def _steeper(image: Pixels) -> Pixels:
    values = tone.adjust_contrast(image.astype(np.float32) / np.float32(255), amount=0.4)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _stronger(image: Pixels) -> Pixels:
    return _shown(hue.adjust_saturation(_light(image), amount=0.6))


DEGRADED: Mapping[str, tuple[Edit, str, Edit]] = {
    "−1.5 EV": (partial(exposed, stops=-1.5), "adjust_exposure +1.5", partial(exposed, stops=1.5)),
    "+1.5 EV": (partial(exposed, stops=1.5), "adjust_exposure −1.5", partial(exposed, stops=-1.5)),
    "5000 K": (partial(cast, temperature_k=5000), "white_balance auto", _balanced),
    "8000 K": (partial(cast, temperature_k=8000), "white_balance auto", _balanced),
    "contrast −40 %": (flat, "adjust_contrast +0.4", _steeper),
    "saturation −40 %": (pale, "adjust_saturation +0.6", _stronger),
    "haze": (hazed, "dehaze 0.5", _cleared),
}
"""By name: what harms, the op made for it, and that op."""


def difference(one: Pixels, other: Pixels) -> float:
    """Mean CIE dE 2000."""
    return float(deltaE_ciede2000(rgb2lab(one), rgb2lab(other)).mean())


def clipped(image: Pixels) -> float:
    """Share of the pixels that have a channel at either end."""
    return float(((image == 0) | (image == 255)).any(axis=2).mean())


def skin_turn_deg(before: Pixels, after: Pixels) -> float | None:
    """How far the mean CIELAB hue of what may be skin turns; None where there is none."""
    lab = to_oklab(_light(before))
    hue_deg, chroma = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])), np.hypot(lab[..., 1], lab[..., 2])
    skin = (hue_deg > 35) & (hue_deg < 70) & (chroma > 0.035) & (chroma < 0.13) & (lab[..., 0] > 0.4)
    if float(skin.mean()) < 0.01:
        return None
    hues = [rgb2lab(image)[skin].mean(axis=0) for image in (before, after)]
    first, second = (np.degrees(np.arctan2(mean[2], mean[1])) for mean in hues)
    return float(abs(second - first))


def worsened(images: Mapping[str, Pixels]) -> dict[str, dict[str, Pixels]]:
    """The photos by degradation and name."""
    by_harm = {harm: {name: change(image) for name, image in images.items()} for harm, (change, *_) in DEGRADED.items()}
    return by_harm | {"mixed": {name: mixed(image, name=name) for name, image in images.items()}}


def in_other_half(name: str) -> bool:
    """Which half a photo falls into."""
    return zlib.crc32(name.encode()) % 2 == 1


def safety(images: Mapping[str, Pixels], worse: Mapping[str, Mapping[str, Pixels]]) -> dict[str, Any]:
    """What auto_enhance does to photos that need nothing, and how much more it clips of any."""
    after = {name: _enhanced(image) for name, image in images.items()}
    moved = {name: difference(images[name], after[name]) for name in images}
    turned = {name: skin_turn_deg(images[name], after[name]) or 0.0 for name in images}
    grown = [clipped(after[name]) - clipped(images[name]) for name in images]
    grown += [clipped(_enhanced(image)) - clipped(image) for of_harm in worse.values() for image in of_harm.values()]
    furthest = max(moved, key=lambda name: moved[name])
    return {
        "photos": len(images),
        "edits": len(grown),
        "good photo moves, mean dE": round(float(np.mean(list(moved.values()))), 2),
        "one half": round(float(np.mean([moved[name] for name in images if not in_other_half(name)])), 2),
        "other half": round(float(np.mean([moved[name] for name in images if in_other_half(name)])), 2),
        "by 3 or more": sum(value >= 3 for value in moved.values()),
        "at most": {furthest: round(moved[furthest], 2)},
        "clipping grows by at most %": round(100 * max(grown), 2),
        "by > 0.5 %": sum(value > 0.005 for value in grown),
        "skin turns by at most deg": round(max(turned.values()), 1),
        "by > 4 deg": [name for name, value in turned.items() if value > 4],
    }


def recovery(images: Mapping[str, Pixels], worse: Mapping[str, Mapping[str, Pixels]]) -> Iterator[dict[str, Any]]:
    """One row a degradation."""
    other = np.array([in_other_half(name) for name in images])
    for harm, degraded in worse.items():

        def left(edit: Edit, degraded: Mapping[str, Pixels] = degraded) -> Measures:
            return np.array([difference(images[name], edit(image)) for name, image in degraded.items()])

        before, enhanced = left(lambda image: image), left(_enhanced)
        changed = before > _UNCHANGED_DE

        row = {
            "degradation": harm,
            "photos": int(changed.sum()),
            "dE": round(float(before[changed].mean()), 2),
            "auto_enhance undoes %": _undone(before, enhanced, changed),
            "one half": _undone(before, enhanced, changed & ~other),
            "other half": _undone(before, enhanced, changed & other),
            "worse by > 0.5": int((enhanced > before + 0.5).sum()),
            "autocontrast undoes %": _undone(before, left(_autocontrast), changed),
        }
        if harm in DEGRADED:
            _, op, undo = DEGRADED[harm]
            row |= {"op": op, "it undoes %": _undone(before, left(undo), changed)}
        yield row


def _undone(before: Measures, after: Measures, where: npt.NDArray[np.bool_]) -> int:
    return round(100 * float(1 - after[where].mean() / before[where].mean()))


def pairs(bench: Path) -> Iterator[dict[str, Any]]:
    """The bench's pairs for low light and black and white."""
    ops: Mapping[str, Edit] = {
        "gt-lowlight-coffee": lambda image: np.asarray(brighten_low_light(EncodedRGB(image), strength=_STRENGTH)),
        "gt-bw-coffee": lambda image: np.asarray(tone.black_and_white(EncodedRGB(image))),
    }
    lines = (bench / "pairs.jsonl").read_text("utf-8").splitlines() if (bench / "pairs.jsonl").exists() else []
    for pair in map(json.loads, lines):
        if pair["id"] in ops:
            given, truth = (np.asarray(cv2.imread(str(bench / pair[key])))[..., ::-1] for key in ("image", "target"))
            error = (ops[pair["id"]](np.ascontiguousarray(given)).astype(float) - truth) ** 2
            yield {
                "pair": pair["id"],
                "psnr_db": round(float(10 * np.log10(255**2 / max(error.mean(), 1e-6))), 2),
                "baseline_db": pair["baseline"].get("classical", pair["baseline"]["do_nothing"])["psnr"],
            }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=_BENCH)
    parser.add_argument("--more", type=Path, help="a folder of further photos")
    parser.add_argument("--side", type=int, default=360)
    options = parser.parse_args()
    images = photos(options.bench, options.more, options.side)
    worse = worsened(images)
    print(json.dumps(safety(images, worse), ensure_ascii=False))
    for row in (*recovery(images, worse), *pairs(options.bench)):
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
