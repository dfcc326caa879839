"""What a person can send besides text: a full object of each kind, its file kept so that the bot can fetch it.

Knows no chats.
"""

from typing import Final

from tests.peers.bot_api.state import World
from tests.peers.bot_api.values import Json

_FILES: Final[dict[str, Json]] = {
    "voice": {"duration": 3, "mime_type": "audio/ogg"},
    "audio": {"duration": 180, "mime_type": "audio/mpeg", "file_name": "song.mp3"},
    "video": {"duration": 5, "width": 640, "height": 360, "mime_type": "video/mp4"},
    "video_note": {"duration": 5, "length": 240},
    "animation": {"duration": 2, "width": 320, "height": 240, "mime_type": "video/mp4", "file_name": "wave.mp4"},
    "document": {"file_name": "letter.pdf", "mime_type": "application/pdf"},
    "sticker": {
        "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👋"
    },
}  # fmt: skip
_OTHERS: Final[dict[str, Json]] = {
    "contact": {"phone_number": "+3725550100", "first_name": "Person"},
    "location": {"latitude": 59.3984, "longitude": 27.2731},
    "venue": {
        "location": {"latitude": 59.3984, "longitude": 27.2731}, "title": "Town hall", "address": "Keskallee 19"
    },
    "dice": {"emoji": "🎲", "value": 4},
    "poll": {
        "id": "poll-1",
        "question": "Today?",
        "options": [
            {"persistent_id": number, "text": text, "voter_count": 0} for number, text in (("1", "Yes"), ("2", "No"))
        ],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    },
}  # fmt: skip
_SMALL_AND_LARGE: Final = ((90, 67), (800, 600))


def sample(world: World, kind: str) -> Json | list[Json]:
    """Return an object of a kind as people's apps make them. Errors: KeyError for a kind that there is not."""
    if kind == "photo":
        return [
            {**world.keep_file(f"{width} x {height}".encode()), "width": width, "height": height}
            for width, height in _SMALL_AND_LARGE
        ]
    if kind in _OTHERS:
        return _OTHERS[kind]
    return {**world.keep_file(kind.encode()), **_FILES[kind]}
