"""The strings of `image_urls` and `mask` as bytes: from the internet, the request itself or our own store, in order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import httpcore2

from cavendish.domain.request import MASK, picture_fields
from cavendish.errors import (
    CavendishError,
    InvalidRequest,
    TooLarge,
    UnreachableSource,
    UnreadableImage,
    UnsafeUrl,
)
from cavendish.fetching.address_policy import MAX_URL_LENGTH, parse_url
from cavendish.fetching.download import download
from cavendish.fetching.inline import check_data_uri, decode_base64, decode_data_uri, looks_like_base64_picture
from cavendish.fetching.limits import ByteBudget, FetchSettings, require_size
from cavendish.fetching.signatures import describe_other, sniff
from cavendish.fetching.transport import GuardedBackend, Resolver, resolve_host

if TYPE_CHECKING:
    from cavendish.domain.context import EditContext

__all__ = ["FetchSettings", "Fetcher", "SourceKind", "classify"]

ReadStored = Callable[[str], Awaitable[bytes | None]]

_HTTP_URL = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_STORED_PATH = re.compile(r"/files/([A-Za-z0-9_-][A-Za-z0-9._-]{0,127})")  # no leading dot: `..` is not a name
_INDEX = re.compile(r"\[(\d+)\]$")
_THREAD_FROM_LENGTH = 64 * 1024


class SourceKind(StrEnum):
    """How a string of `image_urls` names its picture."""

    URL = "url"
    DATA = "data"
    BASE64 = "base64"
    STORED = "stored"


def classify(source: str) -> SourceKind:
    """Tell what a string of `image_urls` is; looks at a bounded prefix, so any length is cheap.

    Args:
        source: http(s) URL, `data:image/…;base64,…`, bare Base64 of a picture, or our own `/files/NAME`; white space
            around it is ignored.

    Raises:
        InvalidRequest: None of these.
    """
    source = source.strip()
    if _HTTP_URL.match(source) and len(source) <= MAX_URL_LENGTH:
        return SourceKind.URL
    if source[:5].lower() == "data:":
        check_data_uri(source)
        return SourceKind.DATA
    if _STORED_PATH.fullmatch(source):
        return SourceKind.STORED
    if looks_like_base64_picture(source):
        return SourceKind.BASE64
    raise InvalidRequest("Invalid url")


class Fetcher:
    """Gets the pictures of requests; one for the whole server.

    Args:
        settings: Caps and what is open.
        read_stored: Reads a file of our own store by its name; None where it is not kept (any more).
        resolve: How host names become addresses.
    """

    def __init__(self, settings: FetchSettings, *, read_stored: ReadStored, resolve: Resolver = resolve_host) -> None:
        self._settings = settings
        self._read_stored = read_stored
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpcore2.default_ssl_context(),
            max_connections=None,  # each request bounds itself; a shared bound would let one starve the others
            max_keepalive_connections=0,  # every picture's connection is resolved and checked afresh
            network_backend=GuardedBackend(settings.policy, resolve=resolve),
        )

    async def fetch(
        self,
        sources: Sequence[str],
        *,
        names: Sequence[str] = (),
        context: EditContext,
        own_origins: frozenset[str] = frozenset(),
    ) -> tuple[bytes, ...]:
        """Get every picture of one request, several at once; the first failure stops the others.

        Args:
            sources: The request's `image_urls`, and whatever else it names that is read as a picture.
            names: The field of each source, for errors; empty where all are `image_urls`.
            context: Deadline and cancellation.
            own_origins: Origins, such as `http://127.0.0.1:8000`, whose `/files/NAME` are read from our own store.

        Returns:
            One picture file's bytes a source, in order; the signature is checked, the pixels are not.

        Raises:
            InvalidRequest: A source is none we know, or there are too many; this and the next four carry `param`.
            UnsafeUrl: A source may not be fetched.
            UnreachableSource: A source did not answer, or not with a file.
            UnreadableImage: The bytes are not a picture.
            TooLarge: A picture, or all together, is over its cap.
            DeadlineExceeded: The edit's deadline passed.
            Cancelled: The caller left.
        """
        names = names or picture_fields(len(sources))
        if sum(name != MASK for name in names) > self._settings.max_images:
            raise InvalidRequest(f"At most {self._settings.max_images} pictures are allowed.", param="image_urls")
        shared = _Shared(
            context=context,
            origins=frozenset(filter(None, map(_origin, own_origins))),
            budget=ByteBudget(self._settings.max_total_bytes),
            gate=asyncio.Semaphore(self._settings.concurrency),
        )
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._fetch_one(name, source, shared))
                    for name, source in zip(names, sources, strict=True)
                ]
        except ExceptionGroup as failures:
            failure = next((leaf for leaf in failures.exceptions if isinstance(leaf, CavendishError)), None)
            if failure is None:
                raise
        else:
            return tuple(task.result() for task in tasks)
        raise failure

    async def close(self) -> None:
        """Close what connections are open; call once, at shutdown."""
        await self._pool.aclose()

    async def _fetch_one(self, name: str, source: str, shared: _Shared) -> bytes:
        async with shared.gate:
            shared.context.check_cancelled()
            try:
                data = await self._read(source.strip(), shared)
                _require_picture(data)
            except (InvalidRequest, TooLarge) as error:
                raise _about_source(error, name) from error
            return data

    async def _read(self, source: str, shared: _Shared) -> bytes:
        kind = classify(source)
        if (name := _stored_name(source, kind, shared.origins)) is not None:
            data = await self._stored(name)
        elif kind is SourceKind.URL:
            return await download(
                source, settings=self._settings, pool=self._pool, context=shared.context, budget=shared.budget
            )
        else:
            data = await self._inline(source, kind)
        shared.budget.spend(len(data))
        return data

    async def _stored(self, name: str) -> bytes:
        data = await self._read_stored(name)
        if data is None:
            raise UnreachableSource("it is no longer kept here.")
        require_size(len(data), max_bytes=self._settings.max_source_bytes)
        return data

    async def _inline(self, source: str, kind: SourceKind) -> bytes:
        decode = decode_data_uri if kind is SourceKind.DATA else decode_base64
        max_bytes = self._settings.max_source_bytes
        if len(source) > _THREAD_FROM_LENGTH:  # decoding megabytes would stall every other request
            return await asyncio.to_thread(decode, source, max_bytes=max_bytes)
        return decode(source, max_bytes=max_bytes)


@dataclass(frozen=True)
class _Shared:
    """What the pictures of one request share while they are fetched."""

    context: EditContext
    origins: frozenset[str]
    budget: ByteBudget
    gate: asyncio.Semaphore


def _origin(url: str) -> str | None:
    try:
        return parse_url(url).origin
    except UnsafeUrl:
        return None


def _stored_name(source: str, kind: SourceKind, own_origins: frozenset[str]) -> str | None:
    path = source
    if kind is SourceKind.URL:
        url = parse_url(source)
        if url.origin not in own_origins:
            return None
        path = url.target.partition("?")[0]
    match = _STORED_PATH.fullmatch(path)
    return match[1] if match else None


def _require_picture(data: bytes) -> None:
    if sniff(data) is None:
        other = describe_other(data)
        raise UnreadableImage(f"it is not a picture (it looks like {other})." if other else "it is not a picture.")


def _about_source(error: CavendishError, name: str) -> CavendishError:
    verb = "fetched" if isinstance(error, UnsafeUrl | UnreachableSource) else "read"
    index = _INDEX.search(name)
    subject = f"Picture {int(index[1]) + 1} ({name})" if index else f"The {name}"
    return type(error)(f"{subject} could not be {verb}: {error.public_message}", param=name)
