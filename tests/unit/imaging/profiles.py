"""ICC profiles for the tests, the smallest valid ones (ICC.1:2022)."""

import numpy as np

P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
D50 = (0.96422, 1.0, 0.82521)
GRID = 9


def colorants(primaries):
    """Linear RGB to XYZ of the connection space: D65 white adapted to D50 by Bradford."""
    xy = np.array(primaries)
    xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(3), (1 - xy.sum(1)) / xy[:, 1]])
    white = np.array([0.95047, 1.0, 1.08883])
    to_xyz = xyz * np.linalg.solve(xyz, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    gains = (bradford @ np.array(D50)) / (bradford @ white)
    return np.linalg.inv(bradford) @ np.diag(gains) @ bradford @ to_xyz


def srgb_light(codes):
    x = np.asarray(codes, np.float64)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def matrix_profile(primaries, gamma=None):
    """Three primaries and one tone curve: a power, or sRGB's."""
    tags = {f"{name}XYZ".encode(): _xyz(colorants(primaries)[:, k]) for k, name in enumerate("rgb")}
    return _profile(b"RGB ", tags | {f"{name}TRC".encode(): _curve(gamma) for name in "rgb"})


def table_profile(primaries, gamma):
    """The same as a table of XYZ values alone."""
    axis = np.linspace(0, 1, GRID)
    codes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    table = np.rint(np.clip(codes**gamma @ colorants(primaries).T, 0, 1.99) * 32768).astype(">u2").tobytes()
    straight = np.array([0, 65535], ">u2").tobytes() * 3
    identity = b"".join(map(_fixed, np.eye(3).ravel()))
    head = b"mft2\0\0\0\0" + bytes([3, 3, GRID, 0]) + identity + b"\0\2\0\2"
    return _profile(b"RGB ", {b"A2B0": head + straight + table + straight})


def gray_profile(gamma):
    return _profile(b"GRAY", {b"kTRC": _curve(gamma)})


def _fixed(value):
    return round(float(value) * 65536).to_bytes(4, "big", signed=True)


def _xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _curve(gamma):
    if gamma is not None:
        return b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + b"\0\0"
    values = np.rint(srgb_light(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + (1024).to_bytes(4, "big") + values.tobytes()


def _profile(space, tags):
    tags = {**tags, b"wtpt": _xyz(D50)}
    tags[b"desc"] = b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"test\0" + bytes(78)
    tags[b"cprt"] = b"text\0\0\0\0none\0"
    table, body = len(tags).to_bytes(4, "big"), b""
    offset = 132 + 12 * len(tags)
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name + (offset + len(body)).to_bytes(4, "big") + len(padded).to_bytes(4, "big")
        body += padded
    size = (offset + len(body)).to_bytes(4, "big")
    header = size + bytes(4) + bytes([2, 64, 0, 0]) + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28)
    header += b"".join(map(_fixed, D50)) + bytes(128 - len(header) - 12)
    return header + table + body
