"""The words of the page itself, as ids for translation.

Knows which ids the templates and the script use; a test holds them to this list. The bot's own sentences are in `core.texts`.
"""

from bot.core.texts import N_

CHAT = (
    # Translators: under the name Teejuht in the page's title and header; {operator} is the body that runs the bot.
    N_("web_title"),
    # Translators: the name of the language that this catalog is in, such as "Русский".
    N_("web_language"),
    N_("web_skip"),
    N_("web_languages"),
    N_("web_new"),
    # Translators: names the list of messages for screen readers.
    N_("web_log"),
    N_("web_write"),
    N_("web_send"),
    # Translators: one short line below the field; says that this is an automatic service.
    N_("web_automatic"),
    N_("web_accessibility"),
    # Translators: shown where the script does not run, be it switched off or not loaded.
    N_("web_noscript"),
    N_("web_new_tab"),
)

SCRIPT = (
    # Translators: read out before the person's own message.
    N_("web_you"),
    # Translators: names the buttons under a message for screen readers.
    N_("web_options"),
    N_("web_typing"),
    N_("web_new_sure"),
    N_("web_unsent"),
    N_("web_offline"),
    N_("web_too_long"),
    N_("web_not_taken"),
    N_("web_expired"),
)

STATEMENT = (
    N_("web_accessibility_title"),
    # Translators: {operator} is the body that runs the bot.
    N_("web_accessibility_aim"),
    N_("web_accessibility_tested_title"),
    N_("web_accessibility_tested"),
    N_("web_accessibility_limits_title"),
    N_("web_accessibility_limits"),
    N_("web_accessibility_report_title"),
    # Translators: where to report a barrier; {contact} is an address or a sentence that says how to find one.
    N_("web_accessibility_report"),
    # Translators: stands in for {contact} where none is set.
    N_("web_accessibility_ask"),
    N_("web_back"),
)

ERRORS = (
    N_("web_missing_title"),
    N_("web_missing"),
    N_("web_broken_title"),
    N_("web_broken"),
)

ALL = CHAT + SCRIPT + STATEMENT + ERRORS
