"""Where the real weights are on this machine, for tests that want the real networks."""

from __future__ import annotations

import os
from pathlib import Path

from cavendish.errors import WeightsUnavailable
from cavendish.weights.store import WeightStore, default_folder


def weight_folder(name: str = "u2netp.onnx") -> Path | None:
    """The configured or default weights folder if the named file is there and verified, else None."""
    user_data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    folder = Path(os.environ.get("CAVENDISH_WEIGHTS__FOLDER") or default_folder(user_data))
    try:
        WeightStore(folder).locate(name)
    except WeightsUnavailable:
        return None
    return folder
