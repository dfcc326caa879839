"""Where other platforms post to: their hooks as routes of our server.

Knows HTTP and the limit of a body; not what a platform says.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.platforms.web.talk import read_body
from bot.ports import Hook

MAX_BYTES = 1024 * 1024
"""More than any platform posts at once."""


def hook_routes(hooks: Mapping[str, Hook]) -> list[Route]:
    """Make a route of each hook."""
    return [_route(path, hook) for path, hook in hooks.items()]


def _route(path: str, hook: Hook) -> Route:
    async def take(request: Request) -> Response:
        return Response(status_code=await hook(request.headers, await read_body(request, MAX_BYTES)))

    return Route(path, take, methods=["POST"])
