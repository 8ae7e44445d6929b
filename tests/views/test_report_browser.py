"""The report page in a headless Chromium: what moves, what is told, and that nothing is fetched.

Screenshots go to the folder MTOR_ABM_SCREENSHOTS, or to a temporary one; look at them.
"""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import browser as chromium
from browser import skip_without_browser

from mtor_abm import cli
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.store import read_run
from mtor_abm.views.report import palette

DAYS = [0.0, 1.0, 2.0, 3.0]
NX, DX = 60, 10.0

pytestmark = pytest.mark.skipif(JIT_IS_OFF, reason="runs of the marrow take too long uncompiled")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    skip_without_browser()
    out = tmp_path_factory.mktemp("out")
    days = f"[{', '.join(map(str, DAYS))}]"
    settings = (
        f"geometry.nx={NX}", f"geometry.ny={NX}", "inoculum.cells=40", "inoculum.clusters=1",
        "drugs.rapamycin.start_day=1", "drugs.osi_027.start_day=1", f"output.cells_at_days={days}",
        f"output.fields_at_days={days}",
    )  # fmt: skip
    changes = [word for setting in settings for word in ("-S", setting)]
    arguments = ["run", "vehicle", "rapamycin", "osi_027", "--seeds", "1-2", "--days", "3",
                 "--jobs", "1", "-q", *changes, "--out", str(out), "--name", "mtor"]  # fmt: skip
    assert cli.main(arguments) == 0
    assert cli.main(["report", str(out / "mtor")]) == 0
    return out / "mtor"


@pytest.fixture(scope="module")
def browser():
    with chromium("--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND") as driver:
        driver.set_script_timeout(30)
        yield driver


@pytest.fixture
def page(browser, study):
    """The report, freshly opened on a desktop, its map drawn."""
    look(browser, 1280, 900)
    browser.get((study / "report.html").as_uri())
    until_shown(browser, "0-0-3", "1-0-3")
    yield browser
    told = [e for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
    assert told == []
    asked = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    away = [u for u in asked if not u.startswith(("file:", "data:"))]
    assert away == [] and sum(u.startswith("file:") for u in asked) >= 1


def look(browser, width, height, scheme="light", media="", deficiency="none"):
    send = browser.execute_cdp_cmd
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    send("Emulation.setEmulatedMedia", {"media": media, "features": features})
    send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    send("Emulation.setDeviceMetricsOverride", size)


def until_shown(browser, *wanted):
    """Wait until the panels show these frames (arm-seed-day)."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 20).until(lambda b: shown(b) == list(wanted), f"not {wanted}")


def shown(browser):
    script = "return [...document.querySelectorAll('canvas[data-panel]')].map(c => c.dataset.shown)"
    return browser.execute_script(script)


def pixels(browser):
    """What the two canvases hold, as a data address each."""
    script = "return [...document.querySelectorAll('canvas[data-panel]')].map(c => c.toDataURL())"
    return browser.execute_script(script)


def by_id(browser, name):
    return browser.find_element("id", name)


def press(element, *names):
    from selenium.webdriver.common.keys import Keys

    element.send_keys(*[getattr(Keys, name) for name in names])


def readouts(browser):
    return [e.text for e in browser.find_elements("css selector", ".site")]


def point_at(browser, panel, x_um, y_um):
    """Move the mouse to a place of the marrow on one panel."""
    from selenium.webdriver import ActionChains

    canvas = browser.find_elements("css selector", "canvas")[panel]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    wide = canvas.rect["width"]
    across, up = (wide * um / (NX * DX) - wide / 2 for um in (x_um, y_um))
    ActionChains(browser).move_to_element_with_offset(canvas, round(across), -round(up)).perform()


# ------------------------------------------------------------------------------------- the slider
def test_slider_moves_both_arms_by_keyboard(page):
    slider = by_id(page, "map-day")
    last = pixels(page)
    assert by_id(page, "map-day-shown").text == "day 3"
    press(slider, "ARROW_LEFT")
    until_shown(page, "0-0-2", "1-0-2")
    assert by_id(page, "map-day-shown").text == "day 2"
    assert slider.get_attribute("aria-valuetext") == "day 2"
    before = pixels(page)
    assert before[0] != last[0] and before[1] != last[1]
    press(slider, "HOME")
    until_shown(page, "0-0-0", "1-0-0")
    start = pixels(page)
    assert start[0] == start[1]  # the same marrow before any treatment
    assert last[0] != last[1]


def test_slider_moves_both_arms_by_mouse(page):
    from selenium.webdriver import ActionChains

    slider = by_id(page, "map-day")
    wide = slider.rect["width"]
    chain = ActionChains(page)
    chain.move_to_element_with_offset(slider, round(-wide / 6), 0).click().perform()
    until_shown(page, "0-0-1", "1-0-1")


def test_play_goes_on_by_itself_until_it_is_stopped(page):
    by_id(page, "map-play").click()
    until_shown(page, "0-0-0", "1-0-0")
    until_shown(page, "0-0-1", "1-0-1")
    by_id(page, "map-play").click()
    assert by_id(page, "map-play").get_attribute("aria-label") == "play"


def test_seed_and_arm_can_be_chosen(page):
    from selenium.webdriver.support.ui import Select

    Select(by_id(page, "map-seed")).select_by_visible_text("2")
    until_shown(page, "0-1-3", "1-1-3")
    Select(by_id(page, "map-right")).select_by_value("osi_027")
    until_shown(page, "0-1-3", "2-1-3")
    Select(by_id(page, "map-left")).select_by_value("rapamycin")
    until_shown(page, "1-1-3", "2-1-3")
    chosen = [Select(by_id(page, f"map-{s}")).first_selected_option.text for s in ("left", "right")]
    assert chosen[0].startswith("Rapamycin 1.5 mg/kg i.p. on days 1, 2")
    assert chosen[1].startswith("OSI-027")


def test_the_difference_is_right_minus_left(page, study):
    """Tumour cells in squares of 50 um; none differ between an arm and itself."""
    from selenium.webdriver.support.ui import Select

    def told():
        return by_id(page, "difference-scale").text, page.execute_script(
            "return document.querySelector('canvas.difference').toDataURL()"
        )

    cells = [
        read_run(study / f"{arm}__seed_0001").table("cells/day_003.00.csv")
        for arm in ("vehicle", "rapamycin")
    ]
    counts = []
    for table in cells:
        tumour = table[(table["cell_type"] == "tumour") & table["x_um"].notna()]
        squares = (tumour["y_um"] // 50) * 100 + tumour["x_um"] // 50
        counts.append(squares.value_counts())
    change = counts[1].sub(counts[0], fill_value=0.0).abs()
    scale, picture = told()
    assert 0 < float(scale.split("+")[1]) <= change.max()
    Select(by_id(page, "map-right")).select_by_value("vehicle")
    until_shown(page, "0-0-3", "0-0-3")
    settle(page)
    assert told()[1] != picture
    Select(by_id(page, "map-colour")).select_by_visible_text("oxygen (mmHg)")
    settle(page)
    words = page.find_element("css selector", ".apart p.told").text
    assert words == "oxygen" and told()[0].endswith("mmHg")


# -------------------------------------------------------------------------------------- the hover
def a_lone_tumour_cell(study, arm):
    """A tumour cell of day 3 on whose site there is nothing else."""
    cells = read_run(study / f"{arm}__seed_0001").table("cells/day_003.00.csv")
    mapped = {(t, s) for _, t, states, _, shown in palette.LAYERS if shown for s in states}
    keep = [pair in mapped for pair in zip(cells["cell_type"], cells["state"], strict=True)]
    cells = cells[keep]
    big = cells[cells["cell_type"] == "osteoclast"]
    alone = cells[~cells.duplicated(["x_um", "y_um"], keep=False)]
    for _, cell in alone[alone["cell_type"] == "tumour"].iterrows():
        if not ((big["x_um"] - cell["x_um"]).abs() + (big["y_um"] - cell["y_um"]).abs() < 60).any():
            return cell
    raise AssertionError("no such cell")


@pytest.mark.parametrize(("panel", "arm"), [(0, "vehicle"), (1, "rapamycin")])
def test_hover_tells_the_state_of_the_cell_in_both_arms(page, study, panel, arm):
    cell = a_lone_tumour_cell(study, arm)
    point_at(page, panel, cell["x_um"], cell["y_um"])
    told = readouts(page)
    assert told[panel].startswith(f"Tumour, {cell['state']}")
    place = f"at {cell['x_um']:.0f}, {cell['y_um']:.0f} µm"
    assert place in told[0] and place in told[1]
    words = told[panel].split("\n")
    for column, label in palette.SIGNALS.items():
        said = float(words[words.index(label) + 1])
        assert abs(said - cell[column]) <= 0.5 / 255 + 0.005, column
    sites = read_run(study / f"{arm}__seed_0001").table("fields/day_003.00.csv")
    there = sites[(sites["x_um"] == cell["x_um"]) & (sites["y_um"] == cell["y_um"])].iloc[0]
    oxygen = float(words[words.index("oxygen") + 1].removesuffix(" mmHg"))
    assert oxygen == pytest.approx(there["oxygen_mmHg"], rel=0.05, abs=0.3)


def test_the_cross_is_moved_by_keys(page):
    canvas = page.find_elements("css selector", "canvas")[0]
    point_at(page, 0, 305.0, 305.0)
    assert "at 305, 305 µm" in readouts(page)[0]
    press(canvas, "ARROW_RIGHT", "ARROW_RIGHT", "ARROW_UP")
    assert all("at 325, 315 µm" in told for told in readouts(page))
    press(canvas, "ESCAPE")
    assert all("Point at a site" in told for told in readouts(page))


def test_fields_and_activities_colour_the_map(page):
    from selenium.webdriver.support.ui import Select

    colour = Select(by_id(page, "map-colour"))
    seen = {pixels(page)[0]}
    for name, ends in (("oxygen (mmHg)", "mmHg"), ("VEGF (nM)", "nM"), ("S6K", "1")):
        colour.select_by_visible_text(name)
        scale = by_id(page, "map-scale")
        settle(page)
        assert scale.is_displayed() and scale.text.strip().endswith(ends)
        seen.add(pixels(page)[0])
    assert len(seen) == 4


def test_layers_can_be_switched_off(page):
    before = pixels(page)[0]
    for box in page.find_elements("css selector", "fieldset.layers input:checked"):
        press(box, "SPACE")
    assert pixels(page)[0] != before


# ------------------------------------------------------------------------------ charts and network
def test_charts_tell_their_numbers(page, study):
    from selenium.webdriver import ActionChains

    chart = page.find_element("css selector", "svg[data-chart=tumour_area_mm2]")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    wide = chart.rect["width"]
    place = round(wide * (360 - 12 - 1) / 360 - wide / 2)  # just within the frame: the last day
    ActionChains(page).move_to_element_with_offset(chart, place, 0).perform()
    told = page.find_element("css selector", "#courses .readout:not([hidden])").text
    ends = [
        read_run(study / f"vehicle__seed_000{s}").timeseries["tumour_area_mm2"].iloc[-1]
        for s in (1, 2)
    ]
    assert told.startswith("day 3") and f"vehicle {sum(ends) / 2:.3g}" in told


def test_charts_tell_their_numbers_by_keys(page, study):
    chart = page.find_element("css selector", "svg[data-chart=tumour_area_mm2]")
    readout = page.find_element("css selector", "figure:has([data-chart=tumour_area_mm2]) .readout")
    areas = [
        read_run(study / f"vehicle__seed_000{s}").timeseries[["time_h", "tumour_area_mm2"]]
        for s in (1, 2)
    ]

    def said(row):
        mean = sum(table["tumour_area_mm2"].iloc[row] for table in areas) / 2
        return f"day {areas[0]['time_h'].iloc[row] / 24:g}", f"vehicle {mean:.3g}"

    assert not readout.is_displayed()
    tab_to(page, chart)
    assert chart.get_attribute("role") == "slider"
    assert chart.get_attribute("aria-label").startswith("Tumour area against time")
    outline = (
        chart.value_of_css_property("outline-style"),
        chart.value_of_css_property("outline-width"),
    )
    assert outline == ("solid", "3px")
    for keys, row in (
        ((), -1), (("ARROW_LEFT",), -2), (("ARROW_LEFT", "ARROW_LEFT", "ARROW_RIGHT"), -3),
        (("HOME",), 0), (("ARROW_LEFT",), 0), (("ARROW_RIGHT",), 1), (("END",), -1),
        (("ARROW_RIGHT",), -1),
    ):  # fmt: skip
        press(chart, *keys)
        day, mean = said(row)
        assert readout.text.split("\n")[0] == day and mean in readout.text, keys
        spoken = chart.get_attribute("aria-valuetext")
        assert spoken.startswith(f"{day}; {mean}") and "rapamycin" in spoken
        assert float(chart.get_attribute("aria-valuenow")) == float(day.removeprefix("day "))
    press(chart, "TAB")
    assert not readout.is_displayed()
    following = page.switch_to.active_element  # the effect below it
    assert following.get_attribute("data-chart") == "effect:tumour_area_mm2"
    assert following.get_attribute("role") == "slider" and following != chart


def tab_to(browser, element):
    """Come to an element by the tab key, from the one before it."""
    script = """
        const all = [...document.querySelectorAll("a, button, input, select, summary, [tabindex]")];
        const seen = all.filter((e) => e.checkVisibility());
        seen[seen.indexOf(arguments[0]) - 1].focus()"""
    browser.execute_script(script, element)
    press(browser.switch_to.active_element, "TAB")
    assert browser.switch_to.active_element == element


def test_network_follows_the_chosen_cell_type_time_and_arm(page, study):
    from selenium.webdriver.support.ui import Select

    def mean(arm, days):
        means = []
        for day in days:
            tables = [
                read_run(study / f"{arm}__seed_000{seed}").table(f"cells/day_00{day}.00.csv")
                for seed in (1, 2)
            ]
            of_runs = [t.loc[t["cell_type"] == "osteoblast", "s6k"].mean() for t in tables]
            means.append(sum(of_runs) / 2)
        return sum(means) / len(means)

    def told(arm):
        css = f'svg.network[data-arm="{arm}"] [data-signal="s6k"] .activity'
        return float(page.find_element("css selector", css).text.split()[0])

    Select(by_id(page, "network-type")).select_by_value("osteoblast")
    time = Select(by_id(page, "network-time"))
    assert time.first_selected_option.text == "mean under treatment (days 2, 3)"  # from day 1 on
    assert told("vehicle") == pytest.approx(mean("vehicle", (2, 3)), abs=0.006)
    assert told("rapamycin") == pytest.approx(mean("rapamycin", (2, 3)), abs=0.006)
    time.select_by_visible_text("day 1")
    Select(by_id(page, "network-right")).select_by_value("osi_027")
    assert told("osi_027") == pytest.approx(mean("osi_027", (1,)), abs=0.006)


# --------------------------------------------------------------------------------------- every page
def test_everything_can_be_reached_by_tab(page):
    from selenium.webdriver.common.keys import Keys

    reached = set()
    page.execute_script("document.body.focus()")
    for _ in range(220):
        page.switch_to.active_element.send_keys(Keys.TAB)
        script = (
            "const e = document.activeElement; "
            "return e.id || e.dataset.chart || e.getAttribute('class') || e.tagName"
        )
        reached.add(page.execute_script(script))
    charts = {
        f.get_attribute("data-chart") for f in page.find_elements("css selector", "svg[role]")
    }
    assert len(charts - {"", None}) > 16
    folded = {
        c.get_attribute("data-chart")
        for c in page.find_elements("css selector", "details svg[role]")
    }
    charts -= folded
    assert 10 <= len(charts - {"", None}) <= 12 and charts - {"", None} <= reached
    wanted = {"map-day", "map-play", "map-seed", "map-left", "map-right", "map-colour",
              "network-type", "network-time", "network-left", "CANVAS"}  # fmt: skip
    assert wanted <= reached and "SUMMARY" in reached


def test_a_phone_does_not_scroll_sideways(page):
    for width in (390, 320):
        look(page, width, 844)
        settle(page)
        assert page.execute_script("return document.documentElement.scrollWidth") == width


def test_long_names_neither_widen_a_phone_nor_cover_a_number(page):
    page.execute_script(
        "window.were = [...document.querySelectorAll('.key, .leads p')].map(k => [k.lastChild, "
        "k.lastChild.textContent]); were.forEach(([k]) => { k.textContent = 'x'.repeat(40) })"
    )
    try:
        look(page, 390, 844)
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
        look(page, 1280, 900)
        beyond = page.execute_script(
            "return [...document.querySelectorAll('.forest tr.more')].map(row => row.querySelector"
            "('.key').getBoundingClientRect().right - row.cells[1].getBoundingClientRect().left)"
        )
        assert beyond and max(beyond) <= 0.0
    finally:
        page.execute_script("were.forEach(([k, text]) => { k.textContent = text })")


def test_it_prints(page):
    content = printed(page)
    pages = content.count(b"/Type /Page\n") or content.count(b"/Type /Page")
    assert content.startswith(b"%PDF") and 4 <= pages <= 20
    look(page, 1280, 900, media="print")
    assert not by_id(page, "map-play").is_displayed()
    boxes = page.find_elements("css selector", ".layers input")
    assert boxes and not any(box.is_displayed() for box in boxes)
    assert page.find_element("css selector", "canvas").is_displayed()
    look(page, 1280, 900)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext: poppler-utils")
def test_a_printed_map_has_its_legend_on_the_same_sheet(page):
    above = by_id(page, "effects")
    lowered = "arguments[0].style.paddingBottom = `${arguments[1]}px`"
    for lower in (0, 150, 300, 450, 600):  # pixels: wherever the map comes to stand
        page.execute_script(lowered, above, lower)
        told = ["pdftotext", "-", "-"]
        sheets = subprocess.run(told, input=printed(page), capture_output=True, check=True).stdout
        of_map = [s for s in sheets.decode().split("\f") if "tumour cells, BV/TV" in s]
        assert len(of_map) == 1
        for word in ("Map of the marrow", "day 3", "tumour, dormant", *palette.GROUND):
            assert word in of_map[0], (lower, word)
        assert "osteocyte" not in of_map[0]  # switched off, so not in the picture either
    page.execute_script(lowered, above, 0)


def test_no_label_under_the_map_is_cut(page):
    for width in (1280, 390, 320):
        look(page, width, 900)
        settle(page)
        cut = page.execute_script(
            "return [...document.querySelectorAll('.site dt, .site dd')]"
            ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
        )
        assert cut == [], width
        assert page.find_elements("css selector", ".site dt")


def test_screenshots(page, tmp_path_factory):
    """Keeps what the page looks like, section by section; a person looks at them."""
    chosen = os.environ.get("MTOR_ABM_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    every = ["compared", "effects", "map", "courses", "survival", "pathway", "network"]
    views = [
        ("desktop", every, {"width": 1280, "height": 900}),
        ("phone", every[:4], {"width": 390, "height": 844}),
        ("dark", every[1:4], {"width": 1280, "height": 900, "scheme": "dark"}),
        ("grey", every[2:4], {"width": 1280, "height": 900, "deficiency": "achromatopsia"}),
        ("deuteranopia", ["map"], {"width": 1280, "height": 900, "deficiency": "deuteranopia"}),
    ]
    for view, sections, how in views:
        look(page, **how)
        settle(page)
        for name in sections:
            content = picture(page, name)
            (folder / f"{view}-{name}.png").write_bytes(content)
            assert content.startswith(b"\x89PNG") and len(content) > 5_000
    look(page, 1280, 900)
    (folder / "print.pdf").write_bytes(printed(page))
    print(f"screenshots: {folder}")


def picture(browser, name):
    """A PNG of one section."""
    script = """
        const box = document.getElementById(arguments[0]).getBoundingClientRect();
        return [box.left + scrollX, box.top + scrollY, box.width, box.height]"""
    x, y, width, height = browser.execute_script(script, name)
    clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
    shot = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    return base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", shot)["data"])


def printed(browser):
    """The page on sheets of A4, as a PDF."""
    paper = {"paperWidth": 8.27, "paperHeight": 11.69}
    return base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])


def settle(browser):
    """Wait for a change of layout to be drawn."""
    browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 150))")
