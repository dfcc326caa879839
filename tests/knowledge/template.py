"""A language made from the English files: what a translator starts with, every text marked with the language's code.

Writes all that a language needs and nothing else: its own files, its entries in shared files, its compiled catalog.
"""

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from ruamel.yaml import YAML

from bot.i18n import DOMAIN
from tests.knowledge.copies import write
from tests.worlds import LOCALES

MODEL = "en"
OWN_FILES = ("facts.yaml", "lexicon", "safety", "acts", "checks", "outside")
NOT_READ = ("kind", "topics", "situations", "words")
"""Keys of what the program reads, not people."""
LABEL = 30


def add_language(knowledge: Path, locales: Path, lang: str) -> None:
    """Add a language to a folder of knowledge, and make a folder of compiled catalogs that has it."""
    edit(knowledge / "languages.yaml", lambda named: named["spoken"].append(lang))
    for path in sorted((knowledge / MODEL).glob("*.md")):
        write(knowledge / lang / path.name, translated(path.read_text("utf-8"), lang))
    for file in OWN_FILES:
        said = _load(own_file(knowledge, file, MODEL).read_text("utf-8"))
        write(own_file(knowledge, file, lang), _dump(_marked_all(said, lang)))
    for path in (knowledge / "categories.yaml", *sorted((knowledge / "municipalities").glob("*.yaml"))):
        edit(path, lambda said: _add_entries(said, lang))
    shutil.copytree(LOCALES, locales, ignore=shutil.ignore_patterns("*.po", "*.md"))
    write_catalog(locales, lang)


def own_file(knowledge: Path, file: str, lang: str) -> Path:
    """Name a file that each language has: <language>/facts.yaml, lexicon/<language>.yaml and so on."""
    return knowledge / lang / file if file.endswith(".yaml") else knowledge / file / f"{lang}.yaml"


def marked(text: str, lang: str) -> str:
    """Mark a text as one of the language."""
    return f"{text} ({lang})"


def translated(page: str, lang: str) -> str:
    """Translate a topic: what is read of the head, and the first paragraph of the answer and of each variant."""
    _, head, content = page.split("---\n", 2)
    said = _load(head)
    said["title"] = marked(said["title"], lang)
    for part in ("questions", "keywords"):
        said[part] = [marked(row, lang) for row in said.get(part, [])]
    for part in ("terms", "variants"):
        said[part] = {id: marked(row[:LABEL], lang) for id, row in said.get(part, {}).items()}
    answer, *variants = content.split("## variant: ")
    pieces = [_first(answer, lang)]
    for variant in variants:
        id, _, section = variant.partition("\n")
        pieces.append(f"## variant: {id}\n{_first(section, lang)}")
    return f"---\n{_dump(said)}---\n" + "\n\n".join(pieces) + "\n"


def write_catalog(locales: Path, lang: str, *, without: str = "") -> None:
    """Compile the English catalog as the language's, with every sentence or without one."""
    with (LOCALES / MODEL / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        english = read_po(file, locale=MODEL)
    catalog = Catalog(locale=lang)
    for message in english:
        if message.id and message.id != without:
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            said = tuple(marked(form, lang) for form in forms)
            catalog.add(message.id, said[0] if isinstance(message.id, str) else said)
    path = locales / lang / "LC_MESSAGES" / f"{DOMAIN}.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_mo(file, catalog)


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change what a YAML file says."""
    said = _load(path.read_text("utf-8"))
    change(said)
    write(path, _dump(said))


def _marked_all(said: Any, lang: str) -> Any:  # noqa: ANN401 - YAML has no narrower type
    """Mark every text below, but not what the program reads."""
    if isinstance(said, dict):
        return {key: value if key in NOT_READ else _marked_all(value, lang) for key, value in said.items()}
    if isinstance(said, list):
        return [_marked_all(value, lang) for value in said]
    return marked(said, lang) if isinstance(said, str) else said


def _add_entries(said: Any, lang: str) -> None:  # noqa: ANN401
    """Add the language to everything below that is said in each language."""
    if isinstance(said, dict) and MODEL in said:
        said[lang] = marked(said[MODEL].split(". ")[0], lang)
    elif isinstance(said, dict | list):
        for part in said.values() if isinstance(said, dict) else said:
            _add_entries(part, lang)


def _first(text: str, lang: str) -> str:
    return marked(text.strip().split("\n\n")[0], lang)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")  # keeps comments and the lines of what stays
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(text: str) -> Any:  # noqa: ANN401
    return _yaml().load(text)


def _dump(said: Any) -> str:  # noqa: ANN401
    out = StringIO()
    _yaml().dump(said, out)
    return out.getvalue()
