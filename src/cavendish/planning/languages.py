"""Asks in six more languages as the English clauses they stand for; what an ask means stays in the English planner.

A language's file (`languages/*.toml`) holds its words and its ways to ask.
"""

from __future__ import annotations

import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

ENGLISH, OTHER = "en", "other"

_ASK_LIMIT, _NOUN_LIMIT = 200, 100
"""Characters of one ask, and of a noun phrase in it; a longer one is not read. Without spaces they are halved."""

_READ_LIMIT = 8000
"""Characters of a message that are read; the rest is unread."""

_LONGEST = 10
"""Tokens of the longest word or phrase that is looked up: words, or letters where no spaces stand between words."""

_MOST_TRIES = 40
"""Stretches of a message that are tried as an ask, so that a hostile message cannot buy unbounded work."""

_UNKNOWN_LIMIT = 3
"""Words of an ask that may stay as they are; with more it was not understood."""


@dataclass(frozen=True)
class Said:
    """One ask, in canonical English and as it was written."""

    english: str
    original: str


@dataclass(frozen=True)
class Translation:
    """What a message in another language asks for, and the clauses whose ask is not known, verbatim."""

    language: str
    said: tuple[Said, ...]
    unread: tuple[str, ...]


def to_english(message: str) -> Translation | None:
    """Put a message into canonical English clauses.

    Args:
        message: Any length; the work is bounded.

    Returns:
        None for English; for a language without a file, a translation with the whole message unread.
    """
    language = language_of(message)
    if language == ENGLISH:
        return None
    if language == OTHER:
        return Translation(OTHER, (), (message,))
    masked, quotes = _masked(message[:_READ_LIMIT])
    said: list[Said] = []
    unread: list[str] = []
    for text, reading in _read(masked, _language(language)):
        original = _unmasked(text, quotes)
        if reading is None:
            unread.append(original)
        elif reading.english:
            said.append(Said(_unmasked(reading.english, [_requoted(quote[1:-1]) for quote in quotes]), original))
    rest = message[_READ_LIMIT:].strip()
    return Translation(language, tuple(said), (*unread, rest) if rest else tuple(unread))


# --- which language ---------------------------------------------------------------------------------------------------

_SCRIPTS = {
    "kana": "\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d",
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "other": "\u0370-\u03ff\u0400-\u052f\u0530-\u109f\u10a0-\u11ff\u1780-\u17ff\uac00-\ud7af",
    "latin": "a-zA-Z\u00c0-\u024f\u1e00-\u1eff",
}

_SIGNS: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "",
        """
            a an the of to in on at it is are as and or but for with from by into this that these those my me his
            her he she they them its their our your you i so be no not do can please all also just out up off more
            less very like one two there where when which who what if then than only
        """,
        """
            watermark make remove add change put turn give replace blur crop get take delete erase fix enhance
            create generate convert transform increase decrease reduce want need could would should background image
            picture photo style look color brighter darker lighter warmer cooler sharper transparent combine tire
            rotate flip sharpen smooth upscale restore colorize cartoon anime sketch vintage film noir photos images
            pictures white black red blue green man woman person people face hair eyes text keep using use show
        """,
    ),
    "es": (
        "ñ¿¡",
        """
            el la los las un una unos unas de del al y en con cara por para que lo le se su sus es mas muy esta este
            mi me sin o como
        """,
        """
            quita quitar quite quitame elimina eliminar elimine borra borrar borre remueve saca sacar pon poner
            ponle ponme haz hacer hazlo hazla hacerlo cambia cambiar cambie anade anadir agrega agregar agregue
            aumenta sube baja reduce disminuye mejora mejorar mejore convierte convertir transforma gira girar rota
            recorta recortar endereza aclara aclarar oscurece desenfoca desenfocar difumina restaura restaurar
            arregla fondo imagen foto fotografia persona personas hombre mujer cielo color colores claro clara
            nitido nitida sombrero coloca oscuro oscura ojos pelo cabello piel dientes texto letras blanco negro
            blanca negra rojo azul verde sombra sombras brillo contraste nitidez mejor calidad puedes podrias quiero
            quisiera necesito gracias favor hola ropa aplica enfoca reemplaza sustituye combina invierte pixela
            voltea redimensiona colorea amplia ampliar izquierda derecha deja suaviza blanquea dale hacia ayudame
            tono manten mantener igual conserva corta blancos marco extrae extraer aisla ponla ponlo dejalo dejala
            duplica clona toques cambies abajo frio fria calido calida pasa estilo formato perspectiva edificio
            mueve mover viste tapa oculta censura corrige corregir abre abrir perro gato arbol coche carro borde
            transparente ajusta iluminacion escribe escribir
        """,
    ),
    "fr": (
        "èêùûœëîô",
        """
            le la les l un une des du de d et en sur avec pour dans qu que est au aux ce cette ces sa son ses mon ma
            mes pas plus par à il elle moi s se noir plan
        """,
        """
            enleve enlever enlevez supprime supprimer supprimez retire retirer retirez efface effacer effacez mets
            mettre mettez rends rendre rendez change changer changez ajoute ajouter ajoutez augmente augmenter
            augmentez diminue diminuer baisse ameliore ameliorer ameliorez transforme transformer convertis tourne
            tourner pivote recadre recadrer redresse eclaircis eclaircir assombris floute flouter floutez restaure
            restaurer corrige fond image photo arriere-plan arriere clair claire sombre personne homme femme ciel
            couleur couleurs visage yeux cheveux peau dents texte blanc blanche noire rouge bleu vert ombre ombres
            luminosite contraste nettete qualite peux pouvez pourriez pourrais voudrais veux merci plait bonjour
            salut vetements remplace remplacer remplacez colorise inverse dessin tableau decoupe contour reduis
            reduire combine combinez duplique dupliquer extrais extraire isole pixelise pixeliser plaque arbre
            voiture chien chat froid froide chaud chaude habille deplace deplacer masque masquer ouvre vieille
            ancienne photos deux visages gens fais faire faites gauche droite lisse blanchis agrandis detoure
            detourer garde nettoie passe donne cadre ecris ecrire ajuste regle
        """,
    ),
    "de": (
        "äöüß",
        """
            der die das den dem des ein eine einen einem einer und in im am auf mit von vom zu zum zur ist es sie
            ihn mir mich bitte nicht auch noch mal aus an als so wie hier alle dieses diese diesen etwas links nach
            ihm ihr unter uber hinter vor neben durch dass soll
        """,
        """
            entferne entfernen entfern entfernt losche loschen loesche loeschen mach mache machen macht setze setzen
            stelle stellen ersetze ersetzen andere andern aendere aendern fuge hinzufugen fuege hinzu erhohe erhohen
            erhoehe verringere verringern reduziere verbessere verbessern verwandle verwandeln wandle drehe drehen
            dreh spiegle spiegeln schneide zuschneiden begradige begradigen helle aufhellen abdunkeln dunkle
            verwische weichzeichnen unscharf scharfe scharfen schaerfe schaerfen scharf scharfer restauriere
            restaurieren repariere hintergrund bild foto person personen mann frau himmel farbe farben gesicht augen
            haare haut zahne text weiss schwarz rot blau grun gruen schatten helligkeit kontrast sattigung qualitat
            kannst konntest koenntest mochte moechte brauche danke hallo kleidung invertiere heller dunkler warmer
            waermer kalter grosser kleiner freistellen stell schreibe schreib rechts tausche ohne wechsle wandel
            behalte lass weg weisser transparent kombiniere zieh anziehen erweitere erweitern leinwand verschiebe
            skaliere gib gebe verleihe extrahiere isoliere streiche wand hellblau korrigiere dupliziere klone
            perspektive baum quadratisch belichtung weissabgleich rauschen schief gerade kombinieren nebeneinander
            hut auto bilder fotos bildes hund katze menschen leute schoner besser verpixle vergrossere glatte
            zensiere weiser stil
        """,
    ),
    "pt": (
        "ãõ",
        """
            o os a as um uma uns umas de do da dos das no na nos nas ao e em com por para que se seu sua mais muito
            esta este meu minha sem isso num numa pra à é
        """,
        """
            remova remover remove tire tira tirar apague apaga apagar exclua excluir elimine coloque coloca colocar
            ponha deixe deixa deixar mude muda mudar troque troca trocar altere adicione adiciona adicionar
            acrescente aumente aumenta aumentar diminua diminui reduza melhore melhora melhorar transforme
            transforma converta gire gira girar corte recorte recortar endireite clareie clarear escureca escurecer
            desfoque desfoca desfocar borre restaure restaura restaurar corrija fundo imagem foto pessoa pessoas
            homem mulher ceu cor cores rosto olhos cabelo pele dentes texto branco branca preto preta vermelho azul
            verde sombra sombras brilho contraste nitidez qualidade voce pode poderia quero gostaria preciso
            obrigado obrigada favor ola oi roupa roupas substitua combine inverta pixelize faca fazer faz saturacao
            vira vire esquerda direita mantenha suavize aplique espelhe redimensione colora elimina recorta combina
            edita extraia isole duplique frio quente arvore carro cachorro gato formato perspectiva duas abra mova
            vista esconda colorir antiga amplie amplia junte claro clara escuro escura nitido nitida escreva
            escrever ajuste iluminacao
        """,
    ),
    # Languages without a file; the message is honest about them.
    "it": (
        "ì",
        """
            il lo gli di della dello del dei degli che e una un con per piu nel nella su le la dal dalla dall
        """,
        """
            rimuovi rimuovere togli togliere elimina sfondo rendi rendere metti mettere cambia cambiare aggiungi
            sfoca questa immagine foto uomo donna cielo bianco nero rosso luminosita colore colori viso capelli
            aumenta migliora trasforma ruota ritaglia sostituisci puoi vorrei grazie scritta occhi fai raddrizza
        """,
    ),
    "nl": (
        "",
        "het een van de en op in met voor niet ook dat deze dit naar uit te aan is zo",
        """
            verwijder verwijderen achtergrond maak maken zwart wit haal weg voeg toe verander vervang draai foto
            afbeelding lucht kleur helderder donkerder scherper vervaag verbeter wil kun alsjeblieft graag ogen haar
            gezicht tekst knip
        """,
    ),
    "pl": (
        "łąęśćżźń",
        "i na w z do ze tlo",
        "usun zdjecie zmien dodaj zrob popraw obraz obrazek prosze",
    ),
    "tr": (
        "şğı",
        "ve bir bu daha icin",
        "kaldir sil arka plani arkaplan resmi fotografi yap ekle degistir lutfen beyaz",
    ),
    "nordic": (
        "åøæ",
        "och ett en att den det med pa til og av i for som",
        """
            ta bort bakgrunden bilden fjern gor gjor lysere ljusare morkare bakgrunn baggrunden billedet bildet legg
        """,
    ),
    "ro": (
        "țșăâ",
        "si cu din pe la o mai",
        "sterge elimina fundalul poza imaginea adauga schimba",
    ),
    "vi": (
        "đơưạảấầậắằặẹẻẽếềệỉịọỏốồộớờợụủứừựỳỵ",
        "va cua cho trong",
        "xoa anh nen lam",
    ),
    "id": (
        "",
        "dan di ke dengan yang ini dari untuk",
        "hapus latar belakang gambar buat jadikan ganti tambahkan lebih",
    ),
    "cs": (
        "řůěčž",
        "a na se do z",
        "odstran pozadi fotku obrazek zmen pridej",
    ),
    "hu": (
        "őű",
        "a az es egy",
        "tavolitsd hatteret kepet tedd",
    ),
}
"""Letters, then function words, then words that tell a language by themselves."""


def language_of(message: str) -> str:
    """The language of a message.

    Args:
        message: Any length; its beginning decides.

    Returns:
        `en` (also when in doubt), `es`, `fr`, `de`, `pt`, `zh`, `ja`, or `other`.
    """
    start = _masked(message[:2000])[0]
    kana, han, other = (len(_script(name).findall(start)) for name in ("kana", "han", "other"))
    latin = re.findall(rf"[{_SCRIPTS['latin']}][{_SCRIPTS['latin']}'’-]*", start)
    if other > max(kana + han, sum(map(len, latin))):
        return OTHER
    scores = _scores(start, re.split(r"['’\s-]", " ".join(latin)))
    if kana + han > max(sum(not word.isupper() for word in latin), scores[ENGLISH][0]):
        return "ja" if kana * 10 > han else "zh"
    best = max(scores, key=lambda language: scores[language][0])
    points, telling = scores[best]
    if best == ENGLISH or points <= scores[ENGLISH][0] or not (telling or points >= 3):
        return ENGLISH
    return best if best in {"es", "fr", "de", "pt"} else OTHER


def _scores(start: str, words: list[str]) -> dict[str, tuple[int, bool]]:
    """Points a language, and whether a word or letter tells it by itself; English first, so that it wins a tie."""
    scores = {}
    lower = start.lower()
    folded = [_fold(word) for word in words]
    for language, (letters, weak, strong) in _sign_sets().items():
        own = sum(letter in lower for letter in letters)
        telling = sum(word in strong for word in folded)
        scores[language] = (sum(word in weak for word in folded) + 2 * telling + own, telling + own > 0)
    return scores


@cache
def _sign_sets() -> Mapping[str, tuple[str, frozenset[str], frozenset[str]]]:
    return {
        language: (letters, frozenset(_fold(weak).split()), frozenset(_fold(strong).split()))
        for language, (letters, weak, strong) in _SIGNS.items()
    }


@cache
def _script(name: str) -> re.Pattern[str]:
    return re.compile(f"[{_SCRIPTS[name]}]")


# --- text -------------------------------------------------------------------------------------------------------------

_MARKS = range(0xE000, 0xE100)
"""Private-use letters that stand for quoted text while a message is read, so that nothing looks inside."""


@cache
def _quoted() -> re.Pattern[str]:
    pairs = ('""', "“”", "„“", "„”", "«»", "「」", "『』", "‘’")
    quotes = [rf"{pair[0]}[^{pair}\n]{{1,200}}{pair[1]}" for pair in pairs]
    return re.compile("|".join([*quotes, r"(?<!\w)'[^'\n]{1,200}'(?!\w)", r"“[^“”\n]{1,200}“"]))


def _masked(message: str) -> tuple[str, list[str]]:
    """A message with its quoted texts replaced by marks, and those texts with their quotation marks."""
    message = re.sub(r"[\ue000-\ue0ff]", "\ufffd", unicodedata.normalize("NFC", message))
    message = re.sub(r"[^\S\n]+", " ", message)  # which also bounds what patterns may retry
    quotes: list[str] = []

    def mark(found: re.Match[str]) -> str:
        if len(quotes) == len(_MARKS):
            return found[0]
        quotes.append(found[0])
        return chr(_MARKS[len(quotes) - 1])

    return _quoted().sub(mark, message), quotes


def _unmasked(text: str, quotes: list[str]) -> str:
    return re.sub(r"[\ue000-\ue0ff]", lambda mark: quotes[ord(mark[0]) - _MARKS[0]], text)


def _requoted(text: str) -> str:
    return '"{}"'.format(text.strip().replace('"', "'"))


def _fold(text: str, same: Mapping[int, str] | None = None) -> str:
    """Lower case without accents and with plain widths, letter for letter: offsets stay true."""
    folded = text.translate({ord(letter): _folded_letter(letter) for letter in set(text)})
    return folded.translate(same) if same else folded


@cache
def _folded_letter(letter: str) -> str:
    if letter in "’`´":
        return "'"
    if letter == "ß":
        return "s"
    if ord(letter) < 0x250:
        return unicodedata.normalize("NFD", letter.lower())[0]
    plain = unicodedata.normalize("NFKC", letter.lower())
    return plain if len(plain) == 1 else letter


# --- a language's file ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Word:
    kind: str
    english: str


@dataclass(frozen=True)
class _Ask:
    english: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class _Language:
    """A compiled language file.

    Args:
        asks: In the file's order.
        words: What the words of a noun phrase mean, by folded spelling.
        closed: Slots that hold one of a list, to their meanings by folded spelling.
        joints: Where an ask may end within a sentence.
        polite: What may stand before and after an ask without asking for anything.
        adverbs: How much, anywhere in an ask.
        percent: The same as a number.
        negation: Words with which only what to keep is said.
        same: Letters that are read as others (traditional as simplified Chinese).
        spaced: Whether spaces stand between words; otherwise a noun phrase has its head last.
        small: Function words; one that is not known in a noun phrase means that it was none.
    """

    asks: tuple[_Ask, ...]
    words: Mapping[str, _Word]
    closed: Mapping[str, Mapping[str, str]]
    joints: re.Pattern[str]
    polite: re.Pattern[str]
    adverbs: re.Pattern[str]
    percent: re.Pattern[str]
    negation: re.Pattern[str]
    same: Mapping[int, str]
    spaced: bool
    small: frozenset[str]

    def fold(self, text: str) -> str:
        return _fold(text, self.same)


_OPEN, _WORDS = ("thing", "new", "where"), ("words", "words2")
"""Slots that hold a noun phrase, and slots that hold text as it stands."""


@cache
def _language(name: str) -> _Language:
    table = tomllib.loads(files("cavendish.planning").joinpath("languages", f"{name}.toml").read_text("utf-8"))
    closed = {slot: dict(_meanings(rows)) for slot, rows in table["slots"].items()}
    parts = {part: f"(?:{pattern})" for part, pattern in table["parts"].items()}
    spaced = table["grammar"]["spaced"]
    fills = {
        **{slot: _slot(slot, meanings) for slot, meanings in closed.items()},
        **parts,
        **_fixed_slots(closed, spaced=spaced),
    }
    same = {ord(left): right for left, right in (pair.split("=") for pair in table.get("same", "").split())}

    def compiled(pattern: str) -> re.Pattern[str]:
        while (filled := re.sub(r"\{([a-z]+\d?)\}", lambda slot: fills[slot[1]], pattern)) != pattern:
            pattern = filled
        umlauts = re.sub("[äöü]", lambda letter: f"(?:{_fold(letter[0])}e?)", pattern) if name == "de" else pattern
        return re.compile(_fold(umlauts.replace("ß", "ss?"), same).replace("(?p<", "(?P<"))

    return _Language(
        asks=tuple(_Ask(english, compiled(pattern)) for english, forms in table["asks"].items() for pattern in forms),
        words=dict(_lexicon(table, closed)),
        closed=closed,
        joints=compiled(table["grammar"]["joints"]),
        polite=compiled(table["grammar"]["polite"]),
        adverbs=compiled(rf"{table['grammar']['before']}{{how}}{table['grammar']['after']}"),
        percent=compiled(table["grammar"]["percent"]),
        negation=compiled(table["grammar"]["negation"]),
        same=same,
        spaced=spaced,
        small=_sign_sets()[name][1] if spaced else frozenset(),
    )


def _slot(name: str, meanings: Mapping[str, str]) -> str:
    spellings = sorted(meanings, key=len, reverse=True)
    code = "|#[0-9a-f]{6}" if name == "color" else ""
    return f"(?P<{name}>{'|'.join(map(re.escape, spellings))}{code})"


def _fixed_slots(closed: Mapping[str, Mapping[str, str]], *, spaced: bool) -> dict[str, str]:
    most = _NOUN_LIMIT if spaced else _NOUN_LIMIT // 2
    return {
        **{slot: f"(?P<{slot}>.{{1,{most}}}?)" for slot in _OPEN},
        **{slot: f"(?P<{slot}>[\ue000-\ue0ff]|[^\ue000-\ue0ff]{{1,{most}}}?)" for slot in _WORDS},
        "quoted": "(?P<words>[\ue000-\ue0ff])",
        "quoted2": "(?P<words2>[\ue000-\ue0ff])",
        "number": r"(?P<number>\d{1,3})",
        "ratio": r"(?P<ratio>\d{1,2} ?[:x/] ?\d{1,2})",
        "size": r"(?P<size>\d{2,5} ?(?:x|×|\*|por|sur|par|mal|乘以?|by) ?\d{2,5})",
        "image2": _slot("image", closed["image"]).replace("<image>", "<image2>"),
    }


def _lexicon(table: Mapping[str, Any], closed: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, _Word]]:
    for spelling, english in closed["image"].items():
        yield spelling, _Word("noun", english)
    for kind in ("nouns", "adjectives", "places", "links", "articles", "relations", "wearing"):
        for spelling, english in _meanings(table.get(kind, {})):
            yield spelling, _Word(kind.removesuffix("s"), english)
    for spelling, english in closed["color"].items():
        yield spelling, _Word("adjective", english)


def _meanings(rows: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Folded spellings and what they mean: rows are `car = "coche/-s"`, `"man/men" = "hombre/-s"`, `snow = "nieve"`."""
    for key, forms in rows.items():
        one, _, several = key.partition("/")
        for form in filter(None, forms.split(", ")):
            singular, _, plural = form.partition("/")
            for spelling in _spellings(singular):
                yield from ((each, one) for each in _unaccented(spelling))
                for ending in _spellings(plural) if plural else ():
                    whole = spelling + ending[1:] if ending.startswith("-") else ending
                    yield from ((each, several or f"{one}s") for each in _unaccented(whole))


def _spellings(form: str) -> Iterable[str]:
    """`roj(o|a)` is rojo and roja."""
    return ("".join(part) for part in itertools.product(*(piece.split("|") for piece in re.split(r"[()]", form))))


def _unaccented(word: str) -> set[str]:
    """A folded word, also with ae for ä as people write it without an umlaut key."""
    spelled_out = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return {_fold(word), _fold(spelled_out)}


# --- asks -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """Canonical English; "" for words that ask for nothing."""

    english: str
    unknown: int = 0


def _read(message: str, language: _Language) -> Iterator[tuple[str, _Reading | None]]:
    """The message's clauses with what they ask; a clause goes on over a joint until the next ask begins."""
    tries = itertools.count()
    for sentence in re.finditer(r"(?:[^.!?;\n。！？；]|\.(?=\w))+", message):
        if next(tries) >= _MOST_TRIES:
            yield message[sentence.start() :].strip(), None
            return
        parts = list(_parts(sentence[0], language))
        start, end = parts[0]
        reading = _ask(sentence[0][start:end], language)
        for k, (first, last) in enumerate(parts[1:], 1):
            if next(tries) >= _MOST_TRIES:
                yield sentence[0][start:end].strip(), reading
                yield message[sentence.start() + parts[k][0] :].strip(), None
                return
            alone = _ask(sentence[0][first:last], language)
            joined = None if alone else _ask(sentence[0][start:last], language)
            if joined and (reading is None or joined.unknown <= reading.unknown):
                end, reading = last, joined
            elif reading is None and alone is None:
                end = last
            else:
                yield sentence[0][start:end].strip(), reading
                start, end, reading = first, last, alone
        if sentence[0][start:end].strip():
            yield sentence[0][start:end].strip(), reading


def _parts(sentence: str, language: _Language) -> Iterator[tuple[int, int]]:
    """Where the stretches between joints begin and end."""
    start = 0
    for joint in language.joints.finditer(language.fold(sentence)):
        if sentence[start : joint.start()].strip():
            yield start, joint.start()
        start = joint.end()
    yield start, len(sentence)


def _ask(text: str, language: _Language) -> _Reading | None:
    """What a stretch of text asks for, by the pattern that explains most of it literally."""
    text, how = _bare(text, language)
    if not text:
        return _Reading("")
    if len(text) > (_ASK_LIMIT if language.spaced else _ASK_LIMIT // 2):
        return None
    folded = language.fold(text)
    guards = bool(language.negation.search(folded))
    asks = (ask for ask in language.asks if not guards or ask.english.startswith(("keep", "don't")))
    found = [(ask, match) for ask in asks if (match := ask.pattern.fullmatch(folded))]
    for ask, match in sorted(found, key=_looseness):
        reading = _said(ask, match, text, how, language)
        if reading.unknown <= _UNKNOWN_LIMIT:
            return reading
    return None


def _looseness(found: tuple[_Ask, re.Match[str]]) -> int:
    """How much of an ask only open slots explain."""
    return sum(len(held) for slot, held in found[1].groupdict().items() if held and slot in {*_OPEN, *_WORDS})


def _bare(text: str, language: _Language) -> tuple[str, list[str]]:
    """An ask without politeness and adverbs of degree; the latter in English."""
    how: list[str] = []
    if not language.spaced:
        text = re.sub(r"(?<=[^\x00-\u024f])\s+|\s+(?=[^\x00-\u024f])", "", text)
    text = re.sub(r"\s+", " ", text).strip(_EDGES)
    for pattern in (language.percent, language.adverbs):
        if found := pattern.search(language.fold(text)):
            degree = found.groupdict()
            how.append(language.closed["how"][degree["how"]] if "how" in degree else f"by {degree['number']}%")
            text = re.sub(r" +", " ", text[: found.start()] + (" " * language.spaced) + text[found.end() :])
    text = text.strip(_EDGES)
    while (found := language.polite.search(language.fold(text))) and found[0]:
        text = (text[: found.start()] + text[found.end() :]).strip(_EDGES)
    return text, how


_EDGES = " \t,.:;!?¡¿…-–—()~、，：。！？；~～"


def _said(ask: _Ask, match: re.Match[str], text: str, how: list[str], language: _Language) -> _Reading:
    """Fill an ask's English clause: `[…]` stands only with its slot filled, a missing {thing} is the picture."""
    filled = {slot: text[slice(*match.span(slot))].strip() for slot, held in match.groupdict().items() if held}
    phrases = {slot: _phrase(held, language, slot=slot) for slot, held in filled.items() if slot in _OPEN}
    slots = {
        **{slot: _plain(slot, held, language) for slot, held in filled.items() if slot not in _OPEN},
        **{slot: phrase for slot, (phrase, _) in phrases.items()},
        "how": next((degree for degree in how if not degree.startswith("by ")), ""),
    }
    english = re.sub(r"\[([^]]*\{(\w+)\}[^]]*)\]", lambda part: part[1] if slots.get(part[2]) else "", ask.english)
    if "{how}" not in english:
        english += " {how}"
    english = re.sub(r"\{(\w+)\}", lambda slot: slots.get(slot[1], "it"), english)
    amounts = [degree for degree in how if degree.startswith("by ")]
    return _Reading(" ".join(" ".join([english, *amounts]).split()), sum(unknown for _, unknown in phrases.values()))


def _plain(slot: str, held: str, language: _Language) -> str:
    """What a slot that is not a noun phrase holds, in English: text in quotation marks, a meaning, or a number."""
    if slot in _WORDS:
        return held if re.fullmatch("[\ue000-\ue0ff]", held) else _requoted(held)
    folded = language.fold(held)
    meaning = language.closed.get(slot.rstrip("2"), {}).get(folded, folded)
    return re.sub(r"(\d) ?[^\d\s:.#/]+ ?(?=\d)", r"\1x", meaning) if slot == "size" else meaning


# --- noun phrases -----------------------------------------------------------------------------------------------------

_PEOPLE = re.compile(r"(?:wo)?m[ae]n|boys?|girls?|child(?:ren)?|persons?|people|bab(?:y|ies)|bride|groom")
_BARE = re.compile(r"image \d|it|me|him|her|them|everything|\d.*|the .*")
"""Nouns that take no article."""

_MANY = re.compile(r"(?!bus$).*[^s]s|snow|rain|fog|water|fire|hair|text|grass|smoke|light|grain|noise")
"""Nouns that take no “a”."""

_ON_THINGS = re.compile(
    r"text|letters?|words?|logo|watermark|date|scratch(?:es)?|creases?|stains?|spots?|pimples?|acne|blemish(?:es)?|"
    r"wrinkles?|freckles?|scars?|moles?|tattoos?|reflections?|glare|dust"
)
"""Nouns that lie on another thing, where other languages may say that they are of it."""

_WORN = re.compile(
    r"shirt|t-shirt|pants|jeans|skirt|dress|suit|jacket|coat|sweater|kimono|hat|cap|shoes|glasses|sunglasses|tie|scarf|"
    r"mask|necklace|earrings|watch|clothes|crown|hair|beard|mustache|bag|umbrella|tattoo"
)
"""Last words of what tells people apart: a man with it, where other languages may say of it."""

_SCENES = re.compile(r"background|sky|water|street|garden|forest|sea")
"""Last words of what things are in."""

_PICTURE = re.compile(r"(?:(?:the|this|my) )?picture")
"""Of, in, from or on it adds nothing: it is the one that is edited."""


def _of(owner: str, nouns: list[str]) -> str:
    """The English word between some nouns and what they belong to."""
    noun, last = " ".join(nouns), owner.rsplit(" ", 1)[-1]
    if owner.startswith("image "):
        return "of" if noun == "background" else "from"
    if _PEOPLE.fullmatch(noun) and _WORN.fullmatch(last):
        return "with"
    if _SCENES.fullmatch(last) and noun != "color":
        return "in"
    return "on" if _ON_THINGS.fullmatch(noun) else "of"


def _phrase(text: str, language: _Language, *, slot: str) -> tuple[str, int]:
    """A noun phrase in English, and how many of its words are not known and stand as they are."""
    items = list(_items(text, language))
    unknown = sum(_strangeness(item.english, language) for item in items if item.kind == "unknown")
    if language.spaced:
        named = slot == "thing" and any(item.kind == "noun" for item in items)
        return _HeadFirst(article="the" if named else "").read(items), unknown
    if slot == "where":
        return _HeadLast(article="the").read(items).removeprefix("the picture "), unknown
    headless = not items or items[-1].kind not in {"noun", "unknown", "adjective"}
    return _HeadLast(article="a" if slot == "new" else "the").read(items), unknown + headless * (_UNKNOWN_LIMIT + 1)


def _strangeness(word: str, language: _Language) -> int:
    """How many unknown words a stretch of unknown text counts for."""
    if language.fold(word) in language.small:
        return _UNKNOWN_LIMIT + 1
    return 1 + len(word) // (12 if language.spaced else 4)


def _items(text: str, language: _Language) -> Iterator[_Word]:
    """The longest known words; between them the others, verbatim."""
    folded = language.fold(text)
    tokens = [found.span() for found in re.finditer(_SPACED if language.spaced else _UNSPACED, folded)]
    unknown: list[tuple[int, int]] = []
    k = 0
    while k < len(tokens):
        last, word = _longest(folded, tokens, k, language)
        span = tokens[k][0], tokens[last][1]
        if language.spaced or (word.kind != "unknown" and (span[1] - span[0] > 1 or word.kind in {"link", "article"})):
            yield from _joined(text, unknown, language)
            unknown = []
            yield word if word.kind != "unknown" else _Word("unknown", text[slice(*span)])
        else:
            unknown.append(span)
        k = last + 1
    yield from _joined(text, unknown, language)


_SPACED, _UNSPACED = r"\w+(?:-\w+)*'?|[^\w\s]", r"[a-z0-9#][a-z0-9#.-]*|[^\s]"
"""What is looked up as a word, in languages with spaces and without."""


def _longest(folded: str, tokens: list[tuple[int, int]], k: int, language: _Language) -> tuple[int, _Word]:
    """The longest known word that begins with a token, and its last token."""
    for last in range(min(k + _LONGEST, len(tokens)) - 1, k - 1, -1):
        if known := language.words.get(folded[tokens[k][0] : tokens[last][1]]):
            return last, known
    return k, _Word("link", "and") if folded[tokens[k][0]] in ",，、&+" else _Word("unknown", "")


def _joined(text: str, spans: list[tuple[int, int]], language: _Language) -> Iterator[_Word]:
    """Without spaces: letters that are words only by themselves are part of the unknown word they touch."""
    words = [language.words.get(language.fold(text[slice(*span)])) for span in spans]
    if all(words):
        yield from (word for word in words if word)
    else:
        yield _Word("unknown", text[spans[0][0] : spans[-1][1]])


@dataclass
class _Noun:
    """A noun with what belongs to it, while it is read."""

    article: str = ""
    adjectives: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    nouns: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def take(self, item: _Word) -> None:
        """Add a word that is neither a link nor the like."""
        if item.kind == "article":
            self.article = item.english
        elif item.kind == "adjective":
            (self.late if self.nouns else self.adjectives).append(item.english)
        elif item.kind == "place":
            self.places.append(item.english)
        else:
            self.nouns.append(item.english)

    def text(self, article: str = "") -> str:
        """The phrase, with an article where it has none of its own."""
        noun = " ".join(self.nouns)
        named = " ".join(filter(None, [*self.adjectives, *reversed(self.late), noun]))
        article = "" if not noun or _BARE.fullmatch(noun) else self.article or article
        if article == "a" and _MANY.fullmatch(noun):
            article = ""
        if article == "a" and named[0] in "aeiou":
            article = "an"
        return " ".join(filter(None, [article, named, *self.places]))


@dataclass
class _HeadFirst:
    """Reads “el hombre de la izquierda con camisa roja” as the man on the left with red shirt."""

    article: str
    noun: _Noun = field(default_factory=_Noun)
    link: str = ""
    owned: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def read(self, items: list[_Word]) -> str:
        for item in items:
            if item.kind == "link" or (item.kind == "article" and self.noun.nouns):
                self._finish()
                self.owned = self.noun.nouns[-1:]
                self.noun, self.link = _Noun(), item.english if item.kind == "link" else "of"
            if item.kind != "link":
                self.noun.take(item)
        self._finish()
        return " ".join(filter(None, self.said))

    def _finish(self) -> None:
        link, _, article = self.link.partition(" ")
        if link == "of" and not self.said:  # “des nuages”: clouds
            article = ""
        missing = self.article if not self.said and not article else ""
        phrase = " ".join(filter(None, [article, self.noun.text(missing)]))
        if link in {"of", "to"} and not self.said:
            self.said.append(phrase)
        elif phrase and not (link in {"of", "in", "from", "on"} and _PICTURE.fullmatch(phrase)):
            link = "in" if link == "of" and self.owned and not self.noun.nouns else link  # “la mujer de rojo”
            joined = _of(phrase, self.owned) if link == "of" else link
            if link == "to" and _of(phrase, self.owned) == "with":  # “la fille à la robe rouge”
                joined = "with"
            self.said.append(f"{joined} {phrase}".strip())


@dataclass
class _HeadLast:
    """Reads “左边的穿红衬衫的男人” as the man on the left with red shirt."""

    article: str
    noun: _Noun = field(default_factory=_Noun)
    before: list[_Noun] = field(default_factory=list)
    wearing: bool = False
    said: list[str] = field(default_factory=list)

    def read(self, items: list[_Word]) -> str:
        for item in items:
            if item.kind == "link":
                self._link(item.english)
            elif item.kind == "wearing":
                self._wear()
            elif item.kind == "relation":
                self._relate(item.english)
            else:
                self.noun.take(item)
        self._finish()
        return " and ".join(self.said)

    def _link(self, link: str) -> None:
        if link == "and":
            self._finish()
        else:
            self._set_aside(_Noun(places=[f"with {self.noun.text()}"]) if self.wearing else self.noun)

    def _wear(self) -> None:
        """In Chinese the word stands before what is worn, in Japanese behind it."""
        if self.noun.nouns:
            self._set_aside(_Noun(places=[f"with {self.noun.text()}"]))
        else:
            self.wearing = True

    def _relate(self, relation: str) -> None:
        if not self.noun.nouns and self.before and self.before[-1].nouns:
            self.noun = self.before.pop()
        place = f"{relation} {self.noun.text('the')}" if self.noun.nouns else relation
        self._set_aside(_Noun(places=[] if self.noun.nouns == ["picture"] else [place]))

    def _set_aside(self, noun: _Noun) -> None:
        self.before.append(noun)
        self.noun, self.wearing = _Noun(), False

    def _finish(self) -> None:
        for other in self.before:
            if not other.nouns:
                self.noun.adjectives += other.adjectives
                self.noun.places += other.places
            elif other.nouns != ["picture"]:
                link = _of(other.text(), self.noun.nouns)
                self.noun.places.append(f"{link} {other.text('' if link == 'with' else 'the')}")
        self.said.append(self.noun.text(self.article))
        self.noun, self.before = _Noun(), []
