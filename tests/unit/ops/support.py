"""What an op is handed, built without an engine."""

import numpy as np

from cavendish.domain.plan import Step
from cavendish.imaging.image import Image
from cavendish.ops.base import OpInput
from cavendish.ops.catalog import catalog
from cavendish.pixels.composite import Patch, apply_patch
from cavendish.pixels.region import Region


def given(name, image, *, parameters=None, placement="", stated=(), size=None, target="", other_index=1, **resolved):
    """An `OpInput` with the catalog's defaults filled in."""
    row = catalog()[name]
    amounts = row.fill_in(parameters or {}, param="parameters")
    step = Step(name, row.family, target=target, image=other_index, placement=placement, stated=stated)
    return OpInput(image=image, size=size or image.size, step=step, parameters=amounts, **resolved)


def run(name, image, **options):
    """The op's patch or canvas."""
    return catalog()[name].load().apply(given(name, image, **options))


def edited(name, image, **options):
    """The picture after a patch op."""
    patch = run(name, image, **options)
    assert isinstance(patch, Patch)
    return apply_patch(image, patch)


def noise(width=32, height=24, channels=3, seed=0):
    """A picture in which every pixel differs."""
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8))


def disc(width, height, *, center=(0.5, 0.5), radius=0.25, soft_px=1.5):
    """A round region with a soft rim; the radius is a fraction of the height."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    distance = np.hypot(x - center[0] * width, y - center[1] * height)
    return Region(np.clip((radius * height - distance) / soft_px + 0.5, 0, 1).astype(np.float32))
