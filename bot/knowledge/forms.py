"""Generating word forms and the language model: `teejuht forms`, run by editors' CI, never by the running bot.

Knows the generators (Vabamorf, pymorphy3, simplemma) and where licence-clean training text lies (gettext catalogues of BSD and
MIT projects). They are imported here only, when asked for: `make install-forms` installs them.
"""

import importlib
import importlib.util
import random
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from bot.errors import WrongUse
from bot.search.langid import CLASSES, train
from bot.search.lexicon import MIN_STEM, WordForms
from bot.search.text import fold, is_cyrillic, is_latin, key, tokens

GRAMS = 12_000
ENDINGS = ("s", "st", "sse", "l", "lt", "le", "ks", "ni", "na", "ta", "ga")
"""Regular Estonian case endings: what ends in one after a genitive is not stored, the lexicon's `endings` finds it."""
CYRILLIC = ("ru", "uk")
GENERATED = ("et", "ru", "en", "uk")
"""Languages that have a generator; the words of others are known as they are written."""
CATALOGUES = ("django", "rest_framework", "allauth", "wagtail", "wtforms", "humanize")
OTHER_LATIN = ("fi", "lv", "lt", "sv", "nb", "da", "de", "fr", "es", "pt", "it", "pl", "cs", "sk", "sl", "hr", "hu", "ro", "tr",
               "nl", "ca", "sq", "az", "id", "vi", "is", "ga", "eu")  # fmt: skip
OTHER_CYRILLIC = ("bg", "sr", "mk", "kk", "mn", "ky", "tg", "be")
PER_CLASS = 40_000
"""Words of training text per class; smaller classes are repeated up to it."""

NOUN = [f"{number} {case}" for number in ("sg", "pl")
        for case in ("n", "g", "p", "ill", "in", "el", "all", "ad", "abl", "tr", "ter", "es", "ab", "kom")] + ["adt"]  # fmt: skip
VERB = ["ma", "mast", "mas", "mata", "maks", "da", "des", "b", "d", "n", "s", "me", "te", "vad", "sin", "si", "sime", "ti",
        "takse", "ta", "tav", "tud", "nud", "v", "o", "ge", "ks", "ksin", "ksime", "taks"]  # fmt: skip
"""What people write; the other moods and persons are left out, as they are many and seldom."""


def generate(texts: Iterable[tuple[str, str]], languages: Iterable[str]) -> dict[str, list[WordForms]]:
    """Give every form of every word in the texts, by language. Errors: WrongUse if a generator is missing."""
    analysers, texts = _analysers(), list(texts)
    # A word typed in Latin letters in a Russian text is found by its key; as a word of its own it would only stand in the way.
    spelt = {key(token) for _, text in texts for token in tokens(text) if is_cyrillic(token)}
    found: dict[str, dict[str, WordForms]] = {lang: {} for lang in languages}
    seen: set[tuple[str, str]] = set()
    for home, text in texts:
        for token in tokens(text):
            if token.isdigit() or (home, token) in seen:
                continue
            seen.add((home, token))
            if home in CYRILLIC and not is_cyrillic(token) and key(token) in spelt and not analysers.know_latin(token):
                continue
            for lang in analysers.route(token, home):
                for word in analysers.forms(token, lang):
                    _merge(found[lang], word)
            if home not in GENERATED:  # its words stand for themselves
                _merge(found[home], WordForms(lang=home, lemma=token, parts=(), forms=(fold(token),)))
    return {lang: list(words.values()) for lang, words in found.items()}


def versions() -> str:
    """Name the generators with their versions, for the head of the generated files."""
    names = ("estnltk", "pymorphy3", "pymorphy3-dicts-ru", "simplemma")
    return ", ".join(f"{name} {version(name)}" for name in names)


def train_language_model(texts: Iterable[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    """Fit the language model on installed gettext catalogues and on the knowledge's own texts."""
    samples = {name: list[str]() for name in CLASSES}
    pick = random.Random(20261122)
    catalogues = _catalogues()
    for lang in ("et", "en", "ru", "uk"):
        samples[lang] += catalogues.get(lang, [])
    samples["xx"] += [word for lang in OTHER_LATIN for word in catalogues.get(lang, [])]
    samples["xx-cyrl"] += [word for lang in OTHER_CYRILLIC for word in catalogues.get(lang, [])]
    for lang, text in texts:
        if lang not in samples:
            continue
        cyrillic = lang in ("ru", "uk")
        samples[lang] += 3 * [word for word in tokens(text) if (is_cyrillic(word) if cyrillic else is_latin(word))]
    samples["ru-latn"] = [_latin(word, pick) for word in samples["ru"]]
    samples["uk-latn"] = [_latin(word, pick) for word in samples["uk"]]
    samples["et"] = [word if pick.random() < 0.6 else _plain(word) for word in samples["et"]]
    return train({name: _resize(words, pick) for name, words in samples.items()}, GRAMS)


class _Analysers:
    """The three generators behind one way of asking."""

    def __init__(self) -> None:
        self._vabamorf = _load_vabamorf()
        self._russian = importlib.import_module("pymorphy3").MorphAnalyzer(lang="ru")
        self._english = _DictionaryForms("en")
        self._ukrainian = _DictionaryForms("uk")

    def route(self, token: str, home: str) -> list[str]:
        """Name the languages whose word a token in a file of language `home` may be."""
        if home not in GENERATED:
            return []
        if is_cyrillic(token):
            known = ["ru"] if self._russian.word_is_known(token) else []
            known += ["uk"] if self._ukrainian.knows(token) else []
            if home == "uk":
                return ["uk"] if "uk" in known or "ru" not in known else ["uk", "ru"]
            return known if home == "ru" and known else ["ru"]
        if home == "et":
            return ["et"]
        if home == "en" or self._english.knows(token):
            return ["en"] if self._english.knows(token) else ["en", "et"]
        return ["et"]

    def know_latin(self, token: str) -> bool:
        """Tell whether a token is an English or Estonian word, without guessing."""
        analysed = self._vabamorf.analyze([token], disambiguate=False, guess=False, propername=False)
        return self._english.knows(token) or bool(analysed[0]["analysis"])

    def forms(self, token: str, lang: str) -> Iterator[WordForms]:
        """Give the paradigms of every lemma that the token may be a form of."""
        if lang == "et":
            yield from self._estonian(token)
        elif lang == "en":
            yield self._english.forms(token)
        elif lang == "uk":
            yield self._ukrainian.forms(token)
        else:
            yield from self._russian_forms(token)

    def _russian_forms(self, token: str) -> Iterator[WordForms]:
        parses = self._russian.parse(token)
        best = max(parse.score for parse in parses)
        for parse in parses:
            if parse.score >= best * 0.15 or len(parses) <= 2:
                forms = {form.word for form in parse.lexeme} | {token}
                yield WordForms(lang="ru", lemma=_key(parse.normal_form), parts=(), forms=tuple(forms))

    def _estonian(self, token: str) -> Iterator[WordForms]:
        analyses = self._vabamorf.analyze([token], disambiguate=False, guess=True, propername=False)[0]["analysis"]
        for found in analyses:
            lemma, pos = found["lemma"], found["partofspeech"]
            if pos == "S" and lemma.endswith("mine") and len(lemma) > 6:
                lemma, pos = lemma[:-4] + "ma", "V"
            parts = tuple(found["root_tokens"])
            forms = self._paradigm(lemma, pos) | {token}
            if pos == "V":
                forms |= self._paradigm(lemma[:-2] + "mine", "S")
                parts = ()
            yield WordForms(lang="et", lemma=_key(lemma), parts=tuple(map(_key, parts)), forms=tuple(forms))

    def _paradigm(self, lemma: str, pos: str) -> set[str]:
        wanted = VERB if pos == "V" else NOUN if pos in "SAHNPCUOY" else []
        made = {form for code in wanted for form in self._vabamorf.synthesize(lemma, code, pos)}
        stems = {form for code in ("sg g", "pl g") for form in self._vabamorf.synthesize(lemma, code, pos) if pos != "V"}
        regular = {stem + ending for stem in stems if len(stem) >= MIN_STEM for ending in ENDINGS}
        return {form.lower() for form in made - regular | stems | {lemma}}


class _DictionaryForms:
    """Lemmas and forms of English or Ukrainian from simplemma's dictionary, inverted."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._simplemma = importlib.import_module("simplemma")
        factory = importlib.import_module("simplemma.strategies.dictionaries.dictionary_factory")
        table: Mapping[str, str] = factory.DefaultDictionaryFactory().get_dictionary(lang)
        self._forms: dict[str, set[str]] = {}
        for form, lemma in table.items():
            self._forms.setdefault(lemma, set()).add(form)

    def knows(self, token: str) -> bool:
        return bool(self._simplemma.is_known(token, lang=self._lang))

    def forms(self, token: str) -> WordForms:
        lemma = str(self._simplemma.lemmatize(token, lang=self._lang)).lower()
        forms = {form.lower() for form in self._forms.get(lemma, ()) if " " not in form}
        return WordForms(lang=self._lang, lemma=_key(lemma), parts=(), forms=tuple(forms | {lemma, token}))


def _analysers() -> _Analysers:
    try:
        return _Analysers()
    except ImportError as error:
        raise WrongUse(f"the generators are not installed ({error.name}): run `make install-forms`") from error


def _load_vabamorf() -> Any:  # noqa: ANN401 - an untyped library
    """Load Vabamorf without the rest of EstNLTK, whose __init__ would want a hundred packages."""
    spec = importlib.util.find_spec("estnltk")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("estnltk", name="estnltk")
    bare = types.ModuleType("estnltk")
    bare.__path__ = list(spec.submodule_search_locations)
    bare.__spec__ = spec
    sys.modules.setdefault("estnltk", bare)
    return importlib.import_module("estnltk.vabamorf.morf").Vabamorf()


def _merge(words: dict[str, WordForms], word: WordForms) -> None:
    old = words.get(word.lemma)
    forms = tuple(
        " ".join(tokens(form)) for form in dict.fromkeys((*(old.forms if old else ()), *word.forms)) if len(tokens(form)) == 1
    )
    parts = (old.parts if old else ()) or word.parts
    words[word.lemma] = WordForms(lang=word.lang, lemma=word.lemma, parts=parts, forms=tuple(dict.fromkeys(forms)))


def _key(lemma: str) -> str:
    return "".join(tokens(lemma)) or lemma


def _catalogues() -> dict[str, list[str]]:
    """Read the words of every installed catalogue by language."""
    words: dict[str, list[str]] = {}
    for package in CATALOGUES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise WrongUse(f"the training text is not installed ({package}): run `make install-forms`")
        for path in sorted(Path(spec.submodule_search_locations[0]).rglob("locale/*/LC_MESSAGES/*.po")):
            lang = path.parts[-3].split("_")[0]
            words.setdefault(lang, []).extend(_po_words(path, source=lang == "en"))
    return words


def _po_words(path: Path, *, source: bool) -> Iterator[str]:
    with path.open("rb") as file, redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        messages = list(read_po(file, ignore_obsolete=True))
    for message in messages:
        said: Any = message.id if source else message.string
        for text in said if isinstance(said, (tuple, list)) else (said,):
            if text and message.id:
                yield from (word for word in tokens(_without_places(text)) if not any(c.isdigit() for c in word))


def _without_places(text: str) -> str:
    return " ".join(word for word in text.split() if not any(sign in word for sign in "%{}<>=&"))


_SPELLINGS: list[Mapping[str, str]] = [
    {
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "yu",
        "я": "ya",
        "ы": "y",
        "й": "y",
        "э": "e",
    },
    {
        "ж": "zh",
        "х": "h",
        "ц": "c",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ю": "ju",
        "я": "ja",
        "ы": "y",
        "й": "j",
        "э": "e",
    },
    {"ж": "z", "х": "x", "ц": "ts", "ч": "4", "ш": "sh", "щ": "sh", "ю": "u", "я": "ia", "ы": "i", "й": "i", "э": "e"},
]
_PLAIN = dict(zip("абвгдезиклмнопрстуфіїєґ", "abvgdeziklmnoprstufiieg", strict=True)) | {"ь": "", "ъ": "", "'": ""}


def _latin(word: str, pick: random.Random) -> str:
    spelling = _PLAIN | dict(pick.choice(_SPELLINGS))
    return "".join(spelling.get(letter, letter) for letter in word)


def _plain(word: str) -> str:
    return word.translate(str.maketrans("õäöüšž", "oaousz"))


def _resize(words: list[str], pick: random.Random) -> list[str]:
    if not words:
        raise WrongUse("there is no training text for one of the languages")
    return [pick.choice(words) for _ in range(PER_CLASS)]
