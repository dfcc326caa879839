"""The pages a person opens: the chat, the accessibility statement, an error; and in which language.

Knows templates and catalogs. The conversation itself is the script's and `talk`'s.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.i18n import Catalogs
from bot.platforms.web.inbound import PAYLOAD
from bot.platforms.web.session import Sessions, conversation_of, new_token
from bot.platforms.web.words import SCRIPT
from bot.render.markup import escape, to_html

HERE = Path(__file__).parent
ROBOTS = "User-agent: *\nAllow: /$\nAllow: /accessibility\nAllow: /static/\nAllow: /favicon.svg\nDisallow: /\n"
NOT_FOUND = 404
BUSY = 429
_TAG = re.compile(r"\s*([a-z]+)(?:-[a-z0-9]+)*\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.IGNORECASE)


class Pages:
    """The pages in every language of the bot, the default one first."""

    def __init__(
        self,
        *,
        catalogs: Catalogs,
        languages: Sequence[str],
        default: str,
        operator: Callable[[str], str],
        contact: Callable[[str], str],
        sessions: Sessions,
    ) -> None:
        self._catalogs = catalogs
        self._languages = tuple(languages)
        self._default = default
        self._operator = operator
        self._contact = contact
        self._sessions = sessions
        loader = FileSystemLoader(HERE / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    @property
    def routes(self) -> list[BaseRoute]:
        """Say which path is whose."""
        return [
            Route("/", self._chat),
            Route("/accessibility", self._statement),
            Route("/favicon.svg", _favicon),
            Route("/robots.txt", _robots),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    async def error(self, request: Request, error: Exception) -> Response:
        """Say what went wrong: to a person as a short page, to the script as a code."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if "text/html" not in request.headers.get("accept", ""):
            code = error.detail if isinstance(error, HTTPException) else "broken"
            return JSONResponse({"error": code}, status, headers)
        name = {NOT_FOUND: "web_missing", BUSY: "web_slow"}.get(status, "web_broken")
        return HTMLResponse(self.fill("error.html", self.language(request), name=name), status, headers)

    def language(self, request: Request) -> str:
        """Choose the page's language: asked for, chosen before, wished by the browser, the default."""
        asked = (request.query_params.get("lang", ""), self._sessions.language(request))
        wished = _wished(request.headers.get("accept-language", ""))
        return next((lang for lang in (*asked, *wished) if lang in self._languages), self._default)

    def chosen_language(self, request: Request) -> str:
        """Choose the language of a page for staff: asked for, chosen before, the default. A browser's wish is no choice."""
        asked = (request.query_params.get("lang", ""), self._sessions.language(request))
        return next((lang for lang in asked if lang in self._languages), self._default)

    async def _chat(self, request: Request) -> Response:
        lang = self.language(request)
        token = self._sessions.token(request) or new_token()
        start = request.query_params.get("start", "")
        words = {id: self._catalogs.text(lang, id) for id in SCRIPT}
        html = self.fill(
            "chat.html",
            lang,
            words=json.dumps(words, ensure_ascii=False),
            start=start if re.fullmatch(PAYLOAD, start) else "",
            # Lets the script drop a transcript that belongs to an earlier conversation.
            conversation=conversation_of(token)[-12:],
        )
        response = HTMLResponse(html)
        self._sessions.start(request, response, token)
        self.keep(request, response)
        return response

    async def _statement(self, request: Request) -> Response:
        lang = self.language(request)
        response = HTMLResponse(self.fill("statement.html", lang, contact=self._contact(lang)))
        self.keep(request, response)
        return response

    def keep(self, request: Request, response: Response) -> None:
        """Remember a language that the person asked for."""
        if request.query_params.get("lang", "") in self._languages:
            self._sessions.keep_language(request, response, request.query_params["lang"])

    def fill(self, template: str, lang: str, **values: object) -> str:
        """Write a page in a language."""
        operator = self._operator(lang)

        def say(id: str, **more: str) -> str:
            return self._catalogs.text(lang, id, {"operator": operator, **more})

        def tell(id: str, **more: str) -> Markup:
            return Markup(to_html(self._catalogs.text(lang, id, {"operator": escape(operator), **more})))

        def say_in(code: str, id: str) -> str:
            return self._catalogs.text(code, id, {"operator": self._operator(code)})

        names = [(code, self._catalogs.text(code, "web_language")) for code in self._languages]
        shown = {"say": say, "say_in": say_in, "tell": tell, "lang": lang, "languages": names, "operator": operator}
        return self._templates.get_template(template).render(shown, **values)


async def _favicon(_: Request) -> Response:
    return FileResponse(HERE / "static" / "favicon.svg", media_type="image/svg+xml")


async def _robots(_: Request) -> Response:
    return PlainTextResponse(ROBOTS)


def _wished(header: str) -> list[str]:
    """Read Accept-Language into language codes, the most wished first."""
    found = [match for part in header.split(",")[:20] if (match := _TAG.fullmatch(part))]
    ranked = sorted(found, key=lambda match: -float(match[2] or 1))
    return [match[1].lower() for match in ranked if float(match[2] or 1) > 0]
