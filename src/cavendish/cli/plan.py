"""`cavendish plan`: what a sentence would do, without doing it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cavendish import telemetry
from cavendish.domain.plan import EditPlan
from cavendish.errors import InvalidRequest, UnsupportedEdit
from cavendish.planning.given import read_plan
from cavendish.planning.planner import PhrasePlanner, finish_plan
from cavendish.settings import load


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
    text: Annotated[str | None, typer.Argument(help="The instruction.")] = None,
    *,
    images: Annotated[int, typer.Option("--images", min=0, max=14, help="How many pictures come with it.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    jsonl: Annotated[
        Path | None,
        typer.Option(
            "--jsonl", help="A file of lines with id, instruction, n_inputs and, maybe, previous (a plan or a text)."
        ),
    ] = None,
    image: Annotated[Path | None, typer.Option("--image", help="The first picture, to look for the things in.")] = None,
    overlay: Annotated[
        Path | None, typer.Option("--overlay", help="Where to write that picture with the things outlined; .png.")
    ] = None,
) -> None:
    """Show how an instruction, or every line of a file of them, is understood."""
    if (text is None) == (jsonl is None):
        raise InvalidRequest("Give either an instruction or --jsonl FILE.")
    _require_picture(image, overlay, for_people=jsonl is None and not as_json)
    planner = PhrasePlanner()
    if jsonl is not None:
        if not jsonl.is_file():
            raise InvalidRequest(f"{jsonl} is not a file.")
        for number, line in enumerate(jsonl.read_text("utf-8").splitlines(), start=1):
            if line.strip():
                print(json.dumps(_planned_line(planner, line, number), ensure_ascii=False))
        return
    made = _read(planner, str(text), images)
    if as_json:
        print(json.dumps(made.to_json(), ensure_ascii=False, indent=2))
        return
    if image is not None:
        _look(made, image, overlay)
    else:
        _print(made, [()] * len(made.steps))


def _print(made: EditPlan, seen: Sequence[Iterable[str]]) -> None:
    """Print a plan, and below each step what was seen for it."""
    print(made.description)
    for step, lines in zip(made.steps, seen, strict=True):
        print(f"  {step.op}  {json.dumps(dict(step.parameters))}  “{step.span}”", *lines, sep="\n      ")


def _require_picture(image: Path | None, overlay: Path | None, *, for_people: bool) -> None:
    if overlay is not None and image is None:
        raise InvalidRequest("--overlay needs a picture: give --image PATH.")
    if image is None:
        return
    if not for_people:
        raise InvalidRequest("--image goes with an instruction, not with --json or --jsonl.")
    if not image.is_file():
        raise InvalidRequest(f"{image} is not a file.")
    if overlay is not None and overlay.suffix.lower() != ".png":
        raise InvalidRequest(f"--overlay takes a name ending in .png, not {overlay.name!r}.")
    if overlay is not None and not overlay.parent.is_dir():
        raise InvalidRequest(f"{overlay.parent} is not a folder.")


def _look(made: EditPlan, path: Path, overlay: Path | None) -> None:
    """Print a plan with what its words mean in a picture, and draw that where it is wanted."""
    from cavendish.app import Weights, networks  # noqa: PLC0415 - the pixel libraries, only when a picture is looked at
    from cavendish.cli.overlay import draw_overlay, find_regions, report_lines  # noqa: PLC0415
    from cavendish.imaging.decode import decode_all  # noqa: PLC0415
    from cavendish.regions.resolve import RegionResolver  # noqa: PLC0415

    telemetry.configure(level="error")  # what a person needs to know is printed
    settings = load()
    (image,) = decode_all([path.read_bytes()], settings.decoding, names=("--image",))
    resolver = RegionResolver(networks(Weights(settings)))
    findings = find_regions(made, image, resolver.find)
    _print(made, [report_lines(finding) if finding else () for finding in findings])
    if resolver.guessed:
        print("The subject was found by color alone, since the neural weights are not installed.")
    if overlay is None:
        return
    found = [finding for finding in findings if finding and finding.region]
    if not found:
        raise UnsupportedEdit(f"Nothing was found to outline, so {overlay} was not written.")
    draw_overlay(image, found).save(overlay)


def _read(planner: PhrasePlanner, text: str, images: int, previous: EditPlan | None = None) -> EditPlan:
    return finish_plan(*planner.read(text, images=images, previous=previous))


def _previous(planner: PhrasePlanner, given: object, images: int, number: int) -> EditPlan | None:
    """The plan a line follows up on: given as a plan, or as the instruction it was made of."""
    if given is None or (isinstance(given, dict) and given.get("steps") == []):
        return None  # a plan without steps is what the command prints for words it cannot read
    if isinstance(given, str):
        return _read(planner, given, images)
    return read_plan(given, param=f"line {number}: previous")


def _planned_line(planner: PhrasePlanner, line: str, number: int) -> dict[str, Any]:
    try:
        given = json.loads(line)
        identity, text, images = given["id"], given["instruction"], given.get("n_inputs", 1)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(f"Line {number} is not JSON with id and instruction.") from error
    if not isinstance(text, str) or type(images) is not int or images < 0:
        raise InvalidRequest(f"Line {number}: instruction is a text and n_inputs a count.")
    previous = _previous(planner, given.get("previous"), images, number)
    made = _read(planner, text, images, previous).to_json()
    return {"id": identity, **{key: made[key] for key in ("steps", "unsupported", "description")}}
