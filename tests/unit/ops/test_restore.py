"""Blur, size, compression, fading and pages: against truths that are drawn, with fakes, and with real weights."""

import cv2
import numpy as np
import pytest
from PIL import Image as Picture
from skimage import data

from cavendish.errors import ParameterOutOfRange, UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.imaging.image import Image
from cavendish.ops import restore
from cavendish.pixels.blur_level import blur_level
from cavendish.pixels.composite import Redrawn
from cavendish.pixels.jpeg_grid import jpeg_grid
from cavendish.pixels.restorers import PLAIN_NOTE, Restorers
from cavendish.pixels.tiles import around, enlarge, tiles
from cavendish.weights.runtimes import open_ncnn, open_torch_chain
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder

from .support import disc, edited, noise, run


def photo():
    return np.ascontiguousarray(data.astronaut()[:256, 100:356])


def psnr(a, b):
    return 10 * np.log10(255**2 / ((a.astype(float) - b) ** 2).mean())


def compressed(pixels, quality):
    coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def real(name, open_network=open_torch_chain):
    folder = weight_folder(name)
    if folder is None:
        pytest.skip("weights are not installed")
    return WeightStore(folder).session(name, lambda path: open_network(path, threads=2)).run


def real_enlarger(name):
    folder = weight_folder(f"{name}.bin")
    if folder is None:
        pytest.skip("weights are not installed")
    store = WeightStore(folder)
    return open_ncnn(store.locate(f"{name}.bin"), graph=store.locate(f"{name}.param")).run


def repeating(factor):
    """A network that repeats every pixel."""
    return lambda tensor: tensor.repeat(factor, axis=2).repeat(factor, axis=3)


STRENGTHS = ["deblur", "remove_jpeg_artifacts", "repair_old_photo", "restore_fading"]


@pytest.mark.parametrize("name", STRENGTHS)
def test_strength_0_changes_nothing(name):
    picture = Image(photo())
    assert np.array_equal(edited(name, picture, parameters={"strength": 0.0}).pixels, picture.pixels)


@pytest.mark.parametrize("function", [restore.deblur, restore.remove_jpeg_artifacts, restore.repair_old_photo])
def test_strengths_outside_their_range_are_refused_by_name(function):
    with pytest.raises(ParameterOutOfRange, match="strength"):
        function(noise(), Restorers(), strength=1.2)


def test_other_amounts_outside_their_range_are_refused_by_name():
    with pytest.raises(ParameterOutOfRange, match="strength"):
        restore.restore_fading(noise(), strength=-0.1)
    with pytest.raises(ParameterOutOfRange, match="scale"):
        restore.upscale(noise(), Restorers(), scale=5)


@pytest.mark.parametrize("name", [*STRENGTHS, "scan_document"])
def test_outside_the_region_nothing_changes(name):
    picture = Image(cv2.GaussianBlur(photo(), (0, 0), 1.5))
    region = disc(*picture.size)
    changed = (edited(name, picture, region=region).pixels != picture.pixels).any(axis=2)
    assert not changed[region.alpha == 0].any()
    assert changed.any()


# Blur


@pytest.mark.parametrize("sigma", [1.5, 3.0, 5.0])
def test_the_blur_that_was_put_in_is_found(sigma):
    """Within a third: the photograph's own softness adds to it, and its soft parts are passed over."""
    assert blur_level(EncodedRGB(cv2.GaussianBlur(photo(), (0, 0), sigma))) == pytest.approx(sigma, rel=0.35)


def test_what_is_sharp_or_empty_has_no_blur():
    assert blur_level(EncodedRGB(photo())) < 0.6
    assert blur_level(EncodedRGB(np.full((40, 40, 3), 90, np.uint8))) == 0


@pytest.mark.parametrize("sigma", [1.5, 4.0])
@pytest.mark.parametrize("quality", [None, 85])
def test_deblurring_brings_the_picture_nearer_even_without_weights(sigma, quality):
    blurred = cv2.GaussianBlur(photo(), (0, 0), sigma)
    given = blurred if quality is None else compressed(blurred, quality)
    assert psnr(edited("deblur", Image(given)).rgb, photo()) > psnr(given, photo()) + 0.5


def test_a_sharp_picture_is_left_nearly_alone_and_that_is_said():
    patch = run("deblur", Image(photo()))
    assert "hardly blurred" in patch.note
    assert psnr(patch.pixels, photo()) > 28


def test_imagined_detail_is_used_where_it_agrees_and_less_on_details():
    blurred = cv2.GaussianBlur(photo(), (0, 0), 4)

    def lying(tensor):
        return repeating(4)(1 - tensor)

    restorers = Restorers(denoiser=lambda: lambda tensor: tensor[:, :12], imaginer=lambda: lying)
    plain = edited("deblur", Image(blurred), restorers=Restorers(denoiser=restorers.denoiser)).rgb
    lied = run("deblur", Image(blurred), restorers=restorers)
    spared = run("deblur", Image(blurred), restorers=restorers, details=((0, 0, 256, 256),))
    assert "imagined" in lied.note
    assert psnr(spared.pixels, plain) > psnr(lied.pixels, plain) + 1


def test_the_real_denoiser_makes_deblurring_of_compressed_pictures_better():
    given = compressed(cv2.GaussianBlur(photo(), (0, 0), 2), 70)
    network = real("ffdnet_color.pth")
    with_network = edited("deblur", Image(given), restorers=Restorers(denoiser=lambda: network)).rgb
    assert psnr(with_network, photo()) > psnr(edited("deblur", Image(given)).rgb, photo()) + 0.3
    assert psnr(with_network, photo()) > psnr(given, photo()) + 1


# Size


@pytest.mark.parametrize(
    ("scale", "size"), [(1, (31, 23)), (1.5, (46, 34)), (2, (62, 46)), (3.3, (102, 76)), (4, (124, 92))]
)
def test_upscaling_gives_the_size_asked_for(scale, size):
    made = run("upscale", noise(31, 23), parameters={"scale": scale})
    assert isinstance(made, Redrawn)
    assert made.image.size == size


def test_upscaling_keeps_transparency_and_shrinks_back():
    pixels = np.dstack([cv2.GaussianBlur(photo(), (0, 0), 1), np.full((256, 256), 255, np.uint8)])
    pixels[:, :64, 3] = 0
    made = run("upscale", Image(pixels), parameters={"scale": 2}).image
    assert (made.alpha[:, :120] == 0).all()
    assert (made.alpha[:, 136:] == 255).all()
    back = cv2.resize(np.ascontiguousarray(made.rgb), (256, 256), interpolation=cv2.INTER_AREA)
    assert np.abs(back.astype(int) - pixels[..., :3]).mean() < 1


def test_beyond_the_cap_upscaling_is_refused_in_numbers():
    with pytest.raises(UnsupportedEdit, match=r"128 × 96 pixels; at most 10,000"):
        restore.upscale(noise(), Restorers(), scale=4, most_pixels=10_000)


def striped(tensor):
    """In place of Real-ESRGAN: columns that are gone when the picture is shrunk again."""
    columns = np.arange(4 * tensor.shape[3]) // 2 % 2
    drawn = np.zeros((1, 3, 4 * tensor.shape[2], columns.size), np.float32)
    return drawn + (0.1 + 0.3 * columns).astype(np.float32)


def test_generative_detail_is_said_and_blended_on_faces():
    plain = Image(np.full((64, 64, 3), 64, np.uint8))
    restorers = Restorers(doubler=lambda: repeating(2), imaginer=lambda: striped)
    asked = {"scale": 2, "mode": "generative"}
    made = run("upscale", plain, parameters=asked, restorers=restorers, details=((0, 0, 64, 24),))
    assert "imagined" in made.note
    face, elsewhere = made.image.rgb[:36].std(), made.image.rgb[70:].std()
    assert 0.3 * elsewhere < face <= 0.4 * elsewhere
    faithful = run("upscale", plain, restorers=restorers)
    assert faithful.note == ""
    assert np.array_equal(faithful.image.pixels, np.full((128, 128, 3), 64, np.uint8))


def test_generative_without_weights_says_that_nothing_was_imagined():
    made = run("upscale", noise(), parameters={"mode": "generative"})
    assert PLAIN_NOTE in made.note
    assert "no detail was imagined" in made.note


def test_the_real_networks_beat_lanczos():
    truth = photo()
    small = Image(np.asarray(Picture.fromarray(truth).resize((128, 128), Picture.Resampling.BICUBIC)))
    doubler = real_enlarger("spanx2_ch48")
    ours = run("upscale", small, restorers=Restorers(doubler=lambda: doubler)).image.rgb
    assert psnr(ours, truth) > psnr(run("upscale", small).image.rgb, truth) + 0.5
    quadrupler = real_enlarger("spanx4_ch48")
    larger = run("upscale", small, parameters={"scale": 3.0}, restorers=Restorers(quadrupler=lambda: quadrupler))
    assert larger.image.size == (384, 384)


def test_tiles_cover_everything_once_and_begin_on_even_pixels():
    for size in ((1, 1), (7, 3), (64, 64), (65, 200), (301, 77)):
        covered = np.zeros(size[::-1], int)
        for left, top, right, bottom in tiles(size, side_px=32):
            covered[top:bottom, left:right] += 1
            assert left % 2 == top % 2 == 0
            assert max(right - left, bottom - top) <= 34
        assert (covered == 1).all()


def test_what_a_tile_sees_beyond_the_picture_is_mirrored():
    strip = np.arange(5, dtype=np.uint8)[None, :, None]
    assert around(strip, (0, 0, 5, 1), margin_px=2)[2, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 4, 3, 2]
    assert around(strip[:, :1], (0, 0, 1, 1), margin_px=1, even=True).shape == (4, 4, 1)


def test_enlarging_by_tiles_is_seamless():
    picture = noise(150, 90).pixels
    whole = picture.repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(enlarge(picture, repeating(2), factor=2, side_px=40, margin_px=6), whole)


# Compression


@pytest.mark.parametrize(("quality", "quantum"), [(10, 60), (30, 20), (50, 12), (75, 6)])
def test_the_grid_and_the_quantum_of_a_jpeg_are_read_from_its_pixels(quality, quantum):
    cut = EncodedRGB(compressed(photo(), quality)[3:, 5:])
    grid = jpeg_grid(cut)
    assert grid.origin == (3, 5)
    assert grid.quantum == pytest.approx(quantum, abs=1)
    assert grid.is_seen


def test_what_was_never_compressed_shows_no_grid():
    assert not jpeg_grid(EncodedRGB(photo())).is_seen
    assert not jpeg_grid(EncodedRGB(np.full((9, 9, 3), 7, np.uint8))).is_seen


@pytest.mark.parametrize("quality", [12, 30, 60])
def test_compression_is_undone_in_part(quality):
    given = compressed(photo(), quality)
    network = real("ffdnet_color.pth")
    restored = edited("remove_jpeg_artifacts", Image(given), restorers=Restorers(denoiser=lambda: network)).rgb
    assert psnr(restored, photo()) > psnr(given, photo()) + 0.5


# Fading, pages, old photographs


def faded(pixels):
    """Low contrast, a yellow cast, little color, as prints of the seventies have."""
    gray = pixels.mean(axis=2, keepdims=True)
    return np.rint(np.array([92, 78, 55]) + (0.5 * pixels + 0.5 * gray) * np.array([0.6, 0.56, 0.45])).astype(np.uint8)


def test_faded_colors_come_back():
    after = edited("restore_fading", Image(faded(photo()))).rgb
    assert psnr(after, photo()) > psnr(faded(photo()), photo()) + 3
    assert np.percentile(after, 1) < 30
    assert np.percentile(after, 99) > 225


def test_fading_grows_with_the_strength_and_keeps_gray_gray():
    gray = np.repeat(faded(photo())[..., :1], 3, axis=2)
    spreads = [edited("restore_fading", Image(gray), parameters={"strength": s}).rgb.std() for s in (0.0, 0.4, 1.0)]
    assert spreads == sorted(spreads)
    after = edited("restore_fading", Image(gray)).rgb
    assert np.array_equal(after[..., 0], after[..., 2])


def page():
    """Black and red writing on paper, and the same page photographed in uneven, warm light."""
    clean = np.full((300, 220, 3), 255, np.uint8)
    for line in range(9):
        ink = (190, 20, 30) if line == 4 else (20, 20, 25)
        cv2.putText(clean, "plain words", (18, 40 + 28 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2, cv2.LINE_AA)
    y, x = np.mgrid[:300, :220].astype(np.float32)
    light = (0.85 - 0.5 * x / 220 * (0.4 + 0.6 * y / 300))[..., None] * np.array([1, 0.95, 0.84])
    return clean, np.rint(clean * light).astype(np.uint8)


@pytest.mark.parametrize("mode", ["color", "gray", "black_and_white"])
def test_a_page_gets_white_paper_and_dark_ink_whatever_the_light(mode):
    clean, given = page()
    after = edited("scan_document", Image(given), parameters={"mode": mode}).rgb
    paper = cv2.erode((clean.min(axis=2) == 255).astype(np.uint8), np.ones((5, 5))) > 0
    ink = clean.max(axis=2) < 40
    assert np.percentile(after[paper], 1) >= 250
    assert np.percentile(after[ink], 90) <= 60
    red = (clean[..., 0] > 180) & (clean[..., 1] < 40)
    colored = after[red].astype(int)
    assert ((colored[:, 0] - colored[:, 1]).mean() > 100) == (mode == "color")
    if mode != "color":
        assert np.array_equal(after[..., 0], after[..., 1])
    if mode == "black_and_white":
        assert set(np.unique(after)) == {0, 255}


@pytest.mark.long
def test_an_old_photo_is_mended_and_unfaded_at_once():
    old = faded(photo())
    damaged = old.copy()
    cv2.line(damaged, (20, 10), (230, 200), (246, 244, 240), 3)
    mended = edited("repair_old_photo", Image(damaged)).rgb
    line = np.zeros(old.shape[:2], np.uint8)
    cv2.line(line, (20, 10), (230, 200), 1, 3)
    without = edited("repair_old_photo", Image(old)).rgb
    assert np.abs(mended[line > 0].astype(int) - without[line > 0]).mean() < 25
    assert mended.std() > 1.2 * old.std()
