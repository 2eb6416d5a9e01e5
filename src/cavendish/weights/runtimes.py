"""The only module that knows neural runtimes. They are imported when a network is opened, never at start-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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

    def run(self, tensor: Tensor) -> Tensor:
        """The graph's first output for one input; other outputs are not computed twice or copied.

        Args:
            tensor: float32 of the shape the graph declares.
        """
        (output,) = self._session.run([self._output], {self._input: tensor})
        return np.asarray(output, dtype=np.float32)


def open_onnx(path: Path, *, threads: int) -> OnnxNetwork:
    """Load an ONNX file for the CPU.

    Args:
        path: A verified file (`WeightStore.locate`).
        threads: Threads one run may use, at least 1.
    """
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
    return OnnxNetwork(onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))
