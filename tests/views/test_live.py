"""The live view: the model under changing doses, and the page in a headless Chromium."""

import base64
import contextlib
import io
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from browser import browser, console_errors, foreign_requests, screenshot, skip_without_browser
from PIL import Image

from mtor_abm.dosing import PlasmaCurve, Regimen
from mtor_abm.errors import UserError
from mtor_abm.model import MarrowModel
from mtor_abm.scenario_files import load
from mtor_abm.snapshots import cells_table, fields_table
from mtor_abm.views import live
from mtor_abm.views.live_model import SERIES, LiveMarrow, Treatment, snapshot_of, treatment_of
from mtor_abm.views.painting import Snapshot, paint, painted

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ["geometry.nx=48", "geometry.ny=40", "run.days=8", "inoculum.cells=20"]

LONG = [*SMALL[:2], "run.days=100", SMALL[3]]  # so that a slow machine is not at the end too soon


def live_marrow(name="rapamycin", treatment=None, changes=SMALL):
    scenario = load(name, changes)
    return LiveMarrow(scenario, treatment or treatment_of(scenario))


def plasma(*courses, hours):
    """Free rapamycin by the kinetics alone; a course is dose, first day, last day."""
    return sum(
        PlasmaCurve(
            Regimen("rapamycin", "ip", "mouse", dose, start_day=first, stop_day=last)
        ).free_nM(hours)
        for dose, first, last in courses
    )  # fmt: skip


def test_a_marrow_nobody_touches_is_that_of_the_scenario():
    live_one, plain = live_marrow(), MarrowModel(load("rapamycin", SMALL))
    for _ in range(5):
        live_one.step()
        plain.step()
    assert cells_table(live_one).equals(cells_table(plain))
    assert fields_table(live_one).equals(fields_table(plain))
    assert list(live_one.datacollector.model_vars["day"]) == [i / 24 for i in range(6)]


def test_a_changed_dose_holds_from_now_on_and_what_was_given_stays():
    model = live_marrow(treatment=Treatment("rapamycin", 2.0, 0.0))
    hours = np.arange(8 * 24 + 1.0)
    before = plasma((2.0, 0.0, 8.0), hours=hours)
    level = model.pharmacy.plasma_nM["rapamycin"]
    np.testing.assert_allclose(level, before)
    model.n_steps_done = 50
    model.treatment.dose_mg_per_kg = 6.0
    model.treat()
    # doses at 0, 24, 48 h were small, those from 72 h on are large
    after = plasma((2.0, 0.0, 3.0), (6.0, 3.0, 8.0), hours=hours)
    np.testing.assert_allclose(level[:50], before[:50])
    np.testing.assert_allclose(level[50:], after[50:])
    model.n_steps_done = 100
    model.treatment.dose_mg_per_kg = 0.0
    model.treat()
    gone = plasma((2.0, 0.0, 3.0), (6.0, 3.0, 5.0), hours=hours)
    np.testing.assert_allclose(level[100:], gone[100:])


def test_another_time_between_doses_holds_from_now_on():
    model = live_marrow(treatment=Treatment("rapamycin", 2.0, 0.0, 24.0))
    model.n_steps_done = 50
    model.treatment.every_h = 72.0
    model.treat()
    # doses at 0, 24, 48 h were daily; from now on they fall on 72, 144 h
    hours = np.arange(8 * 24 + 1.0)
    wanted = plasma((2.0, 0.0, 3.0), hours=hours) + sum(
        plasma((2.0, day, day + 0.5), hours=hours) for day in (3.0, 6.0)
    )
    np.testing.assert_allclose(model.pharmacy.plasma_nM["rapamycin"][50:], wanted[50:])


def test_a_later_first_day_stops_doses_until_then():
    model = live_marrow(treatment=Treatment("rapamycin", 2.0, 0.0))
    model.n_steps_done = 30
    model.treatment.start_day = 5.0
    model.treat()
    hours = np.arange(8 * 24 + 1.0)
    wanted = plasma((2.0, 0.0, 2.0), (2.0, 5.0, 8.0), hours=hours)
    np.testing.assert_allclose(model.pharmacy.plasma_nM["rapamycin"][30:], wanted[30:])


def test_a_single_dose_stays_single():
    model = live_marrow("vehicle", Treatment("rapamycin", 0.0, 0.0))
    assert treatment_of(load("vehicle")) == Treatment("rapamycin", 0.0, 0.0, 24.0)
    once = LiveMarrow(
        model.settings.changed({"drugs.rapamycin.every_h": None}), Treatment("rapamycin", 2.0, 1.0)
    )
    hours = np.arange(8 * 24 + 1.0)
    wanted = plasma((2.0, 1.0, 1.5), hours=hours)
    np.testing.assert_allclose(once.pharmacy.plasma_nM["rapamycin"], wanted)
    once.n_steps_done = 60
    once.treatment.dose_mg_per_kg = 9.0
    once.treat()  # too late: it has been given
    np.testing.assert_allclose(once.pharmacy.plasma_nM["rapamycin"], wanted)


def test_it_stops_at_the_end_and_doses_that_do_not_add_up_are_refused():
    model = live_marrow(changes=[*SMALL, "run.days=4", "run.step_h=1"])
    model.n_steps_done = 95
    model.step()
    assert not model.running
    with pytest.raises(UserError, match="doses of denosumab do not add up"):
        live_marrow(treatment=Treatment("denosumab", 1.0, 0.0))


def test_the_picture_by_agents_is_the_picture_by_tables():
    model = live_marrow()
    model.step()
    by_tables = Snapshot("", cells_table(model), fields_table(model))
    np.testing.assert_array_equal(painted(snapshot_of(model), 2), painted(by_tables, 2))


def test_the_picture_of_the_page_is_the_painted_one():
    live_page = pytest.importorskip("mtor_abm.views.live_page", reason="no live view")
    snapshot = snapshot_of(live_marrow())
    url = live_page.data_url(*paint(snapshot, 3))
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        shown = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(shown, painted(snapshot, 3)[::-1])


def test_curves_say_what_is_along_their_axes():
    live_page = pytest.importorskip("mtor_abm.views.live_page", reason="no live view")
    for title, unit, axis in SERIES.values():
        svg = live_page.chart(title, unit, axis, [0.0, 1.0, 2.0], [0.1, 0.2, 0.3], 10.0)
        assert f">{axis}</text>" in svg and ">time (d)</text>" in svg
    rising = live_page.chart("", "", "", [0.0, 5.0, 10.0], [0.0, 1.0, 2.0], 10.0)
    assert re.findall(r'class="end">([\d.]+)<', rising) == ["0", "1", "2", "10"]
    assert 'points="58.0,96.0 175.0,59.0 292.0,22.0"' in rising
    bone = live_page.chart("", "", "", [0.0, 1.0], [0.139, 0.138], 10.0)  # as in the figures
    low, *_, high = map(float, re.findall(r'class="end">([\d.]+)<', bone)[:3])
    assert 0.12 < low < 0.138 and high > 0.139
    assert "nan" not in live_page.chart("", "", "", [0.0], [np.nan], 10.0)


def test_busy_port_missing_library_and_odd_port_are_one_line(monkeypatch):
    with socket.socket() as taken:
        taken.bind((live.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(live, "NEEDED", ())
        with pytest.raises(UserError, match=rf"port {port} is in use, .*another --port"):
            live.serve("vehicle", port=port)
    with pytest.raises(UserError, match=r"--port 80 lies outside 1024\.\.65535"):
        live.serve("vehicle", port=80)
    monkeypatch.setattr(live, "NEEDED", ("json", "no_such_library"))
    with pytest.raises(
        UserError, match=r"needs no-such-library; type: \S*python\S* -m pip install -e '\.\[live\]'"
    ):
        live.serve("vehicle")
    with pytest.raises(UserError, match="vehicl"):
        live.serve("vehicl")


@pytest.fixture
def address(request):
    """A live view of a small marrow, served for one test: (signal that stops it, changes)."""
    stop, changes = request.param
    skip_without_browser()
    for name in live.NEEDED:
        pytest.importorskip(name, reason="no live view: pip install -e '.[live]'")
    with socket.socket() as free:
        free.bind((live.HOST, 0))
        port = free.getsockname()[1]
    words = [word for change in (*LONG, *changes) for word in ("-S", change)]
    command = [sys.executable, "run.py", "view", "rapamycin", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(
        [*command, *words], cwd=ROOT, stderr=subprocess.DEVNULL,
        # a shell ignores ctrl-C in what it starts in the background, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        wait_for(lambda: answers(f"http://{live.HOST}:{port}/"), 240.0)
        yield f"http://{live.HOST}:{port}/"
    finally:
        server.send_signal(stop)
        server.wait(30.0)
        assert not answers(f"http://{live.HOST}:{port}/"), "the server outlives its command"


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5.0):
            return True
    except OSError:
        return False


def wait_for(what, seconds=60.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


class LivePage:
    """The page as a person has it before them."""

    def __init__(self, page):
        self.page = page

    def buttons(self, name):
        return self.page.find_elements("xpath", f"//button[normalize-space(.)='{name}']")

    def step(self):
        return self.page.execute_script(
            "const now = document.getElementById('now'); return now ? +now.dataset.step : -1"
        )

    def text(self):
        return self.page.execute_script("return document.body.innerText")

    def in_plasma_nm(self):
        """The number beside the curve of the drug."""
        titles = self.page.execute_script(
            "return [...document.querySelectorAll('.curves svg text:first-of-type')]"
            ".map(e => e.textContent)"
        )
        (said,) = [title for title in titles if "free in plasma (nM)" in title]
        return float(said.rpartition(": ")[2])

    def press(self, name, has_come):
        """Press a button until it acts: a click on a button that is just drawn anew is lost."""
        from selenium.common.exceptions import WebDriverException

        for _ in range(6):
            with contextlib.suppress(AssertionError, IndexError, WebDriverException):
                self.buttons(name)[0].click()
            with contextlib.suppress(AssertionError):
                return wait_for(has_come, 20.0)
        raise AssertionError(f"'{name}' did nothing")

    def key_on_slider(self, which, key):
        """One key, once, to a slider that may be redrawn, or not shown yet, at that moment."""
        from selenium.common.exceptions import (
            ElementNotInteractableException,
            StaleElementReferenceException,
        )

        for _ in range(100):
            with contextlib.suppress(
                StaleElementReferenceException, ElementNotInteractableException, IndexError
            ):
                thumb = self.page.find_elements("css selector", ".doses [role=slider]")[which]
                self.page.execute_script("arguments[0].focus()", thumb)
                return thumb.send_keys(key)
            time.sleep(0.1)
        raise AssertionError("the slider would not hold still")

    def key_until(self, which, key, said):
        """A key that may be pressed again (End), until the page says so: one may be lost."""
        for _ in range(6):
            self.key_on_slider(which, key)
            with contextlib.suppress(AssertionError):
                return wait_for(lambda: said in self.text(), 10.0)
        raise AssertionError(f"the page never said '{said}'")


@pytest.mark.parametrize("address", [(signal.SIGINT, ())], indirect=True)
def test_start_pause_step_dose_and_reset_work_and_nothing_leaves_the_machine(address):
    with browser() as page:
        live_page = LivePage(page)
        step, text, press = live_page.step, live_page.text, live_page.press
        page.get(address)
        wait_for(lambda: step() == 0, 120.0)
        assert "dose: 1.5 mg/kg" in text() and "Tumour area" in text()
        assert "Rapamycin 1.5 mg/kg/d i.p. from day 3" in text()
        shown = page.execute_script(
            "return [...document.querySelectorAll('.v-navigation-drawer label')]"
            ".filter(e => e.offsetParent)"
            ".map(e => getComputedStyle(e, '::after').content)"
        )
        assert shown[:2] == ['"pause between pictures (ms)"', '"steps between pictures"']
        press("Step", lambda: step() >= 1)
        press("▶", lambda: step() > 5)
        live_page.key_on_slider(0, "\ue014")  # one step to the right
        wait_for(lambda: "dose: 1.6 mg/kg" in text(), 180.0)
        running = step()
        assert running < 2400, "the run was over before the dose was changed"
        wait_for(lambda: step() > running)  # it went on meanwhile
        press("❚❚", lambda: live_page.buttons("▶"))
        time.sleep(1.0)
        paused = step()
        time.sleep(1.5)
        assert step() == paused > 5
        assert screenshot(page, "live_view").stat().st_size > 10_000
        for width in (1400, 2600):  # 100 of 480 um, however wide the window
            page.set_window_size(width, 1000)
            share = page.execute_script(
                "const wide = s => document.querySelector(s).getBoundingClientRect().width;"
                "return wide('.marrow .bar') / wide('#marrow')"
            )
            assert share == pytest.approx(100.0 / 480.0, rel=0.01)
        press("Reset", lambda: step() == 0)
        assert "dose: 1.6 mg/kg" in text()  # the sliders stay
        assert console_errors(page) == []
        assert foreign_requests(page) == []


@pytest.mark.parametrize(
    "address", [(signal.SIGTERM, ("drugs.rapamycin.start_day=0",))], indirect=True
)
def test_sliders_change_what_is_in_the_body_from_that_hour_on(address):
    def free_nm(hour, stop_day=100.0):
        given = Regimen("rapamycin", "ip", "mouse", 10.0, start_day=0.0, stop_day=stop_day)
        return PlasmaCurve(given).free_nM(np.array([float(hour)]))[0]

    with browser() as page:
        live_page = LivePage(page)
        step, press = live_page.step, live_page.press
        page.get(address)
        wait_for(lambda: step() == 0, 120.0)
        live_page.key_until(0, "\ue010", "dose: 10.0 mg/kg")  # End: the highest dose
        for hour in (1, 2, 3):
            press("Step", lambda hour=hour: step() >= hour)
        now = step()
        wait_for(lambda: live_page.in_plasma_nm() == pytest.approx(free_nm(now), rel=0.01))
        # End: the first day lies at the end, so there is no dose from now on
        live_page.key_until(1, "\ue010", "first day: 100")
        press("▶", lambda: step() > 30)
        press("❚❚", lambda: live_page.buttons("▶"))
        time.sleep(1.0)
        later = step()
        assert free_nm(later) > 2.0 * free_nm(later, now / 24.0)  # a second dose would show
        assert live_page.in_plasma_nm() == pytest.approx(free_nm(later, now / 24.0), rel=0.01)
        assert console_errors(page) == []
