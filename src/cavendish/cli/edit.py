"""`cavendish edit`: the same pipeline, in process, from files to files."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cavendish import telemetry
from cavendish.api.auth import LOCAL
from cavendish.domain.context import EditContext
from cavendish.domain.models import MODELS
from cavendish.domain.request import EditRequest, FileFormat, OutputOptions, Pointing
from cavendish.domain.sizes import AUTO, RATIO_SIZES
from cavendish.errors import InvalidRequest
from cavendish.jobs.states import Edit
from cavendish.settings import Settings, load

_MODEL = "google/gemini-2.5-flash-image-edit"
_MAX_POINTS = 16


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(edit)


def edit(
    images: Annotated[list[Path], typer.Argument(help="The pictures, in the order the prompt means them.")],
    *,
    prompt: Annotated[str, typer.Option("--prompt", help="What to do.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write; .png, .jpg or .webp.")],
    aspect_ratio: Annotated[str, typer.Option("--aspect-ratio", help="A ratio such as 4:3, or auto.")] = AUTO,
    num_images: Annotated[int, typer.Option("--num-images", min=1, max=4, help="How many pictures.")] = 1,
    seed: Annotated[int | None, typer.Option("--seed", min=0, max=4_294_967_295, help="For repeatable chance.")] = None,
    points: Annotated[
        list[str] | None,
        typer.Option("--point", metavar="X,Y", help="A thing in the first picture, in fractions of it; up to 16."),
    ] = None,
    box: Annotated[
        str, typer.Option("--box", metavar="L,T,R,B", help="A box around a thing, in fractions of the picture.")
    ] = "",
    mask: Annotated[Path | None, typer.Option("--mask", help="A picture that is white where to act.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Where to write a JSON report.")] = None,
) -> None:
    """Edit pictures without a server."""
    if aspect_ratio not in {*RATIO_SIZES, AUTO}:
        raise InvalidRequest(f"--aspect-ratio takes {', '.join(RATIO_SIZES)} or auto, not {aspect_ratio!r}.")
    if not 1 <= len(images) <= MODELS[_MODEL].max_images:
        raise InvalidRequest(f"1 to {MODELS[_MODEL].max_images} pictures are allowed.")
    for file in filter(None, (out, report)):
        if not file.parent.is_dir():
            raise InvalidRequest(f"{file.parent} is not a folder.")
    missing = [path for path in filter(None, (*images, mask)) if not path.is_file()]
    if missing:
        raise InvalidRequest(f"{missing[0]} is not a file.")
    pointing = _pointing(points or [], box, mask)
    telemetry.configure(level="error")  # what a person needs to know is in the description
    made = run_edit(
        images,
        load(),
        prompt=prompt,
        out=out,
        aspect_ratio=aspect_ratio,
        num_images=num_images,
        seed=seed,
        pointing=pointing,
    )
    if report is not None:
        report.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(made["description"])


def run_edit(
    paths: list[Path],
    settings: Settings,
    *,
    prompt: str,
    out: Path,
    aspect_ratio: str,
    num_images: int,
    seed: int | None,
    pointing: Pointing | None = None,
) -> dict[str, Any]:
    """Edit files and write the results.

    Args:
        paths: Input pictures.
        settings: Caps and engines.
        prompt: What to do.
        out: Name of the result; where several are asked for, `-1`, `-2` … is put before the extension.
        aspect_ratio: A table ratio or `auto`.
        num_images: 1–4.
        seed: 0–4294967295, or None for a random one.
        pointing: Where in the first picture to act, its mask named by a path; None where only the prompt says so.

    Returns:
        {description, edit, plan, files}.

    Raises:
        UnsupportedEdit: Nothing in the prompt can be done on these pictures.
        InvalidRequest: A picture cannot be read, or `out` has another extension.
    """
    from cavendish.app import open_engines, open_planner  # noqa: PLC0415 - the server's parts, only when a picture is edited
    from cavendish.engines.base import Workers  # noqa: PLC0415
    from cavendish.engines.router import Router  # noqa: PLC0415
    from cavendish.service import make  # noqa: PLC0415

    output = OutputOptions(format=_format(out))
    images = tuple(map(str, paths))
    request = EditRequest(_MODEL, prompt, images, num_images, aspect_ratio, seed, output, pointing=pointing)
    plan = open_planner(settings).plan(request)
    workers = Workers(1)
    route = Router(open_engines(settings, workers)).open(request, plan)
    chosen = secrets.randbelow(2**32) if seed is None else seed
    job = Edit("local", LOCAL, request, plan, route, price_credits=0, seed=chosen)
    context = EditContext(time.monotonic() + settings.jobs.deadline_s, seed=chosen)
    sources = [Path(source).read_bytes() for source in request.sources.values()]
    made = asyncio.run(make(job, sources, context, workers=workers, decode=settings.decoding))
    workers.close()
    names = [out if num_images == 1 else out.with_stem(f"{out.stem}-{k + 1}") for k in range(len(made.files))]
    for name, (data, _) in zip(names, made.files, strict=True):
        name.write_bytes(data)
    return {
        "description": made.description,
        "edit": made.report,
        "plan": plan.to_json(),
        "files": list(map(str, names)),
    }


def _pointing(points: list[str], box: str, mask: Path | None) -> Pointing | None:
    if not (points or box or mask):
        return None
    if mask and (points or box):
        raise InvalidRequest("Give either --mask, or --point and --box.")
    if len(points) > _MAX_POINTS:
        raise InvalidRequest(f"At most {_MAX_POINTS} --point are allowed.")
    sides = _fractions("--box", box, "L,T,R,B") if box else ()
    if sides and not (sides[0] < sides[2] and sides[1] < sides[3]):
        raise InvalidRequest(f"--box takes L,T,R,B with L less than R and T less than B, not {box!r}.")
    placed = [_fractions("--point", point, "X,Y") for point in points]
    return Pointing(tuple((x, y) for x, y in placed), sides, str(mask or ""))


def _fractions(option: str, text: str, form: str) -> tuple[float, ...]:
    try:
        numbers = tuple(map(float, text.split(",")))
    except ValueError:
        numbers = ()
    if len(numbers) != len(form.split(",")) or not all(0 <= number <= 1 for number in numbers):
        raise InvalidRequest(f"{option} takes {form}, each from 0 to 1, not {text!r}.")
    return numbers


def _format(out: Path) -> FileFormat:
    formats: dict[str, FileFormat] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
    if out.suffix.lower() not in formats:
        raise InvalidRequest(f"--out takes a name ending in {', '.join(formats)}, not {out.name!r}.")
    return formats[out.suffix.lower()]
