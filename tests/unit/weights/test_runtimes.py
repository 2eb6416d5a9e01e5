from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cavendish.weights.runtimes import open_ncnn, open_onnx, open_tflite
from cavendish.weights.store import WeightStore
from tests.support.weights import weight_folder


def field(number: int, value: int | str | bytes) -> bytes:
    """One protocol-buffer field; enough of the format to write an ONNX graph of a hundred bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    payload = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(payload)]) + payload


def tensor_of_three(name: str) -> bytes:
    shape = field(1, field(1, 3))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


@pytest.fixture
def graph(tmp_path):
    """A graph of two outputs: first −x, then |x|."""
    nodes = b"".join(field(1, field(1, "x") + field(2, out) + field(4, op)) for out, op in (("n", "Neg"), ("a", "Abs")))
    outputs = field(12, tensor_of_three("n")) + field(12, tensor_of_three("a"))
    body = nodes + field(2, "g") + field(11, tensor_of_three("x")) + outputs
    path = tmp_path / "graph.onnx"
    path.write_bytes(field(1, 8) + field(7, body) + field(8, field(2, 13)))
    return path


def test_run_gives_the_first_output_as_float32(graph):
    output = open_onnx(graph, threads=1).run(np.array([1, -2, 0.5], np.float32))
    assert output.dtype == np.float32
    assert output.tolist() == [-1, 2, -0.5]


def test_one_network_serves_several_threads(graph):
    network = open_onnx(graph, threads=2)
    inputs = [np.full(3, k, np.float32) for k in range(8)]
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(network.run, inputs))
    assert [output[0] for output in outputs] == [-k for k in range(8)]


def test_opening_prints_nothing(graph, capfd):
    open_onnx(graph, threads=1).run(np.zeros(3, np.float32))
    assert capfd.readouterr() == ("", "")


def test_importing_the_module_loads_no_runtime():
    runtimes = {"onnxruntime", "ai_edge_litert", "ncnn"}
    code = f"import sys, cavendish.weights.runtimes, cavendish.weights.store; print({runtimes} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_u2netp_opens_through_the_store():
    folder = weight_folder()
    if folder is None:
        pytest.skip("weights are not installed")
    network = WeightStore(folder).session("u2netp.onnx", lambda path: open_onnx(path, threads=2))
    output = network.run(np.zeros((1, 3, 320, 320), np.float32))
    assert output.shape == (1, 1, 320, 320)
    assert 0 <= output.min() <= output.max() <= 1


def open_face_detector():
    folder = weight_folder("face_detector.tflite")
    if folder is None:
        pytest.skip("weights are not installed")
    return WeightStore(folder).session("face_detector.tflite", lambda path: open_tflite(path, threads=2))


def test_a_tflite_network_gives_all_its_outputs():
    regressors, logits = open_face_detector().run(np.zeros((1, 128, 128, 3), np.float32))
    assert regressors.shape == (1, 896, 16)
    assert logits.shape == (1, 896, 1)
    assert regressors.dtype == logits.dtype == np.float32


def test_a_tflite_network_gives_each_thread_its_own_answer():
    network = open_face_detector()
    inputs = np.random.default_rng(0).uniform(-1, 1, (16, 1, 128, 128, 3)).astype(np.float32)
    alone = [network.run(tensor) for tensor in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(network.run, inputs))
    for expected, found in zip(alone, together, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(expected, found, strict=True))


NCNN_GRAPH = """7767517
3 3
Input in 0 1 x
Split twice 1 2 x a b
BinaryOp sum 2 1 a b y 0=0
"""


def test_an_ncnn_graph_runs_on_planes_from_several_threads(tmp_path):
    (tmp_path / "g.param").write_text(NCNN_GRAPH.replace("3 3", "3 4"))
    (tmp_path / "g.bin").write_bytes(b"")
    network = open_ncnn(tmp_path / "g.bin", graph=tmp_path / "g.param")
    inputs = [np.full((1, 3, 4, 5), k, np.float32) for k in range(6)]
    with ThreadPoolExecutor(3) as pool:
        outputs = list(pool.map(network.run, inputs))
    for given, output in zip(inputs, outputs, strict=True):
        assert output.shape == (1, 3, 4, 5)
        assert np.array_equal(output, 2 * given)
