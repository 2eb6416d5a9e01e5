"""Tensors out of a PyTorch file, without PyTorch and without trusting the file."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from cavendish.weights.convolutions import convolution_chain
from cavendish.weights.runtimes import open_torch_chain
from cavendish.weights.torch_file import read_torch_file
from tests.support.weights import weight_folder

MAGIC = 0x1950A86A20F9469CFC6C


class Named:
    """Pickles as a call of a global of PyTorch, or of anything else."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments


class Writer(pickle._Pickler):
    """Writes what `torch.save` writes, by the names alone."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named):
            module, name = obj.name.rsplit(".", 1)
            self.write(b"c" + f"{module}\n{name}\n".encode())
            if obj.arguments:
                self.save(obj.arguments)
                self.write(b"R")
            return
        if isinstance(obj, tuple) and obj and obj[0] == "storage":
            super().save(obj, save_persistent_id=False)
            self.write(b"Q")
            return
        super().save(obj, save_persistent_id)


def tensor(key, shape, *, offset=0, strides=None, storage="torch.FloatStorage", size=64):
    contiguous = tuple(int(np.prod(shape[k + 1 :])) for k in range(len(shape)))
    place = ("storage", Named(storage), key, "cpu", size, None)
    hooks = Named("collections.OrderedDict")
    return Named("torch._utils._rebuild_tensor_v2", place, offset, shape, strides or contiguous, False, hooks)


def write(path, named, storages, magic=MAGIC):
    with path.open("wb") as stream:
        for part in (magic, 1001, {"little_endian": True}, named, list(storages)):
            Writer(stream, protocol=2).dump(part)
        for values in storages.values():
            stream.write(len(values).to_bytes(8, "little") + np.asarray(values, "<f4").tobytes())
    return path


def test_tensors_come_by_name_in_order(tmp_path):
    values = np.arange(64, dtype=np.float32)
    named = OrderedDict(second=tensor("7", (2, 3)), first=tensor("9", (4,), offset=2))
    path = write(tmp_path / "w.pth", named, {"7": values, "9": values[::-1]})
    read = read_torch_file(path)
    assert list(read) == ["second", "first"]
    assert np.array_equal(read["second"], values[:6].reshape(2, 3))
    assert np.array_equal(read["first"], [61, 60, 59, 58])


@pytest.mark.parametrize(
    "named",
    [
        {"w": Named("os.system", "true")},
        {"w": Named("builtins.eval", "1")},
        {"w": tensor("7", (2, 3), storage="torch.HalfStorage")},
        {"w": tensor("7", (2, 3), strides=(1, 2))},
        {"w": tensor("7", (9, 9))},
        {"w": tensor("7", (2, 3), offset=-1)},
    ],
    ids=["command", "eval", "half", "strided", "too large", "before"],
)
def test_anything_else_is_refused(tmp_path, named, monkeypatch):
    monkeypatch.setattr(os, "system", lambda _: pytest.fail("a file must never run anything"))
    with pytest.raises(pickle.UnpicklingError):
        read_torch_file(write(tmp_path / "w.pth", named, {"7": np.zeros(64)}))


def test_other_formats_and_short_files_are_refused(tmp_path):
    good = write(tmp_path / "w.pth", {"w": tensor("7", (4,))}, {"7": np.zeros(64)})
    good.write_bytes(good.read_bytes()[:-8])
    with pytest.raises(pickle.UnpicklingError, match="ends early"):
        read_torch_file(good)
    with pytest.raises(pickle.UnpicklingError, match="not a PyTorch file"):
        read_torch_file(write(tmp_path / "v.pth", {}, {}, magic=5))


def test_a_chain_computes_what_its_convolutions_do(tmp_path):
    random = np.random.default_rng(0)
    layers = [(random.normal(size=(4, 3, 3, 3)), random.normal(size=4)), (random.normal(size=(2, 4, 1, 1)), np.ones(2))]
    storages = {str(k): np.ravel(part) for k, part in enumerate(part for layer in layers for part in layer)}
    shapes = [part.shape for layer in layers for part in layer]
    named = OrderedDict((f"{k}", tensor(f"{k}", shape)) for k, shape in enumerate(shapes))
    network = open_torch_chain(write(tmp_path / "c.pth", named, storages), threads=1)
    picture = random.normal(size=(1, 3, 6, 7)).astype(np.float32)
    padded = np.pad(picture[0], ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    hidden = np.maximum(np.einsum("chwij,ocij->ohw", windows, layers[0][0]) + layers[0][1][:, None, None], 0)
    expected = np.einsum("chw,oc->ohw", hidden, layers[1][0][..., 0, 0]) + 1
    assert np.allclose(network.run(picture)[0], expected, atol=1e-4)


def test_the_model_is_the_same_bytes_each_time():
    layers = [(np.ones((2, 3, 3, 3), np.float32), np.zeros(2, np.float32))]
    assert convolution_chain(layers) == convolution_chain(layers)


def test_the_real_file_is_a_chain_of_twelve():
    folder = weight_folder("ffdnet_color.pth")
    if folder is None:
        pytest.skip("weights are not installed")
    tensors = read_torch_file(folder / "ffdnet_color.pth")
    assert len(tensors) == 24
    assert next(iter(tensors.values())).shape == (96, 13, 3, 3)
