"""What staff do on the page of a case, over real HTTP: what its forms do, and what is refused."""

import re
from html import unescape

import httpx
import pytest

from bot.core.events import StaffChose, StaffSaid
from bot.errors import StoreError
from bot.i18n import Catalogs
from bot.platforms.web import Act
from bot.platforms.web.case_forms import MAX_BYTES, MAX_TEXT, NO_COMMAND
from tests.web.fakes import FakeEngine, browser
from tests.web.office import DESK, NUMBER, QUESTION, MemoryCases, case_view, fields

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"


async def do(staff: httpx.AsyncClient, path: str, act: Act, **given: str) -> httpx.Response:
    """Open the page, fill a form in and send it."""
    page = await staff.get(path)
    return await staff.post(path, data={**fields(page, act), **given})


# --- doing


@pytest.mark.parametrize(
    ("act", "given", "text", "option"),
    [
        (Act.CLAIM, {}, None, "case:claim"),
        (Act.CLOSE, {}, None, "case:close"),
        (Act.TRANSFER, {"desk": "narva/mail"}, None, "case:transfer:narva/mail"),
        (Act.REPLY, {"text": " Tere!\r\n\r\nõ ы 👍 "}, "Tere!\n\nõ ы 👍", None),
        (Act.REPLY, {"text": "/close"}, f"{NO_COMMAND}/close", None),
        (Act.REPLY, {"text": "  !note"}, f"{NO_COMMAND}!note", None),
        (Act.REPLY, {"text": "nul \x00"}, "nul \N{REPLACEMENT CHARACTER}", None),
        (Act.NOTE, {"text": "helistada\r\nhomme"}, "/note helistada\nhomme", None),
        (Act.SEND, {"text": " elukoha\r\n/close  registreerimine "}, "/send elukoha /close registreerimine", None),
    ],
)
async def test_each_form_is_one_event(
    staff: httpx.AsyncClient,
    cases: MemoryCases,
    inbox: FakeEngine,
    act: Act,
    given: dict[str, str],
    text: str | None,
    option: str | None,
) -> None:
    """What was done arrives for the case, from the desk of the link, and the page is shown anew."""
    path = await cases.path()
    answer = await do(staff, path, act, **given)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done={act}#done")
    [arrival], [event] = inbox.arrivals, inbox.events
    assert (arrival.case, arrival.desk, arrival.source) == (NUMBER, DESK, "case-page")
    assert (arrival.conversation, arrival.channel, arrival.thread) == ("", "", "")
    assert arrival.at == cases.now
    assert isinstance(event, StaffSaid | StaffChose)
    assert (event.desk, event.staff, event.name) == (DESK, f"mail:{DESK}", "")
    assert text == (event.text if isinstance(event, StaffSaid) else None)
    assert option == (event.option if isinstance(event, StaffChose) else None)


async def test_after_it_the_page_says_that_it_was_taken(staff: httpx.AsyncClient, cases: MemoryCases, catalogs: Catalogs) -> None:
    """Only what can be done is said to be done."""
    path = await cases.path()
    said = catalogs.text("et", "web_case_done")
    assert said in (await staff.get(f"{path}?done=reply")).text
    for query in ("", "?done=", "?done=everything"):
        assert said not in (await staff.get(path + query)).text


async def test_a_repeated_post_is_one_arrival(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine) -> None:
    """Sent twice, a form is one; another text from the same page, or the same from the page shown anew, is a second."""
    path = await cases.path()
    page = await staff.get(path)
    form = {**fields(page, Act.REPLY), "text": "Tere"}
    for _ in range(3):
        assert (await staff.post(path, data=form)).status_code == 303
    assert (len(inbox.arrivals), inbox.again) == (1, 2)
    await staff.post(path, data={**form, "text": "Tere!"})
    await do(staff, path, Act.REPLY, text="Tere")
    assert [event.text for event in inbox.events if isinstance(event, StaffSaid)] == ["Tere", "Tere!", "Tere"]
    assert len({event.message for event in inbox.events if isinstance(event, StaffSaid)}) == 3


async def test_a_name_is_remembered_and_told(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine) -> None:
    """It stands in a cookie, goes with what is done, and saying it does nothing with the case."""
    path = await cases.path()
    answer = await do(staff, path, Act.NAME, name="  Õnne\r\n\x07 Кask ")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert inbox.arrivals == []
    assert 'value="Õnne Кask"' in (await staff.get(path)).text
    await do(staff, path, Act.CLAIM)
    await do(staff, path, Act.REPLY, text="Tere")
    assert [event.name for event in inbox.events if isinstance(event, StaffSaid | StaffChose)] == ["Õnne Кask"] * 2
    await do(staff, path, Act.NAME, name="")
    assert 'value=""' in re.findall(r'<input id="name".*?>', (await staff.get(path)).text)[0]


# --- refused


@pytest.mark.parametrize(
    ("act", "given", "status", "why"),
    [
        (Act.REPLY, {"text": " \r\n "}, 400, "web_case_nothing"),
        (Act.NOTE, {"text": ""}, 400, "web_case_nothing"),
        (Act.REPLY, {"text": "õ" * (MAX_TEXT + 1)}, 413, "web_case_too_long"),
        (Act.TRANSFER, {"desk": "tallinn/mail"}, 409, "web_case_stale"),
        (Act.TRANSFER, {"desk": ""}, 409, "web_case_stale"),
        (Act.REPLY, {"text": "Tere", "check": ""}, 409, "web_case_stale"),
        (Act.REPLY, {"text": "Tere", "nonce": ""}, 409, "web_case_stale"),
        (Act.REPLY, {"text": "Tere", "nonce": "mine"}, 409, "web_case_stale"),
        (Act.CLAIM, {"check": "õ" * 64}, 409, "web_case_stale"),
    ],
)
async def test_what_cannot_be_taken_is_said(
    staff: httpx.AsyncClient,
    cases: MemoryCases,
    inbox: FakeEngine,
    catalogs: Catalogs,
    act: Act,
    given: dict[str, str],
    status: int,
    why: str,
) -> None:
    """Nothing arrives, the page says why, and what was written stands there still."""
    answer = await do(staff, await cases.path(), act, **given)
    assert answer.status_code == status
    assert catalogs.text("et", why, {"most": str(MAX_TEXT)}) in unescape(answer.text)
    assert given.get("text", "").strip() in unescape(answer.text)
    assert inbox.arrivals == []


async def test_what_was_refused_can_be_sent_from_there(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine) -> None:
    """The page that says why has a form of its own."""
    path = await cases.path()
    refused = await do(staff, path, Act.REPLY, text="Tere", check="old")
    assert (await staff.post(path, data={**fields(refused, Act.REPLY), "text": "Tere"})).status_code == 303
    assert len(inbox.arrivals) == 1


async def test_a_form_of_another_case_is_refused(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine) -> None:
    """What a page gave out holds for its own link only."""
    cases.views[43] = case_view(code="KJ-0043")
    first, second = await cases.path(), await cases.path(43)
    form = {**fields(await staff.get(first), Act.REPLY), "text": "Tere"}
    assert (await staff.post(second, data=form)).status_code == 409
    assert inbox.arrivals == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_other_sites_cannot_post(
    staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine, headers: dict[str, str]
) -> None:
    """A forged form is refused before it is read, even one with everything right in it."""
    path = await cases.path()
    form = {**fields(await staff.get(path), Act.REPLY), "text": "Tere"}
    assert (await staff.post(path, data=form, headers=headers)).status_code == 403
    assert inbox.arrivals == []


@pytest.mark.parametrize("origin", ["null", "own", None])
async def test_any_browsers_own_form_is_taken(
    case_site: tuple[str, FakeEngine, MemoryCases], cases: MemoryCases, inbox: FakeEngine, origin: str | None
) -> None:
    """Also of browsers that say little of where a form comes from: it proves itself."""
    async with browser(case_site[0], **({"Origin": case_site[0] if origin == "own" else origin} if origin else {})) as staff:
        assert (await do(staff, await cases.path(), Act.CLAIM)).status_code == 303
    assert len(inbox.arrivals) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"", b"do=", b"do=everything", b"do=reply%ff", b"\xff\xfe", b"do=%zz", b"&".join([b"a=1"] * 100), b"{}", b"do[]=claim",
    ],
)  # fmt: skip
async def test_what_is_no_form_is_refused(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine, body: bytes) -> None:
    """No body makes a traceback."""
    answer = await staff.post(await cases.path(), content=body, headers={"Content-Type": FORM})
    assert answer.status_code == 400
    assert inbox.arrivals == []


async def test_too_much_is_refused(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine) -> None:
    """A body over the limit is not read to its end."""
    answer = await staff.post(await cases.path(), content=b"text=" + b"x" * MAX_BYTES, headers={"Content-Type": FORM})
    assert answer.status_code == 413
    assert inbox.arrivals == []


async def test_a_case_that_closed_meanwhile_gives_the_text_back(
    staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine
) -> None:
    """Whoever wrote a long reply does not lose it."""
    path = await cases.path()
    form = {**fields(await staff.get(path), Act.REPLY), "text": f"\nPikk vastus {QUESTION}"}
    cases.closed.add(NUMBER)
    answer = await staff.post(path, data=form)
    assert answer.status_code == 404
    assert f"Pikk vastus {QUESTION}" in unescape(answer.text)
    assert "<script" not in answer.text
    assert inbox.arrivals == []


@pytest.mark.parametrize("where", ["reading", "ingest"])
@pytest.mark.parametrize(
    ("act", "given"), [(Act.REPLY, {"text": "Tere"}), (Act.CLAIM, {}), (Act.TRANSFER, {"desk": "narva/mail"})]
)
async def test_while_the_store_is_away_nothing_is_lost(
    staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine, act: Act, given: dict[str, str], where: str
) -> None:
    """The page keeps what was to be done, and sending it from there is the same doing, not a second one."""
    path = await cases.path()
    form = {**fields(await staff.get(path), act), **given}
    if where == "reading":
        cases.away = 1
    else:
        inbox.failures, inbox.failure = 1, StoreError("locked")
    answer = await staff.post(path, data=form)
    assert answer.status_code == 503
    assert inbox.arrivals == []
    again = {**fields(answer, act), **{name: value for name, value in given.items() if name == "text"}}
    assert again["nonce"] == form["nonce"]
    for _ in range(2):
        assert (await staff.post(path, data=again)).status_code == 303
    await staff.post(path, data=form)
    assert (len(inbox.arrivals), inbox.again) == (1, 2)


async def test_while_the_store_is_away_reading_says_so(staff: httpx.AsyncClient, cases: MemoryCases, catalogs: Catalogs) -> None:
    """A person reads one sentence."""
    path = await cases.path()
    cases.away = 1
    page = await staff.get(path, params={"lang": "en"})
    assert page.status_code == 503
    assert catalogs.text("en", "web_broken") in unescape(page.text)
