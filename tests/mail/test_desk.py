"""What a mail desk writes: codes, languages, topics and links, and nothing that anybody said."""

import inspect
import re

import pytest

from bot.errors import Refused, StoreError
from bot.i18n import Catalogs
from bot.platforms.mail import MailDesk, Mailer, desk, notices, words
from bot.platforms.mail.desk import read_number, read_title
from bot.ports import Message, Option, Part
from bot.render.markup import escape
from tests.contracts.desk import attachment
from tests.mail.kit import OFFICE
from tests.peers.smtp import MailServer
from tests.web.fakes import LANGUAGES
from tests.web.office import DESK, PUBLIC, MemoryCases

SECRET = "Minu isikukood on 38001085718 ja telefon 5123456"
CARD = Message(
    lang="et", parts=(Part(markdown=escape(SECRET)),), options=(Option(id="case:claim", label=SECRET),), topic="school"
)


@pytest.fixture
def cases() -> MemoryCases:
    """What links are kept in."""
    return MemoryCases()


def desk_for(mailer: Mailer, catalogs: Catalogs, cases: MemoryCases, *, lang: str = "et") -> MailDesk:
    """Build a desk as `app` does."""
    titles = {("school", "et"): "Kool ja lasteaed", ("school", "ru"): "Школа", ("school", "en"): "School"}

    def title(topic: str, lang: str) -> str:
        return titles.get((topic, lang), "")

    return MailDesk(
        DESK, to=[OFFICE, "teine@example.ee"], mailer=mailer, catalogs=catalogs, link=cases.door().make, title=title, lang=lang
    )


async def test_a_new_case_is_told(mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases) -> None:
    """The mail has the code, the resident's language, the topic's title and a link, for every address of the desk."""
    here = desk_for(mailer, catalogs, cases)
    assert await here.open("KJ-0042 ru", CARD, key="open:42") == "KJ-0042"
    [mail] = server.mails
    assert mail.to == (OFFICE, "teine@example.ee")
    assert mail.message["Subject"] == "KJ-0042: uus pöördumine"
    assert "Elaniku keel: vene" in mail.text
    assert "Teema: Kool ja lasteaed" in mail.text
    assert re.search(rf"^{PUBLIC}/case/[A-Za-z0-9_-]{{22}}$", mail.text, re.MULTILINE)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_mails_speak_the_desks_language(
    mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases, lang: str
) -> None:
    """Every word of both mails is a sentence of the catalog, with nothing left to fill in."""
    here = desk_for(mailer, catalogs, cases, lang=lang)
    thread = await here.open("KJ-0042 en", CARD, key="open:42")
    await here.post(thread, CARD, key="m:1")
    first, second = server.mails
    assert str(first.message["Subject"]) == catalogs.text(lang, "mail_new_subject", {"code": "KJ-0042"})
    assert str(second.message["Subject"]) == catalogs.text(lang, "mail_more_subject", {"code": "KJ-0042"})
    for mail in server.mails:
        assert catalogs.text(lang, "mail_foot").split() == mail.text.split()[-len(catalogs.text(lang, "mail_foot").split()) :]
        assert not re.search(r"[{}]|mail_", mail.text + str(mail.message["Subject"]))


async def test_nothing_that_was_said_is_in_a_mail(
    mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases
) -> None:
    """Neither the card nor a message nor the name of a file, and no file is read."""
    here, fetched = desk_for(mailer, catalogs, cases), list[str]()
    thread = await here.open("KJ-0042 ru", CARD, key="open:42")
    await here.post(thread, CARD, key="m:1", attachments=[attachment(f"{SECRET}.pdf", b"x", fetched=fetched)])
    await here.amend(thread, "m", CARD)
    await here.close(thread)
    await here.reopen(thread)
    assert len(server.mails) == 2
    assert fetched == []
    for mail in server.mails:
        whole = mail.message.as_string() + mail.text
        assert not any(word in whole for word in ("38001085718", "5123456", "isikukood", "school"))


async def test_each_mail_has_a_link_of_its_own(
    mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases
) -> None:
    """A new one each time, to the right case and desk; only digests are kept."""
    here = desk_for(mailer, catalogs, cases)
    thread = await here.open("KJ-0042 ru", CARD, key="open:42")
    await here.post(thread, CARD, key="m:1")
    tokens = [re.findall(r"/case/(\S+)", mail.text)[0] for mail in server.mails]
    assert len(set(tokens)) == 2
    assert [await cases.door().find(token) for token in tokens] != [None, None]
    assert {(desk, case) for desk, case, _ in cases.links.values()} == {(DESK, 42)}
    assert not any(token in repr(cases.links) for token in tokens)


async def test_mails_of_a_case_stand_together(mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases) -> None:
    """A mail program shows all that is about one case in one place."""
    here = desk_for(mailer, catalogs, cases)
    for number in (42, 43):
        thread = await here.open(f"KJ-00{number} ru", CARD, key=f"open:{number}")
        await here.post(thread, CARD, key=f"m:{number}")
    references = [mail.message["References"] for mail in server.mails]
    assert references[0] == references[1] != references[2] == references[3]


async def test_what_is_about_no_case_is_said_in_words(
    mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases
) -> None:
    """The general room of a mail desk is the mailbox: no page has what is said there."""
    here = desk_for(mailer, catalogs, cases)
    said = Message(lang="et", parts=(Part(markdown="**Kolm** pöördumist ootab."), Part(markdown="- üks\n- kaks")))
    await here.post("", said, key="s:1")
    [mail] = server.mails
    assert mail.message["Subject"] == "Teejuhi teade"
    assert mail.text.split() == ["Kolm", "pöördumist", "ootab.", "-", "üks", "-", "kaks"]
    assert cases.links == {}


async def test_an_unknown_topic_and_language_do_no_harm(
    mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases
) -> None:
    """A topic that is gone is left out, a language that nobody knows is named by its code."""
    here = desk_for(mailer, catalogs, cases)
    await here.open("KJ-0042 xx", Message(lang="et", parts=(), topic="gone"), key="a")
    await here.open("KJ-0043", Message(lang="en", parts=()), key="b")
    assert "Elaniku keel: xx" in server.mails[0].text
    assert "Teema" not in server.mails[0].text
    assert "Elaniku keel: inglise" in server.mails[1].text


async def test_without_a_link_no_mail_is_sent(mailer: Mailer, server: MailServer, catalogs: Catalogs, cases: MemoryCases) -> None:
    """While the store is away nobody is told of a page that cannot be opened; afterwards everybody is."""

    async def away(desk: str, case: int) -> str:
        raise StoreError(f"no link for {desk} {case}")

    here = MailDesk(DESK, to=[OFFICE], mailer=mailer, catalogs=catalogs, link=away, title=lambda *_: "")
    with pytest.raises(StoreError):
        await here.open("KJ-0042 ru", CARD, key="a")
    assert server.mails == []
    await desk_for(mailer, catalogs, cases).open("KJ-0042 ru", CARD, key="a")
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("KJ-0042", ("KJ-0042", "")),
        ("KJ-0042 ru", ("KJ-0042", "ru")),
        (" NRV-123456 uk · kool", ("NRV-123456", "uk")),
        ("KJ-0042 · Kool", ("KJ-0042", "")),
        ("KJ-0042 Russian", ("KJ-0042", "")),
    ],
)
def test_a_title_is_read(title: str, read: tuple[str, str]) -> None:
    """The code comes first; two or three small letters after it are the resident's language."""
    assert read_title(title) == read


@pytest.mark.parametrize("title", ["", "kool", "KJ", "KJ-\r\nBcc: a"])
def test_a_title_without_a_code_is_refused(title: str) -> None:
    """There is no case to link to."""
    with pytest.raises(Refused):
        read_title(title)


@pytest.mark.parametrize(("code", "number"), [("KJ-0042", 42), ("KJ-12345", 12345), ("7", 7)])
def test_a_code_is_read(code: str, number: int) -> None:
    """The digits at its end are the case's number."""
    assert read_number(code) == number


def test_all_words_are_used() -> None:
    """No sentence is listed in vain."""
    used = set(re.findall(r"""["'](mail_\w+)["']""", inspect.getsource(desk) + inspect.getsource(notices)))
    assert used == set(words.ALL)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_every_word(catalogs: Catalogs, lang: str) -> None:
    """No id shows through, no place is lost."""
    for id in words.ALL:
        said = catalogs.text(lang, id)
        assert said not in ("", id), id
        assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", catalogs.text("en", id))), id
