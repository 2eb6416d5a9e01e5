"""Files that end early in good order: no decoder complains, and part of the picture would be made up."""

import time

import numpy as np
import PIL.Image
import pytest

from cavendish.domain.limits import DecodeSettings
from cavendish.errors import UnreadableImage
from cavendish.imaging.decode import decode_all
from tests.unit.imaging.files import chunk, decode, noise, png, ramp, saved

JPEGS = {
    "444": {"quality": 90, "subsampling": 0},
    "420": {"quality": 75},
    "gray": {},
    "cmyk": {},
    "restarts": {"restart_marker_blocks": 7},
    "progressive": {"progressive": True},
}
MODES = {"gray": "L", "cmyk": "CMYK"}


def jpeg(kind, width=150, height=101):
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x, y * 2, x + y], -1).astype(np.uint8) ^ noise(3, width, height) // 8
    return saved(PIL.Image.fromarray(pixels).convert(MODES.get(kind, "RGB")), "JPEG", **JPEGS[kind])


def cut(data, share):
    """The file with the last part of its coded picture left out, and its end marker put back.

    Of a progressive file at least the last scan goes: without a part of that only the finest shades are missing.
    """
    start, last = data.index(b"\xff\xda") + 14, data.rindex(b"\xff\xda")
    end = last if last > start else len(data)
    return data[: start + int((end - start) * share)].rstrip(b"\xff") + b"\xff\xd9"


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.95])
def test_a_jpeg_that_is_closed_early_is_refused(kind, share):
    with pytest.raises(UnreadableImage) as refused:
        decode(cut(jpeg(kind), share))
    assert refused.value.param == "image_urls[0]"


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_decoded_small_is_refused_as_well(kind):
    with pytest.raises(UnreadableImage):
        decode_all([cut(jpeg(kind, 640, 480), 0.7)], DecodeSettings(), enough=[(80, 60)])


def test_a_jpeg_of_implausibly_many_scans_is_refused_before_it_is_decoded():
    """Each scan of twelve bytes costs a pass over the picture: some kilobytes would take hours."""
    data = saved(PIL.Image.new("RGB", (7000, 7000)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    started = time.perf_counter()
    with pytest.raises(UnreadableImage):
        decode(data[:-2] + data[last : last + 12] * 20_000 + data[-2:])
    assert time.perf_counter() - started < 1


def in_scans_apart(pixels):
    """A sequential JPEG with a scan a component: the scans of three gray files under one frame header."""
    grays = [saved(pixels[..., k], "JPEG") for k in range(3)]
    frame, scan = grays[0].index(b"\xff\xc0"), grays[0].index(b"\xff\xda")
    size = grays[0][frame + 5 : frame + 9]
    header = b"\xff\xc0\0\x11\x08" + size + b"\3" + b"".join(bytes([k, 0x11, 0]) for k in (1, 2, 3))
    data = [bytes([0xFF, 0xDA, 0, 8, 1, k + 1, 0, 0, 63, 0]) + gray[scan + 10 : -2] for k, gray in enumerate(grays)]
    return grays[0][:frame] + header + grays[0][frame + 13 : scan] + b"".join(data) + b"\xff\xd9"


def test_a_jpeg_with_its_components_apart_is_whole_with_all_of_them():
    whole = in_scans_apart(noise(3, 64, 48) // 4 + 60)
    assert decode(whole).size == (64, 48)
    third = whole.rindex(b"\xff\xda")
    for end in (third - 300, third, third + 300, len(whole) - 300):
        with pytest.raises(UnreadableImage):
            decode(whole[:end].rstrip(b"\xff") + b"\xff\xd9")


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("size", [(150, 101), (16, 16), (17, 17), (1, 1), (33, 8)])
def test_what_cameras_write_around_the_picture_is_no_damage(kind, size):
    whole = jpeg(kind, *size)
    expected = decode(whole).pixels
    odd = {
        "garbage after the end": whole + b"\0" * 1000,
        "another picture after the end": whole + jpeg("444"),
        "bytes before the end marker": whole[:-2] + b"\0\1\2\3" + whole[-2:],
        "fill bytes before the end marker": whole[:-2] + b"\xff\xff" + whole[-2:],
        "a marker inside a comment": whole[:2] + b"\xff\xfe\0\x08\xff\xd9\xff\xda\xff\xd9" + whole[2:],
    }
    for name, data in odd.items():
        assert np.array_equal(decode(data).pixels, expected), name


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("gray", [127, 128, 129])
def test_a_picture_that_is_plain_gray_is_no_damage(kind, gray):
    """The tone that libjpeg fills missing blocks with."""
    plain = PIL.Image.new("RGB", (70, 50), (gray,) * 3).convert(MODES.get(kind, "RGB"))
    image = decode(saved(plain, "JPEG", **JPEGS[kind]))
    assert np.abs(image.pixels.astype(int) - gray).max() <= 2


@pytest.mark.parametrize(
    ("depth", "color", "size"), [(8, 2, 3), (8, 6, 4), (8, 0, 1), (16, 0, 2), (16, 2, 6), (8, 3, 1)]
)
@pytest.mark.parametrize("missing", [1, 7, 20])
def test_a_png_whose_data_ends_early_is_refused(depth, color, size, missing):
    palette = chunk(b"PLTE", bytes(range(256)) * 3) if color == 3 else b""
    rows = [row.tobytes() for row in noise(size, 30, 20)]

    def file(count):
        return png(30, 20, depth=depth, color=color, rows=rows[:count], extra=palette)

    assert decode(file(20)).size == (30, 20)
    with pytest.raises(UnreadableImage):
        decode(file(20 - missing))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_an_interlaced_png_whose_data_ends_early_is_refused(share):
    pixels = noise(3, 16, 16)
    grid = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]  # Adam7
    rows = [row.tobytes() for y, x, dy, dx in grid for row in pixels[y::dy, x::dx]]

    def file(count):
        return png(16, 16, depth=8, color=2, rows=rows[:count], interlaced=1)

    assert np.array_equal(decode(file(len(rows))).pixels, pixels)
    with pytest.raises(UnreadableImage):
        decode(file(int(len(rows) * share)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (40, 30)])
def test_plain_pictures_are_no_damage(mode, size):
    """Whatever a decoder leaves in rows it never wrote, a picture may hold the same."""
    for code in (0, 90, 165, 255):
        assert decode(saved(PIL.Image.new("L", size, code).convert(mode), "PNG")).size == size


@pytest.mark.parametrize("broken", [0.6, 0.75, 0.9])
@pytest.mark.parametrize("file_format", ["GIF", "PNG"])
def test_a_broken_later_frame_does_not_touch_the_first(file_format, broken):
    frames = [PIL.Image.fromarray(noise(1, 64, 48)[..., 0]).convert("P") for _ in range(3)]
    frames[1:] = [frames[0].rotate(90), frames[0].rotate(180)]
    data = saved(frames[0], file_format, save_all=True, append_images=frames[1:])
    cut_short = data[: int(len(data) * broken)]
    if file_format == "PNG":
        cut_short += chunk(b"IEND", b"")
    image = decode(cut_short)
    assert np.array_equal(image.rgb, decode(saved(frames[0], file_format)).rgb)
    assert image.metadata.notes == ("Only the first frame of image_urls[0] was used.",)


def test_ramp_files_of_every_kind_are_whole():
    for file_format in ("PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"):
        assert decode(saved(ramp(), file_format)).size == (40, 30)


def test_a_later_frame_of_nonsense_does_not_touch_the_first_of_a_webp():
    frames = [PIL.Image.fromarray(noise(3, 64, 48)), PIL.Image.fromarray(noise(3, 64, 48)[::-1])]
    data = bytearray(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    data[-2000:] = bytes(2000)
    assert np.array_equal(decode(bytes(data)).pixels, noise(3, 64, 48))


def test_a_gif_without_a_frame_is_refused():
    with pytest.raises(UnreadableImage):
        decode(b"GIF89a\x08\0\x08\0\x80\0\0\0\0\0\xff\xff\xff;")
