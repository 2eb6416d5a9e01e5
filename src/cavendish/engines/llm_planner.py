"""The second planner: asks a chat model about what the phrases leave open, and takes its answer as a checked plan."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from cavendish.domain.plan import CONTEXT, EditPlan, Step
from cavendish.engines.llm_chat import ChatEndpoint, ChatFailed
from cavendish.engines.llm_prompt import question, steps_of
from cavendish.errors import InvalidRequest
from cavendish.planning.explain import describe_plan
from cavendish.planning.followups import follow_up
from cavendish.planning.planner import finish_plan, with_size
from cavendish.planning.vocabulary import word_set
from cavendish.telemetry import logger

if TYPE_CHECKING:
    from cavendish.domain.request import EditRequest
    from cavendish.planning.planner import PhrasePlanner

NOTE = "Some of the words were read by a language model."
"""Said in the description wherever a step of the plan is the model's."""

_SURE = 0.5
"""Up to this confidence a generative step is a guess: such phrases match anything of their form (“make X Y”)."""

_ANSWERS_KEPT = 256
"""Answers remembered: a replayed call is planned again (decision 5) and should not come out otherwise."""


@dataclass(frozen=True)
class PlannerSettings:
    """The `planner` section of the settings.

    Args:
        url: Base address of an OpenAI-compatible API, such as `http://localhost:8000/v1`; "" asks nobody.
        key: Sent as bearer token; "" sends none.
        model: Model to ask for, as the server names it.
        deadline_s: Seconds after which the phrases' own plan is used.
        when: `unread` asks about sentences that leave the phrases something open, `always` about every one.
    """

    url: str = ""
    key: SecretStr = field(default=SecretStr(""))
    model: str = ""
    deadline_s: float = 8.0
    when: Literal["unread", "always"] = "unread"

    def __post_init__(self) -> None:
        if self.url and not _is_base_address(self.url):  # said without the address: it may hold a password
            raise ValueError("url must be an http or https address without user, query or fragment")
        if self.url and not self.model:
            raise ValueError("model must name the model to ask for")


def _is_base_address(url: str) -> bool:
    parts = urlsplit(url)
    bare = url.isascii() and "@" not in parts.netloc and not parts.query and not parts.fragment
    return bare and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0


class ChatPlanner:
    """Plans by the phrases and lets a chat model complete the plan; see `domain.plan.Planner`.

    What the phrases read for certain is never lost, whatever the model answers, and without a usable answer their plan
    stands.

    Args:
        phrases: The first planner.
        settings: Whom to ask, and when.
    """

    def __init__(self, phrases: PhrasePlanner, settings: PlannerSettings) -> None:
        self._phrases = phrases
        self._settings = settings
        self._chat = ChatEndpoint(settings.url, key=settings.key, deadline_s=settings.deadline_s)
        self._answer = lru_cache(_ANSWERS_KEPT)(self._ask)

    def plan(self, request: EditRequest) -> EditPlan:
        """Plan the request; never fails because of the chat model."""
        earlier = request.plan
        if earlier and (not request.prompt or follow_up(request.prompt, earlier)):
            return self._phrases.plan(request)  # the words, if any, are about that plan, which the model does not see
        steps, unsupported = self._phrases.read(request.prompt, images=len(request.images), previous=earlier)
        settled = [step for step in steps if earlier and step in earlier.steps]
        read = EditPlan(tuple(step for step in steps if step not in settled), tuple(unsupported))
        always = self._settings.when == "always"
        if always or _asks_for_help(read):
            read = _completed(read, self._steps_for(request), model_first=always)
        steps, overruled = with_size([*settled, *read.steps], request)
        plan = dataclasses.replace(finish_plan(steps, [*read.unsupported, *overruled]), note=read.note)
        return dataclasses.replace(plan, description=describe_plan(plan))

    def _steps_for(self, request: EditRequest) -> tuple[Step, ...]:
        try:
            return self._answer(request.prompt, len(request.images))
        except (ChatFailed, InvalidRequest) as failed:
            # Of a refused answer only the place: the message may quote the prompt.
            reason = f"invalid at {failed.param}" if isinstance(failed, InvalidRequest) else str(failed)
            logger().warning("no plan from the chat model, keeping the phrases' own", reason=reason)
            return ()

    def _ask(self, prompt: str, pictures: int) -> tuple[Step, ...]:
        return steps_of(self._chat.ask(question(prompt, pictures=pictures, model=self._settings.model)))


def _asks_for_help(read: EditPlan) -> bool:
    return bool(_unread(read)) or any(_is_guess(step) for step in read.steps)


def _unread(read: EditPlan) -> list[str]:
    return [item.text for item in read.unsupported if item.reason != CONTEXT]


def _is_guess(step: Step) -> bool:
    return not step.exact and step.confidence <= _SURE


def _completed(read: EditPlan, answer: Sequence[Step], *, model_first: bool) -> EditPlan:
    """Add the model's steps to those the phrases are sure of.

    Args:
        read: The phrases' reading.
        answer: The model's, maybe empty.
        model_first: Whose reading wins where both have the same ask. Where the phrases' does, the model may plan only
            for what they left open.

    Returns:
        `read` where nothing was added. Words stay listed unless a step was added for them; one step accounts for one
        open text at most, so that a step that claims the whole sentence does not hide what is not done.
    """
    sure = [step for step in read.steps if step.exact and step.available]
    unread = _unread(read)
    # A guess about the whole message stands for the words listed as unread; those are answered one by one.
    doubtful = [step for step in read.steps if step not in sure]
    told = [step for step in doubtful if not any(text in step.span for text in unread)]
    still_open = [step.span for step in told] + unread
    added: list[Step] = []
    for step in answer:  # models repeat themselves
        if model_first or (_claimed(step, still_open) and _beside(sure, [step])):
            added += _beside(added, [step])
    if not added:
        return read
    closed = {_claimed(step, still_open) for step in added} - {""}
    kept = [*sure, *(step for step in told if step.span not in closed)]
    return EditPlan(
        (*_beside(added, kept), *added),
        tuple(item for item in read.unsupported if item.text not in closed),
        note=NOTE,
    )


def _beside(settled: Sequence[Step], others: Sequence[Step]) -> list[Step]:
    """Those of `others` that are not an ask of `settled` over again."""
    return [step for step in others if not any(_same_ask(step, one) for one in settled)]


def _same_ask(one: Step, other: Step) -> bool:
    a, b = one.target.casefold(), other.target.casefold()
    return (one.op, one.image) == (other.op, other.image) and (a in b or b in a)


def _claimed(step: Step, texts: Collection[str]) -> str:
    """The one of `texts` that most of the step's words are in; "" for none."""
    closest = max(texts, key=lambda text: _shared(step.span, text), default="")
    return closest if _shared(step.span, closest) else ""


def _shared(span: str, text: str) -> int:
    """How many telling words two texts share; where words are written without spaces, one must hold the other."""
    a, b = span.casefold(), text.casefold()
    return len(_telling(a) & _telling(b)) or int(bool(a and b) and (a in b or b in a))


def _telling(text: str) -> set[str]:
    return set(re.findall(r"\w+", text)) - word_set("fillers")
