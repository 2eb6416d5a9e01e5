"""Sharpness, texture, noise and grain: identities, guards, locality, and real weights where they are installed."""

import cv2
import numpy as np
import pytest
from skimage import data

from cavendish.errors import ParameterOutOfRange
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.ops import detail
from cavendish.ops.catalog import catalog
from cavendish.pixels.denoise import denoise
from cavendish.pixels.film_grain import film_grain
from cavendish.pixels.noise_level import NoiseLevel, noise_level
from cavendish.pixels.restorers import PLAIN_NOTE, Restorers
from cavendish.weights.runtimes import open_torch_chain
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

from .support import disc, edited, noise, run

NEUTRAL = {"sharpen": {"amount": 0.0}, "adjust_texture": {"amount": 0.0}, "denoise": {"strength": 0.0}}


def scene(width=192, height=128):
    """Ramps, a hard edge, a disc and stripes; no noise."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    gray = 60 + 40 * y / height + 90 * (x > width / 2) + 25 * np.sin(x / 2) * (y > height / 2)
    color = np.stack([gray, 0.9 * gray + 8, 0.7 * gray + 20], axis=2)
    cv2.circle(color, (width // 4, height // 4), 20, (200, 120, 60), -1, cv2.LINE_AA)
    return np.rint(np.clip(color, 0, 255)).astype(np.uint8)


def noisy(pixels, sigma, seed=1):
    drawn = np.random.default_rng(seed).normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + drawn), 0, 255).astype(np.uint8)


def psnr(a, b):
    return 10 * np.log10(255**2 / ((a.astype(float) - b) ** 2).mean())


@pytest.mark.parametrize("name", [*NEUTRAL, "add_grain"])
def test_the_neutral_amount_changes_nothing(name):
    picture = noise(61, 47)
    assert np.array_equal(edited(name, picture, parameters=NEUTRAL.get(name, {"amount": 0.0})).pixels, picture.pixels)


@pytest.mark.parametrize(
    ("function", "amounts", "name"),
    [
        (detail.sharpen, {"amount": 1.1}, "amount"),
        (detail.sharpen, {"amount": 0.5, "radius_px": 0.1}, "radius_px"),
        (detail.adjust_texture, {"amount": -1.1}, "amount"),
        (detail.add_grain, {"amount": -0.1}, "amount"),
        (detail.add_grain, {"amount": 0.1, "size": 2.0}, "size"),
    ],
)
def test_amounts_outside_their_range_are_refused_by_name(function, amounts, name):
    with pytest.raises(ParameterOutOfRange, match=name):
        function(noise(), **amounts)


def test_denoise_refuses_by_name():
    with pytest.raises(ParameterOutOfRange, match="strength"):
        detail.denoise(noise(), None, strength=1.5)


@pytest.mark.parametrize("name", ["sharpen", "adjust_texture", "denoise", "add_grain"])
def test_outside_the_region_nothing_changes(name):
    picture = Image(noisy(scene(), 6))
    region = disc(*picture.size)
    after = edited(name, picture, region=region)
    changed = (after.pixels != picture.pixels).any(axis=2)
    assert not changed[region.alpha == 0].any()
    assert changed[region.alpha == 1].mean() > 0.3


def test_denoising_a_region_cleans_it_as_denoising_everything_does():
    picture = Image(noisy(scene(), 8))
    region = disc(*picture.size, radius=0.2)
    part, whole = edited("denoise", picture, region=region), edited("denoise", picture)
    inside = region.alpha == 1
    assert np.abs(part.pixels[inside].astype(int) - whole.pixels[inside]).mean() < 1.5  # tiles end elsewhere


def test_sharpening_steepens_edges_and_grows_with_the_amount():
    soft = Image(cv2.GaussianBlur(scene(), (0, 0), 1.5))
    steep = [
        np.abs(np.diff(edited("sharpen", soft, parameters={"amount": a}).rgb[..., 1].astype(int), axis=1)).max()
        for a in (0.0, 0.3, 0.6, 1.0)
    ]
    assert steep == sorted(steep)
    assert steep[-1] > 1.2 * steep[0]


def test_sharpening_leaves_no_halo():
    """Beside an edge of 100 codes the tones may leave their range by 12 % and no more."""
    step = np.full((64, 64, 3), 70, np.uint8)
    step[:, 32:] = 170
    soft = cv2.GaussianBlur(step, (0, 0), 1.2)
    sharp = edited("sharpen", Image(soft), parameters={"amount": 1.0}).rgb
    assert sharp.min() >= 70 - 12 - 1
    assert sharp.max() <= 170 + 12 + 1


def test_sharpening_spares_noise():
    flat = Image(noisy(np.full((128, 128, 3), 120, np.uint8), 5))
    after = edited("sharpen", flat, parameters={"amount": 1.0})
    plain = flat.rgb + 2.4 * (flat.rgb - cv2.GaussianBlur(flat.rgb.astype(np.float32), (0, 0), 1.2))
    gained, unguarded = (np.std(pixels) - flat.rgb.std() for pixels in (after.rgb, plain))
    assert gained < 0.35 * unguarded


def test_sharpening_keeps_gray_gray():
    gray = Image(np.repeat(scene()[..., :1], 3, axis=2))
    after = edited("sharpen", gray).rgb
    assert np.array_equal(after[..., 0], after[..., 1])
    assert np.array_equal(after[..., 0], after[..., 2])


def test_texture_goes_both_ways_and_leaves_the_edge():
    picture = Image(scene(256, 128))
    stripes, edge = np.s_[80:120, 20:100], np.s_[4:28, 120:136]
    rough, calm = (edited("adjust_texture", picture, parameters={"amount": a}).rgb for a in (1.0, -1.0))
    assert calm[stripes].std() < 0.75 * picture.rgb[stripes].std() < 0.75 * rough[stripes].std()
    assert abs(float(calm[edge].std()) / float(picture.rgb[edge].std()) - 1) < 0.1


def test_results_do_not_depend_on_the_strips(monkeypatch):
    picture = Image(noisy(scene(), 3))
    names = {"sharpen": {"radius_px": 3.0}, "adjust_texture": {}, "add_grain": {"size": 1.0}}
    whole = {name: edited(name, picture, parameters=amounts).pixels for name, amounts in names.items()}
    monkeypatch.setattr("cavendish.pixels.strips.STRIP_ROWS", 16)
    monkeypatch.setattr("cavendish.pixels.strips._STRIP_AREA", 1)
    for name, amounts in names.items():
        assert np.array_equal(edited(name, picture, parameters=amounts).pixels, whole[name]), name


def test_the_noise_level_is_what_was_added():
    for sigma in (4.0, 12.0):
        level = noise_level(EncodedRGB(noisy(np.full((256, 256, 3), 128, np.uint8), sigma)))
        assert level.sigma == pytest.approx(sigma, rel=0.12)
        assert not level.is_blotched
    assert noise_level(EncodedRGB(scene())).sigma < 1
    assert noise_level(EncodedRGB(np.zeros((3, 5, 3), np.uint8))).sigma == 0


def test_noise_that_grows_with_brightness_is_seen_to():
    ramp = np.tile(np.linspace(20, 235, 512, dtype=np.float32)[None, :, None], (256, 1, 3))
    drawn = np.random.default_rng(0).normal(0, 1, ramp.shape) * (2 + 8 * ramp / 255)
    level = noise_level(EncodedRGB(np.clip(np.rint(ramp + drawn), 0, 255).astype(np.uint8)))
    assert level.curve[6] > 1.8 * level.curve[1]


def test_blotched_noise_is_told_from_independent_noise():
    drawn = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 30, (256, 256, 3)), (0, 0), 1.2)
    assert noise_level(EncodedRGB(np.rint(128 + drawn).astype(np.uint8))).is_blotched


def test_without_weights_denoising_is_plain_and_says_so():
    clean = scene()
    picture = Image(noisy(clean, 12))
    patch = run("denoise", picture)
    assert patch.note == PLAIN_NOTE
    assert psnr(patch.pixels, clean) > psnr(picture.rgb, clean) + 4


class Recorder:
    """In place of FFDNet: gives back what it is given, and remembers the noise it is told of."""

    def __init__(self):
        self.sigmas = []

    def __call__(self, tensor):
        self.sigmas.append(float(tensor[0, 12].mean()) * 255)
        return tensor[:, :12]


def test_the_network_gets_blocks_and_the_measured_noise():
    network = Recorder()
    gray = Image(np.repeat(noisy(scene(), 10)[..., :1], 3, axis=2)[:-1, :-1])  # odd sides
    patch = run("denoise", gray, parameters={"strength": 0.5}, restorers=Restorers(denoiser=lambda: network))
    assert patch.note == ""
    assert np.array_equal(patch.pixels, gray.rgb), "what the network leaves alone comes back in its place"
    assert np.median(network.sigmas) == pytest.approx(0.92 * 10, rel=0.15)


def test_a_stop_is_heeded_between_tiles():
    class Stop(Exception):
        pass

    def stop():
        raise Stop

    for name in ("sharpen", "adjust_texture", "denoise", "add_grain"):
        with pytest.raises(Stop):
            run(name, noise(), check=stop)


def test_the_real_network_beats_plain_denoising():
    folder = weight_folder("ffdnet_color.pth")
    if folder is None:
        pytest.skip("weights are not installed")
    network = WeightStore(folder).session("ffdnet_color.pth", lambda path: open_torch_chain(path, threads=2)).run
    clean = scene()
    picture = Image(noisy(clean, 20))
    ours = edited("denoise", picture, restorers=Restorers(denoiser=lambda: network)).rgb
    assert psnr(ours, clean) > psnr(edited("denoise", picture).rgb, clean) + 1
    assert psnr(ours, clean) > psnr(picture.rgb, clean) + 8


def test_grain_is_as_strong_as_said_and_strongest_in_middle_tones():
    tones = {tone: EncodedRGB(np.full((256, 256, 3), tone, np.uint8)) for tone in (10, 128, 245)}
    spread = {tone: film_grain(image, amount=0.5, size=0.3).astype(float).std() for tone, image in tones.items()}
    assert spread[128] == pytest.approx(9, rel=0.08)
    assert max(spread[10], spread[245]) < 0.6 * spread[128]


def test_grain_grows_coarser_with_its_size():
    def likeness(size):
        grain = film_grain(EncodedRGB(np.full((256, 256, 3), 128, np.uint8)), amount=0.6, size=size)[..., 0]
        centered = grain - grain.mean()
        return (centered[:, 1:] * centered[:, :-1]).mean() / (centered**2).mean()

    assert likeness(0.0) < 0.2 < likeness(0.5) < likeness(1.0)


def test_grain_is_the_same_for_equal_seeds_only():
    picture = Image(scene())
    first, again = (edited("add_grain", picture).pixels for _ in range(2))
    other = edited("add_grain", picture, random=np.random.default_rng(3)).pixels
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_of_the_family_is_built():
    assert all(row.available for row in catalog().values() if row.family == "detail")


def test_plain_denoising_leaves_a_picture_without_visible_noise():
    """Non-local means of three quarters of a code would cost it some five decibels."""
    cat = data.chelsea().astype(float)
    noisy = np.clip(np.rint(cat + np.random.default_rng(1).normal(0, 0.75, cat.shape)), 0, 255).astype(np.uint8)
    level = NoiseLevel(np.full(8, 0.75, np.float32), blotch=1.0)
    after = np.asarray(denoise(EncodedRGB(noisy), level, None)).astype(float)
    assert ((after - cat) ** 2).mean() < 1.1 * ((noisy - cat) ** 2).mean()
