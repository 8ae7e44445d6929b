"""The report page without a browser: its numbers, its texts, its packing, what it refuses."""

import base64
import json
import re
import shutil
import zlib
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from toy_marrow import ToyColumn, ToyEngine, ToyOutput, ToyRun, ToyScenario

from mtor_abm import cli, scenario_files
from mtor_abm.analysis.compare import compare
from mtor_abm.analysis.compare_text import effect_text, p_text
from mtor_abm.analysis.statistics import mean_band
from mtor_abm.cells import CELL_TYPES
from mtor_abm.errors import UserError
from mtor_abm.manifest import sealed
from mtor_abm.mtor import SIGNALS
from mtor_abm.observe import COLUMNS as MARROW_COLUMNS
from mtor_abm.runner.batch import run_study
from mtor_abm.snapshots import CELL_COLUMNS, SITE_COLUMNS
from mtor_abm.store import MANIFEST
from mtor_abm.views.report import charts, effects, marrow_map, palette, pathway, write_report
from mtor_abm.views.report.courses import COURSES
from mtor_abm.views.report.markup import number, text, unit
from mtor_abm.views.report.material import collect
from mtor_abm.views.report.page import as_script_json
from mtor_abm.views.report.survival import seeded_cells_d

EVIL = """</script><script>alert("x")</script><img src=x onerror='alert(1)'>&"""
NX, NY, DX = 3, 2, 10.0
# bone, vessel, tip in the lower row; marrow, dormant tumour cell, cavity with an osteoblast above
SITES = {
    "x_um": [5.0, 15.0, 25.0, 5.0, 15.0, 25.0],
    "y_um": [5.0, 5.0, 5.0, 15.0, 15.0, 15.0],
    "bone": [1, 0, 0, 0, 0, 0],
    "cavity": [0, 0, 0, 0, 0, 1],
    "vessel": [0, 1, 3, 0, 0, 0],
    "perfused": [0, 1, 0, 0, 0, 0],
    "oxygen_mmHg": [0.0, 40.0, 30.0, 10.0, 5.0, 20.0],
}
CELLS = {
    "cell_type": ["osteoclast", "tumour", "circulating", "osteoblast"],
    "state": ["mature", "dormant", "detached", "osteoblast"],
    "x_um": [5.0, 15.0, np.nan, 25.0],
    "y_um": [15.0, 15.0, np.nan, 15.0],
    "age_h": [70000.0, 300.0, 1.0, 2.0],
    "n_sites": [4, 1, 1, 1],
} | {name: [0.5, 0.25, 0.0, 1.0] for name in SIGNALS}


@dataclass(frozen=True)
class PageScenario(ToyScenario):
    """A toy that has texts and a marrow of 3 x 2 sites."""

    title: str = ""

    def resolved(self):
        tables = super().resolved()
        tables["geometry"] = {"nx": NX, "ny": NY, "dx_um": DX}
        return {"name": self.name, "title": self.title, "description": "", **tables}


class PageEngine(ToyEngine):
    @staticmethod
    def cells_table(model):
        return CELLS

    @staticmethod
    def fields_table(model):
        return SITES


OUTPUT = ToyOutput(cells_at_days=(0.0, 0.5, 1.0, 2.0), fields_at_days=(0.0, 0.5, 1.0, 2.0))
BARE = ToyOutput(cells_at_days=())
SEEDS = [1, 2, 3]
ARMS = {"vehicle": {}, "rapamycin": {"drug": 0.5, "noise": 0.02}, "another": {"drug": 0.8}}


def study(folder, *names, output=OUTPUT, seeds=SEEDS, engine=PageEngine, **changes):
    arms = [PageScenario(n, output=output, title=EVIL, **ARMS[n], **changes) for n in names]
    run_study(arms, seeds, folder, jobs=1, engine=engine)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return study(tmp_path_factory.mktemp("out") / "demo", "vehicle", "rapamycin", "another")


@pytest.fixture(scope="module")
def page(demo):
    return write_report([demo]).path.read_text()


class Reader(HTMLParser):
    """Elements of a page: tags, the texts of table rows, the content of scripts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.rows, self.scripts, self.words = [], [], [], []
        self.in_script = self.in_cell = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.in_script = tag == "script"
        if tag == "script":
            self.scripts.append("")
        if tag == "tr":
            self.rows.append((dict(attributes), []))
        if tag in ("td", "th"):
            self.rows[-1][1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag == "script":
            self.in_script = False
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        if self.in_script:
            self.scripts[-1] += data
            return
        self.words.append(data)
        if self.in_cell:
            self.rows[-1][1][-1] += data


# ------------------------------------------------------------------------------------ the numbers
def printed(row):
    """An estimate as `compare` says it, with the signs of print."""
    return effect_text(row).replace("x ", "×\u00a0").replace("-", "−")


def test_effects_on_the_page_are_those_of_compare(demo, page, tmp_path):
    comparison = compare(demo / "vehicle", [demo / "rapamycin", demo / "another"], tmp_path)
    by_row = {(r["treated"], r["readout"]): r for r in comparison.rows}
    rows = [(a, cells) for a, cells in Reader(page).rows if "data-readout" in a]
    wanted = {(r["treated"], r["readout"]) for r in comparison.headlines("rapamycin")}
    assert wanted <= {(a["data-arm"], a["data-readout"]) for a, _ in rows}
    for attributes, cells in rows:
        row = by_row[attributes["data-arm"], attributes["data-readout"]]
        assert cells[1] == number(row["control_mean"]) and cells[2] == number(row["treated_mean"])
        assert cells[4].startswith(printed(row)) and cells[5] == p_text(row["p_adjusted"])
        if row["effect"] == "difference" and row["unit"] != "1":
            assert cells[4].endswith(f" {unit(row['unit'])}")


def test_a_ratio_never_stands_on_the_axis_of_differences(demo, page):
    """One arm may end at 0, so that it has no ratio while the other has one."""

    def row(kind, estimate):
        return {"readout": "n_lesions_final", "effect": kind, "estimate": estimate, "unit": "1",
                "ci_low": estimate - 0.1, "ci_high": estimate + 0.1, "p_adjusted": 0.5, "p": 0.1,
                "control_mean": 1.0, "treated_mean": 0.5, "control": "vehicle",
                "differs_in": "", "family": "other"}  # fmt: skip

    material = collect([demo])
    arms = material.arms[1:]
    rows = [row("ratio", 0.5) | {"treated": arms[0].label},
            row("difference", -0.7) | {"treated": arms[1].label}]  # fmt: skip
    material.comparison.rows[:] = rows
    told = effects._readout(material, "n_lesions_final", list(zip(arms, rows, strict=True)), rows)
    first, second = re.findall(r"<tr class=\"more\".*?</tr>", told, re.S)
    assert "×\u00a00.5" in first and "−0.7" not in first and "×\u00a01" in first
    assert "−0.7" in second and "×" not in second


def test_every_readout_stands_in_the_full_table_with_p_and_pairs(demo, page, tmp_path):
    comparison = compare(demo / "vehicle", [demo / "rapamycin"], tmp_path)
    cells = [c for _, c in Reader(page).rows if len(c) == 9]
    table = {(row[0], row[5], row[6], row[7], row[8]) for row in cells}
    for row in comparison.rows:
        said = (printed(row), p_text(row["p"]), p_text(row["p_adjusted"]), str(row["n_pairs"]))
        assert (row["readout"], *said) in table


def test_the_first_words_are_those_of_the_terminal(demo, page, tmp_path):
    comparison = compare(demo / "vehicle", [demo / "rapamycin", demo / "another"], tmp_path)
    words = "".join(Reader(page).words)
    for arm in ("rapamycin", "another"):
        lead = comparison.lead(arm)
        assert lead.heading[1:] in words and lead.ending in words
        for endpoint in lead.endpoints:
            assert effects.printed(f"{endpoint.change}  {endpoint.interval}") in words
            assert effects.printed(endpoint.values) in words and endpoint.p in words
    assert "Holm among the primary endpoints" in words


def test_bands_are_student_s_intervals_and_leave_out_what_is_not_known():
    values = np.array([[1.0, 2.0, np.nan], [3.0, 2.5, np.nan], [4.0, np.nan, 7.0]])
    mean, low, high = mean_band(values)
    assert mean == pytest.approx([8 / 3, 2.25, 7.0])
    sem = values[:, 0].std(ddof=1) / np.sqrt(3)
    assert high[0] - mean[0] == pytest.approx(stats.t.ppf(0.975, 2) * sem)
    assert mean[0] - low[0] == pytest.approx(high[0] - mean[0])
    assert np.isnan([low[2], high[2]]).all()  # one run has no interval


def test_charts_have_arms_units_and_axes(page):
    data = json.loads(Reader(page).scripts[0])
    columns = {"tumour_area_mm2", "bv_tv"}
    assert set(data["courses"]["charts"]) == columns | {f"effect:{name}" for name in columns}
    labels = [line[0] for line in data["courses"]["charts"]["tumour_area_mm2"]]
    assert labels == ["vehicle", "rapamycin", "another"]
    chart = re.search(r'<svg[^>]*data-chart="tumour_area_mm2".*?</figure>', page, re.S)[0]
    assert ">mm²</text>" in chart and ">time (d)</text>" in chart
    assert {f"line arm{i}" for i in range(3)} <= set(re.findall(r'class="(line arm\d)"', chart))


class RateEngine(PageEngine):
    """Bone that is resorbed at 0.01/d from the first step on; hour 0 is written as 0."""

    @staticmethod
    def columns():
        told = ToyColumn("ctx_per_d", "1/d", "resorbed since the last row", ("mean",))
        return {**PageEngine.columns(), "ctx_per_d": told}

    @staticmethod
    def row(model):
        return {**PageEngine.row(model), "ctx_per_d": 0.01 if model.n_steps_done else float("nan")}


def test_a_rate_has_no_value_at_hour_0(tmp_path):
    place = study(tmp_path / "s", "vehicle", "rapamycin", output=BARE, engine=RateEngine)
    page = write_report([place]).path.read_text()
    data = json.loads(Reader(page).scripts[0])["courses"]
    for _, _, mean, low, high in data["charts"]["ctx_per_d"]:
        for first, *others in (mean, low, high):
            assert first is None and set(others) == {0.01}
    assert all(line[2][0] for line in data["charts"]["tumour_area_mm2"])
    drawn = re.search(r'data-chart="ctx_per_d".*?</figure>', page, re.S)[0]
    starts = re.findall(r'class="line arm\d"[^>]* d="M([\d.]+)', drawn)
    assert len(starts) == 3 and all(float(x) > charts.LEFT + 10 for x in starts)


def test_one_run_has_no_interval(tmp_path, page):
    alone = study(tmp_path / "s", "vehicle", "rapamycin", output=BARE, seeds=[1])
    words = "".join(Reader(write_report([alone]).path.read_text()).words)
    assert "one run has no interval" in words and "Band:" not in words
    assert "Band: 95 % interval of that mean (Student's t);" in "".join(Reader(page).words)


def test_next_to_nothing_does_not_fill_a_chart():
    days = np.array([0.0, 21.0])
    svg = charts.chart(
        [charts.Curve(0, days, np.array([11.22, 11.235]))], days=21.0, y_unit="", label="x"
    )
    assert re.search(r' 0 15">', svg)  # the frame: from 0 to 15


def test_survival_counts_runs_and_agrees_with_compare(demo, page, tmp_path):
    rows = compare(demo / "vehicle", [demo / "rapamycin"], tmp_path).rows
    row = next(r for r in rows if r["readout"].startswith("days_to_"))
    told = [c for _, c in Reader(page).rows if len(c) == 4 and " of 3" in c[1]]
    vehicle, rapamycin = told[0], told[1]
    assert vehicle[1] == f"{row['control_reached']:.0f} of 3"
    assert vehicle[2] == number(row["control_median"])
    assert rapamycin[1] == f"{row['treated_reached']:.0f} of 3"


def test_seeded_cells_are_followed_to_their_death():
    events = pd.DataFrame(
        {
            "time_h": [24.0, 48.0, 12.0, 60.0, 30.0],
            "event": ["death", "death", "death", "division", "death"],
            "cell_type": ["tumour", "circulating", "tumour", "tumour", "osteoclast"],
            "uid": [1, 2, 9, 3, 5],
            "clone": [1, 2, 1, 3, 5],
        }
    )  # 9 is a daughter, 5 no tumour cell

    class Run:
        manifest = {"parameters": {}, "files": {"events.csv": {}}}  # noqa: RUF012
        timeseries = pd.DataFrame({"n_tumour": [4, 5]})

    Run.events = events
    found = seeded_cells_d(Run, 10.0)
    assert found[:2] == pytest.approx([1.0, 2.0]) and np.isnan(found[2:]).all() and len(found) == 4
    Run.manifest = {"parameters": {"body": {"primary_cells": 5}}, "files": {"events.csv": {}}}
    assert seeded_cells_d(Run, 10.0) is None  # others arrive, which would look the same
    chosen = {"output": {"events": ["dormancy_in"]}}
    Run.manifest = {"parameters": chosen, "files": {"events.csv": {}}}
    assert seeded_cells_d(Run, 10.0) is None  # no death was written: nobody can be called alive
    chosen["output"]["events"] = ["death"]
    assert seeded_cells_d(Run, 10.0) is not None


# -------------------------------------------------------------------------------------- the page
def test_texts_of_a_scenario_stay_texts(page):
    reader = Reader(page)
    assert page.count(text(EVIL)) >= 3 and EVIL not in page
    kinds = [a.get("type", "code") for tag, a in reader.tags if tag == "script"]
    assert kinds.count("code") == 1 and kinds.count("application/json") == 1
    assert not [tag for tag, a in reader.tags if tag == "img" or "onerror" in a]


def test_data_cannot_end_their_script_element():
    packed = as_script_json({"label": EVIL, "line": "a\u2028b"})
    assert "<" not in packed and "\u2028" not in packed
    assert json.loads(packed) == {"label": EVIL, "line": "a\u2028b"}


def test_nothing_on_the_page_leads_elsewhere(page):
    for tag, attributes in Reader(page).tags:
        for name in ("src", "href", "action", "data", "srcset"):
            value = attributes.get(name, "#")
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
    assert "@import" not in page and not re.search(r"url\(", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'") and "http" not in policy


def test_same_study_gives_the_same_bytes(demo, tmp_path):
    first, second = (write_report([demo], out=tmp_path / n).path for n in ("a.html", "b.html"))
    assert first.read_bytes() == second.read_bytes()


def test_what_differs_is_named_with_the_value_of_each_arm(page):
    rows = {cells[0]: cells[1:4] for _, cells in Reader(page).rows if len(cells) == 6}
    assert rows["toy.drug"] == ["1", "0.5", "0.8"]
    assert "toy.growth_per_step" not in rows


def test_without_snapshots_the_page_names_the_setting(tmp_path):
    place = study(tmp_path / "bare", "vehicle", "rapamycin", output=BARE)
    report = write_report([place])
    page = report.path.read_text()
    assert "<canvas" not in page and "output.cells_at_days=" in page
    assert report.seeds_on_map == [] and any("cells_at_days" in note for note in report.notes)


def test_one_arm_stands_alone(demo, tmp_path):
    report = write_report([demo / "vehicle"], out=tmp_path / "one.html")
    page = report.path.read_text()
    assert report.arms == ["vehicle"] and "nothing to compare" in page
    assert 'class="forest"' not in page and "<canvas" in page


# ---------------------------------------------------------------------- what it takes and refuses
def test_control_and_single_runs_may_be_named(demo, tmp_path):
    out = tmp_path / "r.html"
    assert write_report([demo], "another", out).arms == ["another", "vehicle", "rapamycin"]
    runs = [demo / f"{arm}__seed_000{s}" for arm in ("vehicle", "rapamycin") for s in (1, 3)]
    report = write_report(runs, out=out)
    assert report.arms == ["vehicle", "rapamycin"] and report.seeds == [1, 3]
    with pytest.raises(UserError, match=r"--control nobody is not an arm of .*vehicle"):
        write_report([demo], "nobody", out)


def test_a_page_of_less_or_more_than_a_study_does_not_take_the_place_of_the_studys(demo, tmp_path):
    place = tmp_path / "copy"
    shutil.copytree(demo, place)
    whole = write_report([place]).path
    before = whole.read_bytes()
    part = write_report([place / "vehicle__seed_0001", place / "rapamycin"]).path
    assert whole == place / "report.html" and whole.read_bytes() == before
    assert part == place / "report_vehicle__seed_0001_rapamycin.html"


def test_runs_of_the_plan_that_never_began_are_counted(demo, tmp_path):
    place = tmp_path / "copy"
    shutil.copytree(demo, place)
    for run in place.glob("rapamycin__*"):
        shutil.rmtree(run)
    report = write_report([place])
    assert report.notes[0].startswith("6 of 9 runs are complete; left out: rapamycin__seed_0001,")


def test_runs_that_are_not_complete_are_left_out_and_named(demo, tmp_path):
    place = tmp_path / "copy"
    shutil.copytree(demo, place)
    (place / "rapamycin__seed_0002" / MANIFEST).unlink()
    manifest = place / "another__seed_0003" / MANIFEST
    manifest.write_text(json.dumps(sealed(json.loads(manifest.read_text()) | {"status": "failed"})))
    report = write_report([place])
    said = (
        "7 of 9 runs are complete; left out: another__seed_0003, rapamycin__seed_0002. Run the "
        "command of the study again to complete it."
    )
    assert said in report.notes
    assert report.seeds == [1]
    assert "7 of 9 runs are complete" in report.path.read_text()


def test_no_file_of_others_is_replaced(demo, tmp_path):
    mine = tmp_path / "mine.html"
    mine.write_text("<!doctype html><p>my notes")
    with pytest.raises(UserError, match="was not written by report"):
        write_report([demo], out=mine)
    assert mine.read_text().endswith("my notes")
    with pytest.raises(UserError, match="is a folder"):
        write_report([demo], out=tmp_path)


def test_runs_of_other_times_are_refused(tmp_path):
    coarse = ToyOutput(every_h=12.0, cells_at_days=())
    place = study(tmp_path / "s", "vehicle", output=BARE)
    other = study(tmp_path / "t", "rapamycin", output=coarse)
    with pytest.raises(UserError, match=r"output\.every_h"):
        write_report([place, other])


def test_command_line(demo, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert cli.main(["report", str(demo), "--out", str(out)]) == 0
    assert f"report       {out}" in capsys.readouterr().out
    assert cli.main(["report", str(demo), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["arms"] == ["vehicle", "rapamycin", "another"]
    assert told["n_bytes"] == out.stat().st_size
    assert cli.main(["report", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# --------------------------------------------------------------------------------------- the map
def unpacked(blob):
    return np.frombuffer(zlib.decompress(base64.b64decode(blob)), dtype=np.uint8)


def test_packed_marrow_is_the_marrow(demo):
    maps = marrow_map.packed(collect([demo]))
    about = maps.about
    assert (about["nx"], about["ny"], about["days"]) == (NX, NY, [0.0, 0.5, 1.0, 2.0])
    assert about["seeds"] == SEEDS and len(about["frames"]) == 3 * 3 * 4
    ground = unpacked(maps.blobs["ground-1-2-3"])
    assert ground.tolist() == [1, 4 + 16, 12, 0, 0, 2]
    oxygen = np.cumsum(unpacked(maps.blobs["fields-0-0-0"]).reshape(NY, NX), axis=1) % 256
    assert [f["label"] for f in about["fields"]] == ["oxygen"]
    assert about["fields"][0]["unit"] == "mmHg" and about["fields"][0]["high"] == 40.0
    assert oxygen.ravel() * 40.0 / 254 == pytest.approx(SITES["oxygen_mmHg"], abs=0.1)
    frame = about["frames"]["0-0-0"]
    assert frame == {"n": 3, "blood": 1}
    columns = unpacked(maps.blobs["cells-0-0-0"]).reshape(-1, frame["n"]).astype(int)
    labels = [about["layers"][i]["label"] for i in columns[4]]
    assert labels == ["tumour, dormant", "osteoblast", "osteoclast"]
    assert (columns[0] + 256 * columns[1]).tolist() == [1, 2, 0]
    assert columns[5].tolist() == [1, 1, 4]
    assert (columns[6] + 256 * columns[7]).tolist() == [300, 2, 65535]
    assert columns[8].tolist() == [64, 255, 128]


def test_map_stays_within_its_size(demo):
    material = collect([demo])
    whole = marrow_map.packed(material)
    one_seed = whole.n_bytes // 3
    fewer = marrow_map.packed(material, most_bytes=int(one_seed * 2.5))
    assert fewer.about["seeds"] == [1, 2] and fewer.notes == ["2 seeds of 3 shown."]
    least = marrow_map.packed(material, most_bytes=one_seed - 1)
    assert least.about["seeds"] == [1] and least.about["days"] == [0.0, 1.0, 2.0]
    assert least.notes[0] == "3 of the 4 days that were written are shown."
    assert marrow_map.packed(material, most_bytes=1).about["days"] == [0.0, 2.0]


@given(
    st.lists(st.floats(0.0, 100.0, width=32), min_size=6, max_size=6),
    st.floats(1.0, 100.0),
)
def test_a_field_comes_back_within_half_a_level(values, high):
    values = np.array(values)
    packed = marrow_map.quantised(values, 0.0, high, 3)
    back = (np.cumsum(packed.reshape(-1, 3), axis=1) % 256).ravel()
    assert np.array_equal(back == marrow_map.ABOVE, values / high > 1.0)
    known = back < marrow_map.ABOVE
    assert np.abs(back[known] * high / 254 - values[known]).max(initial=0.0) <= high / 508 * 1.001


class HeavyEngine(PageEngine):
    """All columns of the marrow, and no two values alike, as in a real study."""

    @staticmethod
    def columns():
        return MARROW_COLUMNS

    @staticmethod
    def row(model):
        luck = np.random.default_rng((7, model.seed, model.n_steps_done)).random(
            len(MARROW_COLUMNS)
        )
        row = dict(zip(MARROW_COLUMNS, luck, strict=True))
        return {**row, "time_h": model.time_h, "tumour_area_mm2": model.area_mm2, "bv_tv": 0.139}


class HeavyScenario(PageScenario):
    """Three weeks with a row every 6 h, a snapshot a day and the parameters of a real scenario."""

    def resolved(self):
        told = scenario_files.load(self.name).resolved() | super().resolved()
        return told | {"output": {**told["output"], "every_h": 6.0}}


def test_a_page_of_2_arms_and_20_seeds_stays_below_10_mb(tmp_path):
    """The map has its budget; this weighs all that stands beside it."""
    daily = tuple(float(day) for day in range(22))
    output = ToyOutput(every_h=6.0, cells_at_days=daily, fields_at_days=daily)
    run = ToyRun(days=21.0, step_h=6.0)
    arms = [
        HeavyScenario(n, output=output, run=run, title=n, **ARMS[n])
        for n in ("vehicle", "rapamycin")
    ]
    run_study(arms, range(1, 21), tmp_path / "s", jobs=1, engine=HeavyEngine)
    material = collect([tmp_path / "s"])
    maps = marrow_map.packed(material)
    assert len(maps.about["days"]) == 22
    assert [len(run.timeseries) for arm in material.arms for run in arm.runs] == [85] * 40
    beside = write_report([tmp_path / "s"]).n_bytes - maps.n_bytes
    assert beside > 250_000  # as much as a real page of this size holds beside its map, or more
    assert marrow_map.MAP_BYTES + beside < 10_000_000


# ------------------------------------------------------------------------------ charts and tables
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 8))
def test_ticks_are_round_even_and_within(low, span, wanted):
    high = low + span
    ticks = charts.round_ticks(low, high, wanted)
    room = 1e-9 * max(abs(low), abs(high), span) + 1e-12
    assert all(low - room <= t <= high + room for t in ticks)
    if span > 1e-3 * abs(low):
        assert wanted / 2.5 - 1 <= len(ticks) <= 2 * wanted + 2
        if len(ticks) > 2:
            steps = np.diff(ticks)
            assert steps == pytest.approx(steps[0], rel=1e-6)
            assert f"{steps[0]:.3e}"[0] in "125" or f"{steps[0]:.0e}"[0] in "125"


@given(st.floats(0.01, 0.95), st.floats(1.05, 100.0))
def test_ticks_of_ratios_hold_1_and_stay_within(low, high):
    ticks = charts.log_ticks(low, high)
    assert 1.0 in ticks and ticks == sorted(ticks) and len(ticks) <= 16
    assert all(low * 0.999 <= t <= high * 1.001 for t in ticks)


def test_a_gap_in_a_series_is_a_gap_in_its_line():
    x, y = np.arange(5.0), np.array([1.0, 2.0, np.nan, 3.0, 1.0])
    svg = charts.chart([charts.Curve(1, x, y)], days=4.0, y_unit="nM", label="x")
    path = re.search(r'class="line arm1"[^>]* d="([^"]*)"', svg)[1]
    assert path.count("M") == 2 and path.count("L") == 2


def test_wide_bands_do_not_set_the_axis():
    x, y = np.array([0.0, 1.0]), np.array([1.0, 2.0])
    wide = charts.Curve(0, x, y, y - 100.0, y + 100.0)
    frame = re.search(r'data-frame="([^"]*)"', charts.chart([wide], days=1.0, y_unit="", label=""))
    low, high = map(float, frame[1].split()[-2:])
    assert (low, high) == (0.0, 4.0)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0000937, "9.37·10⁻⁵"),
        (4850.2, "4850"),
        (-0.5, "−0.5"),
        (float("nan"), "–"),
        (2e7, "2·10⁷"),
    ],
)
def test_numbers_are_written_as_people_do(value, said):
    assert number(value) == said


# ---------------------------------------------------------------- palette and network, and the code
def test_palette_names_every_cell_type_and_state():
    kinds = {kind.kind.name: kind.kind for kind in CELL_TYPES}
    assert set(palette.CELL_TYPES) == set(kinds)
    shown = {(t, s) for _, t, states, _, _ in palette.LAYERS for s in states}
    off_map = ("endothelial", "circulating")  # vessels are ground, blood is not on the map
    assert shown == {(n, s) for n, k in kinds.items() if n not in off_map for s in k.states}
    assert set(palette.SIGNALS) <= set(SIGNALS) <= set(CELL_COLUMNS) | set(SIGNALS)
    assert set(marrow_map.NOT_MAPPED) == set(SITE_COLUMNS)


def test_network_has_the_signals_of_the_model_and_no_loose_end():
    plan = pathway.network()
    nodes = {node["id"]: node for node in plan["nodes"]}
    signals = [node["signal"] for node in plan["nodes"] if "signal" in node]
    not_drawn = {"mtorc2_integrity", "kinase2"}
    assert set(signals) == set(SIGNALS) - not_drawn and len(signals) == len(set(signals))
    for edge in plan["edges"]:
        assert edge["from"] in nodes and edge["to"] in nodes and edge["sign"] in (1, -1)
    joined = {end for edge in plan["edges"] for end in (edge["from"], edge["to"])}
    assert joined == set(nodes)


def test_nodes_lie_within_the_drawing_and_apart():
    plan = pathway.network()
    width, height = plan["size"]
    places = [(n["x"], n["y"]) for n in plan["nodes"]]
    for i, (x, y) in enumerate(places):
        assert pathway.NODE_WIDTH / 2 <= x <= width - pathway.NODE_WIDTH / 2
        assert pathway.NODE_HEIGHT / 2 <= y <= height - pathway.NODE_HEIGHT / 2
        for other_x, other_y in places[:i]:
            apart_x, apart_y = abs(x - other_x), abs(y - other_y)
            assert apart_x >= pathway.NODE_WIDTH or apart_y >= pathway.NODE_HEIGHT


def test_a_node_says_its_activity_and_the_change():
    assert pathway.node_texts("s6k", 0.5, 0.71) == (13.0, "0.50 ▼.21")
    assert pathway.node_texts("s6k", 0.5, 0.5) == (13.0, "0.50")
    assert pathway.node_texts("rapalog", 3.0, 0.0) == (0.75 * 26.0, "3")
    assert pathway.node_texts("s6k", float("nan"), 0.5) == (0.0, "–")


def test_means_of_the_network_are_those_of_the_cells(demo):
    means = pathway.means_of(collect([demo]).control, 2.0)
    assert means["tumour"]["s6k"] == 0.25 and means["osteoclast"]["mtorc1"] == 0.5
    assert set(means) == {"tumour", "osteoblast", "osteoclast", "circulating"}


def test_courses_are_columns_of_the_model():
    from mtor_abm.observe import COLUMNS

    assert set(COURSES) <= set(COLUMNS)
