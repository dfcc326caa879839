"""Mail: tells a municipality's staff that a case waits for them, and residents that an answer does. It is read on web pages."""

from bot.platforms.mail.desk import MailDesk
from bot.platforms.mail.mailer import Mailer, Tls, address
from bot.platforms.mail.notices import MailNotices

__all__ = ["MailDesk", "MailNotices", "Mailer", "Tls", "address"]
