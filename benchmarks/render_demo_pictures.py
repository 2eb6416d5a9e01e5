"""Render the two pictures that `make demo` edits: a terrace table and a mug.

    python benchmarks/render_demo_pictures.py OUT_DIR

Both come from code alone (numpy and OpenCV), so they carry nobody's rights. The mug is path traced: a signed
distance function for the cup, a curved paper sweep, one window as area light, one diffuse bounce. The terrace is a
projected height field, sea and sky behind a ray-cast wooden table, with every layer blurred by its own distance.
All light is linear until the `develop` step. Fixed seeds make every run give the same pictures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

F32 = np.float32
UP = np.array([0, 1, 0], F32)


# --- noise and small vector algebra ---------------------------------------------------------------------------------


def rgb(*values: float) -> Floats:
    """Return a linear color as a (3, 1) column that broadcasts over (3, N) vectors."""
    return np.array(values, F32)[:, None]


def unit(vectors: Floats) -> Floats:
    """Scale (3, N) vectors to length one."""
    return vectors / np.sqrt((vectors * vectors).sum(0) + F32(1e-12))


def dot(a: Floats, b: Floats) -> Floats:
    """Return the inner products of (3, N) vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def smooth(low: float, high: float, x: Floats) -> Floats:
    """Hermite step from 0 at `low` to 1 at `high`."""
    t = np.clip((x - F32(low)) / F32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def fractal(size: int, *, slope: float, seed: int) -> Floats:
    """Return a tiling (size, size) noise of zero mean and unit deviation whose spectrum falls as 1/f^slope."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    radius = np.hypot(fx, fy)
    radius[0, 0] = np.inf
    wave = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * radius**-slope, s=(size, size))
    return (wave / wave.std()).astype(F32)


def lookup(texture: Floats, u: Floats, v: Floats) -> Floats:
    """Read a tiling texture with bilinear weights; u and v count tiles and may have any shape."""
    rows, columns = texture.shape
    x, y = (u % 1) * F32(columns), (v % 1) * F32(rows)
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    i, j = x0.astype(np.int32) % columns, y0.astype(np.int32) % rows
    i1, j1 = (i + 1) % columns, (j + 1) % rows
    top = texture[j, i] * (1 - fx) + texture[j, i1] * fx
    return top * (1 - fy) + (texture[j1, i] * (1 - fx) + texture[j1, i1] * fx) * fy


def speckles(size: int, count: int, *, radius: tuple[float, float], seed: int) -> Floats:
    """Return a tiling (size, size) map, 1 inside randomly strewn round specks."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((size, size), np.uint8)
    for x, y, r in zip(*rng.uniform(0, size, (2, count)), rng.uniform(*radius, count), strict=True):
        cv2.circle(canvas, (int(x * 16), int(y * 16)), int(r * 16), 255, -1, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(canvas, (0, 0), 0.8).astype(F32) / 255


# --- film -----------------------------------------------------------------------------------------------------------


def film_curve(light: Floats) -> Floats:
    """Map linear light to display-linear 0..1 with a shoulder and a toe (Narkowicz's fit of the ACES curve)."""
    return np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1)


def develop(light: Floats, *, exposure: float, bloom: float, grain: float, seed: int) -> NDArray[np.uint8]:
    """Turn linear (H, W, 3) RGB light into an 8-bit sRGB photograph.

    Adds what a lens and a sensor add: veiling glare, falloff to the corners, a trace of lateral color and grain that
    is stronger in the shadows.
    """
    height, width = light.shape[:2]
    glare = sum(cv2.GaussianBlur(np.minimum(light, 6), (0, 0), width * s) for s in (0.006, 0.03)) / 2
    light = light * (1 - bloom) + glare * bloom
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(F32)
    light = light * (1 - 0.16 * smooth(0.3, 2.0, x * x + y * y))[..., None] * F32(exposure)
    light = lateral_color(light)
    shown = film_curve(light)
    encoded = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * np.maximum(shown, 1e-6) ** (1 / 2.4) - 0.055)
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((height, width, 1)) * 0.8 + rng.standard_normal((height, width, 3)) * 0.45
    noise = cv2.GaussianBlur(noise.astype(F32), (0, 0), 0.55) * 1.6
    encoded = encoded + noise * F32(grain) * (1.15 - 0.75 * encoded)
    return np.round(np.clip(encoded, 0, 1) * 255).astype(np.uint8)


def lateral_color(light: Floats, amount: float = 0.0005) -> Floats:
    """Scale red and blue about the center by a hair, as a simple lens does."""
    height, width = light.shape[:2]
    channels = [light[..., 1]]
    for side in (1 + amount, 1 - amount):
        shift = np.array([[side, 0, (1 - side) * width / 2], [0, side, (1 - side) * height / 2]])
        source = light[..., 0 if side > 1 else 2]
        channels.append(cv2.warpAffine(source, shift, (width, height), borderMode=cv2.BORDER_REPLICATE))
    return np.stack([channels[1], channels[0], channels[2]], -1)


def save(path: Path, picture: NDArray[np.uint8], quality: int = 92) -> None:
    """Write a JPEG."""
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


# --- the mug (lengths in centimeters, y up, the camera looks along -z) ------------------------------------------------

MUG_HEIGHT = 9.4
HANDLE_TURN = np.radians(24)  # the handle points right and a little towards the camera
BOUND_LOW, BOUND_HIGH = rgb(-4.6, -0.02, -4.6), rgb(7.8, 9.6, 5.6)
WINDOW_CENTER, WINDOW_HALF = rgb(-44, 34, 34), (17.0, 27.0)
WINDOW_LIGHT = rgb(1.0, 0.9, 0.76) * 13
SWEEP_BACK, SWEEP_RADIUS = -34.0, 22.0

GLAZE = fractal(512, slope=1.5, seed=3)
SPECKS = speckles(1024, 900, radius=(0.8, 2.8), seed=4)
PAPER = fractal(512, slope=1.0, seed=5)


def window_axes() -> tuple[Floats, Floats, Floats]:
    """Return the unit right, up and facing directions of the window, which looks at the mug."""
    facing = unit(rgb(0, 5, 0) - WINDOW_CENTER)
    right = unit(np.cross(UP, facing[:, 0])[:, None])
    return right, np.cross(facing[:, 0], right[:, 0])[:, None], facing


WINDOW_RIGHT, WINDOW_UP, WINDOW_FACING = window_axes()


def wall_radius(y: Floats) -> Floats:
    """Return the outer radius of the cup at height y: a belly over a drawn-in foot, with faint throwing rings."""
    rise = np.clip(y, 0, MUG_HEIGHT) - F32(3.6)
    rings = F32(0.007) * np.sin(y * F32(6.3) + F32(1.7) * np.sin(y * F32(1.9)))
    return F32(4.3) - np.where(rise > 0, F32(0.021), F32(0.046)) * rise * rise + rings


def soft_min(a: Floats, b: Floats, k: float) -> Floats:
    """Join two distance fields with a fillet of size k (polynomial smooth minimum)."""
    h = np.maximum(F32(k) - np.abs(a - b), 0) / F32(k)
    return np.minimum(a, b) - h * h * F32(k / 4)


def mug_distance(p: Floats) -> Floats:
    """Return a signed distance bound to the mug for (3, N) points: wall, strap handle, hollow."""
    x, y, z = p
    r = np.sqrt(x * x + z * z)
    radius = wall_radius(y)
    dr, dy = r - radius + F32(0.35), np.abs(y - F32(MUG_HEIGHT / 2)) - F32(MUG_HEIGHT / 2 - 0.35)
    body = np.hypot(np.maximum(dr, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dr, dy), 0) - F32(0.35)
    c, s = F32(np.cos(HANDLE_TURN)), F32(np.sin(HANDLE_TURN))
    u, w, v = x * c + z * s - F32(4.0), z * c - x * s, y - F32(5.0)
    lean = u * F32(0.97) + v * F32(-0.05)
    ring = np.abs(np.sqrt(lean * lean + v * v) - F32(2.62)) - F32(0.1)
    strap = np.abs(w) - F32(0.32)
    handle = np.hypot(np.maximum(ring, 0), np.maximum(strap, 0)) - F32(0.3)
    hr, hy = r - radius + F32(0.42 + 0.8), F32(0.75 + 0.8) - y
    hollow = np.hypot(np.maximum(hr, 0), np.maximum(hy, 0)) + np.minimum(np.maximum(hr, hy), 0) - F32(0.8)
    return -soft_min(-soft_min(body, handle, 0.7), hollow, 0.28)


def mug_hit(origin: Floats, ray: Floats) -> Floats:
    """Sphere trace (3, N) rays inside the mug's bounding box; infinity where they miss."""
    inverse = 1 / np.where(np.abs(ray) < 1e-6, F32(1e-6), ray)
    a, b = (BOUND_LOW - origin) * inverse, (BOUND_HIGH - origin) * inverse
    enter, leave = np.maximum(np.minimum(a, b).max(0), 0), np.maximum(a, b).min(0)
    hit = np.full(ray.shape[1], np.inf, F32)
    live = np.flatnonzero(enter < leave)
    o, d, t, end = origin[:, live], ray[:, live], enter[live], leave[live]
    for _ in range(70):
        if live.size == 0:
            break
        step = mug_distance(o + d * t)
        near = step < F32(0.004)
        hit[live[near]] = t[near]
        t = t + step * F32(0.93)
        keep = ~near & (t < end)
        live, o, d, t, end = live[keep], o[:, keep], d[:, keep], t[keep], end[keep]
    return hit


def sweep_hit(origin: Floats, ray: Floats) -> Floats:
    """Return where (3, N) rays meet the paper sweep: floor, quarter round, wall; infinity for none."""
    (_, oy, oz), (_, dy, dz) = origin, ray
    with np.errstate(divide="ignore", invalid="ignore"):
        floor, wall = -oy / dy, (F32(SWEEP_BACK) - oz) / dz
        floor = np.where((floor > 1e-3) & (oz + dz * floor > SWEEP_BACK + SWEEP_RADIUS), floor, np.inf)
        wall = np.where((wall > 1e-3) & (oy + dy * wall > SWEEP_RADIUS), wall, np.inf)
        ry, rz = oy - F32(SWEEP_RADIUS), oz - F32(SWEEP_BACK + SWEEP_RADIUS)
        a, b, c = dy * dy + dz * dz, ry * dy + rz * dz, ry * ry + rz * rz - F32(SWEEP_RADIUS**2)
        bend = (-b + np.sqrt(np.maximum(b * b - a * c, 0))) / a
    inside = (oy + dy * bend <= SWEEP_RADIUS) & (oz + dz * bend <= SWEEP_BACK + SWEEP_RADIUS) & (bend > 1e-3)
    return np.minimum(np.minimum(floor, wall), np.where(inside, bend, np.inf)).astype(F32)


def mug_normal(p: Floats) -> Floats:
    """Return the gradient of the distance field from four tetrahedral taps."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], F32)
    return unit(sum(c[:, None] * mug_distance(p + c[:, None] * F32(0.01)) for c in corners))


def sweep_normal(p: Floats) -> Floats:
    """Return the normal of the paper at (3, N) points on it."""
    n = np.zeros_like(p)
    n[1] = np.clip(SWEEP_RADIUS - p[1], 0, None) * (p[1] < SWEEP_RADIUS)
    n[2] = np.clip(SWEEP_BACK + SWEEP_RADIUS - p[2], 0, None)
    return unit(n)


def glaze_color(p: Floats) -> Floats:
    """Return the albedo of the pottery at (3, N) points: blue outside, cream inside, rust rim, bare clay foot."""
    angle = np.arctan2(p[2], p[0]) * F32(0.5 / np.pi)
    r, y = np.hypot(p[0], p[2]), p[1]
    cloud = lookup(GLAZE, angle * 2, y / 9)
    streak = lookup(GLAZE, angle * 9, y / 30 + 0.3)
    depth = np.clip(0.5 + 0.2 * cloud + 0.17 * streak - 0.05 * (y - 5), 0, 1)
    blue = rgb(0.04, 0.125, 0.2) * (1 - depth) + rgb(0.009, 0.036, 0.09) * depth
    inside = smooth(0.12, 0.26, wall_radius(y) - r) * (y > 0.7)
    cream = rgb(0.62, 0.55, 0.44) * (1 + 0.05 * cloud)
    color = blue * (1 - inside) + cream * inside
    rim = smooth(MUG_HEIGHT - 0.34, MUG_HEIGHT - 0.06, y + 0.06 * cloud)
    color = color * (1 - rim) + rgb(0.23, 0.12, 0.06) * rim
    # On the handle the angle hardly changes outwards and would draw the specks into streaks.
    dots = lookup(SPECKS, np.where(r > wall_radius(y) + 0.25, r / 9, angle * 3), y / 9) * (1 - 0.4 * rim)
    color = color * (1 - 0.72 * dots) + rgb(0.03, 0.02, 0.015) * 0.72 * dots
    foot = 1 - smooth(0.42, 0.52, y + 0.05 * streak + 0.04 * cloud)
    clay = rgb(0.36, 0.25, 0.17) * (1 + 0.1 * lookup(GLAZE, angle * 30, y))
    return (color * (1 - foot) + clay * foot).astype(F32)


def paper_color(p: Floats) -> Floats:
    """Return the albedo of the sweep: warm grey paper with a barely visible tooth."""
    tooth = lookup(PAPER, p[0] / 14, (p[2] - p[1]) / 14)
    return rgb(0.56, 0.5, 0.43) * (1 + 0.012 * tooth)


def room(ray: Floats) -> Floats:
    """Return the dim light of the room around, without the window: pale ceiling, a bright card at the right."""
    up = 0.5 + 0.5 * ray[1]
    card = smooth(0.72, 0.9, ray[0]) * smooth(0.75, 0.2, np.abs(ray[1] - 0.25))
    return rgb(0.2, 0.19, 0.18) * (0.55 + up) + rgb(0.5, 0.47, 0.44) * card


def window_seen(origin: Floats, ray: Floats) -> Floats:
    """Return the light of the window, divided by glazing bars, for rays that meet it (0 elsewhere)."""
    facing = dot(ray, WINDOW_FACING)
    t = dot(WINDOW_CENTER - origin, WINDOW_FACING) / np.where(facing < -1e-4, facing, F32(-1e-4))
    q = origin + ray * t - WINDOW_CENTER
    x, y = np.abs(dot(q, WINDOW_RIGHT)), np.abs(dot(q, WINDOW_UP))
    pane = smooth(0.9, 1.5, x) * smooth(0.9, 1.5, np.abs(y - 9))
    edge = smooth(WINDOW_HALF[0], WINDOW_HALF[0] - 1, x) * smooth(WINDOW_HALF[1], WINDOW_HALF[1] - 1, y)
    return WINDOW_LIGHT * (pane * edge * (facing < 0) * (t > 0))


def window_light(p: Floats, normal: Floats, pair: Floats) -> Floats:
    """Return one sample of the window's light falling on (3, N) points, as radiance of a white surface."""
    a, b = 2 * pair - 1
    to = WINDOW_CENTER + WINDOW_RIGHT * (a * WINDOW_HALF[0]) + WINDOW_UP * (b * WINDOW_HALF[1]) - p
    square = dot(to, to)
    ray = to / np.sqrt(square)
    form = np.maximum(dot(ray, normal), 0) * np.maximum(-dot(ray, WINDOW_FACING), 0) / square
    clear = np.isinf(mug_hit(p + normal * F32(0.03), ray)) & (form > 0)
    area = 4 * WINDOW_HALF[0] * WINDOW_HALF[1]
    return WINDOW_LIGHT * (form * clear * F32(area / np.pi))


def meet(origin: Floats, ray: Floats) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Trace rays to the nearest surface; return points, normals, albedo, which hit anything and which hit the mug."""
    mug, paper = mug_hit(origin, ray), sweep_hit(origin, ray)
    on_mug = mug < paper
    t = np.minimum(mug, paper)
    found = np.isfinite(t)
    p = origin + ray * np.where(found, t, 0)
    normal, color = sweep_normal(p), paper_color(p)
    normal[:, on_mug], color[:, on_mug] = mug_normal(p[:, on_mug]), glaze_color(p[:, on_mug])
    return p, normal, color, found, on_mug


def bounce_light(origin: Floats, ray: Floats, rng: np.random.Generator) -> Floats:
    """Return the light arriving along secondary rays: the room, or a surface lit by window and room."""
    p, normal, color, found, _ = meet(origin, ray)
    light = room(ray)
    hit = np.flatnonzero(found)
    n = normal[:, hit]
    light[:, hit] = color[:, hit] * (window_light(p[:, hit], n, rng.random((2, hit.size), F32)) + 0.7 * room(n))
    return light


def scattered(normal: Floats, pair: Floats) -> Floats:
    """Return cosine-distributed directions about (3, N) normals: normal plus a random point on the sphere."""
    z, turn = 2 * pair[0] - 1, F32(2 * np.pi) * pair[1]
    s = np.sqrt(np.maximum(1 - z * z, 0))
    return unit(normal * F32(1.001) + np.stack([s * np.cos(turn), s * np.sin(turn), z]))


def mug_sample(origin: Floats, ray: Floats, square: Floats, rng: np.random.Generator) -> Floats:
    """Return one path-traced sample of the light along camera rays: diffuse under a clear glaze (Schlick).

    `square` holds two (2, N) points of the unit square per ray: where on the window, and where to scatter.
    """
    p, normal, color, found, on_mug = meet(origin, ray)
    start = p + normal * F32(0.03)
    light = color * (window_light(p, normal, square[0]) + bounce_light(start, scattered(normal, square[1]), rng))
    i = np.flatnonzero(on_mug)
    n, d, o = normal[:, i], ray[:, i], start[:, i]
    wobble = rng.standard_normal(n.shape).astype(F32) * F32(0.02)
    mirror = unit(d - 2 * dot(d, n) * n + wobble)
    fresnel = 0.045 + 0.955 * np.clip(1 + dot(d, n), 0, 1) ** 5
    gloss = fresnel * smooth(0.45, 0.55, p[1, i])
    seen = bounce_light(o, mirror, rng) + window_seen(o, mirror) * np.isinf(mug_hit(o, mirror))
    light[:, i] = light[:, i] * (1 - gloss) + seen * gloss
    return light * found


def camera_rays(size: int, rows: slice, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return jittered thin-lens rays for some rows of the square mug picture."""
    pitch, distance = np.radians(15.0), 52.0
    target = np.array([1.1, 4.5, 0], F32)
    forward = np.array([0, -np.sin(pitch), -np.cos(pitch)], F32)
    right = np.array([1, 0, 0], F32)
    up = np.cross(right, forward).astype(F32)
    y, x = np.mgrid[rows, 0:size].reshape(2, -1) + rng.random((2, (rows.stop - rows.start) * size))
    half = np.tan(np.radians(8.9))
    sx, sy = ((2 * x / size - 1) * half).astype(F32), ((1 - 2 * y / size) * half).astype(F32)
    radius, turn = 0.28 * np.sqrt(rng.random(x.size)), rng.uniform(0, 2 * np.pi, x.size)
    lens = (right[:, None] * (radius * np.cos(turn)) + up[:, None] * (radius * np.sin(turn))).astype(F32)
    focus = F32(distance - 3.2)
    aim = (forward[:, None] + right[:, None] * sx + up[:, None] * sy) * focus
    eye = (target - forward * F32(distance))[:, None]
    return eye + lens, unit(aim - lens)


def render_mug(size: int = 1200, samples: int = 24) -> NDArray[np.uint8]:
    """Render the mug in strips of rows, which keeps the ray arrays in cache.

    Samples follow the additive recurrence of Roberts's R4 sequence from a random start per pixel, so that soft
    shadows settle with few rays.
    """
    rng = np.random.default_rng(11)
    steps = 1 / 1.16730397826 ** np.arange(1, 5)[:, None]
    light = np.zeros((size, size, 3), F32)
    for top in range(0, size, 40):
        rows = slice(top, min(top + 40, size))
        offsets = rng.random((4, (rows.stop - top) * size))
        for k in range(samples):
            square = ((offsets + k * steps) % 1).astype(F32).reshape(2, 2, -1)
            light[rows] += mug_sample(*camera_rays(size, rows, rng), square, rng).T.reshape(-1, size, 3).clip(0, 12)
    # Rays are as noisy as a fast sensor: smooth in root light, where the noise is even, and leave edges and specks.
    root = cv2.bilateralFilter(np.sqrt(light / samples), 7, 0.05, 2.0)
    return develop(root * root, exposure=0.95, bloom=0.05, grain=0.006, seed=12)


# --- the terrace (lengths in meters, y up from the table top, the camera looks along +z) -----------------------------

WIDTH, HEIGHT, FOCAL, PITCH = 1536, 1152, 1582.0, np.radians(7.0)
EYE, ALTITUDE = 0.3, 90.0  # above the table, above the sea
SUN = unit(rgb(-0.66, 0.22, 0.76))
SUN_LIGHT, HAZE = rgb(1.0, 0.66, 0.36), rgb(0.95, 0.66, 0.47)

RELIEF = fractal(2048, slope=1.75, seed=21)
CLOUD = fractal(1024, slope=1.45, seed=22)
FINE = fractal(1024, slope=0.9, seed=23)
FIBER = fractal(1024, slope=0.6, seed=24)
SWELL = fractal(512, slope=2.6, seed=25)


def view_rays(scale: int, shift: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Return (3, H, W) unit directions through the pixels of the terrace picture, `scale` times oversampled.

    `shift` moves the rays off the middle of their pixels, in oversampled pixels.
    """
    h, w = HEIGHT * scale, WIDTH * scale
    y, x = np.mgrid[0:h, 0:w].astype(F32)
    sx = ((x + 0.5 + shift[0]) / scale - WIDTH / 2) / FOCAL
    sy = (HEIGHT / 2 - (y + 0.5 + shift[1]) / scale) / FOCAL
    c, s = np.cos(PITCH), np.sin(PITCH)
    return unit(np.stack([sx, sy * c - s, c + sy * s]).astype(F32))


def clear_sky(ray: Floats) -> Floats:
    """Return the cloudless golden-hour sky along (3, ...) directions: two gradients and the glow about the sun."""
    shape = (3,) + (1,) * (ray.ndim - 1)
    up = np.maximum(ray[1], 0)
    warm = np.exp(-up * 9.5)
    toward = np.clip((ray * SUN.reshape(shape)).sum(0), 0, 1)
    high, low = rgb(0.17, 0.33, 0.6).reshape(shape), HAZE.reshape(shape)
    glow = 0.42 * toward**6 + 0.9 * toward**40 + 5 * toward**400
    return high * (1 - warm) + low * warm * (0.72 + 0.35 * toward**3) + SUN_LIGHT.reshape(shape) * glow


def cloud_cover(u: Floats, v: Floats) -> Floats:
    """Return the thickness 0..1 of the cloud sheet over plane coordinates in cloud heights."""
    bend = 0.02 * lookup(CLOUD, u * 0.021 + 0.4, v * 0.021)
    wide = lookup(CLOUD, u * 0.011 + bend, v * 0.017 + bend)
    tufts = lookup(FINE, u * 0.06 + bend * 3, v * 0.09)
    return smooth(0.0, 1.9, wide + 0.22 * tufts)


def sky(ray: Floats) -> Floats:
    """Return the sky with a thin, side-lit cloud sheet that sinks into the haze at the horizon."""
    up = np.maximum(ray[1], 0.012)
    u, v = ray[0] / up, ray[2] / up
    cover = cloud_cover(u, v)
    toward_sun = cloud_cover(u - 0.55, v + 0.6)
    lit = np.exp(-1.6 * toward_sun)
    base = clear_sky(ray)
    shape = (3,) + (1,) * (ray.ndim - 1)
    color = rgb(0.4, 0.39, 0.43).reshape(shape) * (0.75 + 0.25 * lit) + rgb(1.45, 0.92, 0.52).reshape(shape) * lit
    amount = cover * 0.85 * smooth(0.012, 0.11, ray[1])
    return base * (1 - amount) + color * amount


def land_height(x: Floats, z: Floats) -> Floats:
    """Return the height in meters above the sea of the coast: a headland from the right, ranges behind the bay."""
    relief = lookup(RELIEF, x / 16000 + 0.13, z / 16000 + 0.57)
    broad = lookup(SWELL, x / 21000 + 0.3, z / 21000)
    ridges = 1 - np.abs(lookup(RELIEF, x / 6500 + 0.7, z / 6500))
    headland = 210 * smooth(-900, 1600, x - 260 * np.sin(z / 700) - 0.12 * z) * smooth(1500, 3200, z)
    headland = headland * (1 - smooth(4800, 6800, z))
    ranges = 720 * smooth(9500, 15000, z + 0.45 * x) + 480 * smooth(17000, 24000, z)
    mass = headland + ranges
    return mass * (0.9 + 0.16 * relief + 0.22 * ridges + 0.3 * broad) - 75 + 26 * ridges * smooth(20, 160, mass)


def land_depth(columns: Floats, row_slope: Floats) -> Floats:
    """Return the distance of the land seen in every pixel (infinity for none).

    `columns` holds x/z of each picture column and `row_slope` y/z of each row, falling. For slices from near to far
    the running maximum of the skyline slope is a sorted list, in which each row is found by bisection.
    """
    z = np.geomspace(1300, 30000, 900).astype(F32)[:, None]
    height = land_height(columns[None, :] * z, z)
    slope = (np.where(height > 0, height, -1e4) - ALTITUDE - z * z / 12.7e6) / z
    skyline = np.maximum.accumulate(slope, 0)
    depth = np.full((row_slope.size, columns.size), np.inf, F32)
    for column in range(columns.size):
        index = np.searchsorted(skyline[:, column], row_slope)
        seen = index < z.size
        depth[seen, column] = z[index[seen], 0]
    sea = ALTITUDE / np.maximum(-row_slope, 1e-6)
    return np.where(depth < sea[:, None] * 1.02, depth, np.inf)


def land_color(x: Floats, z: Floats) -> Floats:
    """Return the sunlit color of the land at (N,) map points: scrub, dry grass and rock, shaded by slope."""
    step = 12 + z * 0.003
    here = land_height(x, z)
    east, north = land_height(x + step, z) - here, land_height(x, z + step) - here
    n = unit(np.stack([-east * 1.3, step, -north * 1.3]))
    scrub = lookup(FINE, x / 900, z / 900) * 0.6 + lookup(RELIEF, x / 1700, z / 1700) * 0.7
    green = smooth(-0.9, 0.9, scrub)
    color = rgb(0.2, 0.145, 0.085) * (1 - green) + rgb(0.035, 0.05, 0.024) * green
    trees = lookup(FIBER, x / 420, z / 420)
    light = np.maximum(dot(n, SUN * np.ones_like(n)), 0) * (1 + 0.3 * trees)
    return color * (rgb(2.9, 1.95, 1.1) * light + rgb(0.2, 0.27, 0.4) * (0.7 + 0.3 * n[1]))


def sea_color(ray: Floats) -> Floats:
    """Return the sea along (3, N) downward rays: rippled Fresnel mirror of the sky over deep water."""
    z = ALTITUDE / np.maximum(-ray[1], 1e-4)
    x, far = ray[0] * z, ray[2] * z
    swell = lookup(FINE, x / 900, far / 2600) + 0.7 * lookup(CLOUD, x / 3500 + 0.2, far / 9000)
    ripple = lookup(FIBER, x / 160, far / 420) * np.exp(-z / 5000)
    tilt = 0.11 + 0.022 * swell + 0.035 * ripple
    up = ray.copy()
    up[1] = -ray[1] + tilt
    up = unit(up)
    fresnel = 0.02 + 0.98 * (1 - np.clip(-ray[1] + 0.17 + 0.03 * swell + 0.04 * ripple, 0, 1)) ** 5
    spread = np.abs(np.arctan2(ray[0], ray[2]) - np.arctan2(SUN[0], SUN[2]))
    glint = np.exp(-((spread / 0.24) ** 2)) * np.clip(0.5 + 0.5 * swell + 0.9 * ripple, 0, 4)
    return clear_sky(up) * fresnel * 0.92 + rgb(0.012, 0.05, 0.07) * (1 - fresnel) + rgb(1.5, 0.95, 0.5) * glint


def through_air(color: Floats, ray: Floats, distance: Floats) -> Floats:
    """Fade (3, N) light into the haze that lies along its ray, thicker and brighter towards the sun."""
    clear = np.exp(-distance / rgb(15000, 12500, 10500))
    level = ray.copy()
    level[1] = 0.03
    return color * clear + clear_sky(unit(level)) * 0.82 * (1 - clear)


def distant_view(ray: Floats) -> Floats:
    """Return (H, W, 3) light of sky, sea and land along (3, H, W) rays."""
    view = sky(ray)
    down = ray[1] < -0.0002
    rays = ray[:, down]
    view[:, down] = through_air(sea_color(rays), rays, ALTITUDE / -rays[1])
    middle = ray.shape[1] // 3
    # The pitch is small: columns are taken as upright, with the slope of each row read in the middle column.
    slope = ray[1, :, ray.shape[2] // 2] / ray[2, :, ray.shape[2] // 2]
    z = land_depth(ray[0, middle] / ray[2, middle], slope)
    land = np.isfinite(z)
    rays, z = ray[:, land], z[land]
    view[:, land] = through_air(land_color(rays[0] / rays[2] * z, z), rays, z)
    return view.transpose(1, 2, 0)


def lens_blur(light: Floats, radius: float) -> Floats:
    """Convolve (H, W, C) light with a soft-edged disk, the image of a point out of focus."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(F32)
    return cv2.filter2D(light, -1, disk / disk.sum(), borderType=cv2.BORDER_REFLECT)


TABLE_TURN, TABLE_MIDDLE, TABLE_RADIUS, PLANK = np.radians(68.0), 0.74, 0.75, 0.118


def table_points(ray: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the map point x, z where (3, N) rays meet the table, and its distance from the table's middle."""
    t = EYE / np.maximum(-ray[1], 1e-4)
    x, z = ray[0] * t, ray[2] * t
    return x, z, np.hypot(x, z - F32(TABLE_MIDDLE))


def wood(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Return albedo, groove shading and surface slope of a planked oak table at across a, along b.

    Each plank is a flat cut through a cylinder of growth rings whose axis is slightly tilted, which draws the
    pointed arches of flat-sawn timber; fibers and pores are noise stretched along the plank.
    """
    number = np.floor(a / PLANK)
    inside = a / PLANK - number
    pick = np.random.default_rng(33).random((5, 64)).astype(F32)[:, number.astype(int) % 64]
    along = b + pick[0] * 7
    sway = lookup(SWELL, a * 0.7 + pick[1], along * 0.21)
    heart = (inside - 0.15 - 0.7 * pick[1]) * PLANK + 0.011 * sway
    depth = 0.015 + 0.06 * pick[2] + (pick[3] - 0.5) * 0.07 * along
    rings = np.hypot(heart, depth) * 170 + 0.35 * lookup(SWELL, a * 3, along * 0.9 + 0.3)
    phase = rings % 1
    late = smooth(0.1, 0.86, phase) * (1 - smooth(0.86, 1.0, phase))
    fiber = lookup(FIBER, a * 4.2, along * 0.11 + pick[2]) + 0.5 * lookup(FIBER, a * 9, along * 0.4)
    pores = smooth(0.9, 2.4, lookup(FIBER, a * 6.1 + 0.3, along * 0.3)) * (1.1 - late)
    blotch = lookup(CLOUD, a * 0.35, b * 0.3)
    tone = 0.74 + 0.58 * pick[4] + 0.08 * sway + 0.12 * fiber - 0.32 * late - 0.5 * pores + 0.07 * blotch
    color = rgb(0.192, 0.122, 0.066) * np.maximum(tone, 0.18) ** rgb(0.9, 1.0, 1.08)
    edge = np.minimum(inside, 1 - inside) * PLANK
    groove = 0.12 + 0.88 * smooth(0.0006, 0.0022, edge)
    bevel = np.sign(inside - 0.5) * (1 - smooth(0.001, 0.004, edge))
    return color, groove, 0.012 * fiber - 0.016 * late + 0.008 * blotch + 0.14 * bevel


def leaf_shadow(x: Floats, z: Floats) -> Floats:
    """Return 0..1 sunlight on the table: leaves of the olive tree at the left, drawn out by the low sun, blurred."""
    size, rng = 1024, np.random.default_rng(43)
    ground = np.ones((size, size), F32)
    away = np.arctan2(-SUN[2, 0], -SUN[0, 0])
    stretch = np.array([np.cos(away), np.sin(away)])
    for _ in range(230):
        leaf = leaf_outline(rng.uniform(0, 2 * np.pi), 34, 9)
        leaf = leaf + (leaf @ stretch)[:, None] * stretch * 1.7
        at = np.array([rng.normal(190, 130), rng.normal(470, 230)])
        cv2.fillConvexPoly(ground, np.round(leaf + at).astype(np.int32), 0.25)
    ground = cv2.GaussianBlur(ground, (0, 0), 5) * 0.6 + cv2.GaussianBlur(ground, (0, 0), 14) * 0.4
    return lookup(ground, np.clip(x / 2 + 0.5, 0, 0.999), np.clip(z / 2, 0, 0.999))


def table_light(ray: Floats) -> Floats:
    """Return the light of the table top along (3, N) rays: sun, sky and a soft Fresnel mirror of the sky."""
    x, z, middle = table_points(ray)
    c, s = F32(np.cos(TABLE_TURN)), F32(np.sin(TABLE_TURN))
    color, groove, slope = wood(x * c - z * s, z * c + x * s)
    sun = leaf_shadow(x, z)
    round_over = smooth(TABLE_RADIUS - 0.012, TABLE_RADIUS, middle)
    light = color * (rgb(2.7, 1.8, 1.0) * (0.62 * sun) + rgb(0.3, 0.34, 0.42)) * groove * (1 - 0.5 * round_over)
    up = ray.copy()
    up[0], up[1], up[2] = up[0] + slope * c, -up[1] + 0.04, up[2] - slope * s
    up = unit(up)
    fresnel = 0.03 + 0.62 * (1 - np.clip(up[1], 0, 1)) ** 5
    toward = np.clip((up * SUN).sum(0), 0, 1)
    shine = clear_sky(up) * 0.5 + rgb(0.42, 0.33, 0.25) + SUN_LIGHT * (2.2 * toward**14) * (0.3 + 0.7 * sun)
    return light + shine * fresnel * (groove * (1 - 0.3 * round_over))


def table_layer(ray: Floats) -> Floats:
    """Return the round table as premultiplied (H, W, 4) light with coverage."""
    layer = np.zeros((*ray.shape[1:], 4), F32)
    low = ray[1] < -0.12
    rays = ray[:, low]
    top = table_points(rays)[2] < TABLE_RADIUS
    layer[low] = (np.concatenate([table_light(rays), np.ones((1, top.size), F32)]) * top).T
    return layer


def focused_table(scale: int) -> Floats:
    """Return the table layer from four rays a pixel, sharp in its middle and softer towards the eye and the rim.

    The blur of a thin lens grows with the difference of the inverse distances from the plane of focus.
    """
    corners = ((-0.37, -0.13), (0.13, -0.37), (0.37, 0.13), (-0.13, 0.37))
    sharp = sum(table_layer(view_rays(scale, corner)) for corner in corners) / F32(4)
    ray = view_rays(scale)[:, :, WIDTH * scale // 2]
    distance = EYE * ray[2] / np.maximum(-ray[1], 1e-3)
    blur = np.clip(np.abs(1 / distance - 1 / 0.92) / 0.7, 0, 1)[:, None, None]
    return sharp * (1 - blur) + lens_blur(sharp, 1.7 * scale) * blur


def leaf_outline(angle: float, length: float, width: float) -> Floats:
    """Return the (N, 2) outline of a lanceolate leaf that starts at the origin."""
    s = np.linspace(0, 1, 9)
    half = np.sin(np.pi * s**0.85) * width / 2
    outline = np.concatenate([np.stack([s * length, half], 1), np.stack([s * length, -half], 1)[::-1]])
    c, n = np.cos(angle), np.sin(angle)
    return (outline @ np.array([[c, n], [-n, c]])).astype(F32)


def draw_leaf(canvas: Floats, outline: Floats, color: Floats) -> None:
    """Fill one opaque leaf, given in picture points, on a premultiplied (H, W, 4) canvas of any scale."""
    scale = canvas.shape[1] / WIDTH
    points = np.round(outline * scale * 16).astype(np.int32)
    cv2.fillConvexPoly(canvas, points, (*map(float, color), 1.0), shift=4)


def lobes(turn: Floats | float, seed: int) -> Floats:
    """Return the relative reach of a shrub in each direction: a circle with uneven bulges."""
    return 1 + 0.12 * np.sin(3 * turn + seed) + 0.07 * np.sin(7 * turn + 2 * seed) + 0.05 * np.sin(17 * turn)


def draw_bush(canvas: Floats, middle: tuple[float, float], reach: tuple[float, float], leaf: float, seed: int) -> None:
    """Heap leaves over a half ellipsoid: dark below, glowing where the low sun shines through the upper left rim."""
    rng = np.random.default_rng(seed)
    warmth = rng.uniform(0.8, 1.2)
    scale = canvas.shape[1] / WIDTH
    around = np.linspace(0, 2 * np.pi, 60)
    core = np.stack([np.cos(around), np.sin(around)], 1) * (0.9 * lobes(around, seed))[:, None] * reach + middle
    cv2.fillPoly(canvas, [np.round(core * scale).astype(np.int32)], (0.016, 0.022, 0.01, 1.0))
    for k in range(int(11 * reach[0] * reach[1] / leaf**2)):
        turn, out = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        x, y = out * lobes(turn, seed) * np.cos(turn), out * lobes(turn, seed) * np.sin(turn)
        rim = np.clip(-0.45 * x - 0.8 * y, 0, 1) ** 1.5
        glow = rim * rng.random() ** 1.5 * (0.4 + 0.6 * k / (11 * reach[0] * reach[1] / leaf**2))
        shade = (0.55 + 0.45 * rng.random()) * (0.75 - 0.4 * y)
        color = shade * np.array([0.034, 0.05, 0.024]) + glow * np.array([0.75, 0.56 * warmth, 0.17])
        outline = leaf_outline(rng.uniform(0, 2 * np.pi), leaf * rng.uniform(0.6, 1.3), leaf * 0.34)
        draw_leaf(canvas, outline + np.array([middle[0] + x * reach[0], middle[1] + y * reach[1]]), color)


def garden_layer(scale: int) -> Floats:
    """Return the shrubs below the terrace as a premultiplied (H, W, 4) layer, from the far row to the near one."""
    canvas = np.zeros((HEIGHT * scale, WIDTH * scale, 4), F32)
    rng = np.random.default_rng(52)
    canvas[int(585 * scale) :] = (0.012, 0.017, 0.008, 1)
    for row, (level, leaf) in enumerate(((600, 6), (655, 8), (725, 11))):
        for k, x in enumerate(np.arange(-60, WIDTH + 120, 150)):
            lift = 40 * np.sin(k * 1.7 + row * 2.1) + (60 if x > 1150 else 0) * (1 - row * 0.3)
            at = (x + rng.uniform(-50, 50), level - lift + rng.uniform(0, 30))
            draw_bush(canvas, at, (rng.uniform(100, 170), rng.uniform(55, 95)), leaf, seed=100 * row + k)
    return canvas


def draw_twig(canvas: Floats, path: Floats, leaf: float, seed: int) -> None:
    """Draw an olive twig along a quadratic curve of three points, with leaves in pairs, some of them lit through."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 26)[:, None]
    line = (1 - t) ** 2 * path[0] + 2 * t * (1 - t) * path[1] + t**2 * path[2]
    scale = canvas.shape[1] / WIDTH
    for k in range(25):
        start, end = np.round(line[k : k + 2] * scale).astype(int).tolist()
        cv2.line(canvas, start, end, (0.03, 0.022, 0.014, 1.0), max(1, int((5 - k / 6) * scale)))
    for k in range(3, 26):
        heading = np.arctan2(*(line[k] - line[k - 1])[::-1])
        for side in (-1, 1):
            angle = heading + side * rng.uniform(0.2, 1.3)
            outline = leaf_outline(angle, leaf * rng.uniform(0.45, 1.2), leaf * rng.uniform(0.08, 0.24))
            color = np.array([0.04, 0.046, 0.026]) * (0.6 + 1.6 * rng.random())
            glow = rng.random() ** 5 * np.array([0.9, 0.7, 0.22])
            draw_leaf(canvas, outline + line[k] + rng.normal(0, 4, 2).astype(F32), color + glow)


def branch_layer(scale: int) -> Floats:
    """Return the olive branch that hangs into the picture at the upper left, premultiplied (H, W, 4)."""
    canvas = np.zeros((HEIGHT * scale, WIDTH * scale, 4), F32)
    rng = np.random.default_rng(71)
    for seed in range(17):
        start = np.array([rng.uniform(-120, 260), rng.uniform(-110, 60)])
        reach = np.array([rng.uniform(60, 250), rng.uniform(30, 210)])
        bend = start + reach * (0.6, 0.25) + rng.normal(0, 15, 2)
        draw_twig(canvas, np.array([start, bend, start + reach], F32), rng.uniform(38, 54), seed + 80)
    return canvas


def over(front: Floats, back: Floats) -> Floats:
    """Lay premultiplied (H, W, 4) light over (H, W, 3) light."""
    return front[..., :3] + back * (1 - front[..., 3:])


def render_terrace(scale: int = 2) -> NDArray[np.uint8]:
    """Compose the layers from far to near, each blurred by its distance from the plane of focus on the table."""
    ray = view_rays(scale)
    light = lens_blur(distant_view(ray), 2.4 * scale)
    light = over(lens_blur(garden_layer(scale), 3.2 * scale), light)
    light = over(lens_blur(branch_layer(scale), 6.5 * scale), light)
    light = over(focused_table(scale), light)
    light = cv2.resize(light, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return develop(light, exposure=0.9, bloom=0.06, grain=0.0065, seed=41)


def main(out: Path) -> None:
    """Write both pictures to a directory."""
    out.mkdir(parents=True, exist_ok=True)
    save(out / "terrace.jpg", render_terrace())
    save(out / "mug.jpg", render_mug())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
