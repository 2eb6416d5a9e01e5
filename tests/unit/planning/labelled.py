"""How well plans fit labels: the labelled instructions beside this file, and what counts as right.

`python -m tests.unit.planning.labelled [kind]` lists what is wrong.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cavendish.domain.plan import Step
from cavendish.planning.planner import PhrasePlanner
from cavendish.planning.quantities import color_of

_FILE = Path(__file__).with_name("labelled.jsonl")


@cache
def labelled() -> tuple[dict[str, Any], ...]:
    """The labelled instructions."""
    return tuple(json.loads(line) for line in _FILE.read_text("utf-8").splitlines())


def wrong(label: Mapping[str, Any]) -> str:
    """What is wrong with the plan for a label; "" where it is right."""
    steps, _ = PhrasePlanner().read(label["text"], images=label["images"])
    left = list(steps)
    faults = []
    for wanted in sorted(label["steps"], key=lambda step: step.get("optional", False)):
        ops = wanted["op"].split("|")
        found = next((step for step in left if step.op in ops and not _fault(step, wanted)), None)
        if found is not None:
            left.remove(found)
            continue
        if not wanted.get("optional"):
            near = next((step for step in left if step.op in ops), None)
            faults.append(f"{wanted['op']}: {_fault(near, wanted) if near else 'missing'}")
            if near:
                left.remove(near)
    faults += [f"extra {step.op} ({step.target})" for step in left]
    guards = " ".join(guard for step in steps for guard in step.guards).lower()
    faults += [f"guard {guard!r} lost" for guard in label.get("guards", ()) if steps and guard.lower() not in guards]
    return "; ".join(faults)


def _fault(step: Step, wanted: Mapping[str, Any]) -> str:
    """What is wrong with a step of the right op."""
    texts = " ".join(value for value in step.parameters.values() if isinstance(value, str))
    target = f"{step.target} {texts} {json.dumps(step.region.to_json()) if step.region else ''}".lower()
    if missing := [
        word for word in wanted["target"].lower().split() if word not in target and word not in {"the", "a"}
    ]:
        return f"target {step.target!r} lacks {missing}"
    if "image" in wanted and step.image != wanted["image"]:
        return f"image {step.image}"
    region = step.region.to_json() if step.region else {}
    for key, value in wanted.get("region", {}).items():
        if not _same_region(region, key, value, target):
            return f"region {key} is {region.get(key)!r}, not {value!r}"
    if step.op == wanted["op"].split("|")[0]:
        for key, value in wanted.get("parameters", {}).items():
            if key in step.parameters and not _same(step.parameters[key], value):
                return f"{key} is {step.parameters[key]!r}, not {value!r}"
            if key not in step.parameters and key not in {"shape", "country"} and value not in (">0", "<0"):
                return f"{key} is missing"
    return ""


def _same_region(region: Mapping[str, Any], key: str, value: Any, target: str) -> bool:
    if key == "not":
        return all(word in json.dumps(region.get("not", [])) or word in target for word in value.lower().split())
    if key == "side":
        return set(re.split(r"[ -]", value)) <= set(re.split(r"[ -]", region.get("side", "")))
    if isinstance(value, str):
        return all(word in json.dumps(region).lower() for word in value.lower().split())
    return bool(region.get(key) == value)


def _same(found: Any, wanted: Any) -> bool:
    if wanted == ">0":
        return bool(found > 0)
    if wanted == "<0":
        return bool(found < 0)
    if isinstance(found, str):
        wanted = str(wanted)
        return found.lower() == wanted.lower() or (color_of(wanted.lower()) or "") == found
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return abs(found - wanted) < 0.011 or abs(abs(found - wanted) - 360) < 0.01
    return True if isinstance(wanted, list | dict) else bool(found == wanted)


if __name__ == "__main__":
    chosen = [label for label in labelled() if len(sys.argv) < 2 or label["kind"] in sys.argv[1:]]
    bad = [(label, fault) for label in chosen if (fault := wrong(label))]
    for label, fault in bad:
        print(f"[{label['kind']}] {label['text']}\n        {fault}")
    print(f"{len(chosen) - len(bad)} of {len(chosen)} right: {1 - len(bad) / len(chosen):.3f}")
