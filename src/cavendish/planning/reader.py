"""Reading one English message: every clause is an ask, a guard, a fragment of the ask before it, or left unread."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from functools import cache

from cavendish.domain.plan import CONTEXT, Step, Unsupported
from cavendish.ops.catalog import catalog
from cavendish.planning import asks
from cavendish.planning.antecedents import Antecedents
from cavendish.planning.boundaries import Kind, begins_ask
from cavendish.planning.canonical import Ask, bare, canonical
from cavendish.planning.clauses import Clause, split
from cavendish.planning.color_words import is_color_word
from cavendish.planning.coordination import continued, parts_of, shares, surer
from cavendish.planning.nouns import PEOPLE_PRONOUNS, Noun, read_noun, split_nouns
from cavendish.planning.phrases import Found, find_inside, find_whole, nouns_of
from cavendish.planning.sizes_in_words import placed_scale
from cavendish.planning.tokens import Phrase, Token
from cavendish.planning.vocabulary import joiners, verb_classes, verb_forms, verbs, word_set, words
from cavendish.planning.whereabouts import only_says_where, sides_in

_MOST_STEPS = 40
"""More asks than this in one message are listed as unread, so that a hostile prompt cannot buy unbounded work."""

_LONGEST_UNREAD = 400
_HEAD, _OPENING = 20, 90
"""So many characters of the first ask must stand in so many of the message's first."""

_WISH = 4
"""Words of their own that make an unread message more than small talk."""

_BRIEF = 350
"""Characters from which a message that begins with something to invent describes a whole picture."""
_NOTHING = "no operation was found for these words"
_SURE = 0.5
"""Rules of this confidence or less match anything of their form (“make X Y”)."""

_SHORT = 6
"""Words of a clause that is read as a whole or not at all; and letters a part must explain more than the whole does."""

_SURER = 0.65
"""A rule found inside a clause must be surer than this to win over one that explains all of it."""


@dataclass
class _Last:
    """The ask before: its tokens and how many steps it gave, for fragments that continue it."""

    phrase: Phrase
    verb: tuple[Token, ...]
    steps: int
    thing: tuple[Token, ...] = ()


@dataclass
class Reader:
    """Reads one message.

    Args:
        message: English, 1–32,000 characters.
        images: How many pictures come with it.
    """

    message: str
    images: int = 1
    _steps: list[Step] = field(default_factory=list)
    _unread: list[Unsupported] = field(default_factory=list)
    _guards: list[str] = field(default_factory=list)
    _last: _Last | None = None
    _moods: dict[tuple[str, str], str] = field(default_factory=dict)
    _absorbed: bool = False
    _begun: bool = False
    _aside: Kind | None = None
    _named: Antecedents = field(default_factory=Antecedents)
    _scope: Noun | None = None
    """The thing that all asks of light and color are limited to: “only the sky: darker and warmer”."""

    def read(self) -> tuple[list[Step], list[Unsupported]]:
        """The steps in the order of the words, and the words nothing was planned for."""
        clauses = split(_without_data(self.message))
        for k, clause in enumerate(clauses):
            if len(self._steps) >= _MOST_STEPS or len(self._unread) >= _MOST_STEPS:
                rest = "; ".join(later.phrase.written for later in clauses[k : k + 8])
                self._unread.append(Unsupported(rest[:_LONGEST_UNREAD], "too many asks in one message"))
                break
            self._read_clause(clause)
            self._begun = True
            if self._absorbs_the_rest():
                break
        self._settle_complaints()
        self._settle_brief()
        self._settle_unread()
        guards = tuple(self._guards)
        return [dataclasses.replace(step, guards=guards) for step in self._steps], self._unread

    def _read_clause(self, clause: Clause) -> None:
        if (
            self._aside
            and (clause.joined or clause.bracketed)
            and clause.kind is Kind.ASK
            and clause.phrase.tokens[0].text != "only"
        ):
            if self._aside is Kind.GUARD:  # “preserve the layout, proportions and perspective”
                self._guards.append(clause.phrase.written)
            else:
                self._context(clause.phrase)
            return
        self._aside = clause.kind if clause.kind in {Kind.REASON, Kind.PURPOSE} else None
        match clause.kind:
            case Kind.GUARD:
                self._read_guard(clause.phrase)
            case Kind.REASON:
                self._read_reason(clause.phrase)
            case Kind.PURPOSE:
                sure = find_whole(canonical(clause.phrase).phrase)
                if self._is_open() and sure and sure.rule.op == self._steps[-1].op:
                    self._steps.pop()  # “crop the photo to remove the frame”
                    self._read_ask(clause)
                    return
                if (
                    (self._steps and self._steps[-1].confidence > _SURE and not self._is_vague())
                    or not sure
                    or sure.rule.confidence <= _SURE
                ):
                    self._context(clause.phrase)
                    return
                if self._steps and self._is_vague():
                    self._steps.pop()  # “add a filter to make it warmer”
                self._aside = None
                self._read_ask(clause)
            case _:
                self._read_ask(clause)

    def _is_open(self) -> bool:
        """Whether the step before is a crop that does not say to what."""
        return bool(self._steps) and self._steps[-1].op == "crop" and self._steps[-1].region is None

    def _is_vague(self) -> bool:
        """Whether the step before leaves open what is meant: “add a filter to make it warmer”."""
        return self._moods.get((self._steps[-1].op, self._steps[-1].span), "") == "vague"

    def _read_reason(self, phrase: Phrase) -> None:
        """Why something is asked; after “so”, what it shall look like: “combine them so the dog wears the hat”."""
        so = phrase.tokens[0].text == "so"
        skip = 2 if len(phrase.tokens) > 1 and phrase.tokens[1].text == "that" else 1
        while skip < len(phrase.tokens) and phrase.tokens[skip].text in _SO:
            skip += 1
        ask = canonical(phrase.with_tokens(phrase.tokens[skip:]))
        if so and self._named.backdrop == "asked" and len(ask.phrase.tokens) == 1 and is_color_word(ask.phrase.text):
            ask = canonical(phrase.with_tokens([Token("make"), Token("the"), Token("background"), *ask.phrase.tokens]))
        means = phrase.tokens[0].text == "by" and self._steps and self._steps[-1].op == "other"
        found = find_whole(ask.phrase) if (so or means) and not bare(ask.phrase) else None
        if found and found.rule.confidence > _SURE and means:  # “make the sand smooth by removing the footprints”
            self._steps.pop()
            self._aside = None
            self._take(found, ask)
        elif found and found.rule.confidence > _SURE and catalog()[found.rule.op].family in _SHOWN:
            self._aside = None
            self._take(found, ask)
        else:
            self._context(phrase)

    def _read_guard(self, phrase: Phrase) -> None:
        while phrase.tokens[0].text in joiners() and len(phrase.tokens) > 1:
            phrase = phrase.with_tokens(phrase.tokens[1:])
        ask = canonical(phrase)
        touching = len(phrase.tokens) > 1 and phrase.tokens[1].text.endswith("ing")
        found = None if touching else find_whole(ask.phrase)
        if self._steps and phrase.tokens[0].text in {"leaving", "keeping"}:
            found = None  # “remove the house, leaving only the trees” says again what stays
        if (
            found
            and found.rule.confidence > _SURE
            and (found.rule.replaces or phrase.tokens[0].text in found.rule.template.literals)
        ):
            self._take(found, ask)
            return
        if phrase.tokens[0].text in {"don't", "do", "not", "never"} and (only := self._only(phrase)):
            self._limit(only)
            return
        self._guards.append(phrase.written)
        self._aside = Kind.GUARD
        self._spare(phrase)
        kept = next((token for token in phrase.tokens if token.text in verbs()), None)
        if kept is not None and kept.text not in word_set("grammar", "guards"):
            self._last = _Last(phrase, (kept,), 0)  # “don't remove the baby, only the aunt”

    def _spare(self, phrase: Phrase) -> None:
        """“Not the one on the left”, said of what the last step acts on."""
        region = self._steps[-1].region if self._steps else None
        if region is None or len(phrase.tokens) < len(("not", "one")) or phrase.tokens[0].text != "not":
            return
        spared = read_noun(phrase.with_tokens(phrase.tokens[1:]), images=self.images).query
        if spared is not None and (region.every or spared.query in {"", "one", "ones"}):
            region = dataclasses.replace(region, none_of=(*region.none_of, spared))
            self._steps[-1] = dataclasses.replace(self._steps[-1], region=region)

    def _only(self, phrase: Phrase) -> Phrase | None:
        """The thing of “not the sky, only the sea”."""
        texts = [token.text for token in phrase.tokens]
        return phrase.with_tokens(phrase.tokens[texts.index("only") + 1 :]) if "only" in texts[:-1] else None

    def _read_ask(self, clause: Clause) -> None:
        if stays := _STAYS.match(clause.phrase.text):
            self._guards.append(clause.phrase.part(*stays.span(stays.lastgroup or 0)).written)
            return
        ask = self._resolve(canonical(clause.phrase))
        if self._belongs_to_earlier(clause, ask):
            return
        ask, found = self._best(clause, ask)
        if self._take_joint(clause, ask, found):
            return
        if found is not None and found.rule.confidence > _SURE:
            self._take(found, ask)
        elif not self._take_fragment(clause, ask, found):
            self._take_loose(clause, ask, found)

    def _belongs_to_earlier(self, clause: Clause, ask: Ask) -> bool:
        """Whether a clause is no ask of its own but says how much, which, how large or how something is meant."""
        if self._says_where(ask.phrase):
            return True
        if (bare(ask.phrase) and _vague(ask.phrase)) or self._names_amount(ask):
            self._adjust(ask)
            return True
        if self._points(ask.phrase) or self._repeats(ask.phrase):
            return True
        if (clause.bracketed and self._glosses(ask.phrase)) or self._explains(clause.phrase):
            return True
        if clause.bracketed and ask.phrase.tokens[0].text not in verbs():
            self._context(clause.phrase)
            return True
        return False

    def _best(self, clause: Clause, ask: Ask) -> tuple[Ask, Found | None]:
        """The rule for a clause; where none is sure, “4K” and the like are tried as plain words too."""
        found = find_whole(ask.phrase)
        if ask.sizes and (found is None or found.rule.confidence <= _SURE):
            plain = self._resolve(canonical(clause.phrase, sizes_apart=False))
            other = find_whole(plain.phrase)
            if other is not None and (found is None or other.rule.confidence > _SURE):
                return plain, other
        return ask, found

    def _take_joint(self, clause: Clause, ask: Ask, found: Found | None) -> bool:
        """Take the asks that one clause joins, or the ask that it completes with words before a comma."""
        if parts := parts_of(ask.phrase, found):
            for part in shares(ask, parts):
                single = self._continued(clause, part.phrase, find_whole(part.phrase))
                if single is not None:
                    self._take(single, dataclasses.replace(part, phrase=single.phrase))
            return True
        longer = self._continued(clause, ask.phrase, found) if found is not None else None
        if longer is None or longer is found:
            return False
        self._take(longer, dataclasses.replace(ask, phrase=longer.phrase))
        return True

    def _take_fragment(self, clause: Clause, ask: Ask, found: Found | None) -> bool:
        """Take what is no whole ask: a thing all asks are about, a picture described, a piece of the ask before."""
        first = clause.phrase.tokens[0].text
        if found is None and not self._steps and not clause.joined and _is_scope(clause.phrase):
            self._scope = read_noun(ask.phrase, images=self.images)
            return True
        if found is None and not self._begun and _describes(ask.phrase):
            self._scene(clause.phrase)
            return True
        told = first in {"i", "we", "he", "she", "they", "you"}
        joined = (clause.joined and not told) or first in {"also", "plus", "and"}
        return joined and (self._take_continued(ask) or self._glue(clause.phrase))

    def _take_loose(self, clause: Clause, ask: Ask, found: Found | None) -> None:
        """Take a rule that explains a part of the clause, or one that matches anything of its form."""
        inside = self._inside(ask.phrase) if found is None or len(ask.phrase.tokens) > _SHORT else None
        surer = inside is not None and inside.rule.confidence > _SURER
        if inside is not None and (found is None or (surer and inside.literal > found.literal + _SHORT)):
            self._take_inside(inside, ask)
        elif found is not None:
            self._take(found, ask)
            if found.rule.confidence < _SURE:
                self._named.mention(clause.phrase)
        elif not bare(ask.phrase):
            self._not_read(clause.phrase)

    @staticmethod
    def _inside(phrase: Phrase) -> Found | None:
        """A rule that explains a part of the clause: most of it, or one that begins with an imperative."""
        found = find_inside(phrase)
        if found is None:
            return None
        first, last = found.phrase.tokens[0], found.phrase.tokens[-1]
        end = next(k for k, token in enumerate(phrase.tokens) if token is last) + 1
        colored = is_color_word(last.text) or ("color" in found.slots and last is found.slots["color"].tokens[-1])
        if colored and end < len(phrase.tokens) and phrase.tokens[end].text not in _may_follow():
            return None  # “on the turquoise” is cut out of “on the turquoise water”
        if end < len(phrase.tokens) and phrase.tokens[end].text == "less":
            return None
        if first.text in verbs() - word_set("grammar", "nounlike"):
            return found
        place = next(k for k, token in enumerate(phrase.tokens) if token is first)
        noun = place > 0 and phrase.tokens[place - 1].text in word_set("grammar", "before_nouns")
        if noun and first.text in verbs():  # in “the mirror” it is no imperative
            return None
        ordered = phrase.tokens[0].text in verbs()
        most = found.literal >= 0.5 * len(phrase.text) and phrase.tokens[0].text not in word_set("grammar", "tellers")
        return found if ordered or most else None

    def _scene(self, phrase: Phrase) -> None:
        """A picture described from nothing: “A fox reading in an armchair”; all that follows belongs to it."""
        row = catalog()["new_scene"]
        scene = {"scene": self.message[phrase.span[0] :][:_LONGEST_UNREAD]}
        self._steps.append(
            Step(
                row.name,
                row.family,
                parameters=scene,
                exact=False,
                available=False,
                confidence=0.4,
                span=phrase.written,
            )
        )
        self._absorbed = True

    def _resolve(self, ask: Ask) -> Ask:
        """Put things in the place of pronouns; a clause that only said which thing is meant is no longer unread."""
        resolved, mentioned = self._named.resolve(ask)
        if mentioned:
            self._unread = [item for item in self._unread if item.text != self._named.text]
            self._steps = [step for step in self._steps if step.confidence >= _SURE or step.span != self._named.text]
        return resolved

    def _take(self, found: Found, ask: Ask) -> None:
        """Add the steps of a match, one a thing; what follows a thing in the clause is read on its own."""
        before = len(self._steps)
        self._absorbed = self._absorbed or found.rule.absorbs
        if found.rule.replaces:
            self._steps = [
                step for step in self._steps if step.op not in found.rule.replaces or step.region is not None
            ]
            before = len(self._steps)
        for part in self._parts(found, ask):
            reading = asks.read_found(part, ask, images=self.images)
            if part.rule.op == "change_pose" and "any" in part.slots:
                self._take_place(part.slots["any"], ask)
            for step in reading.steps:
                self._add(self._resolved(asks.checked(step)))
                if part.rule.mood:
                    self._moods[step.op, step.span] = part.rule.mood
            for rest in reading.rest:
                self._read_rest(rest)
        self._named.took(found, ask.phrase)
        self._last = _Last(ask.phrase, self._verb_of(found, ask), len(self._steps) - before, self._named.thing)

    def _add(self, step: Step) -> None:
        """Add a step; one that removes must name what."""
        if self._scope is not None and step.region is None and step.family in {"tone", "hue", "detail"}:
            step = asks.with_region(step, self._scope.query, self._scope.text)
        if step.op == "remove_everything_except" and self._takes_all():
            self._guards.append(step.span)  # “remove all the fillings and keep only the buns”
        elif step.op in _REMOVES and step.region is None and step.target not in PEOPLE_PRONOUNS:
            self._unread.append(Unsupported(step.span, "it does not say what to remove"))
        else:
            self._steps.append(step)

    def _takes_all(self) -> bool:
        """Whether the step before removes all of a kind."""
        last = self._steps[-1] if self._steps else None
        return last is not None and last.op in _REMOVES and last.region is not None and last.region.every

    def _take_place(self, where: Phrase, ask: Ask) -> None:
        """In “sitting in a cozy café” the café is an ask of its own."""
        found = find_whole(where)
        if found is not None and catalog()[found.rule.op].family == "background":
            self._steps += asks.read_found(found, dataclasses.replace(ask, phrase=where), images=self.images).steps

    @staticmethod
    def _verb_of(found: Found, ask: Ask) -> tuple[Token, ...]:
        """The words in front of the thing, for things that follow: “remove the cup, the plate”."""
        first = ask.phrase.tokens[0]
        if first.text not in verbs():
            return ()
        thing = found.slots.get("thing")
        if thing is None or not thing.tokens:
            return (first,)
        place = next((k for k, token in enumerate(ask.phrase.tokens) if token is thing.tokens[0]), 1)
        return ask.phrase.tokens[:place] if place <= 4 else (first,)

    def _parts(self, found: Found, ask: Ask) -> list[Found]:
        """The match once a thing: “remove the text and the man” are two asks."""
        thing = next((found.slots[name] for name in ("thing", "what", "clothes") if name in found.slots), None)
        things = split_nouns(thing) if thing and found.rule.op not in _TOGETHER else []
        if len(things) < 2 or thing is None:
            return [found]
        tokens = ask.phrase.tokens
        start = next(k for k, token in enumerate(tokens) if token is thing.tokens[0])
        stop = start + len(thing.tokens)
        parts = []
        for one in things:
            single = find_whole(ask.phrase.with_tokens([*tokens[:start], *one.tokens, *tokens[stop:]]))
            if single is None:
                return [found]
            parts.append(single)
        return parts

    def _take_inside(self, found: Found, ask: Ask) -> None:
        used = set(map(id, found.phrase.tokens))
        tokens = ask.phrase.tokens
        first = next((k for k, token in enumerate(tokens) if id(token) in used), 0)
        last = first + len(found.phrase.tokens)
        sure = dataclasses.replace(found, rule=dataclasses.replace(found.rule, confidence=0.6))
        head, tail = ask.phrase.with_tokens(tokens[:first]), ask.phrase.with_tokens(tokens[last:])
        self._read_rest(head)
        if self._steps and self._is_vague():
            self._steps.pop()  # “a filter that makes it look like a drawing”
        self._take(sure, dataclasses.replace(ask, phrase=found.phrase))
        self._read_rest(tail)

    def _read_rest(self, rest: Phrase) -> None:
        """A part of a clause that its rule did not use: another ask, or unread."""
        ask = canonical(rest)
        if bare(ask.phrase) or len(self._steps) >= _MOST_STEPS:
            return
        found = find_whole(ask.phrase)
        if found is not None and (found.rule.confidence > _SURE or ask.phrase.tokens[0].text in verbs()):
            self._take(found, ask)
        elif rest.tokens[0].text not in word_set("grammar", "stops") or rest.tokens[0].text in verbs():
            self._not_read(rest)
        else:
            self._context(rest)

    def _continued(self, clause: Clause, fragment: Phrase, found: Found | None) -> Found | None:
        """The rule of a fragment, with the words before a comma where they say more: “lower contrast, brightness”."""
        if not clause.joined or self._last is None or fragment.tokens[0].text in verbs():
            return found
        return surer(found, continued(self._last.phrase, fragment), fragment)

    def _take_continued(self, ask: Ask) -> bool:
        """Read a fragment with the verb of the ask before it: “increase contrast, saturation”."""
        begins = ask.phrase.tokens[0].text
        described = begins.endswith("ed") and begins not in word_set("grammar", "degrees")
        if described or begins_ask(ask.phrase.tokens, 0, before=",") or _only_places(ask.phrase):
            return False
        counted = begins in words()["ordinals"] and len(ask.phrase.tokens) > 1 and ask.phrase.tokens[1].text == "from"
        if (
            not self._last
            or counted
            or begins
            in (word_set("grammar", "prepositions") | word_set("grammar", "relatives") | word_set("grammar", "tellers"))
            - {"that", "this", "these"}
        ):
            return False
        if shared := continued(self._last.phrase, ask.phrase):
            self._take(shared, dataclasses.replace(ask, phrase=shared.phrase))
            return True
        whole = dataclasses.replace(ask, phrase=ask.phrase.with_tokens([*self._last.verb, *ask.phrase.tokens]))
        found = find_whole(whole.phrase) if self._last.verb else None
        if found is None or (found.rule.confidence <= _SURE and len(ask.phrase.tokens) > 5):
            return False
        self._take(found, whole)
        return True

    def _glue(self, fragment: Phrase) -> bool:
        """Read the ask before again with a fragment that says where or which: “…, on the left”."""
        last = self._last
        if last is None or not last.steps:
            return False
        if fragment.tokens[0].text not in _fragment_starts() and not _only_places(fragment):
            return False
        whole = canonical(fragment.with_tokens([*last.phrase.tokens, *fragment.tokens]))
        found = find_whole(whole.phrase)
        if found is None or found.rule.op != self._steps[-1].op:
            return False
        del self._steps[-last.steps :]
        self._take(found, whole)
        return True

    def _points(self, phrase: Phrase) -> bool:
        """Whether a clause says which thing was meant before: “she's on the left”, “the one with glasses”."""
        tokens = phrase.tokens
        opening = re.match(r"(?:(?:he|she|they) (?:is|are)|(?:he|she|they)'(?:s|re)|the ones?|those) ", phrase.text)
        last = self._last
        if not opening or last is None or not last.thing or not self._steps:
            return False
        skip = len(opening[0].split())
        rest = tokens[skip:]
        noun = read_noun(phrase.with_tokens([*last.thing, *rest]), images=self.images)
        step = self._steps[-1]
        if (
            not rest
            or noun.query is None
            or step.region is None
            or noun.query == step.region
            or noun.query.query != step.region.query
        ):
            return False
        self._steps[-1] = dataclasses.replace(step, region=noun.query)
        return True

    def _glosses(self, phrase: Phrase) -> bool:
        """Whether brackets behind a thing say which one is meant: “my ex (the guy in the hoodie)”."""
        step = self._steps[-1] if self._steps else None
        if (
            step is None
            or step.region is None
            or not self._last
            or not self._last.steps
            or phrase.tokens[0].text in verbs()
        ):
            return False
        noun = read_noun(phrase, images=self.images)
        if noun.query is None:
            return False
        self._steps[-1] = asks.with_region(step, noun.query, f"{step.target} {phrase.written}")
        return True

    def _explains(self, phrase: Phrase) -> bool:
        """Whether a clause only says how a hole is to be filled: “remove the radiator, fill it with wallpaper”."""
        first = phrase.tokens[0].text
        hole = bool(self._steps) and self._steps[-1].family == "remove" and first in {"fill", "patch", "blend"}
        manner = first.endswith("ing") and verb_forms().get(first) not in word_set("grammar", "starters") - {
            "include",
            "blend",
            "match",
        }
        if told := hole or (manner and bool(self._steps) and find_whole(canonical(phrase).phrase) is None):
            self._context(phrase)
        return told

    def _repeats(self, phrase: Phrase) -> bool:
        """Whether “tone it down” only says again what a complaint before it (“my forehead is so shiny”) asked for."""
        texts = [token.text for token in phrase.tokens]
        if texts[:1] and texts[0] not in _corrections():
            return False
        if phrase.text in verb_classes()["remove"]:  # “bags under my eyes, get rid of”
            return self._last is not None and not self._last.verb and self._last.steps > 0
        again = (
            2 <= len(texts) <= 3
            and texts[1] in {"it", "that", "this"}
            and texts[0] in verbs()
            and texts[-1] in {"it", "that", "this", "down", "up"}
        )
        return again and self._last is not None and not self._last.verb and self._last.steps > 0 and bool(self._steps)

    def _says_where(self, phrase: Phrase) -> bool:
        """Whether “make it large” or “standing on the road” says how large or where what was just placed shall be."""
        step = self._steps[-1] if self._steps else None
        if step is None or step.op not in _PLACES:
            return False
        sized = re.match(r"(?:(?:make|keep|have) (?:it|him|her|them) )?(?P<how>\w+)(?P<more>.*)", phrase.text)
        scale = placed_scale(sized["how"]) if sized else None
        where = only_says_where(phrase, images=self.images) if len(phrase.tokens) <= _LONGEST_PLACE else ""
        if step.op == "place_sticker":
            where = sides_in(where)
        if not where and (scale is None or (sized and sized["more"])):
            return False
        if scale is not None:
            step = dataclasses.replace(step, parameters={**step.parameters, "scale": scale}, stated=("scale",))
        self._steps[-1] = dataclasses.replace(step, placement=", ".join(filter(None, (step.placement, where))))
        return True

    def _names_amount(self, ask: Ask) -> bool:
        """Whether a fragment gives a parameter of the step before: “…, 30 % opacity”."""
        return bool(self._steps and ask.amounts) and ask.phrase.text in catalog()[self._steps[-1].op].parameters

    def _adjust(self, ask: Ask) -> None:
        """A fragment that only says how much: “…, slightly”, “…, by 20 %”."""
        if self._steps:
            self._steps[-1] = asks.adjusted(self._steps[-1], ask)

    def _limit(self, only: Phrase) -> None:
        """Limit the last step to a thing: “only the sky”."""
        if self._steps:
            noun = read_noun(only, images=self.images)
            self._steps[-1] = asks.with_region(self._steps[-1], noun.query, noun.text)

    def _resolved(self, step: Step) -> Step:
        """Pronouns mean the thing named before, where one was."""
        if step.target not in PEOPLE_PRONOUNS - {"me", "us"} or step.region is not None:
            return step
        people = nouns_of("people")
        for earlier in reversed(self._steps):
            head = earlier.region.query.split(" ")[-1] if earlier.region else ""
            if earlier.target and (people.fullmatch(head) or step.target == "them") and earlier.region is not None:
                return asks.with_region(step, earlier.region, earlier.target)
        return step

    def _absorbs_the_rest(self) -> bool:
        """Whether the message describes a new picture, so that all that follows is its description."""
        return self._absorbed and all(step.family == "generate" for step in self._steps)

    def _describes_something(self) -> bool:
        """Whether a message without any ask we know says enough to be a wish of its own kind."""
        open_words = [word for item in self._unread if item.reason == _NOTHING for word in item.text.lower().split()]
        told = any(item.text.lower().split()[0] in word_set("grammar", "tellers") for item in self._unread if item.text)
        return not told and sum(word.strip(".,!?") not in word_set("fillers") for word in open_words) >= _WISH

    def _context(self, phrase: Phrase) -> None:
        self._named.mention(phrase)
        if not bare(phrase):
            self._unread.append(Unsupported(phrase.written[:_LONGEST_UNREAD], CONTEXT))

    def _not_read(self, phrase: Phrase) -> None:
        self._named.mention(phrase)
        self._unread.append(Unsupported(phrase.written[:_LONGEST_UNREAD], _NOTHING))

    def _settle_complaints(self) -> None:
        """Drop “it is too dark” beside “brighten it”, “fix it” beside “it is too dark”, and what is said twice."""
        moods = [self._moods.get((step.op, step.span), "") for step in self._steps]
        sure = {_matter(step) for step, mood in zip(self._steps, moods, strict=True) if not mood}
        kept: list[Step] = []
        for step, mood in zip(self._steps, moods, strict=True):
            answered = mood == "complaint" and _matter(step) in sure
            explained = mood == "vague" and "complaint" in moods
            if answered or explained:
                self._unread.append(Unsupported(step.span[:_LONGEST_UNREAD], CONTEXT))
            elif not any(_same(step, earlier) for earlier in kept):
                kept.append(step)
        self._steps = kept

    def _settle_brief(self) -> None:
        """A long message that begins with something to invent is a brief for a new picture.

        What else was read in it describes that picture; doing it to this one would be wrong.
        """
        first = self._steps[0] if self._steps else None
        if (
            first is None
            or first.exact
            or len(self.message) <= _BRIEF
            or first.span[:_HEAD] not in self.message[:_OPENING]
        ):
            return
        described = [step for step in self._steps if step.exact and step.family != "compose"]
        if 2 * len(described) <= len(self._steps):
            self._steps = [step for step in self._steps if step not in described]
            self._unread += [Unsupported(step.span[:_LONGEST_UNREAD], CONTEXT) for step in described]

    def _settle_unread(self) -> None:
        """Unread imperatives are wishes no exact op covers; other unread words are context beside real asks."""
        if not self._steps and self._describes_something():
            row = catalog()["other"]
            span = self.message.strip()[:_LONGEST_UNREAD]
            self._steps.append(Step(row.name, row.family, exact=False, available=False, confidence=0.2, span=span))
            return
        kept: list[Unsupported] = []
        for item in self._unread:
            first = (
                canonical(Phrase(tuple(_tokens(item.text)), item.text)).phrase.tokens if item.reason == _NOTHING else ()
            )
            ordered = bool(first) and (
                first[0].text in verbs() or not {t.text for t in first}.isdisjoint(_clear_verbs())
            )
            if ordered and len(first) > 1 and not _is_story(item.text):
                row = catalog()["other"]
                self._steps.append(
                    Step(row.name, row.family, exact=False, available=False, confidence=0.3, span=item.text)
                )
            elif item.reason == _NOTHING and _is_story(item.text):
                kept.append(Unsupported(item.text, CONTEXT))
            else:
                kept.append(item)
        self._unread = kept


@cache
def _may_follow() -> frozenset[str]:
    """Words that may stand behind a part of a clause that is an ask of its own."""
    grammar = ("prepositions", "relatives", "stops", "tails", "joiners", "determiners", "pronouns", "exceptions")
    return verbs() | frozenset[str]().union(*(word_set("grammar", name) for name in grammar))


def _clear_verbs() -> frozenset[str]:
    return verbs() - word_set("grammar", "nounlike")


@cache
def _corrections() -> frozenset[str]:
    return frozenset(verb.split()[0] for name in ("decrease", "adjust", "remove") for verb in verb_classes()[name])


def _tokens(text: str) -> list[Token]:
    from cavendish.planning.tokens import tokenize  # noqa: PLC0415

    return [token for token in tokenize(text) if not token.mark]


def _only_places(phrase: Phrase) -> bool:
    """Whether a fragment holds nothing but words for sizes and sides: “…, large”, “…, small and on the left”."""
    named = {word for table in ("sizes", "sides") for group in words()[table].values() for word in group}
    return all(
        token.text in named | {"and", "very", "quite", "rather", "side", "on", "at", "in", "the", "of", "it"}
        for token in phrase.tokens
    )


def _is_scope(phrase: Phrase) -> bool:
    """Whether a clause limits what follows: “only the sky: …”."""
    return phrase.tokens[0].text == "only" and phrase.words.isdisjoint({"is", "are", "was", "problem", "issue"})


def _without_data(message: str) -> str:
    """The message without JSON, which describes a picture in a form that is no sentence; offsets stay true."""
    return re.sub(r"\{\s*\"[^\"{}]{0,80}\"\s*:.*", lambda data: " " * len(data.group()), message, flags=re.DOTALL)


def _describes(phrase: Phrase) -> bool:
    """Whether a clause without an imperative describes a picture: “A fox reading in an armchair”."""
    tokens = phrase.tokens
    active = any(
        token.text in word_set("grammar", "relatives") or token.text in {"is", "are"} or token.text.endswith("ing")
        for token in tokens[1:]
    )
    return len(tokens) > 3 and tokens[0].text in {"a", "an", "two", "three", "one"} and active


_STAYS = re.compile(
    r"(?:(?:and|but|also|please) )*(?:"
    r"(?P<what>.+?) (?:(?:must|should|has to|have to|needs to|can|may|to|shall) )?(?:stay|stays|remain|remains)\b"
    r"(?! (?:in (?:full )?color|colored|colorful)).*"
    r"|(?:no )?(?P<kept>.+?) (?:(?:must|should|may|can|shall) not|mustn't|shouldn't|can't|cannot|changes$)"
    r"(?: (?:be )?(?:change|changed|touched|altered|move|moved|edited))?"
    r"|(?P<left>.+?) (?:untouched|unchanged|intact|unaltered|kept [a-z]+)"
    r"|no (?P<never>[a-z]+ing(?: .*)?))$"
)
"""What is to stay as it is: “the label must stay”, “skin tones untouched”, “no cropping of the feet”."""

_LONGEST_PLACE = 10
"""Words of a clause that only says where something goes."""
_PLACES = frozenset({"place_subject", "place_sticker", "copy_object"})
_TOGETHER = frozenset({"crop", "extract_subject", "blur_background", "swap_objects", "swap_colors"})
"""Ops that take several things at once."""
_REMOVES = frozenset({"remove_object", "remove_person"})
_SO = frozenset({"it", "its", "it's", "they", "he", "she", "is", "are", "fits", "fit"})
"""Words between “so” and what it asks for."""

_SHOWN = frozenset({"generate", "lettering", "compose", "background", "geometry"})
"""Families of which “so that …” can ask; what it says of light or color is only what an ask is for."""


def _is_story(text: str) -> bool:
    first = text.lower().replace("’", "'").split()
    return bool(first) and first[0] in word_set("grammar", "tellers")


def _vague(phrase: Phrase) -> bool:
    """Whether no rule reads the words; “make it look good” is an ask though every word of it is idle elsewhere."""
    found = find_whole(phrase) if len(phrase.tokens) > 2 else None
    return found is None or found.rule.confidence <= _SURE


def _matter(step: Step) -> str:
    """Light and color are one matter, sharpness and repair another."""
    return {"hue": "tone", "restore": "detail"}.get(step.family, step.family)


def _same(step: Step, other: Step) -> bool:
    """Whether an ask only repeats an earlier one of the adjusting families."""
    adjusting = step.family in {"tone", "hue", "detail", "restore"} and not step.stated
    return adjusting and (step.op, step.region, step.parameters) == (other.op, other.region, other.parameters)


def _fragment_starts() -> frozenset[str]:
    return (
        word_set("grammar", "prepositions") | word_set("grammar", "relatives") | word_set("grammar", "exceptions")
        | word_set("grammar", "determiners") | frozenset(words()["ordinals"]) | frozenset({"only", "same", "including"})
    )  # fmt: skip
