"""Every Protocol and the values that cross them: Channel, Desk, Store.

Knows shapes only: no platform, no SQL, no sentence. Adapters live in `platforms/` and `store/`; the contract suites in
`tests/contracts/` say what an adapter must do.
"""

from bot.core.effects import Do
from bot.core.events import File
from bot.ports.channels import Ability, Arrival, Channel, Delivery, Files, Hook, Ingest, StandsBy
from bot.ports.desks import DESKS, Attachment, Desk, DeskWork, deskwork_from_json, deskwork_to_json
from bot.ports.keeping import DeadLetter, Retention, Status, Waiting, limits
from bot.ports.said import JSON, Fetch, Message, Option, Part, PartKind, Row, message_from_json, message_to_json
from bot.ports.store import (
    CaseRecord,
    Compute,
    Deed,
    DeskThread,
    FoundCase,
    Lease,
    Outcome,
    Post,
    Result,
    Settled,
    Store,
    Tally,
    Timer,
    Turn,
)

__all__ = [
    "DESKS",
    "JSON",
    "Ability",
    "Arrival",
    "Attachment",
    "CaseRecord",
    "Channel",
    "Compute",
    "DeadLetter",
    "Deed",
    "Delivery",
    "Desk",
    "DeskThread",
    "DeskWork",
    "Do",
    "Fetch",
    "File",
    "Files",
    "FoundCase",
    "Hook",
    "Ingest",
    "Lease",
    "Message",
    "Option",
    "Outcome",
    "Part",
    "PartKind",
    "Post",
    "Result",
    "Retention",
    "Row",
    "Settled",
    "StandsBy",
    "Status",
    "Store",
    "Tally",
    "Timer",
    "Turn",
    "Waiting",
    "deskwork_from_json",
    "deskwork_to_json",
    "limits",
    "message_from_json",
    "message_to_json",
]
