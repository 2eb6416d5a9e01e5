"""Asks that share words: “make the sky darker and bluer”, “raise contrast, saturation and warmth in the garden”."""

from __future__ import annotations

import dataclasses

from cavendish.ops.catalog import catalog
from cavendish.planning.canonical import Ask
from cavendish.planning.phrases import Found, find_whole
from cavendish.planning.templates import LOOSE_SLOTS
from cavendish.planning.tokens import Phrase
from cavendish.planning.vocabulary import word_set

_SURE = 0.5
_JOINERS = frozenset({"and", "with", "or", "plus"})
_OF_THE_PICTURE = frozenset({"tone", "hue", "detail", "restore", "stylize", "background"})
_MOST = 8
"""Joining words of one clause that are tried, the last ones, which bounds the work."""


def parts_of(clause: Phrase, whole: Found | None) -> list[Phrase]:
    """The asks a clause joins, each with the words it shares put in; empty where it is one ask.

    Args:
        clause: In canonical form.
        whole: The rule that explains it as one ask, if any.
    """
    tokens = clause.tokens
    places = [k for k, token in enumerate(tokens) if token.text in _JOINERS and 0 < k < len(tokens) - 1]
    return _parts(clause, whole, places[-_MOST:], {})


def _parts(clause: Phrase, whole: Found | None, places: list[int], known: dict[int, list[Phrase]]) -> list[Phrase]:
    """As `parts_of`, at some joining words; `known` are the parts of what stands before each."""
    tokens = clause.tokens
    sure = whole is not None and whole.rule.confidence > _SURE
    free = _loose(whole) if whole is not None and sure else None
    for k in reversed([k for k in places if k < len(tokens) - 1 and (free is None or id(tokens[k]) in free)]):
        left, right = clause.with_tokens(tokens[:k]), clause.with_tokens(tokens[k + 1 :])
        if k not in known:
            first = _sure(left) or (find_whole(left) if whole is not None else None)
            known[k] = _parts(left, first, [place for place in places if place < k], known) or ([left] if first else [])
        parts = known[k]
        if not parts:
            continue
        second = continued(parts[-1], right) if tokens[k].text != "with" else _accompanied(parts[-1], right)
        if second is None or (whole is not None and sure and not _better(parts, second, right, whole)):
            continue
        return [*_with_tail(parts, second), second.phrase]
    return []


def shares(ask: Ask, parts: list[Phrase]) -> list[Ask]:
    """Each part with the amounts said beside it; one said at the end is said of all."""
    origin, starts, seen = ask.phrase.span[0], [], set[int]()
    for part in parts:
        own = [token.start for token in part.tokens if id(token) not in seen and not token.is_inserted]
        starts.append(min(own, default=0) - origin)
        seen |= set(map(id, part.tokens))
    stops = [*starts[1:], 1 << 30]
    groups = [
        tuple(a for a in ask.amounts if start <= a.start < stop)
        for start, stop in zip([0, *starts[1:]], stops, strict=True)
    ]
    for k in range(len(groups) - 2, -1, -1):
        groups[k] = groups[k] or groups[k + 1]
    return [dataclasses.replace(ask, phrase=part, amounts=group) for part, group in zip(parts, groups, strict=True)]


def continued(before: Phrase, fragment: Phrase) -> Found | None:
    """The rule that explains a fragment, alone or with the most words of the ask before it in front."""
    first = find_whole(before)
    free = _loose(first) if first else set[int]()
    ends = [k for k, token in enumerate(before.tokens, 1) if id(token) in free]
    lengths = {1, 2, 3, *ends[-1:], *(end - 1 for end in ends[:1])}
    for length in sorted((k for k in lengths if 0 < k < len(before.tokens)), reverse=True):
        shared = before.tokens[:length]
        if shared[-1].text in word_set("grammar", "determiners"):
            continue
        found = _sure(fragment.with_tokens([*shared, *fragment.tokens]))
        if found and _names(found, fragment) and _loose(found) & set(map(id, shared)) <= free:
            return found
    return _alone(fragment)


def surer(found: Found | None, shared: Found | None, fragment: Phrase) -> Found | None:
    """Of a fragment's own rule and the one with the words before it, the one that knows more."""
    if (
        found is None
        or shared is None
        or found.rule.confidence <= _SURE
        or len(shared.phrase.tokens) == len(fragment.tokens)
    ):
        return found or shared
    vague = found.rule.confidence < 0.8 or ("thing" in shared.slots and "thing" not in found.slots)
    return shared if vague and shared.rule.confidence >= found.rule.confidence else found


def _accompanied(before: Phrase, fragment: Phrase) -> Found | None:
    """What “with” adds to an ask about the whole picture; behind a thing it says which thing."""
    first = find_whole(before)
    whole = first is not None and catalog()[first.rule.op].family in _OF_THE_PICTURE
    return _alone(fragment) if whole else None


def _alone(fragment: Phrase) -> Found | None:
    found = _sure(fragment)
    return found if found and _names(found, fragment) else None


def _sure(phrase: Phrase) -> Found | None:
    found = find_whole(phrase)
    return found if found and found.rule.confidence > _SURE else None


def _loose(found: Found) -> set[int]:
    """Identities of the tokens that stand for things and other free words."""
    slots = (slot for name, slot in found.slots.items() if name.rstrip("0123456789") in LOOSE_SLOTS)
    return {id(token) for slot in slots for token in slot.tokens}


def _names(found: Found, fragment: Phrase) -> bool:
    """Whether the fragment itself names what is asked for, rather than a thing to do the same to."""
    idle = word_set("grammar", "determiners") | {"of", "more", "less"}
    word = next((token for token in fragment.tokens if token.text not in idle), None)
    return word is not None and id(word) not in _loose(found)


def _better(parts: list[Phrase], second: Found, right: Phrase, whole: Found) -> bool:
    """Whether two asks explain more of the clause than one."""
    own = set(map(id, right.tokens))
    literal = sum(len(token.text) + 1 for token in second.phrase.tokens if id(token) in own - _loose(second))
    firsts = [found for part in parts if (found := find_whole(part))]
    return sum(found.literal for found in firsts) + literal > whole.literal + 2


def _with_tail(parts: list[Phrase], second: Found) -> list[Phrase]:
    """In “contrast and warmth in the garden” the place is said of both."""
    thing = second.slots.get("thing")
    tokens = second.phrase.tokens
    if thing is None or not thing.tokens or thing.tokens[-1] is not tokens[-1]:
        return parts
    start = len(tokens) - len(thing.tokens) - 1
    if start < 1 or tokens[start].text not in word_set("grammar", "prepositions") | {"to", "for"}:
        return parts
    longer = []
    for part in parts:
        found, more = _sure(part), _sure(part.with_tokens([*part.tokens, *tokens[start:]]))
        same = found and more and more.rule.op == found.rule.op and "thing" not in found.slots
        longer.append(more.phrase if same and more else part)
    return longer
