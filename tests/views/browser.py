"""A headless Chromium for tests: opens a page, keeps its console and every address it asked for.

Chromium and its driver are those of Debian (`apt-get install chromium chromium-driver`).
"""

import contextlib
import json
import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ARTEFACTS = Path(os.environ.get("MTOR_ABM_SCREENSHOTS", "outputs/screenshots"))
OWN = {"127.0.0.1", "localhost", ""}


def skip_without_browser():
    """Skip a test with the reason if there is no browser."""
    pytest.importorskip("selenium", reason="no selenium: pip install -e '.[test]'")
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program}: apt-get install chromium chromium-driver")


@contextlib.contextmanager
def browser(*words, width=1400, height=1000):
    """A Chromium of its own with these arguments more, closed at the end."""
    skip_without_browser()
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        f"--window-size={width},{height}", *words,
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def console_errors(driver):
    """Lines of the console that are errors, since the last call."""
    return [e["message"] for e in driver.get_log("browser") if e["level"] == "SEVERE"]


def foreign_requests(driver):
    """Addresses on other machines that the page asked for, since the last call."""
    asked = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            params = message["params"]
            asked.append(params.get("url") or params["request"]["url"])
    return [
        url
        for url in asked
        if urlsplit(url).scheme in ("http", "https", "ws", "wss")
        and urlsplit(url).hostname not in OWN
    ]


def screenshot(driver, name):
    """Keep a picture of the page for people to look at; returns its path."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    driver.save_screenshot(str(path))
    return path
