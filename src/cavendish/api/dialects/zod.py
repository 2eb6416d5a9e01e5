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
    "bool_type": "boolean",
    "list_type": "array",
    "dict_type": "object",
}


def line_of(error: Mapping[str, Any]) -> str:
    """One pydantic error in zod's words, such as `Number must be less than or equal to 4`."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    received = _NAMES.get(type(given), "unknown")
    match kind:
        case "missing":
            return "Required"
        case "int_from_float" | "int_type" if isinstance(given, float):
            return "Expected integer, received float"
        case kind if kind in _EXPECTED:
            return f"Expected {_EXPECTED[kind]}, received {received}"
        case "greater_than_equal":
            return f"Number must be greater than or equal to {context['ge']}"
        case "less_than_equal":
            return f"Number must be less than or equal to {context['le']}"
        case "string_too_short":
            return f"String must contain at least {context['min_length']} character(s)"
        case "string_too_long":
            return f"String must contain at most {context['max_length']} character(s)"
        case "literal_error":
            expected = context["expected"].replace(" or ", ", ").replace(", ", " | ")
            shown = f"'{given[:100]}'" if isinstance(given, str) else received
            return f"Invalid enum value. Expected {expected}, received {shown}"
        case _:
            return str(error["msg"])
