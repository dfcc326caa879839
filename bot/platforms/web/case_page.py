"""The page of a case, for staff who came by the link in a mail: what is known of it, its conversation, and what can be done.

Knows HTTP, templates and `CaseView`, in which the app says everything in words; no case, no rule and no database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.core.events import to_json
from bot.errors import SendError, StoreError
from bot.platforms.web.case_forms import (
    MAX_BYTES,
    MAX_NAME,
    MAX_TEXT,
    WRITTEN,
    Act,
    Form,
    check_of,
    event_of,
    is_genuine,
    new_nonce,
    read_form,
)  # fmt: skip
from bot.platforms.web.case_links import CaseLinks, Guesses, is_token
from bot.platforms.web.pages import Pages
from bot.platforms.web.session import Sessions
from bot.platforms.web.talk import read_body
from bot.ports import Arrival, Attachment, FoundCase, Ingest
from bot.render.markup import storable

MAX_FILE = 20 * 1024 * 1024
"""Bytes of a file that is handed on; a larger one is named."""
FORM = "application/x-www-form-urlencoded"
MISSING, STALE, BUSY, LATER = 404, 409, 429, 503
STATUS = {"web_case_nothing": 400, "web_case_too_long": 413}


class Who(StrEnum):
    """Who a line of a conversation is from. A note is among staff only."""

    RESIDENT = "resident"
    STAFF = "staff"
    NOTE = "note"
    BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A line of the conversation. `id` names it among the case's lines; `lang` is the language of its text, where known."""

    id: str
    who: Who
    when: str
    text: str
    name: str = ""
    lang: str = ""
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case in words, in the language of the page; what is empty is not shown. `lang` is the resident's language."""

    code: str
    state: str
    town: str
    language: str
    since: str
    lang: str = ""
    question: str = ""
    answer: str = ""
    group: str = ""
    contact: str = ""
    lines: tuple[CaseLine, ...] = ()
    acts: frozenset[Act] = frozenset()
    desks: tuple[tuple[str, str], ...] = ()
    """Where it can be transferred to: name and label."""
    topics: tuple[tuple[str, str], ...] = ()
    """Answers that can be sent, the likeliest first: id and title."""


class View(Protocol):
    """Puts a case into words for the staff of a desk, in one language."""

    def __call__(self, found: FoundCase, desk: str, lang: str) -> CaseView: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What the page of a case is made of."""

    links: CaseLinks
    view: View


class CasePages:
    """The routes of the page. Reading changes nothing, since programs that look for viruses open every link in a mail."""

    def __init__(
        self,
        *,
        cases: Cases,
        ingest: Ingest,
        pages: Pages,
        sessions: Sessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._links = cases.links
        self._view = cases.view
        self._ingest = ingest
        self._pages = pages
        self._sessions = sessions
        self._clock = clock
        self._guesses = Guesses(clock)

    @property
    def routes(self) -> list[Route]:
        """Say which path is whose."""
        return [
            Route("/case/{token}", self._show, methods=["GET"]),
            Route("/case/{token}", self._take, methods=["POST"]),
            Route("/case/{token}/files/{line}/{number:int}", self._file, methods=["GET"]),
        ]

    async def _show(self, request: Request) -> Response:
        linked = await self._find(request)
        if linked is None:
            return self._dead(request)
        desk, found = linked
        token, nonce = request.path_params["token"], new_nonce()
        response = self._html(
            request,
            "case.html",
            view=self._view(found, desk, self._pages.chosen_language(request)),
            here=f"/case/{token}",
            nonce=nonce,
            check=check_of(token, nonce),
            done=request.query_params.get("done") in list(Act),
            name=self._sessions.staff_name(request),
            limits={"text": MAX_TEXT, "name": MAX_NAME, "file": MAX_FILE},
        )
        self._pages.keep(request, response)
        return response

    async def _take(self, request: Request) -> Response:
        if self._is_foreign(request):
            raise HTTPException(403, "not-from-this-page")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise HTTPException(415, "not-a-form")
        form = read_form(await read_body(request, MAX_BYTES))
        try:
            linked = await self._find(request)
            if linked is None:
                return self._dead(request, form.text)
            if wrong := self._wrong(request, form, *linked):
                return self._again(request, form, wrong, STATUS.get(wrong, STALE))
            return await self._do(request, form, *linked)
        except StoreError:
            return self._again(request, form, "web_case_later", LATER)

    async def _do(self, request: Request, form: Form, desk: str, found: FoundCase) -> Response:
        """Hand in what a form does, unless it says a name only, and show the page anew."""
        name, now = form.name or self._sessions.staff_name(request), self._clock()
        if form.act is not Act.NAME:
            event = event_of(form, desk=desk, name=name, at=now)
            arrival = Arrival(
                source="case-page", ext_id=form.id(), channel="", conversation="", body=to_json(event), at=now,
                desk=desk, case=found.record.number,
            )  # fmt: skip
            await self._ingest([arrival])
        response = RedirectResponse(f"/case/{request.path_params['token']}?done={form.act}#done", 303)
        if form.name or form.act is Act.NAME:
            self._sessions.keep_staff_name(request, response, form.name)
        return response

    async def _file(self, request: Request) -> Response:
        linked = await self._find(request)
        if linked is None:
            return self._dead(request)
        desk, found = linked
        lines = self._view(found, desk, self._pages.chosen_language(request)).lines
        files = next((line.files for line in lines if line.id == request.path_params["line"]), ())
        wanted = files[request.path_params["number"] :][:1]
        if not wanted or wanted[0].size > MAX_FILE:
            return self._again(request, None, "web_case_file_gone", MISSING)
        try:
            content = await wanted[0].fetch()
        except SendError:
            return self._again(request, None, "web_case_file_gone", MISSING)
        # Whatever a resident sent is a file to keep: no browser may show or run it in our name.
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(wanted[0].name, safe='')}"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    async def _find(self, request: Request) -> tuple[str, FoundCase] | None:
        """Look a link up. Errors: HTTPException 429 for who has tried too many that lead nowhere."""
        token, who = request.path_params["token"], request.client.host if request.client else ""
        if not is_token(token):
            return None
        if self._guesses.too_many(who):
            raise HTTPException(BUSY, "too-many", {"Retry-After": "60"})
        linked = await self._links.find(token)
        if linked is None:
            self._guesses.missed(who)
        return linked

    def _wrong(self, request: Request, form: Form, desk: str, found: FoundCase) -> str:
        """Name the sentence that says why a form cannot be taken; empty if it can."""
        if not is_genuine(form, request.path_params["token"]):
            return "web_case_stale"
        if form.act in WRITTEN and not form.text:
            return "web_case_nothing"
        if len(form.text) > MAX_TEXT:
            return "web_case_too_long"
        if form.act is Act.TRANSFER:
            view = self._view(found, desk, self._pages.chosen_language(request))
            return "" if form.desk in dict(view.desks) else "web_case_stale"
        return ""

    def _is_foreign(self, request: Request) -> bool:
        """Tell whether another site sent a form. Without a referrer, browsers say the origin `null` also of our own."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return True
        return request.headers.get("origin", "null") != "null" and not self._sessions.is_own(request)

    def _dead(self, request: Request, draft: str = "") -> Response:
        """Say in every language what may be the matter with a link, and give back what was written."""
        return self._html(request, "case_dead.html", MISSING, draft=draft)

    def _again(self, request: Request, form: Form | None, why: str, status: int) -> Response:
        """Say why something was not done, with what was written, so that it can be done once more."""
        token, nonce = request.path_params["token"], new_nonce()
        genuine = form is not None and is_genuine(form, token)
        return self._html(
            request,
            "case_again.html",
            status,
            why=why,
            form=form,
            here=f"/case/{token}",
            # A form of ours keeps its name: it may have arrived before the trouble.
            nonce=form.nonce if form and genuine else nonce,
            check=form.check if form and genuine else check_of(token, nonce),
            limits={"text": MAX_TEXT},
        )

    def _html(self, request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
        html = self._pages.fill(template, self._pages.chosen_language(request), **values)
        return HTMLResponse(storable(html), status, {"X-Robots-Tag": "noindex, nofollow"})
