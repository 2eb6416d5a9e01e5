"""Validation messages in the words of zod, which the contract's clients and their users know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES: dict[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

_EXPECTED = {
    "string_type": "string",
    "int_type": "number",
    "int_parsing": "number",
    "float_type": "number",
    "bool_type": "boolean",
    "list_type": "array",
    "dict_type": "object",
}

_TEMPLATES = {
    "missing": "Required",
    "int_type": "Expected integer, received float",
    "int_from_float": "Expected integer, received float",
    "greater_than_equal": "Number must be greater than or equal to {ge:.12g}",
    "less_than_equal": "Number must be less than or equal to {le:.12g}",
    "finite_number": "Number must be finite",
    "too_short": "Array must contain at least {min_length} element(s)",
    "too_long": "Array must contain at most {max_length} element(s)",
    "string_too_short": "String must contain at least {min_length} character(s)",
    "string_too_long": "String must contain at most {max_length} character(s)",
}


def line_of(error: Mapping[str, Any]) -> str:
    """One pydantic error in zod's words, such as `Number must be less than or equal to 4`."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    received = _NAMES.get(type(given), "unknown")
    if kind in _EXPECTED and not (kind == "int_type" and isinstance(given, float)):
        return f"Expected {_EXPECTED[kind]}, received {received}"
    if kind == "literal_error":
        expected = context["expected"].replace(" or ", ", ").replace(", ", " | ")
        shown = f"'{given[:100]}'" if isinstance(given, str) else received
        return f"Invalid enum value. Expected {expected}, received {shown}"
    template = _TEMPLATES.get(kind)
    return str(error["msg"]) if template is None else template.format(**context)
