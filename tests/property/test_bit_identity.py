"""What an edit may not touch stays bit-identical: every op of the table that returns a patch is held to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cavendish.domain.context import EditContext
from cavendish.domain.plan import EditPlan, Status, Step
from cavendish.domain.queries import RegionQuery
from cavendish.domain.request import EditRequest
from cavendish.engines.base import EngineInput, Workers
from cavendish.engines.embedded import EmbeddedEngine
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.ops.base import Need, OpInput
from cavendish.ops.catalog import catalog
from cavendish.pixels.composite import apply_patch
from cavendish.pixels.region import Region
from cavendish.regions.networks import Networks
from cavendish.regions.resolve import RegionResolver
from tests.support.networks import RednessNetwork
from tests.support.pictures import ball

LETTERING = {"remove_text", "remove_watermark", "remove_date_stamp"}
REMOVING = {"remove_object", "remove_person", "remove_everything_except", *LETTERING}
MOVING = {"move_object", "scale_object", "mirror_object", "rotate_object", "duplicate_object"}
PARTS = {"recolor_hair", "recolor_eyes", "recolor_lips"}
"""They act on a part of a person."""
ONLY_THINGS = {
    *("recolor", "lighten_material", "darken_material", "censor_region", "remove_shadow", "place_on_surface"),
    *(REMOVING | MOVING | PARTS),
}
"""They say nothing of a whole picture."""
REDRAWING = {"upscale", "side_by_side", "collage", "stitch_panorama", "passport_sheet"}
"""They draw the picture on another grid."""
BEYOND = REMOVING | MOVING | {"place_on_surface", "zoom_blur", "censor_region"}
"""What they do to a region shows around it: its rim is filled, it is moved, a bar lies over it."""
PATCHING = [
    row for row in catalog().values() if row.available and not row.load().moves_pixels and row.name not in REDRAWING
]
REGIONAL = [row for row in PATCHING if Need.MASK in row.load().needs]
WITHIN = [row for row in REGIONAL if row.name not in BEYOND]
SAID = {
    "selective_color": {"color": "#E02020", "lightness": -0.5},
    "tint": {"color": "#2E9E3F"},
    "recolor": {"color": "#E02020"},
    "move_object": {"dx": 0.1},
    **{name: {"color": "#E02020"} for name in sorted(PARTS)},
}
"""What a sentence must say for the op to mean anything."""
NOT_EVERYWHERE = {"selective_color"}
"""They change some colors of a region only."""
GUARDED = {"sharpen", "adjust_texture"}
"""They leave alone what is smooth or only noise."""
MAY_FIND_NOTHING = {
    *("remove_scratches", "remove_blemishes", "remove_wires", "swap_colors", "swap_objects", "replace_sky"),
    *("remove_passers_by", "fuse_exposures", "stack_focus"),
    *(ONLY_THINGS | {"place_sticker"}),
}
OPAQUE_AFTERWARDS = {"background_color", "replace_background", "background_gradient", "backdrop", "extract_subject"}
"""They also make a transparent picture opaque, which is what they are for."""
SPARING = {"adjust_highlights", "adjust_shadows", "local_contrast", "brighten_backlit", "white_balance"}
"""They change what asks for it, and may leave most of a region as it is."""


@st.composite
def pictures(draw, channels=None):
    """Noise, or a smooth ramp, from 1×1 up, with or without transparency."""
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    planes = channels or draw(st.sampled_from([3, 4]))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    if draw(st.booleans()):
        return Image(random.integers(0, 256, (height, width, planes), np.uint8))
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([x * 6 + y, y * 6, 255 - x * 3, 255 - y * 5][:planes], -1)
    return Image(np.clip(ramp, 0, 255).astype(np.uint8))


@st.composite
def regions(draw, size):
    """Hard or soft, round or speckled, sometimes empty, sometimes everything."""
    width, height = size
    kind = draw(st.sampled_from(["disc", "soft disc", "speckles", "faint", "nothing", "everything"]))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    far = np.hypot(x - draw(st.floats(0, width)), y - draw(st.floats(0, height)))
    radius = draw(st.floats(1, 30))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    alphas = {
        "disc": far < radius,
        "soft disc": np.clip((radius - far) / 4, 0, 1),
        "speckles": random.integers(0, 2, (height, width)),
        "faint": random.random((height, width)) / 300,
        "nothing": np.zeros((height, width)),
        "everything": np.ones((height, width)),
    }
    return Region(alphas[kind].astype(np.float32))


@st.composite
def inputs(draw, row):
    """Whatever the op declared it needs, at random."""
    image = draw(pictures())
    needs = row.load().needs
    other = draw(pictures()) if Need.OTHER_IMAGE in needs else None
    amounts = {
        name: draw(st.integers(int(spec.low), int(spec.high)) if spec.whole else st.floats(spec.low, spec.high))
        for name, spec in row.parameters.items()
        if spec.kind == "number" and draw(st.booleans())
    }
    other_foreground = None
    if Need.OTHER_FOREGROUND in needs:
        assert other is not None
        other_foreground = Region(np.ones(other.rgb.shape[:2], np.float32) * np.float32(0.9))
    return OpInput(
        image=image,
        size=image.size,
        step=Step(row.name, row.family, image=1),
        parameters=row.fill_in(amounts | SAID.get(row.name, {}), param="p"),
        region=draw(_region(row, image.size)) if row in REGIONAL else None,
        foreground=draw(regions(image.size)) if Need.FOREGROUND in needs else None,
        company=draw(regions(image.size)).alpha if Need.COMPANY in needs else None,
        shadow=draw(regions(image.size)).alpha if Need.SHADOW in needs else None,
        skin=draw(regions(image.size)) if Need.SKIN in needs else None,
        sky=draw(regions(image.size)) if Need.SKY in needs else None,
        parts=(draw(regions(image.size)), draw(regions(image.size))) if Need.PARTS in needs else (),
        others=(draw(pictures()),) if Need.ALL_IMAGES in needs else (),
        other=other,
        other_foreground=other_foreground,
    )


def _region(row, size):
    return regions(size) if row.name in ONLY_THINGS else st.none() | regions(size)


def pastel():
    """Another picture, of other colors."""
    return Image(np.random.default_rng(1).integers(120, 230, (20, 30, 3), np.uint8))


@pytest.mark.parametrize("row", PATCHING, ids=lambda row: row.name)
@settings(max_examples=15)
@given(st.data())
def test_outside_its_patch_an_op_changes_nothing(row, data):
    given_input = data.draw(inputs(row))
    before = given_input.image.pixels.copy()
    try:
        patch = row.load().apply(given_input)
    except UnsupportedEdit:
        assert row.name in MAY_FIND_NOTHING
        return
    after = apply_patch(given_input.image, patch).pixels
    assert after.shape[:2] == before.shape[:2]
    assert np.array_equal(given_input.image.pixels, before), "the source itself is never written to"
    left, top, right, bottom = patch.box
    outside = np.ones(before.shape[:2], bool)
    outside[top:bottom, left:right] = patch.alpha == 0
    assert np.array_equal(after[..., :3][outside], before[..., :3][outside])
    if patch.opacity is None:
        assert after.shape == before.shape
        assert np.array_equal(after[..., 3:], before[..., 3:])
    elif row.name not in OPAQUE_AFTERWARDS and before.shape[2] == 4:
        assert np.array_equal(after[..., 3][outside], before[..., 3][outside])


@pytest.mark.parametrize("row", WITHIN, ids=lambda row: row.name)
@settings(max_examples=12)
@given(st.data())
def test_outside_its_region_an_op_changes_nothing(row, data):
    """A patch's own alpha could lie; the region it was given cannot."""
    image = data.draw(pictures())
    region = data.draw(regions(image.size))
    parameters = row.fill_in(SAID.get(row.name, {}), param="p")
    other = pastel() if Need.OTHER_IMAGE in row.load().needs else None
    given_input = OpInput(image, image.size, Step(row.name, row.family), parameters, region=region, other=other)
    try:
        after = apply_patch(image, row.load().apply(given_input)).pixels
    except UnsupportedEdit:
        assert row.name in MAY_FIND_NOTHING
        return
    assert np.array_equal(after[region.alpha == 0], image.pixels[region.alpha == 0])


@pytest.mark.parametrize("name", ["remove_background", "background_color", "replace_background", "blur_background"])
@settings(max_examples=12)
@given(st.data())
def test_a_solid_foreground_is_never_touched(name, data):
    row = catalog()[name]
    image = data.draw(pictures(channels=3))
    foreground = data.draw(regions(image.size))
    parameters = row.fill_in({"match": 0} if name == "replace_background" else {}, param="p")
    step = Step(name, row.family, image=1)
    other = data.draw(pictures()) if name == "replace_background" else None
    given_input = OpInput(image, image.size, step, parameters, foreground=foreground, other=other)
    after = apply_patch(image, row.load().apply(given_input)).pixels
    solid = foreground.alpha == 1
    assert np.array_equal(after[solid, :3], image.pixels[solid])
    assert (after[solid, 3:] == 255).all()


@pytest.mark.parametrize("query", ["subject", "background"])
@pytest.mark.parametrize("row", [row for row in WITHIN if row.name not in PARTS], ids=lambda row: row.name)
def test_through_the_whole_engine_the_rest_is_identical_at_native_size(row, query):
    """Resolve, edit and composite as a request does, size `auto`: everything outside the found region is the source."""
    for center, radius in (((0.5, 0.5), 0.3), ((0.25, 0.6), 0.22), ((0.8, 0.4), 0.3)):
        pixels, _ = ball(211, 157, center=center, radius=radius)
        image = Image(pixels)
        network = RednessNetwork()
        parameters = SAID.get(row.name, {})
        step = Step(row.name, row.family, query, RegionQuery(query), parameters, image=1, span=row.name)
        engine = EmbeddedEngine(workers=Workers(1), networks=Networks(saliency=lambda network=network: network))
        request = EditRequest("google/gemini-2.5-flash-image-edit", "words", ("x",), 1, "auto")
        images = (image, pastel()) if Need.OTHER_IMAGE in row.load().needs else (image,)
        result = engine.edit_now(EngineInput(images, EditPlan((step,)), request), EditContext(1e12))
        assert [outcome.status for outcome in result.outcomes] == [Status.DONE]
        after = result.pictures[0]
        subject = RegionResolver(Networks(saliency=lambda network=network: network)).subject(image).alpha
        alpha = subject if query == "subject" else 1 - subject
        assert after.size == image.size
        assert np.array_equal(after.pixels[alpha == 0], pixels[alpha == 0])
        if row.name not in NOT_EVERYWHERE | SPARING:
            least = 0.05 if row.name in GUARDED else 0.5
            assert (after.pixels[alpha == 1] != pixels[alpha == 1]).any(axis=1).mean() > least
