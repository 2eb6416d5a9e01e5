"""Pictures carried inside the request itself: Base64, bare or in a data URI."""

from __future__ import annotations

import binascii
import re

from cavendish.errors import InvalidRequest
from cavendish.fetching.limits import require_size
from cavendish.fetching.signatures import SIGNATURE_BYTES, sniff

MIN_BASE64_LENGTH = 64
"""Characters below which a string is taken for a mistake, not for a picture."""

_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]{1,64}(;[a-z0-9_-]{1,64}=[^;,]{0,128}){0,8};base64,", re.IGNORECASE)
_TO_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
_WHITESPACE = b" \t\r\n\f\v"
_NOT_BASE64 = "it is not valid Base64."
_PREFIX_LENGTH = 256
_SIGNATURE_LENGTH = SIGNATURE_BYTES // 3 * 4
_ESCAPES = {"%2B": "+", "%2b": "+", "%2F": "/", "%2f": "/", "%3D": "=", "%3d": "="}


def check_data_uri(source: str) -> int:
    """Read the head of a data URI.

    Returns:
        Where the Base64 begins.

    Raises:
        InvalidRequest: It does not say that it holds a picture as Base64.

    Source:
        RFC 2397.
    """
    head = _DATA_URI.match(source)
    if head is None:
        raise InvalidRequest("Invalid url: a data URI must hold a picture as Base64, as in data:image/png;base64,...")
    return head.end()


def looks_like_base64_picture(source: str) -> bool:
    """Whether a string begins as the Base64 of a picture does; looks at a bounded prefix only."""
    if len(source) < MIN_BASE64_LENGTH:
        return False
    try:
        prefix = _normal_form(source[:_PREFIX_LENGTH].encode("ascii"))
        whole_groups = prefix[: min(_SIGNATURE_LENGTH, len(prefix) // 4 * 4)]
        return sniff(binascii.a2b_base64(whole_groups, strict_mode=True)) is not None
    except ValueError:  # binascii.Error and UnicodeEncodeError are two
        return False


def decode_data_uri(source: str, *, max_bytes: int) -> bytes:
    """Decode a data URI that `check_data_uri` accepts; percent escapes in its Base64 are legal and undone.

    Raises:
        InvalidRequest: Not such a URI, or not valid Base64.
        TooLarge: Over `max_bytes`.
    """
    payload = source[check_data_uri(source) :]
    if "%" in payload:  # rare, and each search of megabytes costs
        for escape, character in _ESCAPES.items():
            payload = payload.replace(escape, character)
    return decode_base64(payload, max_bytes=max_bytes)


def decode_base64(source: str, *, max_bytes: int) -> bytes:
    """Decode Base64 strictly: standard or URL-safe alphabet, white space anywhere, padding optional.

    Args:
        source: The text.
        max_bytes: Cap on the decoded size, checked before decoding.

    Raises:
        InvalidRequest: Not valid Base64.
        TooLarge: Over `max_bytes`.

    Source:
        RFC 4648 sections 3.2, 4 and 5.
    """
    try:
        text = _normal_form(source.encode("ascii"))
        digits = text.rstrip(b"=")
        require_size(len(digits) * 3 // 4, max_bytes=max_bytes)
        padded = digits + b"=" * (-len(digits) % 4)
        if text not in (digits, padded):  # binascii lets surplus padding pass
            raise InvalidRequest(_NOT_BASE64)
        return binascii.a2b_base64(padded, strict_mode=True)
    except ValueError as error:
        raise InvalidRequest(_NOT_BASE64) from error


def _normal_form(text: bytes) -> bytes:
    return text.translate(_TO_STANDARD_ALPHABET, _WHITESPACE)
