"""The live view answers to its own pages on this machine, and to nothing else."""

import asyncio

import pytest

from mtor_abm.views.live_server import ThisMachineOnly

PORT = 8765
HERE = [(b"host", b"127.0.0.1:8765")]


async def answered(scope, receive, send):
    """An app that answers everything, and keeps a lasting connection until it is told to end."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def ask(kind, headers, app=None):
    """What is sent back to one request."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.disconnect"}

    scope = {"type": kind, "headers": headers}
    asyncio.run((app or ThisMachineOnly(answered, PORT))(scope, receive, send))
    return sent


def got_through(kind, headers):
    first = ask(kind, headers)[0]
    return first["type"] == "websocket.accept" or first.get("status") == 200


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        (HERE, True),
        ([(b"host", b"localhost:8765")], True),
        ([(b"Host", b"LOCALHOST:8765")], True),
        ([*HERE, (b"origin", b"http://127.0.0.1:8765")], True),
        ([*HERE, (b"origin", b"http://localhost:8765")], True),
        ([], False),
        ([(b"host", b"evil.example:8765")], False),  # a name that was made to point here
        ([(b"host", b"127.0.0.1:80")], False),
        ([(b"host", b"127.0.0.1:8765.evil.example")], False),
        ([*HERE, (b"host", b"evil.example")], False),
        ([*HERE, (b"origin", b"http://evil.example")], False),  # a page of another site
        ([*HERE, (b"origin", b"https://127.0.0.1:8765")], False),
        ([*HERE, (b"origin", b"http://127.0.0.1:8888")], False),  # another program's page
        ([*HERE, (b"origin", b"null")], False),
        ([*HERE, (b"origin", b"http://127.0.0.1:8765"), (b"origin", b"http://evil")], False),
    ],
)
def test_only_its_own_pages_on_this_machine_get_through(kind, headers, passes):
    assert got_through(kind, headers) == passes


def test_a_refusal_is_one_line():
    start, body = ask("http", [*HERE, (b"origin", b"http://evil.example")])
    assert start["status"] == 403
    assert body["body"] == b"the live view answers to its own pages only\n"
    (closed,) = ask("websocket", [(b"host", b"evil.example")])
    assert closed["type"] == "websocket.close" and closed["code"] == 1008


def test_pages_open_at_once_are_limited_and_a_closed_one_makes_room():
    async def opened():
        held = asyncio.Event()
        outcomes = []

        async def receive():
            await held.wait()
            return {"type": "websocket.disconnect"}

        async def send(message):
            outcomes.append(message["type"])

        app = ThisMachineOnly(answered, PORT, most_sessions=2)
        scope = {"type": "websocket", "headers": HERE}
        first = [asyncio.create_task(app(scope, receive, send)) for _ in range(2)]
        await asyncio.sleep(0)
        await app(scope, receive, send)
        assert outcomes == ["websocket.accept"] * 2 + ["websocket.close"]
        await app({"type": "http", "headers": HERE}, receive, send)  # a picture still comes
        held.set()
        await asyncio.gather(*first)
        assert app.n_sessions == 0
        await app(scope, receive, send)
        assert outcomes[-1] == "websocket.accept"

    asyncio.run(opened())


def test_starting_and_stopping_passes_through():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(ThisMachineOnly(app, PORT)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
