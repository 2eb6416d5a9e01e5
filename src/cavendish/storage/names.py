"""File names nobody can guess, and the content type each extension stands for."""

from __future__ import annotations

import re
import uuid

CONTENT_TYPES = {name: f"image/{name}" for name in ("png", "jpeg", "webp", "gif", "bmp", "tiff", "avif", "heif")}
"""Content type by file format; the format is also the extension."""

_NAME = re.compile(r"[0-9]{13}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(?:" + "|".join(CONTENT_TYPES) + ")")


def new_name(file_format: str, *, now_s: float) -> str:
    """A name such as `1794000000123-<uuid>.png`: sorted by time, 122 random bits (UUID version 4, RFC 9562)."""
    return f"{int(now_s * 1000):013d}-{uuid.uuid4()}.{file_format}"


def is_name(text: str) -> bool:
    """Whether `text` is exactly of the form `new_name` makes; nothing else ever reaches the file system."""
    return _NAME.fullmatch(text) is not None


def content_type_of(name: str) -> str:
    """Content type from a name's extension."""
    return CONTENT_TYPES[name.rpartition(".")[2]]


def created_s(name: str) -> float:
    """When a file was named, seconds since 1970."""
    return int(name.partition("-")[0]) / 1000
