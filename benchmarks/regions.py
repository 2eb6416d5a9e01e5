"""Whether the region stage finds what a sentence means, and says so where it is not there.

    python -m benchmarks.regions [--bench ../shared/bench] [--sheet DIR] [--random SEED]

Sentences and scenes are in `regions.toml`. Eighty sentences mean things of known masks: right is an answer with
IoU ≥ 0.5 that covers no other thing by more than 30 %. Eighty name what is not in the picture: right is “not there”
(`UnsupportedEdit`). A sentence for which the planner names no region counts as wrong and is listed apart. `--sheet`
writes contact sheets of 20 cases: the known outline above, the answer's mask below. `--random` examines with scenes and
sentences made by chance instead (`random_scenes.py`).
"""

from __future__ import annotations

import argparse
import statistics
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.random_scenes import SCENES, scene_at_random
from benchmarks.scenes import Composed, Mask, Pixels, Scene, Studio, scenes
from cavendish.app import Weights, networks
from cavendish.domain.plan import Step
from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.planning.planner import PhrasePlanner
from cavendish.regions.resolve import RegionResolver
from cavendish.settings import load

Find = Callable[[Image, RegionQuery], Region]

BENCH = Path(__file__).parents[2] / "shared" / "bench"
_SENTENCES = Path(__file__).with_name("regions.toml")
_ENOUGH_IOU = 0.5
_WRONGLY_COVERED = 0.3
_KINDS = {
    "people": {"man", "skater", "portrait", "presenter", "backpacker"},
    "animals": {"cat", "chelsea", "corgi", "browndog", "farmdog", "lemur"},
}
_PER_SHEET, _ACROSS, _TILE_PX, _LINE_PX = 20, 5, 380, 17
_TRUTH, _TAKEN = (60, 255, 60), (255, 0, 200)


@dataclass(frozen=True)
class Case:
    """A sentence about a picture; `means` is empty where nothing of the kind is in it."""

    on: str
    asks: str
    says: str
    means: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of one case.

    Args:
        case: The sentence.
        group: What the meant things are, or what is missing.
        right: Whether the answer is.
        verdict: In words, for the list of failures.
        planned: Whether the planner named a region.
        iou: With the known mask; 0 without an answer.
        took_s: Time of the search.
    """

    case: Case
    group: str
    right: bool
    verdict: str
    planned: bool = True
    iou: float = 0.0
    took_s: float = 0.0


def cases(table: Mapping[str, Any], key: str) -> list[Case]:
    """The sheet's sentences, `there` or `absent`, those on one picture together."""
    rows = [
        Case(row["on"], row["asks"], row["says"], tuple(row.get("means", ())), tuple(row.get("keeps", ())))
        for row in table[key]
    ]
    return sorted(rows, key=lambda case: case.on)


class Examination:
    """Puts the cases to a region stage.

    Args:
        studio: Composes the pictures.
        known: The scenes by name.
        open_stage: Opens the stage under examination for one picture; what it gives raises `UnsupportedEdit` for
            “not there”.
        sheet: Folder for contact sheets, or None.
    """

    def __init__(
        self, studio: Studio, known: Mapping[str, Scene], open_stage: Callable[[], Find], *, sheet: Path | None = None
    ) -> None:
        self._studio, self._known, self._open_stage, self._sheet = studio, known, open_stage, sheet
        self._find = open_stage()
        self._planner = PhrasePlanner()
        self._picture = Composed("", np.zeros((0, 0, 3), np.uint8))
        self._image = Image(self._picture.pixels)

    def run(self, asked: Sequence[Case], *, name: str) -> list[Outcome]:
        """Try every case and, where asked for, draw the sheets `name`-1.png, `name`-2.png …"""
        outcomes: list[Outcome] = []
        tiles: list[Pixels] = []
        for case in asked:
            picture = self._composed(case.on)
            outcome, taken = self._tried(case, picture)
            outcomes.append(outcome)
            if self._sheet is not None:
                tiles.append(_tile(picture, outcome, taken))
                if len(tiles) == _PER_SHEET or len(outcomes) == len(asked):
                    _write_sheet(self._sheet / f"{name}-{-(-len(outcomes) // _PER_SHEET)}.png", tiles)
                    tiles = []
        return outcomes

    def _composed(self, on: str) -> Composed:
        if self._picture.name != on:  # cases come picture by picture, so that one picture is held at a time
            scene = self._known.get(on)
            self._picture = self._studio.compose(scene) if scene else Composed(on, self._studio.photo(on))
            self._image, self._find = Image(self._picture.pixels), self._open_stage()
        return self._picture

    def _tried(self, case: Case, picture: Composed) -> tuple[Outcome, Mask | None]:
        group = self._group(case)
        steps, _ = self._planner.read(case.says, images=1)
        step = next((step for step in steps if step.region is not None), None)
        if step is None or step.region is None:
            return Outcome(case, group, right=False, verdict="no step with a region", planned=False), None
        started = time.perf_counter()
        try:
            found = self._find(self._image, step.region)
        except UnsupportedEdit as refusal:
            took_s = time.perf_counter() - started
            verdict = f"not there: {refusal.public_message}"
            return Outcome(case, group, right=not case.means, verdict=verdict, took_s=took_s), None
        except Exception as fault:
            fault.add_note(f"with “{case.says}” on {case.on}")
            raise
        took_s = time.perf_counter() - started
        taken = found.alpha >= 0.5
        if not case.means:
            verdict = f"took {taken.mean():.1%} of the picture as “{found.label}”, confidence {found.confidence:.2f}"
            return Outcome(case, group, right=False, verdict=verdict, took_s=took_s), taken
        iou, wrong = compared(taken, picture.masks, wanted(case, step))
        right = iou >= _ENOUGH_IOU and not wrong
        return Outcome(case, group, right, _verdict(iou, wrong, taken), iou=iou, took_s=took_s), taken

    def _group(self, case: Case) -> str:
        if not case.means:
            return case.asks
        cut = next(thing.cut for thing in self._known[case.on].things if thing.id == case.means[0])
        return next((kind for kind, cuts in _KINDS.items() if cut in cuts), "things")


def wanted(case: Case, step: Step) -> tuple[str, ...]:
    """The things a step's region should be: of “everything except”, what is left alone."""
    return case.keeps if case.keeps and step.op.endswith("_except") else case.means


def compared(taken: Mask, masks: Mapping[str, Mask], names: Sequence[str]) -> tuple[float, dict[str, float]]:
    """IoU with the union of the named masks, and the wrong things covered too far, with the covered share of each.

    Raises:
        KeyError: A name is none of the scene's things.
    """
    truth = np.logical_or.reduce([masks[name] for name in names])
    iou = float((taken & truth).sum() / max(1, int((taken | truth).sum())))
    covered = {name: float(taken[mask].mean()) for name, mask in masks.items() if name not in names and mask.any()}
    return iou, {name: share for name, share in covered.items() if share > _WRONGLY_COVERED}


def _verdict(iou: float, wrong: Mapping[str, float], taken: Mask) -> str:
    instead = ", ".join(f"{name} ({share:.0%})" for name, share in wrong.items())
    return f"IoU {iou:.2f}, took {taken.mean():.1%} of the picture" + (f", wrongly {instead}" if instead else "")


def _tile(picture: Composed, outcome: Outcome, taken: Mask | None) -> Pixels:
    """The picture with the known outline, the answer over it, and the sentence below."""
    scale = _TILE_PX / max(picture.pixels.shape[:2])
    size = (round(picture.pixels.shape[1] * scale), round(picture.pixels.shape[0] * scale))
    small = np.asarray(cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    answer = small.copy()
    if taken is not None:
        where = cv2.resize(taken.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        answer[where] = (answer[where] * 0.4 + np.array(_TAKEN) * 0.6).astype(np.uint8)
    for name in outcome.case.means:
        truth = cv2.resize(picture.masks[name].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        edges, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(small, edges, -1, _TRUTH, 1)
    tile = np.full((2 * size[1] + 3 * _LINE_PX, _TILE_PX + 6, 3), 255, np.uint8)
    tile[: size[1], : size[0]] = small
    tile[size[1] : 2 * size[1], : size[0]] = answer
    color = (0, 110, 0) if outcome.right else (190, 0, 0)
    for line, text in enumerate((outcome.case.says, outcome.verdict)):
        place = (2, 2 * size[1] + _LINE_PX * (line + 1))
        cv2.putText(tile, _ascii(text)[:62], place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, color, 1, cv2.LINE_AA)
    return tile


def _ascii(text: str) -> str:
    """OpenCV's letters are ASCII only."""
    return text.replace("“", '"').replace("”", '"').replace("’", "'").encode("ascii", "replace").decode()


def _write_sheet(path: Path, tiles: Sequence[Pixels]) -> None:
    rows = [_row(tiles[start : start + _ACROSS]) for start in range(0, len(tiles), _ACROSS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def _row(tiles: Sequence[Pixels]) -> Pixels:
    """Tiles side by side on white, as tall as the tallest."""
    row = np.full((max(tile.shape[0] for tile in tiles), _ACROSS * tiles[0].shape[1], 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        row[: tile.shape[0], index * tile.shape[1] : (index + 1) * tile.shape[1]] = tile
    return row


def _there_rows(outcomes: Sequence[Outcome]) -> Iterator[Mapping[str, Any]]:
    parts = {"all": list(outcomes)}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.group):
        parts.setdefault(outcome.group, []).append(outcome)
    for outcome in sorted(outcomes, key=lambda outcome: outcome.case.asks):
        parts.setdefault(f"by {outcome.case.asks}", []).append(outcome)
    for name, part in parts.items():
        right = [outcome.iou for outcome in part if outcome.right]
        yield {
            "referring": name,
            "cases": len(part),
            "right": len(right),
            "share": f"{len(right) / len(part):.0%}",
            "median IoU": f"{statistics.median(outcome.iou for outcome in part):.2f}",
            "of the right": f"{statistics.median(right):.2f}" if right else "-",
            "median s": f"{statistics.median(outcome.took_s for outcome in part):.2f}",
        }


def _absent_rows(outcomes: Sequence[Outcome]) -> Iterator[Mapping[str, Any]]:
    parts = {"all": list(outcomes)}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.group):
        parts.setdefault(outcome.group, []).append(outcome)
    for name, part in parts.items():
        right = sum(outcome.right for outcome in part)
        yield {
            "absent": name,
            "cases": len(part),
            "not there": right,
            "share": f"{right / len(part):.0%}",
            "median s": f"{statistics.median(outcome.took_s for outcome in part):.2f}",
        }


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _failures(outcomes: Iterable[Outcome]) -> str:
    wrong = [outcome for outcome in outcomes if not outcome.right]
    searched = [f"- {o.case.on}: “{o.case.says}” → {o.verdict}" for o in wrong if o.planned]
    unplanned = [f"- {o.case.on}: “{o.case.says}”" for o in wrong if not o.planned]
    return "\n".join(["Wrong:", *searched, "Without a region in the plan:", *unplanned])


def report(there: Sequence[Outcome], absent: Sequence[Outcome]) -> str:
    """Both tables, each followed by its failures."""
    parts = [_table(_there_rows(there)), _failures(there), _table(_absent_rows(absent)), _failures(absent)]
    return "\n\n".join(parts)


def main() -> None:
    """Examine the region stage of this checkout."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bench", type=Path, default=BENCH, help="folder that holds images/")
    options.add_argument("--sheet", type=Path, help="folder for contact sheets")
    options.add_argument("--random", type=int, metavar="SEED", help="scenes and sentences by chance")
    given = options.parse_args()
    if not (given.bench / "images").is_dir():
        print(f"Skipped: no pictures in {given.bench / 'images'}.")
        return
    table = tomllib.loads(_SENTENCES.read_text("utf-8"))
    composed, there, absent = scenes(table), cases(table, "there"), cases(table, "absent")
    if given.random is not None:
        composed, there, absent = _by_chance(given.random)
    known = networks(Weights(load()))
    examination = Examination(Studio(given.bench), composed, lambda: RegionResolver(known).find, sheet=given.sheet)
    outcomes = examination.run(there, name="there")
    print(report(outcomes, examination.run(absent, name="absent")))


def _by_chance(seed: int) -> tuple[Mapping[str, Scene], list[Case], list[Case]]:
    composed, there, absent = {}, [], []
    for number in range(SCENES):
        scene, named, missing = scene_at_random(seed, number)
        composed[scene.name] = scene
        there += [Case(scene.name, "kind", f"remove the {name}", (thing,)) for thing, name in named]
        absent += [Case(scene.name, "kind", f"remove the {name}") for name in missing]
    return composed, there, absent


if __name__ == "__main__":
    main()
