"""Writes a chain of convolutions as an ONNX graph, for networks that come as bare tensors; called by `runtimes`.

ONNX files are protocol-buffer messages. The few fields such a chain needs are written here, since the `onnx` package
would be 17 MB for this one purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Tensor = npt.NDArray[np.float32]

_FLOAT, _INTS = 1, 7  # TensorProto.FLOAT, AttributeProto.INTS
_IR_VERSION, _OPSET = 8, 13


def convolution_chain(layers: Sequence[tuple[Tensor, Tensor]]) -> bytes:
    """An ONNX model of convolutions with a rectifier between each two.

    Args:
        layers: Weights (out×in×k×k, k odd) and biases (out) of each; the picture keeps its size.

    Returns:
        A model with one input `x`, 1×in×H×W, and one output, 1×out×H×W.

    Source:
        onnx.proto3 of ONNX IR version 8; the wire format of Protocol Buffers.
    """
    nodes, tensors, blob = b"", b"", "x"
    for k, (weights, biases) in enumerate(layers):
        tensors += _field(5, _tensor(f"w{k}", weights)) + _field(5, _tensor(f"b{k}", biases))
        pads = _field(1, "pads") + _field(8, weights.shape[2] // 2) * 4 + _field(20, _INTS)
        inputs = b"".join(_field(1, name) for name in (blob, f"w{k}", f"b{k}"))
        blob = f"c{k}"
        nodes += _field(1, inputs + _field(2, blob) + _field(4, "Conv") + _field(5, pads))
        if k < len(layers) - 1:
            nodes += _field(1, _field(1, blob) + _field(2, f"r{k}") + _field(4, "Relu"))
            blob = f"r{k}"
    first, last = layers[0][0], layers[-1][0]
    ends = _field(11, _value("x", first.shape[1])) + _field(12, _value(blob, last.shape[0]))
    graph = nodes + _field(2, "chain") + tensors + ends
    return _field(1, _IR_VERSION) + _field(7, graph) + _field(8, _field(2, _OPSET))


def _tensor(name: str, values: Tensor) -> bytes:
    shape = b"".join(_field(1, length) for length in values.shape)
    return shape + _field(2, _FLOAT) + _field(8, name) + _field(9, np.ascontiguousarray(values, "<f4").tobytes())


def _value(name: str, channels: int) -> bytes:
    """A float tensor of 1×channels×H×W, with H and W left open."""
    sides = [_field(1, 1), _field(1, channels), _field(2, "h"), _field(2, "w")]
    shape = b"".join(_field(1, side) for side in sides)
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, shape)))


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    payload = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
