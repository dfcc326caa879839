"""The mail that tells a resident that an answer waits: a number and a link, no word of the answer or of the question.

Knows catalogs and the mailer; not who asked to be told.
"""

from bot.i18n import Catalogs
from bot.platforms.mail.mailer import Letter, Mailer


class MailNotices:
    """Notices to residents who left a mail address."""

    def __init__(self, mailer: Mailer, catalogs: Catalogs) -> None:
        self._mailer = mailer
        self._catalogs = catalogs

    async def notice(self, to: str, lang: str, code: str, url: str, *, key: str) -> str:
        """Tell that something waits at `url` and return the mail's id. Errors: as in Mailer.send."""
        subject = self._catalogs.text(lang, "mail_notice_subject", {"code": code})
        text = self._catalogs.text(lang, "mail_notice", {"code": code, "url": url})
        return await self._mailer.send([to], Letter(subject=subject, text=text), key=key)
