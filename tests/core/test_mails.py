"""Which mails to staff are spared."""

from bot.core.effects import Count, Do, Effect, Tell
from bot.core.mails import spare_mails

MAIL, OTHER, CHAT = "narva/email", "johvi/email", "narva/telegram"


def tell(do: Do, desk: str, case: int = 42) -> Tell:
    """Something for a desk."""
    return Tell(do=do, desk=desk, lang="et", case=case)


def spared(*effects: Effect, by: str = "", over: bool = False) -> list[Effect]:
    """Give what is left."""
    return list(spare_mails(effects, by, over=over))


def test_one_mail_is_enough() -> None:
    """Several things that are new at once, or a case that is, are one mail each desk; chats get everything."""
    post, chat = tell(Do.POST, MAIL), tell(Do.POST, CHAT)
    assert spared(post, chat, post, chat, tell(Do.POST, OTHER)) == [post, chat, chat, tell(Do.POST, OTHER)]
    opened = tell(Do.OPEN, MAIL)
    assert spared(post, opened, post, Count(what="x")) == [opened, Count(what="x")]


def test_nobody_is_told_of_their_own_deeds() -> None:
    """They see them on the page; colleagues at another desk are told."""
    assert spared(tell(Do.POST, MAIL), tell(Do.POST, OTHER), by=MAIL) == [tell(Do.POST, OTHER)]
    assert spared(tell(Do.POST, CHAT), by=CHAT) == [tell(Do.POST, CHAT)]


def test_there_is_no_page_of_what_is_over() -> None:
    """A mail would lead to a dead link; what closes a thread or amends a message sends none anyway."""
    close = tell(Do.CLOSE, MAIL)
    assert spared(tell(Do.POST, MAIL), close, tell(Do.POST, CHAT), over=True) == [close, tell(Do.POST, CHAT)]
