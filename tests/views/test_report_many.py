"""The report of more arms than lines: a sweep with a control per point, by a toy known by hand."""

import csv
import json
import re
import shutil

import pytest
from browser import browser as chromium
from browser import console_errors
from hypothesis import given
from hypothesis import strategies as st
from test_report import BARE, PageEngine, PageScenario, Reader

from mtor_abm.analysis.compare import compare
from mtor_abm.errors import UserError
from mtor_abm.manifest import OLDER_FORMAT, SEAL
from mtor_abm.runner.batch import run_study
from mtor_abm.views.report import heat, marrow_map, write_report
from mtor_abm.views.report.markup import STYLES
from mtor_abm.views.report.material import collect
from mtor_abm.views.report.page import page as page_of

SCREEN = (1440, 900)
MOST_SCREENS = 6
DOSES = (0.3, 1.0, 3.0, 10.0, 30.0)
RATES = (0.02, 0.04)
SEEDS = [1, 2, 3]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """5 doses x 2 growth rates x 3 seeds and a control for each rate: 36 runs, 12 arms."""
    folder = tmp_path_factory.mktemp("out") / "sweep"
    arms, rows = [], []
    for r, rate in enumerate(RATES, 1):
        arms.append(PageScenario(f"vehicle_p000{r}", output=BARE, growth_per_step=rate))
    for d, dose in enumerate(DOSES):
        for r, rate in enumerate(RATES, 1):
            name = f"drug_p{2 * d + r:04d}"
            drug = 1.0 / (1.0 + dose / 3.0)
            arms.append(
                PageScenario(name, output=BARE, growth_per_step=rate, drug=drug, noise=0.02)
            )
            rows.append({"point": len(rows) + 1, "name": name, "control": f"vehicle_p000{r}",
                         "toy.dose": dose, "toy.growth_per_step": rate})  # fmt: skip
    run_study(arms, SEEDS, folder, jobs=1, engine=PageEngine)
    with (folder / "design.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def page(sweep):
    return write_report([sweep]).path.read_text()


def test_every_arm_stands_against_the_control_of_its_point(sweep, page, tmp_path):
    rows = {a["data-arm"]: cells for a, cells in Reader(page).rows if "data-arm" in a}
    assert len(rows) == 10
    for i in range(1, 11):
        name, control = f"drug_p{i:04d}", f"vehicle_p000{2 - i % 2}"
        (row,) = [
            r for r in compare(sweep / control, [sweep / name], tmp_path / name).rows
            if r["readout"] == "tumour_area_mm2_final"
        ]  # fmt: skip
        assert rows[name][1] == control
        assert rows[name][4].startswith(f"×\u00a0{row['estimate']:.3g} [")
        assert row["estimate"] < 1.0  # against the other control half of them would be larger


def test_no_style_of_a_line_is_used_twice(sweep, page):
    material = collect([sweep])
    assert material.is_many and {arm.style for arm in material.arms} == {STYLES}
    for figure in re.findall(r"<figure>.*?</figure>", page, re.S):
        lines = re.findall(r'<path class="line (arm\d)"', figure)
        assert len(lines) == len(set(lines)) <= STYLES
    assert json.loads(Reader(page).scripts[0])["courses"] == {}


def test_a_design_is_drawn_with_its_parameters_as_axes(page):
    figure = re.search(r'<svg[^>]*aria-label="tumour area against toy.dose".*?</svg>', page, re.S)[
        0
    ]
    assert len(re.findall(r'<path class="line arm\d"', figure)) == len(RATES)
    assert len(re.findall("<circle", figure)) == len(RATES) * len(DOSES)
    assert all(f">{dose:g}</text>" in figure for dose in DOSES)
    assert "growth per step 0.02" in page and "growth per step 0.04" in page


def test_time_courses_of_many_arms_are_heat_maps(page):
    (drawn,) = re.findall(
        r'<svg class="heat"[^>]*aria-label="effect on Tumour area.*?</svg>', page, re.S
    )
    assert len(re.findall("<title>", drawn)) == 10 and "30.0 · 0.04" in drawn


@given(st.floats(0.01, 100.0), st.floats(1.01, 10.0))
def test_colours_of_ratios_are_symmetric_and_rise(ratio, top):
    level = heat.level_of(ratio, top, True)
    assert 0 <= level < heat.LEVELS
    assert level + heat.level_of(1.0 / ratio, top, True) in (heat.LEVELS - 1, heat.LEVELS - 2,
                                                             heat.LEVELS)  # fmt: skip
    assert heat.level_of(1.0, top, True) == heat.LEVELS // 2
    assert heat.level_of(ratio * 1.1, top, True) >= level


def test_what_is_not_known_has_no_colour():
    assert heat.level_of(float("nan"), 2.0, True) == heat.level_of(0.0, 2.0, True) == -1


# ------------------------------------------------------------------------ manifests of any content
ODD = [None, 7, "x", [], [1], {}, {"drugs": None}, {"drugs": {"x": 3}}, {"geometry": [3]},
       {"geometry": {"nx": "many", "ny": None, "dx_um": 5}}, {"inoculum": {"cells": 5, "day": "x"}},
       {"run": {"days": None}}, {"title": 3, "description": ["a"], "expects": {}},
       {"drugs": {"nobody": {"dose_mg_per_kg": 1.0, "every_h": 56.0, "start_day": 1.0}},
        "run": {"days": 2.0}}]  # fmt: skip


@pytest.mark.parametrize("given", ODD, ids=str)
def test_odd_parameters_of_a_manifest_give_a_page(sweep, given, monkeypatch):
    """A drug that is unknown here, and what no version of the program wrote."""
    material = collect([sweep])
    for arm in material.arms[3:5]:
        for run in arm.runs:
            monkeypatch.setitem(run.manifest, "parameters", given)
    for run in material.control.runs:
        monkeypatch.setitem(run.manifest, "parameters", given)
    assert "</html>" in page_of(material, marrow_map.packed(material))
    few = type(material)(
        material.name, material.folder, material.arms[:6], material.comparison, material.notes
    )
    assert "</html>" in page_of(few, None)


@pytest.mark.parametrize(
    "given",
    [{"drugs": {"x": 3}}, {"drugs": None}, {"genes": 3}, {"genes": {"tumour": 1}}, {"geometry": 3},
     {"run": {"days": "ten"}}, {"drugs": {"x": {"dose_mg": "much"}}}],
    ids=str,
)  # fmt: skip
def test_a_manifest_whose_parameters_have_another_shape_is_called_damaged(sweep, tmp_path, given):
    folder = tmp_path / "study"
    shutil.copytree(sweep, folder)
    path = folder / "vehicle_p0001__seed_0001" / "manifest.json"
    told = json.loads(path.read_text())
    told["parameters"] |= given
    told["format"] = OLDER_FORMAT  # which has no seal
    told.pop(SEAL)
    path.write_text(json.dumps(told))
    with pytest.raises(UserError, match=r"damaged \(parameters"):
        write_report([folder])


# ------------------------------------------------------------------------------------- in Chromium
def luminance(colour):
    channels = [c / 255.0 for c in colour]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def opened(sweep, page):
    with chromium("--hide-scrollbars") as driver:
        driver.get((sweep / "report.html").as_uri())
        yield driver


def size(driver, width, height, scheme="light"):
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    driver.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 150))")


def test_36_runs_take_six_screens_and_a_phone_does_not_scroll_sideways(opened):
    size(opened, *SCREEN)
    tall = opened.execute_script("return document.documentElement.scrollHeight")
    assert tall <= MOST_SCREENS * SCREEN[1]
    size(opened, 390, 844)
    assert opened.execute_script("return document.documentElement.scrollWidth") == 390
    assert opened.execute_script("return document.documentElement.scrollHeight") <= 15 * 844
    assert console_errors(opened) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_on_colours_can_be_read(opened, scheme):
    size(opened, *SCREEN, scheme)
    pairs = opened.execute_script(
        "return [...document.querySelectorAll('td.heat')].map(e => { const s = getComputedStyle(e);"
        " return [s.color, s.backgroundColor] })"
    )
    colours = [[tuple(map(int, re.findall(r"\d+", c)[:3])) for c in pair] for pair in pairs]
    assert len(set(map(tuple, colours))) > 3
    assert min(contrast(*pair) for pair in colours) >= 4.5


def test_no_text_runs_out_of_its_place(opened):
    size(opened, *SCREEN)
    beyond = opened.execute_script(
        "return [...document.querySelectorAll('main td, main th, main p, .lead *')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.textContent)"
    )
    assert beyond == []
    cut = opened.execute_script(
        "return [...document.querySelectorAll('.scroll, .lead')].filter(e => e.checkVisibility()"
        " && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 80))"
    )
    assert cut == []


def test_every_level_of_the_scale_has_a_readable_cell():
    """The colours of page.css themselves, whatever levels a study happens to have."""
    from pathlib import Path

    from mtor_abm.views.report import page as page_module

    css = Path(page_module.__file__).with_name("page.css").read_text()
    told = re.findall(r"\.d(\d+) \{ fill: (#\w{6}); background: (#\w{6}); \}", css)
    assert [int(level) for level, *_ in told] == list(range(heat.LEVELS))
    for level, fill, background in told:
        assert fill == background
        shade = tuple(int(fill[i : i + 2], 16) for i in (1, 3, 5))
        words = (255, 255, 255) if level in ("0", "10") else (0x14, 0x19, 0x1F)
        assert contrast(words, shade) >= 4.5, level
