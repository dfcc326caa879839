"""Letters against a real mail server: what arrives, and what each failure means for the outbox."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from bot.errors import Gone, MaybeSent, Refused, SendError, Unreachable
from bot.i18n import Catalogs
from bot.platforms.mail import Mailer, MailNotices, Tls, address
from bot.platforms.mail.mailer import Letter
from tests.mail.kit import LETTER, NOW, OFFICE, SENDER, mailer_for
from tests.peers.smtp import MailServer, certificate, mail_server

ACCOUNT = ("teejuht", "saladus õ")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    """A certificate's file and the server's side of it."""
    cert, context = certificate(tmp_path_factory.mktemp("tls"))
    return str(cert), context


# --- what arrives


async def test_a_letter_arrives_as_it_was_written(mailer: Mailer, server: MailServer) -> None:
    """Every letter, dot and long line of it, with a subject in any script."""
    await mailer.send([OFFICE], LETTER, key="k")
    [mail] = server.mails
    assert mail.text == LETTER.text
    assert mail.message["Subject"] == LETTER.subject
    assert (mail.sender, mail.to) == (SENDER, (OFFICE,))
    assert mail.message["From"] == SENDER
    assert parsedate_to_datetime(mail.message["Date"]) == NOW


async def test_a_letter_says_that_a_machine_wrote_it(mailer: Mailer, server: MailServer) -> None:
    """It is plain text, and no holiday notice comes back; nothing tells about our machine."""
    await mailer.send([OFFICE], LETTER, key="k")
    message = server.mails[0].message
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert server.helloes == ["kohtla-jarve.example"]


async def test_the_same_key_is_the_same_message_id(mailer: Mailer, server: MailServer) -> None:
    """A repeat can be recognised, another letter cannot be taken for it; nothing of the key is readable."""
    ids = [await mailer.send([OFFICE], LETTER, key=key) for key in ("case:42:secret", "case:42:secret", "case:43")]
    named = [mail.message["Message-ID"] for mail in server.mails]
    assert named == [f"<{id}@kohtla-jarve.example>" for id in ids]
    assert ids[0] == ids[1] != ids[2]
    assert "secret" not in named[0]


async def test_letters_of_one_thread_stand_together(mailer: Mailer, server: MailServer) -> None:
    """They have one reference, which says nothing by itself."""
    for key, thread in (("a", "KJ-0042"), ("b", "KJ-0042"), ("c", "KJ-0043"), ("d", "")):
        await mailer.send([OFFICE], replace(LETTER, thread=thread), key=key)
    references = [mail.message["References"] for mail in server.mails]
    assert references[0] == references[1] != references[2]
    assert references[3] is None
    assert "KJ" not in references[0]


async def test_several_addresses_get_one_letter(mailer: Mailer, server: MailServer) -> None:
    """All are named; one that is refused does not keep it from the others."""
    server.refuses["b@example.ee"] = "550 5.1.1 unknown"
    await mailer.send(["a@example.ee", "b@example.ee", "c@example.ee"], LETTER, key="k")
    [mail] = server.mails
    assert mail.to == ("a@example.ee", "c@example.ee")


@pytest.mark.parametrize("subject", ["a\r\nBcc: evil@example.ee", "a\n\nbody", "x\x00y", "half \ud83d", "õ" * 300])
async def test_a_subject_cannot_become_a_header(mailer: Mailer, server: MailServer, subject: str) -> None:
    """Whatever stands in a subject stays in it."""
    await mailer.send([OFFICE], Letter(subject=subject, text="x\n"), key="k")
    [mail] = server.mails
    assert mail.message["Bcc"] is None
    assert mail.to == (OFFICE,)
    assert mail.text.strip() == "x"


# --- addresses


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a@example.ee", "a@example.ee"),
        (" A.b+c@Example.EE ", "A.b+c@example.ee"),
        ("a@jõgeva.ee", "a@xn--jgeva-dua.ee"),
    ],
)
def test_an_address_is_taken(written: str, sent: str) -> None:
    """Spaces around it and letters in its domain do no harm."""
    assert address(written) == sent


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a@", "@example.ee", "a@b", "a b@example.ee", "a@example.ee, b@example.ee", "<a@example.ee>",
        "Ann <a@example.ee>", "a@example.ee\r\nRCPT TO:<b@example.ee>", "a@example.ee\nBcc: b@example.ee",
        '"a b"@example.ee', "õ@example.ee", "a@-x.ee", "a@exa mple.ee", "a..b@example.ee", "a@" + "x" * 300 + ".ee",
        "a" * 65 + "@example.ee", "a@[127.0.0.1]", "a@b@example.ee", "a@example.ee\x00", "a@\ud83d.ee",
    ],
)  # fmt: skip
async def test_what_is_no_address_is_refused(mailer: Mailer, server: MailServer, text: str) -> None:
    """It never reaches the server, whatever a resident typed."""
    with pytest.raises(Refused):
        await mailer.send([text], LETTER, key="k")
    assert server.connections == 0


# --- troubles


@pytest.mark.parametrize(
    ("at", "answer", "error"),
    [
        ("CONNECT", "drop", Unreachable),
        ("MAIL", "451 4.3.0 later", Unreachable),
        ("MAIL", "550 5.7.1 not you", Refused),
        ("MAIL", "drop", Unreachable),
        ("RCPT", "450 4.2.1 grey", Unreachable),
        ("RCPT", "421 4.3.2 going down", Unreachable),
        ("RCPT", "550 5.7.1 policy", Refused),
        ("RCPT", "550 no such user", Refused),
        ("RCPT", "550 5.1.1 no such user", Gone),
        ("RCPT", "556 5.1.10 null mx", Gone),
        ("RCPT", "drop", Unreachable),
        ("DATA", "452 4.3.1 full", Unreachable),
        ("DATA", "554 5.6.0 no", Refused),
        ("DATA", "lost", MaybeSent),
    ],
)
async def test_each_trouble_has_its_error(
    mailer: Mailer, server: MailServer, at: str, answer: str, error: type[SendError]
) -> None:
    """What may pass is tried again, what cannot pass is given up, what may have arrived is said so; after it all is well."""
    server.fail(at, answer)
    with pytest.raises(SendError) as caught:
        await mailer.send([OFFICE], LETTER, key="k")
    assert type(caught.value) is error
    assert OFFICE not in str(caught.value)
    assert len(server.mails) == (answer == "lost")
    await mailer.send([OFFICE], LETTER, key="k")
    assert len({mail.message["Message-ID"] for mail in server.mails}) == 1


@pytest.mark.parametrize(("at", "error"), [("CONNECT", Unreachable), ("RCPT", Unreachable), ("DATA", MaybeSent)])
async def test_a_server_that_says_nothing_is_not_waited_for(server: MailServer, at: str, error: type[SendError]) -> None:
    """After its patience the mailer gives up for now; it is unsure only when the server had the letter."""
    server.fail(at, "hang")
    before = time.monotonic()
    with pytest.raises(SendError) as caught:
        await mailer_for(server, patience=0.3).send([OFFICE], LETTER, key="k")
    assert type(caught.value) is error
    assert time.monotonic() - before < 3


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (("550 5.1.1 a", "550 5.1.1 b"), Gone),
        (("550 5.1.1 a", "550 5.7.1 b"), Refused),
        (("550 5.1.1 a", "451 4.7.1 b"), Unreachable),
    ],
)
async def test_when_no_address_is_taken_the_best_hope_counts(
    mailer: Mailer, server: MailServer, answers: tuple[str, str], error: type[SendError]
) -> None:
    """An address that may be taken later is tried again, and only where nobody reads is the desk gone."""
    server.refuses = dict(zip(("a@example.ee", "b@example.ee"), answers, strict=True))
    with pytest.raises(SendError) as caught:
        await mailer.send(["a@example.ee", "b@example.ee"], LETTER, key="k")
    assert type(caught.value) is error


async def test_nobody_at_the_port_is_unreachable(mailer: Mailer) -> None:
    """A server that is down costs nothing but time."""
    with pytest.raises(Unreachable):
        await replace(mailer, port=1).send([OFFICE], LETTER, key="k")


async def test_cancelling_ends_it(server: MailServer) -> None:
    """A stop does not wait for a server that hangs."""
    server.fail("DATA", "hang")
    sending = asyncio.create_task(mailer_for(server).send([OFFICE], LETTER, key="k"))
    await asyncio.sleep(0.2)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


# --- TLS and login


@asynccontextmanager
async def guarded(context: ssl.SSLContext, kind: Tls) -> AsyncIterator[MailServer]:
    """A server with TLS of one kind and an account."""
    tls, starttls = (context, None) if kind is Tls.TLS else (None, context)
    async with mail_server(tls=tls, starttls=starttls, account=None if kind is Tls.TLS else ACCOUNT) as server:
        yield server


@pytest.mark.parametrize("kind", [Tls.STARTTLS, Tls.TLS])
async def test_letters_go_over_tls(shown: tuple[str, ssl.SSLContext], kind: Tls) -> None:
    """With either kind and a login, where the certificate is trusted."""
    cert, context = shown
    async with guarded(context, kind) as server:
        user, password = ("", "") if kind is Tls.TLS else ACCOUNT
        mailer = mailer_for(server, tls=kind, authority=cert, host="localhost", user=user, password=password)
        assert await mailer.problems([OFFICE]) == []
        await mailer.send([OFFICE], LETTER, key="k")
        assert len(server.mails) == 1


@pytest.mark.parametrize("kind", [Tls.STARTTLS, Tls.TLS])
async def test_a_strange_certificate_is_not_trusted(shown: tuple[str, ssl.SSLContext], kind: Tls) -> None:
    """No letter and no password goes to a server that cannot prove who it is."""
    async with guarded(shown[1], kind) as server:
        mailer = mailer_for(server, tls=kind, host="localhost", user=ACCOUNT[0], password=ACCOUNT[1])
        with pytest.raises(Unreachable):
            await mailer.send([OFFICE], LETTER, key="k")
        assert "certificate" in " ".join(await mailer.problems())
        assert server.mails == []


async def test_without_starttls_nothing_is_sent(server: MailServer) -> None:
    """A server that does not offer it is no reason to go without it."""
    mailer = mailer_for(server, tls=Tls.STARTTLS, host="localhost")
    with pytest.raises(Unreachable):
        await mailer.send([OFFICE], LETTER, key="k")
    assert "kind of TLS" in " ".join(await mailer.problems())
    assert server.mails == []


async def test_a_refused_login_waits_for_the_operator(shown: tuple[str, ssl.SSLContext]) -> None:
    """It is not the letter's fault; `problems` names it and shows no password."""
    cert, context = shown
    async with guarded(context, Tls.STARTTLS) as server:
        mailer = mailer_for(server, tls=Tls.STARTTLS, authority=cert, host="localhost", user="teejuht", password="vale")
        with pytest.raises(Unreachable):
            await mailer.send([OFFICE], LETTER, key="k")
        told = " ".join(await mailer.problems())
        assert "refuses the login" in told
        assert "vale" not in told + repr(mailer)


# --- what the operator reads


async def test_a_ready_mailer_has_no_problems(mailer: Mailer, server: MailServer) -> None:
    """Asking sends nothing; a server that wants us to come again is no problem."""
    assert await mailer.problems([OFFICE]) == []
    server.fail("RCPT", "450 4.7.1 greylisted")
    assert await mailer.problems([OFFICE]) == []
    assert server.mails == []


@pytest.mark.parametrize(
    ("changes", "to", "named"),
    [
        ({"sender": ""}, (), "no sender"),
        ({"sender": "nobody"}, (), "is no sender"),
        ({"sender": "other@example.ee"}, (), "takes no mail from the sender other@example.ee"),
        ({"port": 1}, (), "no connection"),
        ({"host": "no such host"}, (), "no connection"),
        ({}, ("gone@example.ee",), "takes no mail for the address gone@example.ee"),
        ({}, ("no address",), "for the address no address"),
        ({"user": "teejuht"}, (), "refuses the login"),
    ],
)
async def test_what_is_wrong_is_named(
    mailer: Mailer, server: MailServer, changes: dict[str, object], to: tuple[str, ...], named: str
) -> None:
    """Each problem says what to look at."""
    server.refuses = {"other@example.ee": "550 5.7.1 not yours", "gone@example.ee": "550 5.1.1 unknown"}
    [told] = await replace(mailer, **changes).problems(to)  # type: ignore[arg-type]
    assert named in told


# --- notices to residents


@pytest.mark.parametrize("lang", ["et", "ru", "en"])
async def test_a_notice_says_where_and_nothing_else(mailer: Mailer, server: MailServer, catalogs: Catalogs, lang: str) -> None:
    """The resident reads the number and the link in their language."""
    notices = MailNotices(mailer, catalogs)
    await notices.notice("ann@example.ee", lang, "KJ-0042", "https://teejuht.test/?x=1", key="n")
    [mail] = server.mails
    assert mail.to == ("ann@example.ee",)
    assert mail.message["Subject"] == catalogs.text(lang, "mail_notice_subject", {"code": "KJ-0042"})
    assert "https://teejuht.test/?x=1" in mail.text.splitlines()
    assert "{" not in mail.text
