"""`run.py view SCENARIO`: starts the live view, a page that a browser on this machine opens."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from ..compilation import ensure_compiled
from ..errors import UserError
from ..extras import install, package_of
from ..scenario_files import load
from .live_server import GRACE_S, HOST, PAGE

PORT = 8765
NEEDED = ("solara", "solara_assets", "altair", "matplotlib")
# The page takes scripts and fonts from the package solara-assets; what is not there is not fetched
# (nothing answers at this address), and nothing is told to anybody.
OFFLINE = {
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_MODE": "production",
    "SOLARA_APP": PAGE,
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",  # a closed page gives up its marrow
    "SERVER_NAME": HOST,
    "PYTHONWARNINGS": "ignore::UserWarning:solara.server.starlette",  # on cookies without https
}


def serve(
    scenario: str, changes: Sequence[str] = (), seed: int = 1, port: int = PORT,
    open_browser: bool = True, say: Callable[[str], None] = lambda line: None,
) -> int:  # fmt: skip
    """Serve the page until it is stopped by ctrl-C or SIGTERM; returns the exit code of the server.

    Args:
        scenario: name or path. changes: "key=value" each. seed: of the first model.
        port: on this machine. open_browser: open a browser too. say: told the address.

    Raises:
        UserError: no such scenario, a library that is missing, or a port in use.
    """
    load(scenario, changes)
    missing = [package_of(name) for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(f"the live view needs {', '.join(missing)}; {install('live')}")
    _refuse_busy(port)
    ensure_compiled()
    asked = {"scenario": scenario, "changes": list(changes), "seed": seed}
    address = f"http://{HOST}:{port}"
    say(f"{address}   (ctrl-C stops it)")
    signal.signal(signal.SIGTERM, _stop)  # the server must not outlive us
    server = subprocess.Popen(
        [sys.executable, "-m", "mtor_abm.views.live_server", str(port)],
        env={**os.environ, **OFFLINE, "SERVER_PORT": str(port), "MTOR_ABM_VIEW": json.dumps(asked)},
    )
    try:
        if open_browser:
            _open_when_ready(address, port, server)
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(server)


def _open_when_ready(address: str, port: int, server: subprocess.Popen[bytes]) -> None:
    """Open a browser once the server answers, unless it ends first."""
    while server.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex((HOST, port)) == 0:
                webbrowser.open(address)
                return
        time.sleep(0.2)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Stop the server: asked first, and if it does not, at once."""
    server.terminate()
    try:
        server.wait(2.0 * GRACE_S + 1.0)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
        server.wait()


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _refuse_busy(port: int) -> None:
    if not 1024 <= port <= 65535:
        raise UserError(f"--port {port} lies outside 1024..65535; give e.g. --port {PORT}")
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            raise UserError(
                f"port {port} is in use, perhaps by another live view; give another --port"
            ) from None
