"""`python -m mtor_abm.views.live_server PORT`: the server of the live view, for this machine alone.

A web page of another site may make a browser on this machine ask this server for things. A browser
says where a request comes from (Origin) and whom it believes to speak to (Host), so both are
checked; what names anything but this machine is refused. `live.serve` starts this.
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

HOST = "127.0.0.1"
PAGE = "mtor_abm.views.live_page"
#: Pages open at once; each holds a marrow in memory.
MOST_SESSIONS = 8
#: Seconds that open pages have to close when the server stops.
GRACE_S = 2

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class ThisMachineOnly:
    """An ASGI app that passes on to another one what comes from its own pages on this machine."""

    def __init__(self, app: App, port: int, most_sessions: int = MOST_SESSIONS) -> None:
        """See the class.

        Args:
            app: that answers. port: on which it is served.
            most_sessions: pages open at once.
        """
        self.app, self.most_sessions = app, most_sessions
        self.n_sessions = 0
        self.hosts = frozenset(f"{name}:{port}" for name in (HOST, "localhost"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one page for as long as it is open."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif fault := self.fault_of(scope):
            await _refuse(scope, send, 403, fault)
        elif scope["type"] == "http":
            await self.app(scope, receive, send)
        elif self.n_sessions >= self.most_sessions:
            await _refuse(scope, send, 503, f"{self.n_sessions} pages are open; close one")
        else:
            self.n_sessions += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.n_sessions -= 1

    def fault_of(self, scope: Scope) -> str | None:
        """Why a request is refused, or None: its Host or its Origin is not this server."""
        told = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in told if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return "the live view answers to this machine only"
        origins = [value for name, value in told if name == b"origin"]
        if any(origin.lower() not in self._origins for origin in origins):
            return "the live view answers to its own pages only"
        return None

    @property
    def _origins(self) -> set[str]:
        return {f"http://{host}" for host in self.hosts}


async def _refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    """Answer with one line; a page that asked for a lasting connection is told to close it."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
        return
    text = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": text})
    await send({"type": "http.response.body", "body": f"{why}\n".encode()})


def main(port: int) -> None:
    """Serve the page until the process is told to stop."""
    import uvicorn
    from solara.server.starlette import app

    uvicorn.run(
        ThisMachineOnly(app, port), host=HOST, port=port, log_level="warning",
        timeout_graceful_shutdown=GRACE_S,
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
