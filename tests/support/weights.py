"""Where the real weights are on this machine, for tests that want the real networks."""

from __future__ import annotations

import os
from pathlib import Path

from cavendish.errors import WeightsUnavailable
from cavendish.weights.store import WeightStore, default_folder


def weight_folder() -> Path | None:
    """The configured or default weights folder if u2netp is there and verified, else None."""
    user_data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    folder = Path(os.environ.get("CAVENDISH_WEIGHTS__FOLDER") or default_folder(user_data))
    try:
        WeightStore(folder).locate("u2netp.onnx")
    except WeightsUnavailable:
        return None
    return folder
