"""Who is talking: a cookie of random bits, known to the store only by its hash; and whether a request is the page's own.

Knows cookies and request headers, no page and no event.
"""

import hashlib
import re
import secrets
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

LIFETIME = 30 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Sessions:
    """Cookies for one site. `public_url` says how the world reaches it; without it, the request does."""

    def __init__(self, public_url: str) -> None:
        self._public = urlsplit(public_url)

    def token(self, request: Request) -> str | None:
        """Give the browser's token; None if it has none that we could have made."""
        found = request.cookies.get(self._name("teejuht", request), "")
        return found if _TOKEN.fullmatch(found) else None

    def conversation(self, request: Request) -> str | None:
        """Give the conversation of the browser; the cookie itself never leaves this module."""
        token = self.token(request)
        return None if token is None else conversation_of(token)

    def start(self, request: Request, response: Response, token: str | None = None) -> None:
        """Give the browser a new token, or the one it has for another 30 days."""
        self._set(request, response, "teejuht", token or new_token())

    def language(self, request: Request) -> str:
        """Give the language the person chose on the page, as the cookie says it."""
        return request.cookies.get(self._name("teejuht-lang", request), "")

    def keep_language(self, request: Request, response: Response, lang: str) -> None:
        """Remember the language for 30 days."""
        self._set(request, response, "teejuht-lang", lang)

    def staff_name(self, request: Request) -> str:
        """Give the name under which somebody of the staff works on the pages of cases, as they wrote it."""
        return unquote(request.cookies.get(self._name("teejuht-name", request), ""))

    def keep_staff_name(self, request: Request, response: Response, name: str) -> None:
        """Remember that name for 30 days; an empty one is forgotten."""
        self._set(request, response, "teejuht-name", quote(name, safe=""))

    def is_own(self, request: Request) -> bool:
        """Tell whether our page sent the request: cross-site forgery is refused by Origin, else by Sec-Fetch-Site."""
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site") == "same-origin"
        if self._public.netloc:
            return origin.lower() == f"{self._public.scheme}://{self._public.netloc}".lower()
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()

    def _set(self, request: Request, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            self._name(name, request),
            value,
            max_age=LIFETIME,
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def _name(self, name: str, request: Request) -> str:
        """Bind the cookie to this host where browsers allow it: a neighbour site must not plant its own conversation here."""
        return f"__Host-{name}" if self._is_secure(request) else name

    def _is_secure(self, request: Request) -> bool:
        return (self._public.scheme or request.url.scheme) == "https"


def new_token() -> str:
    """Make 256 random bits."""
    return secrets.token_urlsafe(32)


def conversation_of(token: str) -> str:
    """Name the conversation of a token so that the store cannot give the token back."""
    return f"web:{hashlib.sha256(token.encode()).hexdigest()[:32]}"
