"""Plan and seed as text inside the file, so that an edit can be understood and repeated from its result alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cavendish import __version__

if TYPE_CHECKING:
    from cavendish.domain.plan import EditPlan


def text_of(plan: EditPlan, *, seed: int, output: int) -> dict[str, str]:
    """Keyword to text, for PNG's iTXt chunks.

    Args:
        plan: What was done.
        seed: Of the edit.
        output: 0-based number of this picture among the edit's.
    """
    made = {"seed": seed, "output": output, "plan": plan.to_json()}
    return {"Software": f"Cavendish {__version__}", "cavendish:edit": json.dumps(made, ensure_ascii=False)}
