"""What “it”, “him” and “them” mean: things that earlier clauses name or only mention."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from cavendish.domain.queries import BACKGROUND
from cavendish.ops.catalog import catalog
from cavendish.planning.canonical import Ask
from cavendish.planning.color_words import is_color_word
from cavendish.planning.phrases import Found, find_whole, nouns_of
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import verb_classes, verbs, word_set, words

_PRONOUNS = frozenset(["it", "he", "she", "they", "him", "her", "them", "that", "this", "these", "those"])


_PUT_BEHIND = frozenset({"background_color", "background_gradient", "backdrop", "replace_background", "new_scene"})
"""Asks of which “it” is the background that the ask before removed."""


@dataclass
class Antecedents:
    """What was named or mentioned last in a message.

    Args:
        mentioned: The thing a clause without an ask was about, or None.
        text: That clause as written.
        backdrop: How the clause before named the background: `asked` for something done to it, `told` about it, or "".
        thing: The thing of the ask before.
    """

    mentioned: tuple[Token, ...] | None = None
    text: str = ""
    backdrop: Literal["", "asked", "told"] = ""
    thing: tuple[Token, ...] = ()

    def mention(self, phrase: Phrase) -> None:
        """Remember what a clause without an ask is about."""
        tokens = phrase.tokens
        place = next((k for k in range(len(tokens)) if _introduces(tokens, k)), None)
        begin = 0 if place is None else place + 1
        while begin < len(tokens) and tokens[begin].text in {
            "but",
            "and",
            "so",
            "also",
            "is",
            "are",
            "was",
            "were",
            "because",
        }:
            begin += 1
        anyone = begin < len(tokens) and tokens[begin].text == "whoever"
        end = (
            None
            if anyone
            else next(
                (k for k, token in enumerate(tokens) if k > begin and token.text in word_set("grammar", "spoils")), None
            )
        )
        blamed = next((k for k, token in enumerate(tokens) if token.text in word_set("grammar", "blames")), None)
        if blamed is not None and (start := _start_of_noun(tokens, blamed)) is not None:
            self.mentioned, self.text = tokens[start:blamed], phrase.written
            return
        told = begin >= len(tokens) or tokens[begin].text in word_set("grammar", "tellers") - {
            "my",
            "our",
            "his",
            "her",
        }
        if not told and (end is None or _opens_noun(tokens[begin]) or place is not None):
            self.mentioned, self.text = tokens[begin:end], phrase.written
        self.backdrop = "told" if _names_background(phrase) else ""

    def took(self, found: Found, phrase: Phrase) -> None:
        """Remember an ask that was read."""
        if found.rule.confidence > 0.5:
            self.mentioned = None
        fetched = catalog()[found.rule.op].family == "compose"  # where it goes is the next clause's matter
        self.thing = found.slots["thing"].tokens if "thing" in found.slots and not fetched else ()
        self.backdrop = "asked" if _names_background(phrase) else ""

    def resolve(self, ask: Ask) -> tuple[Ask, bool]:
        """The ask with the thing in the place of a pronoun, and whether the thing was only mentioned."""
        tokens = ask.phrase.tokens
        if self.mentioned is not None and ask.phrase.text in verb_classes()["remove"]:  # “… . Remove.”
            return _with_tokens(ask, [*tokens, *self.mentioned]), True
        if self.backdrop == "asked" and _colors_nothing(tokens):  # “remove the background and make white”
            tokens = (tokens[0], Token("it"), *tokens[1:])
            ask = _with_tokens(ask, tokens)
        if self.backdrop and len(tokens) > 2 and tokens[-1].text == "one" and tokens[-2].text not in {"this", "that"}:
            return _with_background(_with_tokens(ask, [*tokens[:-1], Token("background")])), False  # “put on a new one”
        return self._resolved_pronoun(ask)

    def _resolved_pronoun(self, ask: Ask) -> tuple[Ask, bool]:
        tokens = ask.phrase.tokens
        place = next((k for k, token in enumerate(tokens) if k and token.text in _PRONOUNS), None)
        if place is None or place > 3 or tokens[0].text not in verbs():
            return ask, False
        end = place + 1
        if tokens[place].text in {"that", "this", "these", "those"} and end < len(tokens):
            if tokens[end].text not in word_set("grammar", "anyone"):
                return ask, False
            end += 1
        if self.mentioned is not None and (
            tokens[0].text in _takes_away() or tokens[place].text in {"them", "these", "those"}
        ):
            return _with_tokens(ask, [*tokens[:place], *self.mentioned, *tokens[end:]]), True
        if tokens[place].text != "it":
            return ask, False
        return self._resolved_it(ask, place), False

    def _resolved_it(self, ask: Ask, place: int) -> Ask:
        """“It” is the background where that was just named and can be meant, or the thing to be placed."""
        tokens = ask.phrase.tokens
        if self.backdrop:
            meant = _with_background(ask)
            found = find_whole(meant.phrase)
            told = self.backdrop == "told"
            if found and (
                found.rule.op in _PUT_BEHIND or (told and catalog()[found.rule.op].family in {"background", "blur"})
            ):
                return meant
        if self.thing and tokens[0].text in {"put", "place", "set", "move", "paste", "stick", "position"}:
            return _with_tokens(ask, [*tokens[:place], *self.thing, *tokens[place + 1 :]])
        return ask


def _with_tokens(ask: Ask, tokens: Sequence[Token]) -> Ask:
    return dataclasses.replace(ask, phrase=ask.phrase.with_tokens(tokens))


def _with_background(ask: Ask) -> Ask:
    """The ask with “the background” for every “it”."""
    named = [Token("the"), Token("background")]
    return _with_tokens(ask, [t for token in ask.phrase.tokens for t in (named if token.text == "it" else [token])])


def _colors_nothing(tokens: Sequence[Token]) -> bool:
    """Whether it says “make white” without saying what."""
    texts = [token.text for token in tokens if token.text not in {"to", "into", "with", "by"}]
    verb = bool(texts) and texts[0] in {"make", "turn", "color", "paint", "change", "replace", "fill"}
    return verb and len(texts) == 2 and is_color_word(texts[1])


def _names_background(phrase: Phrase) -> bool:
    return not phrase.words.isdisjoint({BACKGROUND, "backdrop"})


def _introduces(tokens: Sequence[Token], k: int) -> bool:
    """Whether a thing is introduced behind `k`: “there is”, “has”, “the only problem is”."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    if tokens[k].text in {"is", "are"}:
        return k > 0 and tokens[k - 1].text in {"problem", "issue", "thing", "trouble"}
    return tokens[k].text in word_set("grammar", "introduces") and (
        tokens[k].text != "got" or (after is not None and _opens_noun(after))
    )


def _start_of_noun(tokens: Sequence[Token], end: int) -> int | None:
    """Where the noun phrase in front of `end` begins."""
    return next((k for k in range(end - 1, max(-1, end - 6), -1) if _opens_noun(tokens[k])), None)


def _opens_noun(token: Token) -> bool:
    if nouns_of("people").fullmatch(token.text):
        return True
    return token.text in word_set("grammar", "determiners") | frozenset(words()["counts"]) | frozenset(
        words()["ordinals"]
    )


@cache
def _takes_away() -> frozenset[str]:
    """Verbs whose “it” is the thing just mentioned rather than the picture."""
    return frozenset(verb.split()[0] for verb in verb_classes()["remove"]) | {
        "take",
        "crop",
        "edit",
        "photoshop",
        "cut",
        "blur",
        "hide",
        "cover",
        "conceal",
    }
