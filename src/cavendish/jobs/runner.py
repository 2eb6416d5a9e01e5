"""Bounded workers over a fair queue: one task an edit, with deadline, heartbeat and cancellation."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cavendish.domain.context import EditContext
from cavendish.errors import Cancelled, CavendishError, DeadlineExceeded, InternalFault, Overloaded
from cavendish.jobs.states import Edit, State
from cavendish.telemetry import logger

if TYPE_CHECKING:
    from cavendish.jobs.repository import JobRepository, Outcome

Work = Callable[[Edit, EditContext], Awaitable[None]]


@dataclass(frozen=True)
class JobSettings:
    """How much is done at once and for how long.

    Args:
        workers: Edits in work at once; 0 is one a CPU core.
        queue: Most edits waiting or in work; more are refused.
        deadline_s: From acceptance to answer.
        lease_s: How long a claim holds without a heartbeat.
        heartbeat_s: Time between two heartbeats.
        idempotency_s: How long idempotency keys are remembered.
        drain_s: How long a stopping server waits for running edits.
    """

    workers: int = 0
    queue: int = 64
    deadline_s: float = 120
    lease_s: float = 30
    heartbeat_s: float = 10
    idempotency_s: float = 86_400
    drain_s: float = 30


@dataclass
class _Job:
    edit: Edit
    work: Work
    context: EditContext
    done: asyncio.Future[None]
    task: asyncio.Task[None] | None = None
    left: CavendishError = field(default_factory=lambda: Cancelled("The caller left before the edit was done."))
    """What whoever still waits is told, should the edit be cancelled."""


class Runner:
    """Runs accepted edits.

    Args:
        settings: Bounds.
        repository: Where edits live.
        workers: Edits in work at once.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        settings: JobSettings,
        repository: JobRepository,
        *,
        workers: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._repository = repository
        self._workers = workers
        self._clock = clock
        self._jobs: dict[str, _Job] = {}
        self._waiting: dict[str, deque[_Job]] = {}
        self._wake = asyncio.Event()
        self._claimed = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._drained: asyncio.Future[None] | None = None
        self.draining = False

    def begin(self) -> None:
        """Start the workers and the heartbeat."""
        self._tasks = [asyncio.create_task(self._work_forever()) for _ in range(self._workers)]
        self._tasks.append(asyncio.create_task(repeat(self._keep_leases, every_s=self._settings.heartbeat_s)))

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue while the row is written, so that no money moves for a call we must refuse.

        Raises:
            Overloaded: The queue is full or the server is stopping.
        """
        if self.draining or len(self._jobs) + self._claimed >= self._settings.queue:
            raise Overloaded("Service unavailable: too many edits are waiting. Try again shortly.", retry_after_s=2)
        self._claimed += 1
        try:
            yield
        finally:
            self._claimed -= 1

    def start(self, edit: Edit, work: Work) -> None:
        """Queue an edit whose row is written."""
        deadline = self._clock() + self._settings.deadline_s
        context = EditContext(deadline, seed=edit.seed, clock=self._clock)
        job = _Job(edit, work, context, asyncio.get_running_loop().create_future())
        self._jobs[edit.id] = job
        self._waiting.setdefault(edit.principal.account_id, deque()).append(job)
        self._wake.set()

    async def wait(self, edit_id: str) -> Outcome:
        """Wait until an edit has ended, wherever it runs."""
        job = self._jobs.get(edit_id)
        if job is not None:
            await asyncio.shield(job.done)
        outcome = await self._repository.outcome(edit_id)
        while outcome is None:  # another process works on it, or died doing so and its lease will expire
            await asyncio.sleep(0.25)
            outcome = await self._repository.outcome(edit_id)
        return outcome

    def cancel(self, edit_id: str, *, why: CavendishError | None = None) -> None:
        """Stop an edit, by default since nobody waits for it; its credits are given back."""
        job = self._jobs.get(edit_id)
        if job is None or job.context.cancelled:
            return
        job.left = why or job.left
        job.context.cancel()
        if job.task is not None:
            job.task.cancel()
            return
        account = job.edit.principal.account_id
        self._waiting[account].remove(job)
        if not self._waiting[account]:
            del self._waiting[account]
        leaving = asyncio.create_task(self._finish(job))  # at once, though every worker may be busy
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def drain(self) -> None:
        """Refuse new edits, give running ones `drain_s` to finish, then release the rest; a second call joins in."""
        self.draining = True
        self._drained = self._drained or asyncio.ensure_future(self._drain())
        await self._drained

    async def _drain(self) -> None:
        give_up_s = self._clock() + self._settings.drain_s
        while (self._jobs or self._claimed) and (left_s := give_up_s - self._clock()) > 0:
            # Where no job is queued yet, a row is just being written and its job comes in a moment.
            await asyncio.wait([job.done for job in self._jobs.values()] or [_soon()], timeout=left_s)
        for edit_id in list(self._jobs):
            self.cancel(edit_id, why=Overloaded("Service unavailable: the server is stopping.", retry_after_s=2))
        leftover = [job.done for job in self._jobs.values()]
        if leftover:
            await asyncio.wait(leftover, timeout=5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _next(self) -> _Job | None:
        """The next job: accounts in turn, so that a busy one cannot starve the rest."""
        for account in list(self._waiting):
            queue = self._waiting.pop(account)
            job = queue.popleft()
            if queue:
                self._waiting[account] = queue  # to the back of the line
            return job
        return None

    async def _work_forever(self) -> None:
        while True:
            job = self._next()
            if job is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._finish(job)

    async def _finish(self, job: _Job) -> None:
        """Do a job, or release it where it was cancelled, and tell whoever waits."""
        job.task = asyncio.create_task(self._do(job))
        await asyncio.wait([job.task])
        if job.task.cancelled():  # before its first line ran, or a second time
            job.task = asyncio.create_task(self._end(job, State.CANCELLED, job.left))
            await asyncio.wait([job.task])
        del self._jobs[job.edit.id]
        job.done.set_result(None)

    async def _do(self, job: _Job) -> None:
        try:
            job.context.check_cancelled()
            async with asyncio.timeout(job.context.remaining_s):
                await self._repository.start(job.edit)
                await job.work(job.edit, job.context)
        except (asyncio.CancelledError, Cancelled):
            await self._end(job, State.CANCELLED, job.left)
        except TimeoutError:
            job.context.cancel()
            await self._end(job, State.FAILED, DeadlineExceeded("Generation timeout"))
        except CavendishError as error:
            await self._end(job, State.FAILED, error)
        except Exception:  # noqa: BLE001 - named site: the job runner; a test lists them all
            logger().exception("edit failed", edit=job.edit.id)
            await self._end(job, State.FAILED, InternalFault("Internal server error"))

    async def _end(self, job: _Job, state: State, error: CavendishError) -> None:
        released = await self._repository.release(job.edit.id, state=state, error=error)
        logger().info("edit ended", edit=job.edit.id, state=state.value, code=error.code, released=released)

    async def _keep_leases(self) -> None:
        await self._repository.renew(list(self._jobs))
        await self._repository.release_expired()


def _soon() -> asyncio.Task[None]:
    return asyncio.create_task(asyncio.sleep(0.01))


async def repeat(work: Callable[[], Awaitable[None]], *, every_s: float) -> None:
    """Do background work again and again until cancelled; a failure is logged and does not end it."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await work()
        except Exception:  # noqa: BLE001 - named site: the job runner; a test lists them all
            logger().exception("background work failed", work=getattr(work, "__name__", ""))
