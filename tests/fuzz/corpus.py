"""Small valid files of every format, and ways to break them; also the child process that decodes broken ones."""

from __future__ import annotations

import io
import random
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

from cavendish.domain.limits import DecodeSettings
from cavendish.errors import UnreadableImage
from cavendish.imaging.decode import HEIC, decode_all
from tests.unit.imaging.files import ODD, chunk, png, tiff, with_exif
from tests.unit.imaging.profiles import P3, gray_profile, matrix_profile, table_profile

SLOW_S = 2.0


def corpus() -> list[tuple[str, bytes]]:
    """(name, bytes) of valid files: every format, mode, interlacing, animation and profile we read."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:48, :64]
    base = np.stack([x * 3, y * 4, (x + y) * 2], -1).astype(np.uint8)
    picture = Image.fromarray(np.where(rng.random((48, 64, 1)) < 0.1, 255 - base, base).astype(np.uint8))
    clear = picture.copy()
    clear.putalpha(Image.fromarray((x * 4).astype(np.uint8)))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    made: list[tuple[str, bytes]] = []

    def add(name: str, image: Image.Image, file_format: str, **options) -> None:
        buffer = io.BytesIO()
        image.save(buffer, file_format, **options)
        made.append((name, buffer.getvalue()))

    for mode in ("RGB", "L", "1", "P"):
        add(f"png-{mode}", picture.convert(mode), "PNG")
    add("png-rgba", clear, "PNG", icc_profile=profile)
    add("png-rgba-table-profile", clear, "PNG", icc_profile=table_profile(P3, 1.8))
    add("png-gray-profile", picture.convert("LA"), "PNG", icc_profile=gray_profile(1.8))
    add("png-p3", picture, "PNG", icc_profile=matrix_profile(P3))
    add("png-palette-clear", picture.convert("P"), "PNG", transparency=bytes(range(256)))
    add("png-clear-color", picture, "PNG", transparency=(3, 4, 5))
    add("png-16", Image.fromarray(base[..., 0].astype(np.uint16) * 257), "PNG")
    add("apng", picture, "PNG", save_all=True, append_images=[picture.rotate(90, expand=False)])
    add("gif", picture.convert("P"), "GIF", save_all=True, append_images=[picture.rotate(180).convert("P")])
    add("jpeg", picture, "JPEG", exif=exif.tobytes(), icc_profile=profile)
    for name, block in ODD.items():
        made.append((f"jpeg-exif {name}", with_exif(block, "JPEG", picture)))
    add("jpeg-restarts", picture, "JPEG", restart_marker_blocks=3)
    add("jpeg-progressive", picture, "JPEG", progressive=True)
    add("jpeg-gray", picture.convert("L"), "JPEG")
    add("jpeg-cmyk", picture.convert("CMYK"), "JPEG")
    add("webp", clear, "WEBP")
    add("webp-lossless", picture, "WEBP", lossless=True, exif=exif.tobytes())
    add("webp-animated", picture, "WEBP", save_all=True, append_images=[picture.rotate(180)])
    add("bmp", picture, "BMP")
    add("bmp-palette", picture.convert("P"), "BMP")
    for packing in (None, "tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        add(f"tiff-{packing}", picture, "TIFF", compression=packing)
    made.extend(_deep(base.astype(np.uint16) * 257))
    add("tiff-float", picture.convert("F"), "TIFF")
    add("avif", picture, "AVIF")
    if HEIC:
        add("heic", picture, "HEIF")
    return made


def _deep(pixels: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Files of 16 bits, and one of two pages."""
    for packing in (None, "lzw"):
        yield f"tiff-16-{packing}", tiff(pixels, photometric="rgb", compression=packing)
        planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
        options = {"photometric": "rgb", "planarconfig": "separate", "compression": packing}
        yield f"tiff-16-planes-{packing}", tiff(planes, **options)
    yield "tiff-16-from-white", tiff(pixels[..., 0], photometric="miniswhite", byteorder=">")
    yield "tiff-pages", tiff(np.stack([pixels, pixels]), photometric="rgb")
    rows = [row.astype(">u2").tobytes() for row in pixels]
    yield "png-16-clear-color", png(64, 48, depth=16, color=2, rows=rows, extra=chunk(b"tRNS", bytes(6)))


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One broken variant: flipped bits, cut, doubled or overwritten stretches, extreme numbers in plausible places."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(broken))
        match chance.randrange(6):
            case 0:
                broken[at] ^= 1 << chance.randrange(8)
            case 1:
                broken[at:] = b""
            case 2:
                broken[at:at] = broken[at : at + chance.randrange(1, 64)]
            case 3:
                broken[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"))
            case 4:
                broken[at : at + 2] = chance.choice((b"\xff\xff", b"\x00\x00", b"\x80\x00"))
            case _:
                broken[at : at + chance.randrange(1, 32)] = chance.randbytes(chance.randrange(1, 32))
        if not broken:
            broken = bytearray(b"\x00")
    return bytes(broken)


def main(count: int, seed: int) -> None:
    """Decode `count` broken files; fails loudly on anything but a picture or the one clear error."""
    files = corpus()
    chance = random.Random(seed)
    settings = DecodeSettings()
    slowest, readable = 0.0, 0
    for k in range(count):
        name, data = files[k % len(files)]
        broken = mutate(data, chance)
        started = time.perf_counter()
        try:
            decode_all([broken], settings)
            readable += 1
        except UnreadableImage as error:
            assert error.param in {"image_urls[0]", "image_urls"}, name
        took = time.perf_counter() - started
        slowest = max(slowest, took)
        assert took < SLOW_S, f"{name}: {took:.1f} s"
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{count} files, {readable} still readable, slowest {slowest:.3f} s, peak {peak_bytes / 1e6:.0f} MB")
    assert peak_bytes < 1_500_000_000


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
