"""Reads the tensors of a PyTorch file without PyTorch, and without running anything the file asks for.

Called by `runtimes` when a network is opened.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

_MAGIC = 0x1950A86A20F9469CFC6C
_FLOAT_BYTES = 4


def read_torch_file(path: Path) -> Mapping[str, npt.NDArray[np.float32]]:
    """The named float32 tensors of a file in PyTorch's format before 1.6 (three headers, the dictionary, the values).

    Args:
        path: A verified file.

    Returns:
        Name to tensor, in the file's order; arrays of their own.

    Raises:
        pickle.UnpicklingError: The file is of another format, names anything but a dictionary of contiguous float32
            tensors, or holds less than it names.

    Source:
        torch.save with `_use_new_zipfile_serialization=False`.
    """
    stream = io.BytesIO(path.read_bytes())
    if _Tensors(stream).load() != _MAGIC:
        raise pickle.UnpicklingError("not a PyTorch file of the older format")
    for _ in ("protocol", "system"):
        _Tensors(stream).load()
    named = _Tensors(stream).load()
    values = _values(stream, _Tensors(stream).load())
    return {name: _tensor(values, *where) for name, where in named.items()}


def _values(stream: io.BytesIO, keys: list[str]) -> dict[str, npt.NDArray[np.float32]]:
    """What follows the dictionary: for each key a count and as many numbers."""
    values = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), "little")
        data = stream.read(count * _FLOAT_BYTES)
        if len(data) != count * _FLOAT_BYTES:
            raise pickle.UnpicklingError("the file ends early")
        values[key] = np.frombuffer(data, "<f4")
    return values


def _tensor(
    values: dict[str, npt.NDArray[np.float32]], key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    contiguous = tuple(int(np.prod(shape[axis + 1 :], dtype=np.int64)) for axis in range(len(shape)))
    count = int(np.prod(shape, dtype=np.int64))
    if strides != contiguous or not 0 <= offset <= values[key].size - count:
        raise pickle.UnpicklingError("a tensor is not contiguous, or lies outside the file")
    return values[key][offset : offset + count].reshape(shape).astype(np.float32)


class _Tensors(pickle.Unpickler):
    """Knows the four names such a file needs and refuses every other, so nothing in it can be executed."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): "float32",
            ("torch._utils", "_rebuild_tensor_v2"): _place,
            ("torch._utils", "_rebuild_parameter"): _parameter,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"the file names {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> str:
        kind, storage, key, *_ = pid
        if (kind, storage) != ("storage", "float32"):
            raise pickle.UnpicklingError("the file holds other things than float32 tensors")
        return str(key)


def _place(
    key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> tuple[str, int, tuple[int, ...], tuple[int, ...]]:
    return key, offset, shape, strides


def _parameter(placed: Any, *_: Any) -> Any:
    return placed
