"""The story of a request: `submit` accepts it, `run` does it. Called by the routes; calls every other stage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cavendish.accounts import pricing
from cavendish.domain.plan import Status
from cavendish.engines.base import EngineInput, EngineResult, Workers
from cavendish.errors import UnsupportedEdit
from cavendish.jobs.states import Edit, EditResult, Idempotency, fingerprint_of
from cavendish.planning.explain import describe_outcome
from cavendish.planning.sizing import least_sizes
from cavendish.provenance.text import text_of
from cavendish.storage.names import CONTENT_TYPES, new_name
from cavendish.storage.store import StoredFile

if TYPE_CHECKING:
    from cavendish.accounts.pricing import PricingSettings
    from cavendish.domain.context import EditContext
    from cavendish.domain.limits import DecodeSettings
    from cavendish.domain.plan import Planner
    from cavendish.domain.request import EditRequest, Principal
    from cavendish.engines.router import Router
    from cavendish.fetching.sources import Fetcher
    from cavendish.imaging.image import Image
    from cavendish.jobs.repository import JobRepository, Outcome
    from cavendish.jobs.runner import Runner
    from cavendish.storage.repository import FileRepository
    from cavendish.storage.store import DirectoryStore


@dataclass(frozen=True)
class Stages:
    """What the service calls, in the order a request meets it; put together in `app`."""

    workers: Workers
    planner: Planner
    router: Router
    pricing: PricingSettings
    jobs: JobRepository
    runner: Runner
    fetcher: Fetcher
    decode: DecodeSettings
    store: DirectoryStore
    files: FileRepository
    keep_files_s: float
    now: Callable[[], float] = time.time


class EditService:
    """Accepts, runs and awaits edits."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    async def submit(
        self, principal: Principal, request: EditRequest, *, edit_id: str, idempotency_key: str | None = None
    ) -> Edit:
        """Accept a request: plan it, choose who does it, reserve its price, queue it.

        Raises:
            UnsupportedEdit: Nothing in the sentence can be done here.
            ModelUnavailable: No engine here runs the model.
            InsufficientCredits: The balance does not cover it.
            IdempotencyMismatch: The key was used with another body.
            Overloaded: The queue is full.
        """
        at = self._stages
        plan = await asyncio.to_thread(at.planner.plan, request)  # not in `workers`: refusals must not wait for pixels
        route = at.router.open(request, plan)
        price = pricing.quote(request.model, request.num_images, at.pricing)
        idempotency = Idempotency(idempotency_key, await asyncio.to_thread(fingerprint_of, request))
        replay = await at.jobs.knows(principal, idempotency)  # a replay takes no place, so a full queue answers it too
        with nullcontext() if replay else at.runner.place():
            edit = await at.jobs.open(
                edit_id, principal, request, plan, route, price, idempotency=idempotency
            )  # row and reservation in one transaction
            if not edit.replayed:
                at.runner.start(edit, self.run)
        return edit

    async def run(self, edit: Edit, context: EditContext) -> None:
        """Do an accepted edit: fetch, decode, edit, encode, save, settle."""
        at = self._stages
        wanted = edit.request.sources
        sources = await at.fetcher.fetch(
            tuple(wanted.values()), names=tuple(wanted), context=context, own_origins=edit.request.own_origins
        )
        made = await make(edit, sources, context, workers=at.workers, decode=at.decode)
        stored = self._named(made, edit)
        try:
            for file, (data, _) in zip(stored, made.files, strict=True):
                await at.store.save(file.name, data)
            await at.jobs.succeed(edit, self._result(edit, made, stored), keep_s=at.keep_files_s)
        except Exception:
            await at.store.discard(file.name for file in stored)
            raise

    async def wait(self, edit: Edit) -> Outcome:
        """Wait until an edit has ended."""
        return await self._stages.runner.wait(edit.id)

    def cancel(self, edit: Edit) -> None:
        """Stop an edit whose caller has left."""
        self._stages.runner.cancel(edit.id)

    async def read_file(self, name: str) -> bytes | None:
        """A kept file's bytes, or None where it expired or never was."""
        at = self._stages
        return await at.store.read(name) if await at.files.is_kept(name, now_s=at.now()) else None

    def _named(self, made: Made, edit: Edit) -> tuple[StoredFile, ...]:
        file_format, now_s = edit.request.output.format, self._stages.now()
        return tuple(
            StoredFile(new_name(file_format, now_s=now_s), CONTENT_TYPES[file_format], len(data), width, height)
            for data, (width, height) in made.files
        )

    def _result(self, edit: Edit, made: Made, stored: tuple[StoredFile, ...]) -> EditResult:
        charged = pricing.quote(edit.request.model, len(stored), self._stages.pricing)
        return EditResult(stored, made.description, made.report, charged, self._stages.now())


@dataclass(frozen=True)
class Made:
    """An edit's pictures as files, before anything is stored or charged.

    Args:
        files: Bytes and (width, height) of each.
        description: What was done and what was not.
        report: `meta.edit` of the answer.
    """

    files: tuple[tuple[bytes, tuple[int, int]], ...]
    description: str
    report: dict[str, Any]


async def make(
    edit: Edit, sources: Sequence[bytes], context: EditContext, *, workers: Workers, decode: DecodeSettings
) -> Made:
    """Decode, edit and encode: the part of the story that needs neither database nor network.

    Args:
        edit: What to do.
        sources: The bytes of each of the request's `sources`.
        context: Deadline, cancellation and seed.
        workers: Threads for the pixels.
        decode: Caps.

    Raises:
        UnreadableImage: A source is not a picture, damaged, or too large.
        UnsupportedEdit: Nothing asked for could be done on these pictures, or not all of it and that is refused.
    """
    decoded = await workers.run(_decode_all, sources, decode, edit)
    images, masks = decoded[: len(edit.request.images)], decoded[len(edit.request.images) :]
    given = EngineInput(images, edit.plan, edit.request, masks[0] if masks else None)
    outcome = await edit.route.edit(given, context)
    _refuse_partial(edit, outcome)
    files = await workers.run(_encode_all, edit, outcome)
    notes = [*(note for image in decoded for note in image.metadata.notes), *_shrunk(outcome, files)]
    return Made(
        files=files,
        description=describe_outcome(edit.plan, outcome.outcomes, [*outcome.notes, *notes]),
        report=_report(edit, outcome),
    )


def _refuse_partial(edit: Edit, outcome: EngineResult) -> None:
    skipped = [
        f"{step.step.span or step.step.op}: {step.reason}" for step in outcome.outcomes if step.status is Status.SKIPPED
    ]
    if edit.request.partial == "refuse" and skipped:
        raise UnsupportedEdit(f"Not everything could be done on these pictures ({'; '.join(skipped)}).", param="prompt")


def _report(edit: Edit, outcome: EngineResult) -> dict[str, Any]:
    """`meta.edit` of the answer: who did what, what was not done, and what had no effect."""
    return {
        "engine": edit.route.engine.name,
        "plan_version": edit.plan.version,
        "plan": edit.plan.to_json(),
        "seed": edit.seed,
        "steps": [step.to_json() for step in outcome.outcomes],
        "unsupported": [{"text": item.text, "reason": item.reason} for item in edit.plan.unsupported],
        "ignored": list(edit.request.ignored),
    }


def _decode_all(sources: Sequence[bytes], settings: DecodeSettings, edit: Edit) -> tuple[Image, ...]:
    """The pictures, and after them the mask, if any, of which every pixel counts."""
    from cavendish.imaging.decode import decode_all  # noqa: PLC0415 - Pillow and OpenCV stay out of start-up

    names = tuple(edit.request.sources)
    least = least_sizes(edit.plan, len(edit.request.images))
    enough = [*least, *[None] * (len(names) - len(least))]
    return decode_all(sources, settings, enough=enough, names=names)


def _encode_all(edit: Edit, outcome: EngineResult) -> tuple[tuple[bytes, tuple[int, int]], ...]:
    from cavendish.imaging.encode import encode_image, encode_within  # noqa: PLC0415 - as above

    most = _most_bytes(outcome)

    def encoded(picture: Image, k: int) -> tuple[bytes, tuple[int, int]]:
        text = text_of(edit.plan, seed=edit.seed, output=k)
        if most is None:
            return encode_image(picture, edit.request.output, text=text), picture.size
        made = encode_within(picture, edit.request.output, text=text, max_bytes=most)
        return made.data, made.size

    return tuple(encoded(picture, k) for k, picture in enumerate(outcome.pictures))


def _most_bytes(outcome: EngineResult) -> int | None:
    """The largest file that a step which was done allows."""
    done = [step.step for step in outcome.outcomes if step.status is not Status.SKIPPED]
    limits = [step.parameters["max_bytes"] for step in done if "max_bytes" in step.parameters]
    return min(limits, default=None)


def _shrunk(outcome: EngineResult, files: Sequence[tuple[bytes, tuple[int, int]]]) -> list[str]:
    """What is said of pictures that had to lose pixels for their file to be small enough."""
    sizes = [size for picture, (_, size) in zip(outcome.pictures, files, strict=True) if size != picture.size]
    return [f"To keep within the file size, it was scaled to {sizes[0][0]}×{sizes[0][1]}."] if sizes else []
