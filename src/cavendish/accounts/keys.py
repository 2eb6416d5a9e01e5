"""Keys: 32 hexadecimal characters, the first 8 public. Only a digest is stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_KEY = re.compile(r"[0-9a-f]{32}")
PREFIX_LENGTH = 8


def new_key() -> str:
    """A fresh key: 128 random bits as 32 hexadecimal characters."""
    return secrets.token_hex(16)


def is_key(text: str) -> bool:
    """Whether `text` has the form of a key."""
    return _KEY.fullmatch(text) is not None


def prefix_of(key: str) -> str:
    """The public part of a key."""
    return key[:PREFIX_LENGTH]


def digest_of(key: str) -> str:
    """What is stored instead of the key; SHA-256 suffices for 96 secret random bits (NIST SP 800-63B, 5.1.2)."""
    return hashlib.sha256(key.encode()).hexdigest()


def matches(key: str, digest: str) -> bool:
    """Whether `key` is the one `digest` was made from, in constant time."""
    return hmac.compare_digest(digest_of(key), digest)
