"""Wording without quotation marks: “add the text Save the Date - June 14 in gold”, “subtitle: I told you so”."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cavendish.planning.vocabulary import word_set

_LETTERED = (
    "texts?|words?|phrase|title|headline|heading|caption|subtitle|slogan|tagline|message|quote|saying|says?|reads?|reading"
    "|letters|write|type|banner|writing"
)
_CAPITAL = r"[A-Z0-9][\w'’&]*"
_SMALL = r"(?:of|the|and|to|a|in|for|on|is|at|or|my|your|our|we|you|it|[-–&+])"

_AFTER_COLON = re.compile(
    rf"\b(?i:{_LETTERED}|bubble|label)\b(?P<between>[^.:;!?\n\"“«]{{0,40}}):\s+"
    r"(?![^\n.!?]{0,80}[\"“«])"
    r"(?P<said>[^\"“«'‘\s][^\n\"“«;.!?]{0,150}[!?]?)"
)
"""A word for lettering, perhaps its place, a colon, and the rest of the sentence."""

_CAPITALIZED = re.compile(
    rf"\b(?:{_LETTERED}|(?:text|sign|words?|name|title|caption|headline|banner) (?:to|with|into)"
    r"|(?:my|our|his|her|their) (?:names?|initials),?)(?: of)?\s+"
    rf"(?P<said>{_CAPITAL}(?:,? (?:{_SMALL} ){{0,3}}{_CAPITAL})*[!?]?)"
)
"""A lower-case word for lettering and words with capitals, small words between them."""

_MOST = 20
"""Quotations of one message that are looked for."""


def unmarked(message: str) -> list[tuple[int, int]]:
    """Where wording stands that is not between quotation marks, in order."""
    letters = re.findall(r"\b[^\W\d_]", message)
    if sum(letter.isupper() for letter in letters) > 0.6 * len(letters):
        return []  # a message in title case or capitals shows nothing by them
    found = sorted({*_found(_AFTER_COLON, message), *_found(_CAPITALIZED, message)})
    return [span for k, span in enumerate(found) if not k or span[0] >= found[k - 1][1]]


def _found(pattern: re.Pattern[str], message: str) -> Iterator[tuple[int, int]]:
    for k, match in enumerate(pattern.finditer(message)):
        said = match.group("said")
        if k == _MOST:
            return
        if pattern is _AFTER_COLON and said.split()[0].lower() in word_set("grammar", "starters"):
            continue
        if pattern is _CAPITALIZED and " " not in said and re.match(r"\s+(?:the|this|my|it)\b", message[match.end() :]):
            continue  # “add text Glamorize the picture”
        end = _before_verb(said)
        yield match.start("said"), match.start("said") + len(said[:end].rstrip(" ,"))


def _before_verb(said: str) -> int:
    """Where another ask begins behind the wording: “Happy Birthday Change the sky”."""
    for word in list(re.finditer(r"\w+", said))[1:]:
        if (
            word.group()[0].isupper()
            and not word.group().isupper()
            and word.group().lower() in word_set("grammar", "starters")
        ):
            return word.start()
    return len(said)
