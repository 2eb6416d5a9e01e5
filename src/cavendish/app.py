"""The composition root: the only place where concrete classes meet."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from cavendish import __version__
from cavendish.accounts.repository import AccountRepository
from cavendish.api.auth import LOCAL
from cavendish.api.middleware import RequestContext
from cavendish.api.problems import problem_response
from cavendish.api.routes import files, generations, health, models
from cavendish.api.state import ApiState
from cavendish.database.engine import Database
from cavendish.engines.base import Engine, Workers
from cavendish.engines.catalog import ENGINES
from cavendish.engines.llm_planner import ChatPlanner
from cavendish.engines.router import Router
from cavendish.errors import (
    CavendishError,
    InternalFault,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    WeightsUnavailable,
)
from cavendish.fetching.sources import Fetcher
from cavendish.jobs.repository import JobRepository
from cavendish.jobs.runner import Runner, repeat
from cavendish.planning.phrases import rules
from cavendish.planning.planner import PhrasePlanner
from cavendish.service import EditService, Stages
from cavendish.storage.names import is_name
from cavendish.storage.repository import FileRepository
from cavendish.storage.store import DirectoryStore
from cavendish.telemetry import logger
from cavendish.weights.store import WeightStore

if TYPE_CHECKING:
    from cavendish.domain.plan import Planner
    from cavendish.pixels.restorers import Restorers
    from cavendish.regions.networks import Networks
    from cavendish.settings import Settings


def create_app(settings: Settings, *, engines: tuple[Engine, ...] | None = None) -> FastAPI:
    """Put the server together.

    Args:
        settings: The settings tree.
        engines: Engines to use instead of those the settings name, for tests.

    Returns:
        An ASGI application; everything it opens is opened at start-up and closed at shutdown.
    """
    app = FastAPI(
        title="Cavendish",
        version=__version__,
        lifespan=_lifespan(settings, engines),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for module in (generations, files, models, health):
        app.include_router(module.router)
    app.add_exception_handler(CavendishError, _on_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_fault)
    app.add_middleware(RequestContext)
    return app


def _lifespan(settings: Settings, engines: tuple[Engine, ...] | None) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.data_dir / settings.database.file, readers=settings.database.readers)
        await database.open()
        workers = Workers(settings.worker_count)
        stages = _stages(settings, database, workers, engines or open_engines(settings, workers))
        accounts = AccountRepository(database)
        app.state.cavendish = _api_state(settings, stages, accounts)
        if not settings.api.auth:
            await accounts.open_unlimited(LOCAL.account_id)
        await stages.jobs.release_expired()
        stages.runner.begin()
        warming = asyncio.create_task(_warm_up(settings.engines))
        sweeping = partial(sweep, stages.store, stages.files, orphan_after_s=settings.storage.orphan_after_s)
        sweeper = asyncio.create_task(repeat(sweeping, every_s=settings.storage.sweep_every_s))
        try:
            yield
        finally:
            sweeper.cancel()
            warming.cancel()
            await stages.runner.drain()
            await stages.fetcher.close()
            workers.close()
            await database.close()

    return lifespan


def _stages(settings: Settings, database: Database, workers: Workers, engines: tuple[Engine, ...]) -> Stages:
    store = DirectoryStore(settings.data_dir / "files")
    kept = FileRepository(database)
    jobs = JobRepository(
        database, lease_s=settings.jobs.lease_s, idempotency_s=settings.jobs.idempotency_s, now=time.time
    )

    async def read_stored(name: str) -> bytes | None:
        known = is_name(name) and await kept.is_kept(name, now_s=time.time())
        return await store.read(name) if known else None

    return Stages(
        workers=workers,
        planner=open_planner(settings),
        router=Router(engines),
        pricing=settings.pricing,
        jobs=jobs,
        runner=Runner(settings.jobs, jobs, workers=settings.worker_count),
        fetcher=Fetcher(settings.fetching, read_stored=read_stored),
        decode=settings.decoding,
        store=store,
        files=kept,
        keep_files_s=settings.storage.keep_s,
    )


def _api_state(settings: Settings, stages: Stages, accounts: AccountRepository) -> ApiState:
    return ApiState(
        settings=settings.api,
        service=EditService(stages),
        accounts=accounts,
        runner=stages.runner,
        store=stages.store,
        files=stages.files,
        decode=stages.decode,
        pricing=stages.pricing,
        keep_files_s=stages.keep_files_s,
    )


def open_planner(settings: Settings) -> Planner:
    """The planner the settings name: the phrases alone, or with a chat model behind them."""
    phrases = PhrasePlanner()
    return ChatPlanner(phrases, settings.planner) if settings.planner.url else phrases


def open_engines(settings: Settings, workers: Workers) -> tuple[Engine, ...]:
    """The engines the settings name, in order.

    Raises:
        InvalidRequest: A name is not in the catalog.
    """
    unknown = [name for name in settings.engines if name not in ENGINES]
    if unknown:
        raise InvalidRequest(f"Settings: engines: no engine is called {unknown[0]!r}; known are {', '.join(ENGINES)}")
    opened: list[Engine] = []
    for name in settings.engines:
        arguments = _embedded_parts(settings, workers) if name == "embedded" else {}
        opened.append(ENGINES[name].load()(**arguments))
    return tuple(opened)


def _embedded_parts(settings: Settings, workers: Workers) -> dict[str, Any]:
    weights = Weights(settings)
    return {
        "workers": workers,
        "networks": networks(weights),
        "restorers": restorers(weights),
        "most_pixels": settings.decoding.max_pixels,
    }


class Weights:
    """The weights folder the settings name; a network in it is opened when first needed and shared by all edits.

    Args:
        settings: The settings tree.
    """

    def __init__(self, settings: Settings) -> None:
        self.store = WeightStore(settings.weights_folder, max_sessions=settings.weights.max_sessions)
        self._threads = settings.weights.threads

    def opener(self, name: str, open_network: Callable[..., Any]) -> Callable[[], Any]:
        """A function that gives the network of a file, or None where its weights are not installed."""

        def opened() -> Any:
            try:
                return self.store.session(name, lambda path: open_network(path, threads=self._threads))
            except WeightsUnavailable as missing:
                logger().warning("weights missing, doing without", reason=missing.public_message)
                return None

        return opened


def networks(weights: Weights) -> Networks:
    """The networks regions are found with."""
    from cavendish.regions.networks import LabelledNetwork, Networks  # noqa: PLC0415 - pixel libraries stay out of start-up
    from cavendish.weights.runtimes import open_onnx, open_tflite  # noqa: PLC0415

    def opener(name: str, open_network: Callable[..., Any], *, labelled: bool = False) -> Callable[[], Any]:
        opened = weights.opener(name, open_network)

        def function() -> Any:
            network = opened()
            if network is None:
                return None
            return LabelledNetwork(network.run_all, network.labels) if labelled else network.run

        return function

    return Networks(
        saliency=opener("u2netp.onnx", open_onnx),
        saliency_large=opener("u2net.onnx", open_onnx),
        objects=opener("object_detector.tflite", open_tflite, labelled=True),
        recognizer=opener("object_recognizer.tflite", open_tflite, labelled=True),
        faces=opener("face_detector.tflite", open_tflite),
        landmarks=opener("face_landmarker.task", partial(open_tflite, member="face_landmarks_detector.tflite")),
        lettering=opener("text_detector.onnx", open_onnx),
        reading=opener("text_recognizer.onnx", open_onnx, labelled=True),
    )


def restorers(weights: Weights) -> Restorers:
    """The networks pictures are restored with."""
    from cavendish.pixels.restorers import Restorers  # noqa: PLC0415 - as above
    from cavendish.weights.runtimes import open_ncnn, open_torch_chain  # noqa: PLC0415

    def opener(name: str, open_network: Callable[..., Any]) -> Callable[[], Any]:
        opened = weights.opener(name, open_network)
        return lambda: network.run if (network := opened()) is not None else None

    def enlarger(name: str) -> Callable[[], Any]:
        def opened(path: Path, *, threads: int) -> Any:  # noqa: ARG001
            return open_ncnn(path, graph=weights.store.locate(f"{name}.param"))

        return opener(f"{name}.bin", opened)

    return Restorers(
        denoiser=opener("ffdnet_color.pth", open_torch_chain),
        doubler=enlarger("spanx2_ch48"),
        quadrupler=enlarger("spanx4_ch48"),
        imaginer=enlarger("realesrgan-x4plus"),
    )


async def _warm_up(engines: Sequence[str]) -> None:
    """Load what the first request would wait for, phrases and picture code, but not before the server is ready."""
    await asyncio.sleep(1)
    await asyncio.to_thread(rules)
    if "embedded" in engines:
        for module in ("cavendish.engines.workbench", "cavendish.regions.resolve"):
            await asyncio.to_thread(importlib.import_module, module)


async def sweep(store: DirectoryStore, kept: FileRepository, *, orphan_after_s: float) -> None:
    """Delete expired files, and files a crash left without a row."""
    await store.discard(await kept.take_expired(now_s=time.time()))
    await store.discard(await kept.unknown(await store.older_than(orphan_after_s)))


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CavendishError), "registered for that class only"
    response = problem_response(error, request_id=request.scope["state"]["request_id"], path=request.url.path)
    if "/images/" in request.url.path:
        response.headers["x-inference-id"] = request.scope["state"]["request_id"]
    return response


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    known = {404: NotFound("Not Found"), 405: MethodNotAllowed("Method Not Allowed")}
    response = await _on_error(request, known.get(status, InvalidRequest("Bad Request")))
    response.headers.update(getattr(error, "headers", None) or {})  # Allow, on a 405 (RFC 9110, 15.5.6)
    return response


async def _on_fault(request: Request, error: Exception) -> JSONResponse:
    logger().error("fault", request_id=request.scope["state"]["request_id"], exc_info=error)
    response = await _on_error(request, InternalFault("Internal server error"))
    for name, value in request.scope["state"]["headers"]:  # a fault is answered outside the middleware
        response.headers.setdefault(name.decode(), value.decode())
    response.headers["connection"] = "close"  # the server closes it after a fault; say so
    return response
