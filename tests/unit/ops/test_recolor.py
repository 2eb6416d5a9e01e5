import numpy as np
import pytest

from cavendish.domain.plan import Step
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.ops.base import OpInput
from cavendish.ops.catalog import catalog
from cavendish.pixels.composite import apply_patch
from cavendish.pixels.region import Region

from . import support
from .support import disc, edited


def run(pixels, region, color="#E02020"):
    row = catalog()["recolor"]
    image = Image(pixels)
    parameters = row.fill_in({"color": color}, param="p")
    given = OpInput(image, image.size, Step("recolor", "recolor"), parameters, region=region)
    return apply_patch(image, row.load().apply(given)).pixels


def green():
    return np.full((60, 80, 3), (60, 160, 70), np.uint8) + np.random.default_rng(0).integers(
        0, 5, (60, 80, 1), np.uint8
    )


def left_half():
    alpha = np.zeros((60, 80), np.float32)
    alpha[:, :40] = 1
    return Region(alpha)


def test_the_region_gets_the_color_and_the_rest_stays():
    before = green()
    after = run(before, left_half())
    assert np.array_equal(after[:, 40:], before[:, 40:])
    red, other, blue = after[:, :38].reshape(-1, 3).mean(axis=0)
    assert red > 180
    assert max(other, blue) < 90


def test_the_transparency_of_a_cut_out_stays():
    alpha = np.random.default_rng(1).integers(0, 256, (60, 80, 1), np.uint8)
    before = np.concatenate([green(), alpha], axis=2)
    assert np.array_equal(run(before, left_half())[..., 3], before[..., 3])


def test_without_a_thing_there_is_nothing_to_recolor():
    with pytest.raises(UnsupportedEdit, match="what to recolor"):
        run(green(), None)


# --- exchanged colors, parts of people, materials ---


def two_balls():
    """A red and a blue ball with texture on gray, and where they are."""
    random = np.random.default_rng(3)
    pixels = np.full((160, 320, 3), 190.0)
    balls = [disc(320, 160, center=center, radius=0.3) for center in ((0.25, 0.5), (0.75, 0.5))]
    shade = 1 + 0.08 * random.standard_normal((160, 320, 1))
    for ball, color in zip(balls, ((200, 40, 45), (40, 70, 200)), strict=True):
        alpha = ball.alpha[..., None]
        pixels = pixels * (1 - alpha) + np.array(color) * shade * alpha
    return Image(np.rint(pixels).clip(0, 255).astype(np.uint8)), balls


def test_two_things_exchange_their_colors_and_keep_their_texture():
    image, (red, blue) = two_balls()
    after = edited("swap_colors", image, parts=(red, blue)).rgb.astype(int)
    for mine, other in ((red, blue), (blue, red)):
        inside, there = mine.alpha == 1, other.alpha == 1
        assert np.abs(after[inside].mean(axis=0) - image.rgb[there].mean(axis=0)).max() < 14
        own, new = (pixels[inside].mean(axis=1) for pixels in (image.rgb.astype(int), after))
        assert np.corrcoef(own, new)[0, 1] > 0.8
    outside = (red.alpha == 0) & (blue.alpha == 0)
    assert np.array_equal(after[outside], image.rgb[outside])


def test_one_thing_cannot_exchange_colors_with_itself():
    image, (red, _) = two_balls()
    with pytest.raises(UnsupportedEdit, match="could not be told apart"):
        support.run("swap_colors", image, parts=(red, red))


def test_parts_of_people_stay_within_what_can_be():
    """Lips take the hue that is asked for, but stay about as light as they were and less colorful than paint."""
    pixels = np.full((80, 120, 3), (150, 90, 90), np.uint8)
    region = disc(120, 80, radius=0.3)
    asked = {"color": "#FF0000"}
    painted = edited("recolor", Image(pixels), region=region, parameters=asked).rgb[40, 60].astype(int)
    made_up = edited("recolor_lips", Image(pixels), region=region, parameters=asked).rgb[40, 60].astype(int)
    assert made_up[0] > made_up[1] + 50
    assert abs(made_up.mean() - 110) < abs(painted.mean() - 110) + 25
    assert np.ptp(made_up) < np.ptp(painted)


@pytest.mark.parametrize(
    ("name", "part"), [("recolor_hair", "hair"), ("recolor_eyes", "irises"), ("recolor_lips", "lips")]
)
def test_parts_of_people_are_found_whatever_is_named(name, part):
    assert catalog()[name].load().acts_on == part
    with pytest.raises(UnsupportedEdit, match="which color"):
        support.run(name, Image(np.full((40, 60, 3), 128, np.uint8)), region=disc(60, 40))


def test_materials_become_lighter_or_darker_by_their_strength():
    image, (red, _) = two_balls()
    inside = red.alpha == 1

    def lightness(name, strength):
        return edited(name, image, region=red, parameters={"strength": strength}).rgb[inside].mean()

    before = image.rgb[inside].mean()
    assert before < lightness("lighten_material", 0.5) < lightness("lighten_material", 1.0)
    assert before > lightness("darken_material", 0.5) > lightness("darken_material", 1.0)
    assert lightness("lighten_material", 1.0) > 215
    assert lightness("darken_material", 1.0) < 50
