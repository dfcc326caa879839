"""The poster: well-formed, its codes hold the links, every language is there, and in a real Chromium nothing leaves the page."""

import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
import pytest_asyncio
import segno
from playwright.async_api import Browser, Page

from bot.core.world import Contact, Municipality
from bot.errors import WrongUse
from bot.render import poster as words
from bot.render.poster import Way, poster
from tests.peers.browser import chromium, phone
from tests.worlds import catalogs, real_world

LANGUAGES = ("et", "ru", "en")
SVG = "{http://www.w3.org/2000/svg}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SMALLEST_CODE = 45.0
QUIET = 4
"""Modules that stay white around a code (ISO/IEC 18004)."""
LEAST_CONTRAST = 7.0
SENTENCES = (
    words.POSTER_TITLE,
    words.POSTER_ASK,
    words.POSTER_ABOUT,
    words.POSTER_CAREFUL,
    words.POSTER_EMERGENCY,
    words.POSTER_PERSON,
)
counts = pytest.mark.parametrize("count", [1, 2, 3])
BOXES = """() => {
    const page = document.documentElement.getBoundingClientRect(), scale = 210 / page.width;
    const box = (element) => {
        const found = element.getBoundingClientRect();
        const edges = [found.left - page.left, found.top - page.top, found.right - page.left, found.bottom - page.top];
        return [element.textContent, ...edges.map(edge => edge * scale)];
    };
    const boxes = (which) => [...document.querySelectorAll(which)].map(box);
    return {texts: boxes("text"), codes: boxes("svg svg path")};
}"""


@dataclass(frozen=True, slots=True)
class Box:
    """Where something lies on the page, in millimetres."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Tell whether both cover some place of the page."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def within(self, margin: float) -> bool:
        """Tell whether it lies on the page, that far from its edges."""
        return self.left >= margin and self.top >= margin and self.right <= 210 - margin and self.bottom <= 297 - margin

    def grown(self, by: float) -> "Box":
        """Give it with so much more on every side."""
        return Box(self.text, self.left - by, self.top - by, self.right + by, self.bottom + by)


def town(slug: str) -> Municipality:
    """Give a municipality of the real knowledge."""
    return real_world().municipalities[slug]


def ways(count: int, slug: str = "kohtla-jarve") -> list[Way]:
    """Give the first ways to a municipality's bot."""
    return [
        Way(name="", link=f"https://teejuht.{slug}.ee/", shown=f"teejuht.{slug}.ee"),
        Way(name="Telegram", link=f"https://t.me/{slug.replace('-', '_')}_bot", shown=f"t.me/{slug.replace('-', '_')}_bot"),
        Way(name="Matrix", link=f"https://matrix.to/#/@teejuht:matrix.{slug}.ee", shown=f"@teejuht:matrix.{slug}.ee"),
    ][:count]


def drawn(given: Sequence[Way], place: Municipality | None = None, languages: Sequence[str] = LANGUAGES) -> str:
    """Draw a poster, of Kohtla-Järve if of no other place."""
    return poster(place=place or town("kohtla-jarve"), ways=given, catalogs=catalogs(), languages=languages)


def texts(svg: str) -> list[str]:
    """Give every line of the poster."""
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def modules(code: ET.Element) -> list[list[int]]:
    """Read the drawn path back into rows of dark (1) and light (0) modules, without the quiet zone."""
    left, top, size, height = map(int, code.attrib["viewBox"].split())
    assert (left, top, height) == (-QUIET, -QUIET, size)
    (path,) = code
    count, runs = size - 2 * QUIET, re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.attrib["d"])
    assert "".join(f"M{x} {y}h{length}v1h-{back}z" for x, y, length, back in runs) == path.attrib["d"]
    rows = [[0] * count for _ in range(count)]
    for x, y, length, back in runs:
        assert length == back
        rows[int(y)][int(x) : int(x) + int(length)] = [1] * int(length)
    assert {len(row) for row in rows} == {count}
    return rows


@counts
def test_each_code_holds_its_link(count: int) -> None:
    """What is drawn is, module by module, the code of the link, in the order of the ways, which screen readers hear too."""
    given = ways(count)
    codes = ET.fromstring(drawn(given)).findall(f"{SVG}svg")
    assert [modules(code) for code in codes] == [
        [list(row) for row in segno.make_qr(way.link, error="m").matrix] for way in given
    ]
    assert [code.attrib["aria-label"] for code in codes] == [f"QR: {way.link}" for way in given]


@pytest.mark.parametrize("link", ["https://x.ee", f"https://{'x' * 120}.ee/"])
def test_a_code_stays_large(link: str) -> None:
    """Of short and of long links the code is at least 45 mm wide, a square, and no code lies in another's quiet zone."""
    codes = ET.fromstring(drawn([replace(way, link=link) for way in ways(3)])).findall(f"{SVG}svg")
    places = [[float(code.attrib[key]) for key in ("x", "width", "height")] for code in codes]
    module = places[0][1] / int(codes[0].attrib["viewBox"].split()[2])
    assert all(width == height and width - 2 * QUIET * module >= SMALLEST_CODE for _, width, height in places)
    assert all(right[0] + QUIET * module >= left[0] + left[1] for left, right in pairwise(places))


def test_the_poster_is_a_page_that_needs_nothing_else() -> None:
    """It is XML of the size of A4 with a title and a description, and it names nothing to be fetched or run."""
    svg = drawn(ways(3))
    page = ET.fromstring(svg)
    assert [page.attrib[key] for key in ("width", "height", "viewBox")] == ["210mm", "297mm", "0 0 210 297"]
    assert {element.tag.removeprefix(SVG) for element in page.iter()} == {
        *("svg", "title", "desc", "style", "rect", "g", "text", "path")
    }
    assert re.findall(r"href|url\(|@import|\son\w+=", svg) == []
    assert page.findtext(f"{SVG}title") == "Küsimusi elu kohta Eestis? Küsige juturobot Teejuhilt. Kohtla-Järve Linnavalitsus"
    assert all(way.link in (page.findtext(f"{SVG}desc") or "") for way in ways(3))


@pytest.mark.parametrize("languages", [LANGUAGES, ("ru", "et"), ("en",)])
def test_every_language_says_the_same(languages: tuple[str, ...]) -> None:
    """Each language has the operator's name and every sentence, in groups that name it; no other language is there."""
    groups: dict[str, list[str]] = {}
    for group in ET.fromstring(drawn(ways(2), languages=languages)).iter(f"{SVG}g"):
        if lang := group.attrib.get(LANG):
            assert group.attrib["lang"] == lang
            groups.setdefault(lang, []).extend(element.text or "" for element in group)
    assert tuple(groups) == languages
    for lang, lines in groups.items():
        said = [*(catalogs().text(lang, id) for id in SENTENCES), town("kohtla-jarve").operators[lang]]
        assert sorted(" ".join(said).split()) == sorted(" ".join(lines).split())
        assert [sentence for sentence in said if sentence not in " ".join(lines)] == []


def test_the_web_page_has_a_name_in_each_language() -> None:
    """A way without a name is the web page."""
    assert "Veeb · Сайт · Web" in texts(drawn(ways(1)))
    assert "Сайт" in texts(drawn(ways(1), languages=["ru"]))


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        (Contact(id="a", names={}, phone="+3723378500", email="info@x.ee"), "+372 337 8500 · info@x.ee"),
        (Contact(id="a", names={}, phone="116006"), "116 006"),
        (Contact(id="a", names={}, email="info@x.ee", web="https://y.ee"), "info@x.ee"),
        (Contact(id="a", names={}), "kohtla-jarve.ee"),
        (None, "kohtla-jarve.ee"),
    ],
)
def test_the_last_contact_stands_at_the_bottom(contact: Contact | None, shown: str) -> None:
    """Phone and e-mail as the bot writes them; where neither is known, the municipality's page."""
    place = town("kohtla-jarve")
    named = [replace(contact, names=place.operators)] if contact else []
    lines = texts(drawn(ways(1), replace(place, contacts=(*place.contacts[:1], *named) if named else ())))
    assert lines[-1].replace("\N{NO-BREAK SPACE}", " ") == shown


def test_a_contact_of_another_name_is_named() -> None:
    """Where another body than the operator answers, both names are there, and one name is not said twice."""
    lines = texts(drawn(ways(1), town("_national"), ["en"]))
    assert lines[-4:-2] == ["Integration Foundation", "Settle in Estonia adaptation programme"]
    assert texts(drawn(ways(1), languages=["en"])).count("Kohtla-Järve City Government") == 1


def test_everything_is_escaped() -> None:
    """Markup in names and addresses is shown as it is and does not become part of the page."""
    odd = "<b>&\"'</b>"
    svg = drawn(
        [Way(name=odd, link=f"https://x.ee/?a=1&b={odd}", shown=odd)], replace(town("narva"), operators={"et": odd}), ["et"]
    )
    assert texts(svg).count(odd) == 3
    assert ET.fromstring(svg).findall(f".//{SVG}b") == []


@pytest.mark.parametrize("count", [0, 4])
def test_a_poster_has_one_to_three_ways(count: int) -> None:
    """Whoever asks for another number reads what is possible."""
    with pytest.raises(WrongUse, match=f"one to 3 ways to the bot, not for {count}"):
        drawn(ways(1) * count)


def test_a_long_address_is_broken_where_it_can_be() -> None:
    """It keeps every letter, goes over lines after its marks; one that would fill the page is refused."""
    shown = "teejuht.pohja-parnumaa-vallavalitsus.example.ee/kusimused/vastused"
    lines = texts(drawn([replace(way, shown=shown) for way in ways(3)]))
    at = lines.index("Telegram") + 1
    broken = lines[at : lines.index("Matrix")]
    assert "".join(broken) == shown
    assert all(re.search(r"[/.:@_-]$", line) for line in broken[:-1])
    assert "".join(texts(drawn([replace(way, shown="x" * 90) for way in ways(3)]))).count("x" * 90) == 3
    with pytest.raises(WrongUse, match="too long"):
        drawn([replace(way, shown="x" * 900) for way in ways(3)])


def test_every_colour_is_dark_on_white() -> None:
    """Each reaches the contrast of WCAG 1.4.6, so that it can be read in black and white too."""
    colours = set(re.findall(r'(?:fill|stroke)="(#\w{6})"', drawn(ways(3))))
    assert len(colours) == 2
    assert [colour for colour in colours if 1.05 / (luminance(colour) + 0.05) < LEAST_CONTRAST] == []


def luminance(colour: str) -> float:
    """Give a colour's relative luminance as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- in a real browser ------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all posters."""
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab; at the end it must have had no error and asked nobody."""
    async with phone(browser, width=794, height=1123) as (page, watch):
        yield page
        assert (watch.errors, watch.hosts) == ([], {""})


async def show(page: Page, svg: str, folder: Path) -> None:
    """Open a poster from a file, as who prints it does."""
    file = folder / "poster.svg"
    file.write_text(svg, "utf-8")
    await page.goto(file.as_uri())


async def look(page: Page, svg: str, folder: Path) -> list[str]:
    """Give the text that leaves the page, or meets another text or a code's quiet zone."""
    await show(page, svg, folder)
    found = await page.evaluate(BOXES)
    lines, codes = ([Box(*box) for box in found[kind]] for kind in ("texts", "codes"))
    sizes = [len(modules(code)) for code in ET.fromstring(svg).findall(f"{SVG}svg")]
    assert (len(lines), len(codes)) == (len(texts(svg)), len(sizes))
    assert all(code.right - code.left >= SMALLEST_CODE and code.within(14.9) for code in codes)
    quiet = [code.grown(QUIET * (code.right - code.left) / size - 0.05) for code, size in zip(codes, sizes, strict=True)]
    return [
        *(f"leaves the page: {line}" for line in lines if not line.within(14)),
        *(f"{one} meets {other}" for one, other in combinations(lines, 2) if one.meets(other)),
        *(f"{line} is too near to a code" for line in lines for zone in quiet if line.meets(zone)),
        *(
            f"{zone} has {code} in it"
            for at, zone in enumerate(quiet)
            for code in codes[:at] + codes[at + 1 :]
            if zone.meets(code)
        ),
    ]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.untraced
async def test_all_text_lies_on_the_page(page: Page, tmp_path: Path) -> None:
    """For every municipality with three ways no text leaves the page or meets another or a code."""
    places = real_world().municipalities.values()
    found = {place.slug: await look(page, drawn(ways(3, place.slug), place), tmp_path) for place in places}
    assert {slug: faults for slug, faults in found.items() if faults} == {}


@pytest.mark.asyncio(loop_scope="session")
@counts
@pytest.mark.parametrize("languages", [LANGUAGES, ("et", "ru"), ("ru",)])
@pytest.mark.parametrize("slug", ["kohtla-jarve", "pohja-parnumaa", "_national"])
async def test_any_number_of_ways_and_languages_fits(
    page: Page, tmp_path: Path, slug: str, languages: tuple[str, ...], count: int
) -> None:
    """One, two and three of each lie on the page, also with addresses that need several lines."""
    given = ways(count, "pohja-parnumaa-vallavalitsus")
    assert await look(page, drawn(given, town(slug), languages), tmp_path) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_it_prints_on_one_sheet(page: Page, tmp_path: Path) -> None:
    """Printed from the browser, the poster is one sheet of A4 without the browser's own margins."""
    await show(page, drawn(ways(3)), tmp_path)
    pdf = await page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    width, height = (float(number) for number in re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0])
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)
