"""The words of the mails, as ids for translation.

Knows which ids the letters use; a test holds them to this list.
"""

from bot.core.texts import N_

CASE = (
    # Translators: the subject of a mail to staff; {code} is the number of a case, such as KJ-0042.
    N_("mail_new_subject"),
    N_("mail_new"),
    N_("mail_more_subject"),
    N_("mail_more"),
    # Translators: a line of the mail: the language of the resident, by its name.
    N_("mail_language"),
    # Translators: a line of the mail: the title of the topic that the bot took the question for.
    N_("mail_topic"),
    # Translators: stands above the link to the page of the case.
    N_("mail_open"),
    # Translators: below the link: how long it works, who may have it, and that nobody reads answers to this mail.
    N_("mail_foot"),
)
SAID = (
    # Translators: the subject of a mail to staff that is about no case.
    N_("mail_said_subject"),
)
NOTICE = (
    # Translators: the subject of a mail to a resident who asked for it; it names no municipality and no topic.
    N_("mail_notice_subject"),
    N_("mail_notice"),
)

ALL = CASE + SAID + NOTICE
