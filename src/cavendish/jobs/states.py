"""An edit in memory, the states of its row, and how both are written as JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cavendish.storage.store import StoredFile

if TYPE_CHECKING:
    from cavendish.domain.plan import EditPlan
    from cavendish.domain.request import EditRequest, Principal
    from cavendish.engines.router import Route


class State(StrEnum):
    """Where an edit is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in {State.SUCCEEDED, State.FAILED, State.CANCELLED}


@dataclass(frozen=True)
class EditResult:
    """What a finished edit delivered.

    Args:
        files: The pictures, in order.
        description: What was done and what was not.
        report: `meta.edit` of the answer.
        credits_charged: What it cost.
        created_s: When it was finished, seconds since 1970.
    """

    files: tuple[StoredFile, ...]
    description: str
    report: dict[str, Any]
    credits_charged: int
    created_s: float

    def to_text(self) -> str:
        """For the row."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_text(cls, text: str) -> EditResult:
        """From the row."""
        value = json.loads(text)
        return cls(**{**value, "files": tuple(StoredFile(**file) for file in value["files"])})


@dataclass(frozen=True)
class Edit:
    """One accepted request: the same id, price and seed as its row.

    Args:
        id: Also the request id of the call that opened it.
        principal: Who pays.
        request: What was asked.
        plan: What will be done.
        route: Who does it.
        price_credits: What is reserved.
        seed: What chance starts from.
        replayed: Whether an earlier call with the same idempotency key opened it.
    """

    id: str
    principal: Principal
    request: EditRequest
    plan: EditPlan
    route: Route
    price_credits: int
    seed: int
    replayed: bool = False


@dataclass(frozen=True)
class Idempotency:
    """The caller's key for “do this once”, and a digest of what “this” is."""

    key: str | None
    fingerprint: str


_INLINE_LIMIT = 2_048


def fingerprint_of(request: EditRequest) -> str:
    """A digest that is equal for equal requests; independent of the address the server was called by."""
    stable = dataclasses.replace(request, own_origins=frozenset())
    return hashlib.sha256(json.dumps(_plain(stable), sort_keys=True).encode()).hexdigest()


def log_of(request: EditRequest) -> str:
    """The request as kept in its row: pictures sent inline, a mask too, are replaced by their size."""
    pointing = request.pointing and dataclasses.replace(request.pointing, mask=_kept(request.pointing.mask))
    kept = dataclasses.replace(
        request, images=tuple(map(_kept, request.images)), pointing=pointing, own_origins=frozenset()
    )
    return json.dumps(_plain(kept))


def _kept(source: str) -> str:
    return source if len(source) <= _INLINE_LIMIT else f"(inline picture, {len(source)} characters)"


def _plain(request: EditRequest) -> dict[str, Any]:
    value = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    value["output"] = dataclasses.asdict(request.output)
    value["plan"] = request.plan.to_json() if request.plan else None
    value["own_origins"] = sorted(request.own_origins)
    value["pointing"] = dataclasses.asdict(request.pointing) if request.pointing else None
    return value
