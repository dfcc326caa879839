"""Topics and files of the Bot API emulator as aiogram sees them, which reads every answer strictly."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import BufferedInputFile

from tests.peers.bot_api import BotApi

GROUP = -1001


async def test_aiogram_works_in_topics(api: BotApi, second: Bot) -> None:
    """Topics are opened, written in, closed and deleted, with the right to do so."""
    api.chat(GROUP, type="supergroup")
    with pytest.raises(TelegramBadRequest, match="the chat is not a forum"):
        await second.create_forum_topic(GROUP, "a")
    api.chat(GROUP, is_forum=True)
    with pytest.raises(TelegramBadRequest, match="not enough rights to create a topic"):
        await second.create_forum_topic(GROUP, "a")
    api.promote(GROUP, can_manage_topics=True)
    topic = await second.create_forum_topic(GROUP, "a")
    thread = topic.message_thread_id
    heard = await api.say(GROUP, "in the topic", thread=thread)
    assert (heard["message_thread_id"], heard["is_topic_message"]) == (thread, True)
    assert heard["reply_to_message"]["forum_topic_created"]["name"] == "a"
    said = await second.send_message(GROUP, "answer", message_thread_id=thread)
    assert (said.message_thread_id, said.is_topic_message) == (thread, True)
    assert await second.edit_forum_topic(GROUP, thread, name="b")
    assert await second.close_forum_topic(GROUP, thread)
    with pytest.raises(TelegramBadRequest, match="TOPIC_NOT_MODIFIED"):
        await second.close_forum_topic(GROUP, thread)
    assert await second.reopen_forum_topic(GROUP, thread)
    assert await second.delete_forum_topic(GROUP, thread)
    assert api.sent(GROUP) == []
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await second.send_message(GROUP, "late", message_thread_id=thread)


async def test_aiogram_hands_files_into_topics(api: BotApi, second: Bot) -> None:
    """Pictures and documents land in their topic; people's own files come down as they went up, until they are lost."""
    api.chat(GROUP, type="supergroup", is_forum=True)
    api.promote(GROUP, can_manage_topics=True)
    chat = await second.get_chat(GROUP)
    me = await second.get_chat_member(GROUP, second.id)
    assert (chat.is_forum, me.status, getattr(me, "can_manage_topics", None)) == (True, "administrator", True)
    thread = (await second.create_forum_topic(GROUP, "a")).message_thread_id
    picture = BufferedInputFile(b"\x89PNG\r\n\x1a\n", "a.png")
    sent = await second.send_photo(GROUP, picture, message_thread_id=thread)
    assert (sent.message_thread_id, len(sent.photo or ())) == (thread, 1)
    named = await second.send_document(GROUP, BufferedInputFile(b"x", "õ №5.txt"), message_thread_id=thread)
    assert named.document
    assert named.document.file_name == "õ №5.txt"
    given = await api.send(GROUP, thread=thread, document=api.upload(b"letter", file_name="kiri.txt"))
    reference = given["document"]["file_id"]
    content = await second.download(reference)
    assert content
    assert content.read() == b"letter"
    api.lose(reference)
    with pytest.raises(TelegramBadRequest, match="temporarily unavailable"):
        await second.get_file(reference)


async def test_aiogram_sees_who_closes_a_topic(api: BotApi, second: Bot) -> None:
    """A topic closed by a person is told as a service message; what the bot closes itself it is not told."""
    api.chat(GROUP, type="supergroup", is_forum=True)
    api.promote(GROUP, can_manage_topics=True)
    thread = (await second.create_forum_topic(GROUP, "a")).message_thread_id
    await api.close_topic(GROUP, thread)
    assert [topic.open for topic in api.topics(GROUP).values()] == [False]
    assert await second.reopen_forum_topic(GROUP, thread)
    assert [topic.open for topic in api.topics(GROUP).values()] == [True]
    told = [update.message for update in await second.get_updates() if update.message]
    assert [(message.message_thread_id, message.forum_topic_closed is not None) for message in told] == [(thread, True)]


async def test_aiogram_sends_and_fetches_files(api: BotApi, second: Bot) -> None:
    """Files go up as multipart and come down byte for byte."""
    await api.send(7, voice=True)
    sent = await second.send_document(7, BufferedInputFile(b"\r\n--x\0\xff", "a.bin"), caption="<b>õ</b>", parse_mode="HTML")
    assert sent.document
    assert (sent.document.file_name, sent.caption) == ("a.bin", "õ")
    file = await second.get_file(sent.document.file_id)
    content = await second.download(file.file_id)
    assert content
    assert content.read() == b"\r\n--x\0\xff"


@pytest.mark.parametrize(
    ("method", "content", "error"),
    [
        ("photo", b"no picture", "IMAGE_PROCESS_FAILED"),
        ("photo", b"\xff\xd8\xff" + b"x" * 10 * 1024 * 1024, "file is too big"),
        ("document", b"", "file must be non-empty"),
        ("document", b"x" * (50 * 1024 * 1024 + 1), "Request Entity Too Large"),
    ],
)
async def test_files_have_limits(api: BotApi, second: Bot, method: str, content: bytes, error: str) -> None:
    """What is no picture, too large or empty is refused, as Telegram refuses it."""
    api.chat(7)
    file = BufferedInputFile(content, "a.jpg")
    sending = second.send_photo(7, file) if method == "photo" else second.send_document(7, file)
    with pytest.raises((TelegramBadRequest, TelegramEntityTooLarge)):
        await sending
    assert error in api.refused[-1].description
    assert api.sent(7) == []


async def test_large_files_are_not_handed_out(api: BotApi, second: Bot) -> None:
    """Bots fetch no files over 20 MB."""
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await second.get_file(str(api.upload(b"x" * (20 * 1024 * 1024 + 1))["file_id"]))
