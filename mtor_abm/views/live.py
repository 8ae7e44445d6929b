"""`run.py view SCENARIO`: starts the live view, a page that a browser on this machine opens."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from ..compilation import ensure_compiled
from ..errors import UserError
from ..extras import install, package_of
from ..scenario_files import load

PAGE = "mtor_abm.views.live_page"
HOST = "127.0.0.1"
PORT = 8765
NEEDED = ("solara", "solara_assets", "altair", "matplotlib")
# The page takes scripts and fonts from the package solara-assets; what is not there is not fetched
# (nothing answers at this address), and nothing is told to anybody.
OFFLINE = {
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
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
    say(f"http://{HOST}:{port}   (ctrl-C stops it)")
    command = [sys.executable, "-m", "solara", "run", PAGE, "--host", HOST, "--port", str(port),
               "--production", "--log-level", "warning", "--log-level-uvicorn", "warning",
               "--open" if open_browser else "--no-open"]  # fmt: skip
    signal.signal(signal.SIGTERM, _stop)  # the server must not outlive us
    server = subprocess.Popen(
        command, env={**os.environ, **OFFLINE, "MTOR_ABM_VIEW": json.dumps(asked)}
    )
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.terminate()
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
