"""What staff type to do something with a case: the same commands everywhere, in three languages. Data only."""

from collections.abc import Mapping
from typing import Final

COMMANDS: Final[Mapping[str, str]] = {
    word: command
    for command, words in {
        "claim": ("claim", "võta", "vota", "беру"),
        "send": ("send", "saada", "отправить"),
        "note": ("note", "märkus", "markus", "заметка"),
        "transfer": ("transfer", "suuna", "передать"),
        "close": ("close", "sulge", "закрыть"),
        "wrong": ("wrong", "vale", "ошибка"),
        "help": ("help", "abi", "помощь"),
    }.items()
    for word in words
}
