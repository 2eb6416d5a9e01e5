"""Decoding: whatever kind of file comes in, an upright 8-bit sRGB picture comes out, or a clear refusal."""

import random
import struct

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from cavendish.domain.limits import DecodeSettings
from cavendish.errors import UnreadableImage
from cavendish.imaging.decode import decode_all, read_header
from tests.unit.imaging.files import chunk, decode, png, ramp, saved

CAPS = DecodeSettings()
FORMATS = ("PNG", "JPEG", "WEBP")
LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "JPEG": {"quality": 100, "subsampling": 0}}

# What must have been stored so that a viewer who follows the EXIF tag sees the picture upright (TIFF 6.0, tag 274).
STORED = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: lambda a: np.rot90(a, -1),
}


def quarters(width=48, height=32):
    """Four flat quarters of different colors; JPEG keeps flat 8×8 blocks within a few codes."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = 250, 20, 20
    pixels[: height // 2, width // 2 :] = 20, 240, 20
    pixels[height // 2 :, : width // 2] = 20, 20, 250
    pixels[height // 2 :, width // 2 :] = 240, 240, 30
    return pixels


def muted():
    """The same with colors so far inside every gamut that no conversion needs to compress them."""
    return (quarters() // 2 + 90).astype(np.uint8)


def with_swapped_primaries():
    """An ICC profile in which red light is what the file calls green, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(profile[128:132]), 12)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_come_out_upright(file_format, orientation):
    exif = PIL.Image.Exif()
    exif[274] = orientation
    data = saved(STORED[orientation](quarters()), file_format, exif=exif, **LOSSLESS[file_format])
    image = decode(data)
    assert image.size == (48, 32)
    difference = np.abs(image.pixels.astype(int) - quarters())
    assert difference.max() <= (4 if file_format == "JPEG" else 0)
    kept = PIL.Image.Exif()
    kept.load(image.metadata.exif)
    assert 274 not in kept


@pytest.mark.parametrize("orientation", [0, 9, 999])
def test_a_nonsense_orientation_is_ignored(orientation):
    exif = PIL.Image.Exif()
    exif[274] = orientation
    assert np.array_equal(decode(saved(ramp(), "PNG", exif=exif)).pixels, ramp())


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_lossless_color_is_exact(file_format):
    assert np.array_equal(decode(saved(ramp(), file_format, **LOSSLESS[file_format])).pixels, ramp())


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_transparency_is_kept_straight(file_format):
    alpha = np.arange(40 * 30, dtype=np.uint8).reshape(30, 40)
    pixels = np.dstack([ramp(), alpha])
    assert np.array_equal(decode(saved(pixels, file_format, **LOSSLESS[file_format])).pixels, pixels)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_an_alpha_plane_that_hides_nothing_is_dropped(file_format):
    pixels = np.dstack([ramp(), np.full((30, 40), 255, np.uint8)])
    image = decode(saved(pixels, file_format, **LOSSLESS[file_format]))
    assert image.alpha is None
    assert np.array_equal(image.pixels, ramp())


def test_one_faint_pixel_keeps_the_alpha_plane():
    pixels = np.dstack([ramp(), np.full((30, 40), 255, np.uint8)])
    pixels[7, 9, 3] = 254
    assert decode(saved(pixels, "PNG")).alpha is not None


def test_palette():
    indexed = PIL.Image.fromarray(quarters()).quantize(16)
    assert indexed.mode == "P"
    assert np.array_equal(decode(saved(indexed, "PNG")).pixels, np.asarray(indexed.convert("RGB")))


def test_palette_with_one_transparent_entry():
    indexed = PIL.Image.new("P", (4, 2))
    indexed.putpalette([255, 0, 0, 0, 0, 255])
    indexed.putdata([0, 1, 0, 1, 1, 1, 1, 1])
    image = decode(saved(indexed, "PNG", transparency=0))
    assert image.alpha is not None
    assert image.alpha.tolist() == [[0, 255, 0, 255], [255] * 4]
    assert image.pixels[0, 1].tolist() == [0, 0, 255, 255]


def test_palette_with_soft_transparency():
    indexed = PIL.Image.new("P", (3, 1))
    indexed.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    indexed.putdata([0, 1, 2])
    image = decode(saved(indexed, "PNG", transparency=bytes([0, 100, 255])))
    assert image.pixels[0].tolist() == [[255, 0, 0, 0], [0, 255, 0, 100], [0, 0, 255, 255]]


def test_a_transparent_color_without_an_alpha_plane():
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = 9, 8, 7
    image = decode(saved(pixels, "PNG", transparency=(9, 8, 7)))
    assert image.alpha is not None
    assert image.alpha.tolist() == [[0, 255], [255, 255]]


@pytest.mark.parametrize("file_format", FORMATS)
def test_gray(file_format):
    gray = ramp()[..., 0]
    image = decode(saved(gray, file_format, **LOSSLESS[file_format]))
    assert image.pixels.shape == (30, 40, 3)
    assert np.array_equal(image.pixels[..., 0], image.pixels[..., 2])
    assert np.abs(image.pixels[..., 1].astype(int) - gray).max() <= (4 if file_format == "JPEG" else 0)


def test_one_bit_is_black_and_white():
    bits = np.indices((9, 11)).sum(axis=0) % 2 == 0
    image = decode(saved(PIL.Image.fromarray(bits), "PNG"))
    assert np.array_equal(image.pixels[..., 0], bits * np.uint8(255))


def test_gray_with_alpha():
    planes = np.dstack([ramp()[..., 0], ramp()[..., 1]])
    image = decode(saved(PIL.Image.fromarray(planes, "LA"), "PNG"))
    assert np.array_equal(image.pixels[..., 0], planes[..., 0])
    assert np.array_equal(image.pixels[..., 3], planes[..., 1])


def test_sixteen_bit_gray_keeps_its_tones():
    values = (np.arange(256, dtype=np.uint16) * 257)[None].repeat(4, axis=0)
    image = decode(saved(PIL.Image.fromarray(values), "PNG"))
    assert np.array_equal(image.pixels[0, :, 1], np.arange(256))


@pytest.mark.parametrize(("color", "channels"), [(2, 3), (6, 4)])
def test_sixteen_bit_color_keeps_its_tones(color, channels):
    codes = np.arange(0, 250, 10, dtype=np.uint16)
    values = np.stack([codes, codes[::-1], codes, codes][:channels], -1) * 257
    image = decode(png(25, 1, depth=16, color=color, rows=[values.astype(">u2").tobytes()]))
    assert np.array_equal(image.pixels[0], (values // 257).astype(np.uint8))


def test_cmyk_jpeg():
    inks = PIL.Image.fromarray(quarters()).convert("CMYK")
    image = decode(saved(inks, "JPEG", quality=100, subsampling=0))
    assert np.abs(image.pixels.astype(int) - quarters()).max() <= 6


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_color_profile_is_applied(file_format):
    image = decode(saved(muted(), file_format, icc_profile=with_swapped_primaries(), **LOSSLESS[file_format]))
    assert np.abs(image.pixels.astype(int) - muted()[..., [1, 0, 2]]).max() <= 6


def test_a_color_profile_leaves_alpha_alone():
    alpha = np.arange(48 * 32, dtype=np.uint8).reshape(32, 48)
    data = saved(np.dstack([muted(), alpha]), "PNG", icc_profile=with_swapped_primaries())
    image = decode(data)
    assert np.array_equal(image.alpha, alpha)
    assert np.abs(image.rgb.astype(int) - muted()[..., [1, 0, 2]]).max() <= 2


def test_a_color_profile_and_a_transparent_color_both_count():
    pixels = muted()
    data = saved(pixels, "PNG", icc_profile=with_swapped_primaries(), transparency=tuple(pixels[0, 0].tolist()))
    image = decode(data)
    assert image.alpha is not None
    assert np.array_equal(image.alpha == 0, (pixels == pixels[0, 0]).all(axis=2))


def test_a_color_profile_applies_to_palettes():
    indexed = PIL.Image.fromarray(muted()).quantize(16)
    image = decode(saved(indexed, "PNG", icc_profile=with_swapped_primaries()))
    assert np.abs(image.pixels.astype(int) - muted()[..., [1, 0, 2]]).max() <= 6


def test_a_color_profile_survives_turning():
    exif = PIL.Image.Exif()
    exif[274] = 6
    image = decode(saved(STORED[6](muted()), "PNG", exif=exif, icc_profile=with_swapped_primaries()))
    assert np.abs(image.pixels.astype(int) - muted()[..., [1, 0, 2]]).max() <= 2


@pytest.mark.parametrize(
    "profile", [b"not a profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_a_profile_that_makes_no_sense_is_ignored(profile):
    assert np.array_equal(decode(saved(ramp(), "PNG", icc_profile=profile)).pixels, ramp())


def test_the_first_frame_of_an_animation_is_read():
    frames = [PIL.Image.fromarray(quarters()), PIL.Image.fromarray(np.zeros_like(quarters()))]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True, exact=True)
    assert np.array_equal(decode(data).pixels, quarters())


@pytest.mark.parametrize("file_format", FORMATS)
def test_one_pixel(file_format):
    assert decode(saved(np.full((1, 1, 3), 128, np.uint8), file_format)).size == (1, 1)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused_by_its_index(file_format, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = saved(noise, file_format)
    good = saved(ramp(), "PNG")
    with pytest.raises(UnreadableImage) as refused:
        decode_all([good, whole[: int(len(whole) * share)], good], CAPS)
    assert refused.value.param == "image_urls[1]"
    assert "image_urls[1]" in refused.value.public_message


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x04\0\0\0WEBP", b"<svg/>", b"\0" * 1000]
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(UnreadableImage) as refused:
        decode(data)
    assert refused.value.param == "image_urls[0]"


@pytest.mark.parametrize("file_format", ["PPM", "ICO", "TGA"])
def test_formats_that_are_not_announced_are_refused(file_format):
    with pytest.raises(UnreadableImage):
        decode(saved(ramp(), file_format))


@pytest.mark.parametrize("file_format", FORMATS)
def test_damage_never_escapes_as_another_error(file_format):
    """Cut or flip bytes anywhere: the file decodes or is refused, but nothing else is raised."""
    exif = PIL.Image.Exif()
    exif[274], exif[0x010F] = 6, "Cavendish"
    whole = saved(quarters(), file_format, exif=exif, icc_profile=with_swapped_primaries())
    chance = random.Random(file_format)
    refused = 0
    for _ in range(250):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        try:
            decode_all([bytes(data)], DecodeSettings(max_pixels=100_000))
        except UnreadableImage:
            refused += 1
    assert 20 < refused < 250


def test_the_header_is_checked_before_any_pixel_is_decoded():
    """A PNG of a few bytes that claims 2.5 gigapixels must cost nothing."""
    bomb = png(50_000, 50_000, depth=8, color=2, rows=[b"\0" * 10])
    with pytest.raises(
        UnreadableImage, match=r"image_urls\[0\] is 50000×50000, 2,500,000,000 pixels; at most 50,000,000"
    ):
        decode(bomb)


def test_a_jpeg_header_that_lies_is_refused():
    data = saved(ramp(), "JPEG")
    at = data.index(b"\xff\xc0") + 5
    with pytest.raises(UnreadableImage, match="65000×65000"):
        decode(data[:at] + struct.pack(">HH", 65000, 65000) + data[at + 4 :])


def test_caps_are_inclusive():
    data = saved(ramp(40, 30), "PNG")
    assert decode_all([data], DecodeSettings(max_pixels=1200, max_total_pixels=1200))
    with pytest.raises(UnreadableImage) as one:
        decode_all([data], DecodeSettings(max_pixels=1199))
    assert one.value.param == "image_urls[0]"
    with pytest.raises(UnreadableImage) as together:
        decode_all([data, data], DecodeSettings(max_pixels=1200, max_total_pixels=2399))
    assert together.value.param == "image_urls"
    assert "2,400" in together.value.public_message


def test_a_file_is_called_by_the_field_it_came_by():
    good, frames = saved(ramp(), "PNG"), [PIL.Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    names = ("image_urls[0]", "mask")
    with pytest.raises(UnreadableImage, match=r"^mask is not a picture") as refused:
        decode_all([good, b"no picture"], CAPS, names=names)
    assert refused.value.param == "mask"
    with pytest.raises(UnreadableImage, match=r"^image_urls\[0\] is not") as refused:
        decode_all([b"no picture", good], CAPS, names=names)
    assert refused.value.param == "image_urls[0]"
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_all([good, moving], CAPS, names=names)[1].metadata.notes == (
        "Only the first frame of mask was used.",
    )


def test_order_is_kept():
    files = [saved(np.full((2, 2, 3), code, np.uint8), "PNG") for code in (10, 20, 30)]
    assert [int(image.pixels[0, 0, 0]) for image in decode_all(files, CAPS)] == [10, 20, 30]


def test_a_header_says_format_and_stored_size():
    header = read_header(saved(ramp(), "WEBP"), CAPS, param="image")
    assert (header.format, header.size, header.pixels) == ("WEBP", (40, 30), 1200)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_gray_of_any_depth(depth):
    """The gray is named at the file's own depth (PNG, Third Edition, 11.3.1.1)."""
    count = 2**depth
    codes = np.arange(min(count, 16))
    bits = np.unpackbits(codes.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :].ravel()
    for key in (0, 1, int(codes[-1])):
        row = np.packbits(bits).tobytes()
        data = png(codes.size, 1, depth=depth, color=0, rows=[row], extra=chunk(b"tRNS", struct.pack(">H", key)))
        image = decode(data)
        assert image.pixels[0, :, 3].tolist() == [0 if code == key else 255 for code in codes]
        assert image.pixels[0, :, 0].tolist() == [code * 255 // (count - 1) for code in codes]


def test_a_transparent_gray_of_sixteen_bits_is_that_one_only():
    values = np.array([[1000, 1001, 1255, 65535, 0]], ">u2")
    data = png(5, 1, depth=16, color=0, rows=[values.tobytes()], extra=chunk(b"tRNS", struct.pack(">H", 1001)))
    image = decode(data)
    assert image.pixels[0, :, 3].tolist() == [255, 0, 255, 255, 255]
    assert image.pixels[0, :, 0].tolist() == [4, 4, 5, 255, 0]


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_transparent_color_of_sixteen_bits_is_that_one_only(orientation):
    values = np.array([[[1000, 2000, 3000], [1000, 2000, 3001], [1000, 2000, 3000 + 256], [65535, 0, 0]]], ">u2")
    exif = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 274, 3, 1, orientation, 0) + bytes(4)
    extra = chunk(b"tRNS", struct.pack(">HHH", 1000, 2000, 3001)) + chunk(b"eXIf", exif)
    image = decode(png(4, 1, depth=16, color=2, rows=[values.tobytes()], extra=extra))
    assert image.size == ((4, 1) if orientation == 1 else (1, 4))
    pixels = image.pixels.reshape(4, 4)
    assert pixels[:, 3].tolist() == [255, 0, 255, 255]
    assert np.abs(pixels[:, :3] - values[0] / 257).max() <= 1


def test_sixteen_bit_gray_with_alpha():
    values = np.random.default_rng(0).integers(0, 65536, (1, 40, 2)).astype(">u2")
    image = decode(png(40, 1, depth=16, color=4, rows=[values.tobytes()]))
    assert np.abs(image.pixels[0, :, [0, 1, 2, 3]].T - (values / 257)[0][:, [0, 0, 0, 1]]).max() <= 1


def test_exif_behind_the_pixels_counts():
    plain = saved(STORED[6](quarters()), "PNG")
    exif = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0) + bytes(4)
    assert np.array_equal(decode(plain[:-12] + chunk(b"eXIf", exif) + plain[-12:]).pixels, quarters())


@pytest.mark.parametrize("size", [(1, 300_000), (300_000, 1), (7, 70_000)])
def test_pictures_that_are_longer_than_a_tile(size):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert np.array_equal(decode(saved(pixels, "PNG")).pixels, pixels)


@pytest.mark.parametrize(
    ("stored", "least", "drafted"),
    [
        ((800, 800), (100, 100), (100, 100)),
        ((801, 801), (100, 100), (101, 101)),
        ((1600, 200), (200, 25), (200, 25)),
        ((1600, 200), (25, 200), (1600, 200)),  # upright as stored: its height is needed whole
        ((1000, 900), (150, 100), (250, 225)),
    ],
)
def test_the_total_counts_what_a_small_decode_really_gives(stored, least, drafted):
    data = saved(PIL.Image.new("RGB", stored), "JPEG")
    pixels = drafted[0] * drafted[1]
    (image,) = decode_all([data], DecodeSettings(max_total_pixels=pixels), enough=[least])
    assert image.size == drafted
    with pytest.raises(UnreadableImage) as refused:
        decode_all([data], DecodeSettings(max_total_pixels=pixels - 1), enough=[least])
    assert refused.value.param == "image_urls"


def test_a_small_decode_of_a_turned_picture_asks_for_the_turned_size():
    exif = PIL.Image.Exif()
    exif[274] = 6
    data = saved(PIL.Image.new("RGB", (1600, 200)), "JPEG", exif=exif)
    (image,) = decode_all([data], DecodeSettings(max_total_pixels=200 * 25), enough=[(25, 200)])
    assert image.size == (25, 200)
