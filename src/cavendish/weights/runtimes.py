"""The only module that knows neural runtimes. They are imported when a network is opened, never at start-up."""

from __future__ import annotations

import threading
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from cavendish.weights.convolutions import convolution_chain
from cavendish.weights.torch_file import read_torch_file

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Tensor = npt.NDArray[np.float32]

_ERRORS_ONLY = 3


class OnnxNetwork:
    """An ONNX graph with one input, ready to run on the CPU. Safe to run from several threads at once.

    Args:
        session: An `onnxruntime.InferenceSession`.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input: str = session.get_inputs()[0].name
        self._output: str = session.get_outputs()[0].name
        self.labels = tuple(session.get_modelmeta().custom_metadata_map.get("character", "").splitlines())
        """Characters a text recognizer tells apart, in the order of its answers; empty for other graphs."""

    def run(self, tensor: Tensor) -> Tensor:
        """The graph's first output for one input; other outputs are not computed twice or copied.

        Args:
            tensor: float32 of the shape the graph declares.
        """
        (output,) = self._session.run([self._output], {self._input: tensor})
        return np.asarray(output, dtype=np.float32)

    def run_all(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """All outputs that are computed, which is the first; for those who treat both kinds of networks alike."""
        return (self.run(tensor),)


def open_onnx(path: Path, *, threads: int) -> OnnxNetwork:
    """Load an ONNX file for the CPU.

    Args:
        path: A verified file (`WeightStore.locate`).
        threads: Threads one run may use, at least 1.
    """
    return _onnx_network(str(path), threads)


def open_torch_chain(path: Path, *, threads: int) -> OnnxNetwork:
    """Load a PyTorch file that holds nothing but a chain of convolutions, such as FFDNet's, without PyTorch.

    Args:
        path: A verified file (`WeightStore.locate`); its tensors are named `….weight` and `….bias`, by turns.
        threads: Threads one run may use, at least 1.
    """
    tensors = list(read_torch_file(path).values())
    return _onnx_network(convolution_chain(list(zip(tensors[::2], tensors[1::2], strict=True))), threads)


def _onnx_network(model: str | bytes, threads: int) -> OnnxNetwork:
    import onnxruntime  # noqa: PLC0415 - 80 ms and 20 MB that a request without networks never pays

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # The arena would save a third of the time of a run, but keeps each network's peak for ever (u2netp: 460 MB).
    options.enable_cpu_mem_arena = False
    # Waiting threads must sleep, not spin: the codecs and OpenCV want the same cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return OnnxNetwork(onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))


class TfliteNetwork:
    """A TensorFlow Lite graph with one input, ready to run on the CPU. Safe to run from several threads at once.

    Args:
        interpreter: An `ai_edge_litert.interpreter.Interpreter` whose tensors are not yet allocated.
        labels: Names of what a classifier tells apart, in the order of its answers.
    """

    def __init__(self, interpreter: Any, *, labels: tuple[str, ...] = ()) -> None:
        interpreter.allocate_tensors()
        self.labels = labels
        self._interpreter = interpreter
        self._input: int = interpreter.get_input_details()[0]["index"]
        self._outputs: list[int] = [output["index"] for output in interpreter.get_output_details()]
        # An interpreter writes every run into the same tensors, so runs take turns.
        self._turn = threading.Lock()

    def run(self, tensor: npt.NDArray[Any]) -> tuple[Tensor, ...]:
        """All outputs of the graph for one input, in the graph's order; copies that a later run leaves alone.

        Args:
            tensor: Of the shape and type the graph declares.
        """
        with self._turn:
            self._interpreter.set_tensor(self._input, tensor)
            self._interpreter.invoke()
            outputs = [self._interpreter.get_tensor(output) for output in self._outputs]
        return tuple(np.asarray(output, dtype=np.float32) for output in outputs)

    run_all = run


def open_tflite(path: Path, *, threads: int, member: str = "") -> TfliteNetwork:
    """Load a TensorFlow Lite file for the CPU.

    Args:
        path: A verified file (`WeightStore.locate`).
        threads: Threads one run may use, at least 1.
        member: Name of the graph inside a task file, which is a zip of several; "" for a plain graph.
    """
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - as above; few requests need it

    if not member:
        return TfliteNetwork(Interpreter(str(path), num_threads=threads), labels=_attached_labels(path))
    with zipfile.ZipFile(path) as task:
        return TfliteNetwork(Interpreter(model_content=task.read(member), num_threads=threads))


def _attached_labels(path: Path) -> tuple[str, ...]:
    """The lines of the list of labels that classifiers carry in a zip at their end."""
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as attached:
        names = [name for name in attached.namelist() if name.startswith("labels")]
        return tuple(attached.read(names[0]).decode("utf-8").splitlines()) if names else ()


class NcnnNetwork:
    """An ncnn graph from pictures to pictures, ready to run on the CPU. Safe to run from several threads at once.

    Args:
        net: An `ncnn.Net` with one input and one output.
        mat: The class `ncnn.Mat`.
    """

    def __init__(self, net: Any, mat: Any) -> None:
        self._net = net
        self._mat = mat
        (self._input,), (self._output,) = net.input_names(), net.output_names()

    def run(self, tensor: Tensor) -> Tensor:
        """The graph's output for one input.

        Args:
            tensor: 1×C×H×W.
        """
        planes = np.ascontiguousarray(tensor[0])
        with self._net.create_extractor() as extractor:
            extractor.input(self._input, self._mat(planes))
            _, output = extractor.extract(self._output)
            return np.array(output, dtype=np.float32)[None]


def open_ncnn(path: Path, *, graph: Path) -> NcnnNetwork:
    """Load a network of ncnn for the CPU.

    Args:
        path: A verified file of weights (`WeightStore.locate`), `….bin`.
        graph: The verified description of its graph, `….param`.
    """
    import ncnn  # noqa: PLC0415 - as above

    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    # Two threads of one run wait for each other: on a busy machine they need four times as long as one. Callers run
    # two tiles at once instead.
    net.opt.num_threads = 1
    # Unpacked for this one, Real-ESRGAN's weights would take 150 MB more for no gain in time.
    net.opt.use_winograd63_convolution = False
    net.load_param(str(graph))
    net.load_model(str(path))
    return NcnnNetwork(net, ncnn.Mat)
