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
from cavendish.domain.request import EditRequest, FileFormat, OutputOptions
from cavendish.domain.sizes import AUTO, RATIO_SIZES
from cavendish.errors import InvalidRequest
from cavendish.jobs.states import Edit
from cavendish.settings import Settings, load

_MODEL = "google/gemini-2.5-flash-image-edit"


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
    missing = [path for path in images if not path.is_file()]
    if missing:
        raise InvalidRequest(f"{missing[0]} is not a file.")
    telemetry.configure(level="error")  # what a person needs to know is in the description
    made = run_edit(images, load(), prompt=prompt, out=out, aspect_ratio=aspect_ratio, num_images=num_images, seed=seed)
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
    request = EditRequest(_MODEL, prompt, tuple(map(str, paths)), num_images, aspect_ratio, seed, output)
    plan = open_planner(settings).plan(request)
    workers = Workers(1)
    route = Router(open_engines(settings, workers)).open(request, plan)
    chosen = secrets.randbelow(2**32) if seed is None else seed
    job = Edit("local", LOCAL, request, plan, route, price_credits=0, seed=chosen)
    context = EditContext(time.monotonic() + settings.jobs.deadline_s, seed=chosen)
    sources = [path.read_bytes() for path in paths]
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


def _format(out: Path) -> FileFormat:
    formats: dict[str, FileFormat] = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
    if out.suffix.lower() not in formats:
        raise InvalidRequest(f"--out takes a name ending in {', '.join(formats)}, not {out.name!r}.")
    return formats[out.suffix.lower()]
