"""Sizes, sides and shifts in words as parameters: “crop the bottom third”, “twice as big”, “to the left”."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cavendish.domain.sizes import nearest_ratio
from cavendish.planning.canonical import Ask
from cavendish.planning.phrases import Found
from cavendish.planning.quantities import Amount, PictureSize
from cavendish.planning.vocabulary import words

_CUT = 0.15
"""What “crop the top” cuts off, as a fraction of the side."""

_SHIFT = 0.15
"""How far “move it to the left” moves."""

_PARTS = {
    "half": 1 / 2,
    "third": 1 / 3,
    "quarter": 1 / 4,
    "fourth": 1 / 4,
    "fifth": 1 / 5,
    "thirds": 2 / 3,
    "quarters": 3 / 4,
}
_KEPT = re.compile(r"\b(?:to|into|only|just|keep|show|leave|use|give)\b")
_GROWS = re.compile(r"\b(?:bigger|larger|enlarge|increase|up|upscale|expand|taller|wider|magnify|grow)\b")
_SHRINKS = re.compile(
    r"\b(?:smaller|shrink|reduce|decrease|down|downsize|downscale|less|lower|compress|cut|minimize)\b"
)
_TO = re.compile(r"\bto (?:about |around |only |just )?[0-9]")
_SHARPER = ("4k", "8k", "uhd", "ultra hd", "2160p", "full hd", "fhd", "1080p", "720p", "qhd", "1440p")
_PASSPORT = re.compile(r"passport|visa|\bid ")
_COUNTRIES = {
    "us": r"us|u s|usa|america|american|united states", "uk": r"uk|u k|british|britain|united kingdom|england",
    "canada": r"canada|canadian", "mexico": r"mexico|mexican", "brazil": r"brazil|brazilian", "india": r"india|indian",
    "china": r"china|chinese", "japan": r"japan|japanese", "australia": r"australia|australian",
}  # fmt: skip
_TIMES = {
    "once": 1,
    "twice": 2,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "several": 3,
    "few": 3,
    "ten": 10,
    "many": 5,
    "multiple": 3,
}


def op_of_size(op: str, ask: Ask) -> str:
    """The op a size asks for: pixels and bytes resize, a shape reframes, a passport photo is laid out."""
    if op not in {"reframe", "resize"} or not ask.sizes:
        return op
    size = ask.sizes[0]
    if _PASSPORT.search(size.name):
        return "passport_sheet"
    if size.name in _SHARPER:
        return "upscale"
    return "reframe" if size.ratio or size.name else "resize"


def measures_of(op: str, found: Found, ask: Ask) -> dict[str, Any]:
    """The parameters of one of geometry's ops that sizes, sides and shifts in the words give."""
    return _READERS[op](found, ask) if op in _READERS else {}


def placed_scale(text: str) -> float | None:
    """Height of a placed thing as a fraction of the picture's, from words such as “tiny” or “large”."""
    present = set(text.split())
    return next((float(share) for share, group in words()["sizes"].items() if present & set(group)), None)


def _placed(found: Found, ask: Ask) -> dict[str, Any]:
    thing = found.slots.get("thing")
    scale = placed_scale(ask.phrase.text.replace(thing.text, " ", 1) if thing else ask.phrase.text)
    return {} if scale is None else {"scale": scale}


def _reframed(_: Found, ask: Ask) -> dict[str, Any]:
    ratio = _ratio(ask.sizes[0]) if ask.sizes else None
    return {"ratio": ratio} if ratio else {}


def _extended(found: Found, ask: Ask) -> dict[str, Any]:
    sides, share = sides_of(found.phrase.text), _fraction(ask.amounts)
    return ({"sides": sides} if sides else {}) | ({"amounts": [share]} if share else {})


def _ratio(size: PictureSize) -> str | None:
    """The shape of a size; of pixels, the nearest shape there is."""
    if size.ratio or not (size.width_px and size.height_px):
        return size.ratio
    return nearest_ratio((size.width_px, size.height_px))


def _cropped(found: Found, ask: Ask) -> dict[str, Any]:
    text = found.phrase.text
    if ask.sizes and (ratio := _ratio(ask.sizes[0])):
        return {"to": "ratio", "ratio": ratio}
    if found.rule.parameters.get("to") != "box":
        return {}
    share = _fraction(ask.amounts) or next((_PARTS[word] for word in text.split() if word in _PARTS), None)
    box = _kept(text, share or 0.5) if _KEPT.search(text) else _left_over(sides_of(text), share or _CUT)
    return {"box": [round(side, 4) for side in box]}


def _left_over(sides: Sequence[str], share: float) -> list[float]:
    """The box that stays when a share is cut off at each of the sides."""
    share = min(share, 0.45) if {"left", "right"} <= set(sides) or {"top", "bottom"} <= set(sides) else min(share, 0.95)
    edges = {"left": share, "top": share, "right": 1 - share, "bottom": 1 - share}
    return [
        edges[side] if side in sides else float(side in {"right", "bottom"})
        for side in ("left", "top", "right", "bottom")
    ]


def _kept(text: str, share: float) -> list[float]:
    """The box that “the left half” or “the middle third” names."""
    sides = sides_of(text)
    if "left" not in sides and "right" not in sides and "top" not in sides and "bottom" not in sides:
        inset = (1 - share) / 2
        return [inset, inset, 1 - inset, 1 - inset]
    box = [0.0, 0.0, 1.0, 1.0]
    ends = {"left": (2, share), "right": (0, 1 - share), "top": (3, share), "bottom": (1, 1 - share)}
    for side in sides:
        index, value = ends[side]
        box[index] = value
    return box


def sides_of(text: str) -> list[str]:
    """The sides of a picture that are named; “sides” are left and right, “edges” all four."""
    present = set(text.split())
    named = [side for side in ("left", "right", "top", "bottom") if present & set(words()["sides"][side])]
    if present & {"above", "up", "upwards", "headroom", "taller", "ceiling", "sky", "height"}:
        named.append("top")
    if present & {"below", "down", "downwards", "taller", "floor", "height", "beneath"}:
        named.append("bottom")
    if not named and present & {"sides", "side", "wider", "width", "broader"}:
        named = ["left", "right"] if not present & {"all", "every", "each", "four"} else []
    if not named and present & {"edges", "corners", "sides", "side", "outer", "edge"}:
        named = ["left", "right", "top", "bottom"]
    return list(dict.fromkeys(named))


def _fraction(amounts: Iterable[Amount]) -> float | None:
    """The first stated fraction; “half” and “a third” are fractions too."""
    return next(
        (abs(a.value) for a in amounts if a.unit == "fraction" or (a.unit == "factor" and abs(a.value) < 1)), None
    )


def _resized(found: Found, ask: Ask) -> dict[str, Any]:
    size = ask.sizes[0] if ask.sizes else None
    stated = {key: getattr(size, key) for key in ("width_px", "height_px", "max_bytes") if getattr(size, key, None)}
    return stated or _scaled(found, ask)


def _scaled(found: Found, ask: Ask) -> dict[str, Any]:
    scale = _scale(found.phrase.text, ask)
    return {"scale": scale} if scale else {}


def _scale(text: str, ask: Ask) -> float | None:
    """The factor that “half the size”, “by 30 %”, “to 50 %” or “20 % smaller” state."""
    factor = next((a.value for a in ask.amounts if a.unit == "factor" and a.value > 0), None)
    if factor is not None:
        return round(1 / factor if factor > 1 and _SHRINKS.search(text) else factor, 4)
    share = next((abs(a.value) for a in ask.amounts if a.unit == "fraction"), None)
    if not share or _TO.search(ask.phrase.message.lower()):
        return share or None
    if _SHRINKS.search(text):
        return round(max(1 - share, 0.05), 4)
    return round(1 + share, 4) if _GROWS.search(text) else share


def _shifted(found: Found, ask: Ask) -> dict[str, Any]:
    """How far along each axis, where a direction is said rather than a place."""
    text = found.phrase.text
    thing = found.slots["thing"].text if "thing" in found.slots else ""
    after = text.partition(thing)[2] or text
    if re.search(r"\b(?:corner|side|edge|half|third|next|closer|beside|front|behind|of|between|near)\b", after):
        return {}
    far = _fraction(ask.amounts) or _SHIFT * (ask.degree if ask.degree is not None else 1.0)
    far = round(min(far, 1.0), 4)
    given: dict[str, Any] = {}
    if way := re.search(r"\b(left|right)", after):
        given["dx"] = -far if way[1] == "left" else far
    if way := re.search(r"\b(up|upwards?|higher|raise|down|downwards?|lower)\b", after) or re.search(
        r"^(raise|lower)\b", text
    ):
        given["dy"] = far if way[1] in {"down", "downward", "downwards", "lower"} else -far
    return given


def _copied(found: Found, ask: Ask) -> dict[str, Any]:
    stated = next((a.value for a in ask.amounts if a.unit in {"factor", "count", "number"} and a.value >= 1), None)
    if stated is None:
        stated = next((_TIMES[word] for word in found.phrase.text.split() if word in _TIMES), 1)
    return {"copies": int(min(stated, 20))}


def _country(_: Found, ask: Ask) -> dict[str, Any]:
    message = re.sub(r"[^a-z ]", " ", ask.phrase.message.replace("US ", "usa ").lower())
    named = next((name for name, pattern in _COUNTRIES.items() if re.search(rf"\b(?:{pattern})\b", message)), None)
    return {"country": named} if named else {}


_READERS: Mapping[str, Callable[[Found, Ask], dict[str, Any]]] = {
    "place_subject": _placed,
    "place_sticker": _placed,
    "copy_object": _placed,
    "crop": _cropped,
    "reframe": _reframed,
    "pad": _reframed,
    "resize": _resized,
    "extend_canvas": _extended,
    "move_object": _shifted,
    "scale_object": _scaled,
    "duplicate_object": _copied,
    "passport_sheet": _country,
}
