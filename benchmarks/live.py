"""The live view as a person sees it: python benchmarks/live.py [SCENARIO] [--seconds 20].

`run.py view` is served, a headless Chromium opens it and presses play, and the page itself counts
the pictures that it has shown. Figures: frames a second, and seconds of processor time a frame in
the server and in the browser. Beside them, in the same call, the plain way: the same marrow stepped
and painted in a loop, with no page.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
from machine import RESULTS, triad_gb_per_s, write_json

ROOT = Path(__file__).resolve().parent.parent
PLAY = "▶"
PATIENCE_S = 180.0
FIRST_FRAMES = 10  # left out: the page is still settling
COUNT = """
window.shown = [];
new MutationObserver(() => {
  const now = document.getElementById("now");
  if (now && window.shown.at(-1) !== now.dataset.step) window.shown.push(now.dataset.step);
}).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
"""


def processor_s(process: psutil.Process) -> float:
    """Processor time of a process and all below it, so far."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def wait_for(what, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise SystemExit("the page did not answer")
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False


def served(scenario: str, seconds: float, screenshot: Path | None) -> dict[str, float]:
    """Frames and processor time of the page, over so many seconds."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     "--disable-gpu", "--window-size=1400,1000"):  # fmt: skip
        options.add_argument(argument)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "run.py", "view", scenario, "--no-browser", "--port", str(port)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    page = None
    try:
        wait_for(lambda: answers(port))
        service = Service(shutil.which("chromedriver"))
        page = webdriver.Chrome(options=options, service=service)
        page.get(f"http://127.0.0.1:{port}/")
        wait_for(lambda: page.execute_script("return !!document.getElementById('now')"))
        page.execute_script(COUNT)
        for button in page.find_elements("css selector", "button"):
            if button.text.strip() == PLAY:
                button.click()

        def shown():
            return [int(step) for step in page.execute_script("return window.shown")]

        wait_for(lambda: len(shown()) >= FIRST_FRAMES)
        programs = {
            "server": psutil.Process(server.pid), "browser": psutil.Process(service.process.pid)
        }  # fmt: skip
        used = {name: processor_s(process) for name, process in programs.items()}
        frames, step, started = len(shown()), shown()[-1], time.perf_counter()
        time.sleep(seconds)
        took, n = time.perf_counter() - started, len(shown()) - frames
        figures = {"frames_per_s": n / took, "steps_per_frame": (shown()[-1] - step) / n}
        for name, process in programs.items():
            figures[f"{name}_processor_s_per_frame"] = (processor_s(process) - used[name]) / n
        if screenshot:
            page.save_screenshot(str(screenshot))
        return figures
    finally:
        if page is not None:
            page.quit()
        server.send_signal(2)
        server.wait(30.0)


def alone(scenario: str, frames: int) -> dict[str, float]:
    """Seconds of processor time a frame, without a page: the step, the picture and its PNG."""
    from mtor_abm.scenario_files import load
    from mtor_abm.views.histology import paint
    from mtor_abm.views.live_model import LiveMarrow, snapshot_of, treatment_of
    from mtor_abm.views.live_page import PIXELS_PER_SITE, data_url

    chosen = load(scenario, ())
    model = LiveMarrow(chosen, treatment_of(chosen), 1)
    for _ in range(FIRST_FRAMES):
        model.step()
    spent = {"step": 0.0, "picture": 0.0, "png": 0.0}
    for _ in range(frames):
        times = [time.process_time()]
        model.step()
        times.append(time.process_time())
        picture = paint(snapshot_of(model), PIXELS_PER_SITE)
        times.append(time.process_time())
        data_url(*picture)
        times.append(time.process_time())
        for name, first, last in zip(spent, times[:-1], times[1:], strict=True):
            spent[name] += last - first
    return {f"alone_{name}_processor_s": total / frames for name, total in spent.items()}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario", nargs="?", default="vehicle")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--screenshot", type=Path, help="of the page at the end")
    parser.add_argument("--json", type=Path, default=RESULTS / "live.json")
    args = parser.parse_args()
    figures = {"load_before": os.getloadavg()[0], "triad_gb_per_s": triad_gb_per_s()}
    figures |= served(args.scenario, args.seconds, args.screenshot)
    figures |= alone(args.scenario, 50)
    for name, value in figures.items():
        print(f"{name:36} {value:.3g}")
    write_json(args.json, {"scenario": args.scenario, **figures})


if __name__ == "__main__":
    main()
