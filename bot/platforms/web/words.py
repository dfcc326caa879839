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
    # Translators: a link below a message; the name of a file follows after a colon.
    N_("web_download"),
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
    N_("web_slow_title"),
    N_("web_slow"),
)

# The page of a case, which only staff of a municipality see.
CASE = (
    # Translators: a link that goes past what is shown, to what can be done with a case.
    N_("web_case_skip"),
    N_("web_case_state"),
    N_("web_case_town"),
    N_("web_case_language"),
    # Translators: since when the case is open.
    N_("web_case_since"),
    # Translators: which group of people who move here or back the resident probably belongs to.
    N_("web_case_group"),
    N_("web_case_contact"),
    N_("web_case_question"),
    N_("web_case_answer"),
    N_("web_case_lines"),
    N_("web_case_empty"),
    N_("web_case_resident"),
    N_("web_case_staff"),
    # Translators: something that staff wrote for each other and the resident does not see.
    N_("web_case_note"),
    # Translators: stands in brackets after the size of a file.
    N_("web_case_file_large"),
    N_("web_case_look"),
    # Translators: shown after something was sent or chosen; it may take a moment until it shows.
    N_("web_case_done"),
    N_("web_case_acts"),
    N_("web_case_no_acts"),
    N_("web_case_name"),
    N_("web_case_name_help"),
    N_("web_case_keep"),
    N_("web_case_claim"),
    N_("web_case_reply"),
    # Translators: {language} is the name of the resident's language.
    N_("web_case_reply_help"),
    N_("web_case_reply_do"),
    N_("web_case_note_label"),
    N_("web_case_note_do"),
    # Translators: send one of the bot's own answers to the resident, found by a few words.
    N_("web_case_send"),
    N_("web_case_send_label"),
    N_("web_case_send_do"),
    N_("web_case_transfer"),
    N_("web_case_transfer_label"),
    N_("web_case_transfer_do"),
    N_("web_case_close"),
    N_("web_case_close_help"),
    N_("web_case_close_do"),
)

CASE_TROUBLE = (
    N_("web_case_again_title"),
    N_("web_case_again"),
    N_("web_case_back"),
    # Translators: names the field with the text that was not sent.
    N_("web_case_draft"),
    N_("web_case_later"),
    N_("web_case_stale"),
    N_("web_case_nothing"),
    # Translators: {most} is a number of characters.
    N_("web_case_too_long"),
    N_("web_case_file_gone"),
    N_("web_case_dead_title"),
    N_("web_case_dead"),
    # Translators: {operator} is the body that runs the bot.
    N_("web_case_dead_ask"),
)

ALL = CHAT + SCRIPT + STATEMENT + ERRORS + CASE + CASE_TROUBLE
