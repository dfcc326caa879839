"""Keeping encryption going for one login: one-time keys on the server, other people's devices, and the key of each room.

Knows which of nio's steps are due and makes sure that each has worked: nio itself takes a room's key for shared when the network
failed on the way. Knows nothing of what is said.
"""

import asyncio

import structlog
from nio import (
    AsyncClient,
    EncryptionError,
    Event,
    LocalProtocolError,
    MegolmEvent,
    ShareGroupSessionResponse,
    SyncResponse,
)
from nio.crypto import InboundGroupSession
from nio.rooms import MatrixRoom

from bot.errors import SendError, Unreachable
from bot.platforms.matrix.faults import NETWORK, check
from bot.platforms.matrix.keys import OUTLIVED

log = structlog.get_logger(__name__)


class Encryption:
    """What one client has to do beside sending and receiving."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._lock = asyncio.Lock()

    def begin_anew(self) -> None:
        """Have nio begin new sessions with devices whose newest one may have gone on since it was kept.

        The old ones stay for what is still to be read; what we write with them nobody could read.
        """
        olm = self._client.olm
        assert olm
        for device in olm.device_store:
            session = olm.session_store.get(device.curve25519)
            if session is not None and session.use_time == OUTLIVED and not device.deleted:
                olm.wedged_devices.append(device)

    async def keep(self, response: SyncResponse) -> None:
        """Do what a sync asks for; what fails is due again at the next one."""
        client = self._client
        assert client.olm
        if (count := response.device_key_count.signed_curve25519) is not None:
            client.olm.uploaded_key_count = count  # nio overlooks a zero, and would never make new ones
        try:
            async with self._lock:
                if client.should_upload_keys:
                    check(await client.keys_upload())
                if client.should_query_keys:
                    check(await client.keys_query())
                if client.should_claim_keys:
                    check(await client.keys_claim(client.get_users_for_key_claiming()))
                for sent in await client.send_to_device_messages():
                    check(sent)
        except (SendError, *NETWORK) as error:
            log.warning("matrix keys not brought up to date", why=str(error) or type(error).__name__)

    async def share(self, room: MatrixRoom) -> None:
        """Make sure that everybody in a room can read what is sent next. Errors: SendError, the network's."""
        client = self._client
        assert client.olm
        if not room.encrypted or not client.olm.should_share_group_session(room.room_id):
            return
        async with self._lock:
            if not client.olm.should_share_group_session(room.room_id):
                return
            if not room.members_synced:
                check(await client.joined_members(room.room_id))
            if client.should_query_keys:
                check(await client.keys_query())
            if client.should_claim_keys:
                check(await client.keys_claim(client.get_users_for_key_claiming()))
            if missing := client.get_missing_sessions(room.room_id):
                check(await client.keys_claim(missing))
            wanted = self._readers(room)
            # Also with devices that nobody has verified: a resident's phone is as good as any, and nobody could come and compare.
            shared = await client.share_group_session(room.room_id, ignore_unverified_devices=True)
            if not isinstance(shared, ShareGroupSessionResponse) or wanted - shared.users_shared_with:
                client.invalidate_outbound_session(room.room_id)
                raise Unreachable("a room's key was not shared")

    def forget(self, room_id: str) -> None:
        """Give up the keys to what was said in a room so far, and only to that: who writes there again can be read.

        A key reads everything from one message on, so it is put forward to the message after the last one; where that is not
        known, because a device has written nothing since we began, its key stays.
        """
        olm = self._client.olm
        assert olm
        self._client.invalidate_outbound_session(room_id)
        devices = olm.inbound_group_store[room_id]
        devices.pop(olm.account.identity_keys["curve25519"], None)
        read: dict[str, int] = {}
        for _, session_id, index in olm.message_index_store:
            read[session_id] = max(index, read.get(session_id, 0))
        for sessions in devices.values():
            current = [_after(session, read[session.id]) for session in sessions.values() if session.id in read]
            if current:
                sessions.clear()
                sessions |= {session.id: session for session in current}
        with olm.store.database.atomic():
            olm.store.delete_room_keys(room_id)
            for sessions in devices.values():
                for session in sessions.values():
                    olm.store.save_inbound_group_session(session)

    def _readers(self, room: MatrixRoom) -> set[tuple[str, str]]:
        """Name the devices that can be given a room's key."""
        olm, client = self._client.olm, self._client
        assert olm
        return {
            (user, device.id)
            for user in room.users
            for device in olm.device_store.active_user_devices(user)
            if device.id != client.device_id
            and olm.session_store.get(device.curve25519)
            and not olm.is_device_blacklisted(device)
        }


def _after(session: InboundGroupSession, index: int) -> InboundGroupSession:
    """Make the key that reads everything after a message, and nothing up to it."""
    return InboundGroupSession.import_session(
        session.export_session(index + 1), session.ed25519, session.sender_key, session.room_id, session.forwarding_chain
    )


def try_to_read(client: AsyncClient, event: Event) -> Event:
    """Try once more to decrypt an event; give it back as it is if that does not work."""
    if not isinstance(event, MegolmEvent):
        return event
    try:
        return client.decrypt_event(event)
    except (EncryptionError, LocalProtocolError):
        return event
