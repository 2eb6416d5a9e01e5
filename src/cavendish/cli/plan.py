"""`cavendish plan`: what a sentence would do, without doing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cavendish.domain.plan import EditPlan
from cavendish.errors import InvalidRequest
from cavendish.planning.given import read_plan
from cavendish.planning.planner import PhrasePlanner, finish_plan


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
) -> None:
    """Show how an instruction, or every line of a file of them, is understood."""
    if (text is None) == (jsonl is None):
        raise InvalidRequest("Give either an instruction or --jsonl FILE.")
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
    print(made.description)
    for step in made.steps:
        print(f"  {step.op}  {json.dumps(dict(step.parameters))}  “{step.span}”")


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
