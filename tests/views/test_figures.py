"""Figures of a study say what they show: axes, units, arms, pairs, and the numbers of `compare`."""

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_marrow import ToyColumn, ToyEngine, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis.compare import compare
from mtor_abm.analysis.compare_text import HEADLINES, p_text
from mtor_abm.analysis.effects import TUMOUR_AREA
from mtor_abm.analysis.groups import ArmGroup
from mtor_abm.errors import UserError
from mtor_abm.runner.batch import run_study
from mtor_abm.schedule import Schedule
from mtor_abm.snapshots import CELL_COLUMNS
from mtor_abm.views import (
    axes,
    canvas,
    chart_parts,
    charts,
    effects_chart,
    fates_chart,
    one_kind,
    pathway_chart,
    time_charts,
)
from mtor_abm.views.canvas import looks, styled, written
from mtor_abm.views.doses import Doses
from mtor_abm.views.figures import draw_figures, marrow_maps
from mtor_abm.views.study_data import StudyData, course, study_data
from mtor_abm.views.words import TITLES

pytest.importorskip("matplotlib")

VEHICLE = ToyScenario("vehicle")
DRUG = ToyScenario("rapamycin", drug=0.5, noise=0.02)
HARD = ToyScenario("osi_027", drug=0.0)
SEEDS = [1, 2, 3]


class Engine(ToyEngine):
    """The toy with states, a signal and snapshots of four sites."""

    @staticmethod
    def columns():
        more = [
            ToyColumn("n_tumour_cycling", "1", "cycling"),
            ToyColumn("n_tumour_dormant", "1", "dormant", ("final",)),
            ToyColumn("s6k_tumour", "1", "S6K", ("mean",)),
            ToyColumn("ctx_per_d", "1/d", "resorbed", ("mean",)),
        ]
        return {**ToyEngine.columns(), **{column.name: column for column in more}}

    @staticmethod
    def row(model):
        more = {
            "n_tumour_cycling": 30 + model.n_steps_done, "n_tumour_dormant": 10,
            "s6k_tumour": 0.6 * model.scenario.drug,
            "ctx_per_d": 0.01 if model.n_steps_done else float("nan"),
        }  # fmt: skip
        bone = {"bv_tv": 0.139 + 1e-6 * model.n_steps_done}
        return {**ToyEngine.row(model), **more, **bone}

    @staticmethod
    def cells_table(model):
        row = {
            "cell_type": "tumour", "state": "cycling", "uid": 1, "parent_uid": 0, "clone": 1,
            "x_um": 5.0, "y_um": 15.0, "age_h": 0.0, "n_sites": 1,
        }  # fmt: skip
        assert list(row) == list(CELL_COLUMNS)
        return pd.DataFrame([row])

    @staticmethod
    def fields_table(model):
        x, y = np.meshgrid([5.0, 15.0], [5.0, 15.0])
        none = np.zeros(4, dtype=np.int64)
        bone = np.array([1, 1, 0, 0])
        return pd.DataFrame(
            {"x_um": x.ravel(), "y_um": y.ravel(), "bone": bone, "cavity": none, "vessel": none}
        )


def study(out, *scenarios, engine=Engine, seeds=SEEDS):
    run_study(scenarios or (VEHICLE, DRUG, HARD), seeds, out, jobs=1, engine=engine)
    return out


def with_fields(scenario):
    output = type(scenario.output)(cells_at_days=(0.5, 1.0, 2.0), fields_at_days=(0.0, 0.5, 1.0))
    return scenario.but(output=output)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return study(
        tmp_path_factory.mktemp("out") / "demo", *map(with_fields, (VEHICLE, DRUG, HARD))
    )  # fmt: skip


@pytest.fixture(autouse=True)
def as_when_it_is_drawn():
    with styled():
        yield


def texts(figure):
    from matplotlib.text import Text

    return " | ".join(text.get_text() for text in figure.findobj(Text))


def caption(figure):
    return figure.get_supxlabel().replace("\n", " ")


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_time_courses_have_a_line_and_a_band_per_arm_with_units(demo):
    data = study_data(demo)
    figure = time_charts.time_courses(data)
    by_title = {panel.get_title(loc="left"): panel for panel in figure.axes}
    assert [t for t in by_title if t] == [
        TITLES[c] for c in time_charts.COURSES if c in data.columns
    ]
    area = by_title["Tumour area"]
    assert area.get_ylabel() == "area (mm²)"
    assert [panel.get_xlabel() for panel in figure.axes].count("time (d)") == 3  # below each column
    assert by_title["Resorption, CTX proxy"].get_ylabel() == "bone resorbed (1/d)"
    assert len(area.lines) == len(area.collections) == 3
    days, values = course(data.arms[1], "tumour_area_mm2")
    np.testing.assert_allclose(area.lines[1].get_xdata(), days)
    np.testing.assert_allclose(area.lines[1].get_ydata(), values.mean(axis=0))
    half = 4.302652730 * values[:, -1].std(ddof=1) / np.sqrt(3)  # t of 2 degrees of freedom
    last = area.collections[1].get_paths()[0].vertices
    last = last[np.isclose(last[:, 0], days[-1]), 1]
    assert (last.min(), last.max()) == pytest.approx(
        (values[:, -1].mean() - half, values[:, -1].mean() + half)
    )
    assert legend(figure) == ["vehicle", "rapamycin", "osi_027"]
    assert "3 arms, 3 runs each; 3 pairs by seed" in caption(figure)


def test_a_rate_has_no_value_at_hour_0(demo):
    figure = time_charts.time_courses(study_data(demo))
    (panel,) = [p for p in figure.axes if "CTX" in p.get_title(loc="left")]
    first, *others = panel.lines[0].get_ydata()
    assert np.isnan(first) and others == pytest.approx([0.01] * 8)


def test_next_to_nothing_does_not_fill_a_panel(demo):
    for low, high in ((11.22, 11.235), (-11.235, -11.22)):
        ends = axes.widened(low, high)
        assert ends[1] - ends[0] == pytest.approx(1.12275)
        assert sum(ends) == pytest.approx(low + high)
    assert axes.widened(1.0, 2.0) == (1.0, 2.0)
    figure = time_charts.time_courses(study_data(demo))
    (bone,) = [p for p in figure.axes if "BV/TV" in p.get_title(loc="left")]
    low, high = bone.get_ylim()  # the toy's bone is 0.139 to 0.13905
    assert high - low == pytest.approx(0.1 * (high + low) / 2) and low < 0.139 < high


def test_ratios_near_1_look_near_1(tmp_path):
    slight = ToyScenario("slight", drug=0.999)
    figure = effects_chart.forest(study_data(study(tmp_path / "s", VEHICLE, slight)))
    low, high = figure.axes[0].get_xlim()
    assert low <= 0.8 and high >= 1.25
    figure.draw_without_rendering()
    ticks = [t for t in figure.axes[0].get_xticks() if low <= t <= high]
    assert 1.0 in np.round(ticks, 9) and len(ticks) >= 3


def test_no_caption_promises_what_is_not_drawn(tmp_path, demo):
    alone = study_data(study(tmp_path / "s", VEHICLE, DRUG, seeds=[1]))
    of = {
        time_charts.time_courses: "run",
        effects_chart.forest: "pair",
        pathway_chart.pathway: "run",
    }
    for make, what in of.items():
        assert "95 % interval (Student's t)" in caption(make(study_data(demo)))
        told = caption(make(alone))
        assert f"one {what} has no interval" in told and "95 %" not in told
    some = chart_parts.interval_words([1, 3], "run")
    assert "95 % interval" in some and "one run has none" in some


def test_ticks_are_told_of_only_where_there_are_any(tmp_path, demo):
    def ticks(figure):
        return [line for line in figure.axes[0].lines if line.get_marker() == "|"]

    late = fates_chart.fates(study_data(demo))  # the treated tumours stay small
    assert ticks(late) and "Ticks: " in caption(late)
    same = fates_chart.fates(study_data(study(tmp_path / "s", VEHICLE, VEHICLE.but(name="again"))))
    assert not ticks(same) and "Ticks" not in caption(same)


@pytest.fixture(scope="module")
def eight_arms(tmp_path_factory):
    """Eight arms with short names, and with names of 40 characters."""
    arms = [ToyScenario(f"arm_{i}", drug=0.12 * (8 - i)) for i in range(8)]
    long = [arm.but(name=f"{arm.name}_rapamycin_and_zoledronate_each_week"[:40]) for arm in arms]
    out = tmp_path_factory.mktemp("out")
    return {
        name: study_data(study(out / name, *of))
        for name, of in zip(("short", "long"), (arms, long), strict=True)
    }


@pytest.mark.parametrize("names", ["short", "long"])
@pytest.mark.parametrize("n_arms", [1, 2, 8])
@pytest.mark.parametrize("chart", [c for c in charts.FIGURES if c not in charts.OPTIONAL])
@pytest.mark.filterwarnings("error")  # a layout that does not work out only warns
def test_all_text_lies_inside_its_figure_and_beside_other_text(
    eight_arms, chart, n_arms, names, monkeypatch
):
    whole = eight_arms[names]
    control, *others = whole.arms
    treated = others[: n_arms - 1]
    effects = {arm.name: whole.effects[arm.name] for arm in treated}
    # an arm with a run less makes captions count the runs of each arm by its name
    treated = [replace(arm, runs={s: arm.runs[s] for s in SEEDS[:2]}) for arm in treated]
    groups = [ArmGroup(control, treated)] if treated else []
    loose = [] if treated else [control]
    figure = charts.FIGURES[chart](StudyData(whole.folder, groups, loose, effects))
    if figure is None:
        assert (chart, n_arms) == ("effects", 1)
        return
    for dpi in (100, 200):
        figure.set_dpi(dpi)
        boxes = drawn_texts(figure, monkeypatch)
        assert len(boxes) > 8
        wide, high = figure.bbox.size
        for text, box in boxes:
            assert box.x0 >= 0.0 and box.y0 >= 0.0 and box.x1 <= wide and box.y1 <= high, text
        for (text, box), (other, beside) in itertools.combinations(boxes, 2):
            overlap = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            overlap = min(overlap, min(box.y1, beside.y1) - max(box.y0, beside.y0))
            assert overlap <= dpi / 72, (text, other)  # a point: boxes are taller than letters


def drawn_texts(figure, monkeypatch):
    """All that is written when a figure is drawn, each with the box that it takes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    drawn, draw = {}, Text.draw
    with monkeypatch.context() as spied:
        spied.setattr(Text, "draw", lambda t, r: (drawn.setdefault(id(t), t), draw(t, r))[1])
        FigureCanvasAgg(figure).draw()
    shown = [t for t in drawn.values() if t.get_visible() and t.get_text()]
    return [(t.get_text(), t.get_window_extent()) for t in shown]


def test_effects_are_those_of_compare(demo, tmp_path):
    figure = effects_chart.forest(study_data(demo))
    told = compare(demo / "vehicle", [demo / "rapamycin", demo / "osi_027"], tmp_path).rows
    told = [row for row in told if row["readout"].startswith(HEADLINES)]
    shown = sorted(
        float(line.get_xdata()[0])
        for panel in figure.axes
        for line in panel.lines
        if line.get_marker() not in ("None", None, "")
    )
    wanted = sorted(row["estimate"] for row in told if row["control_mean"] or row["treated_mean"])
    assert len(wanted) > 8 and shown == pytest.approx(wanted)
    ratios, *differences = figure.axes
    assert ratios.get_xscale() == "log" and "treated over control" in ratios.get_xlabel()
    units = {row["readout"]: row["unit"] for row in told if row["effect"] == "difference"}
    assert sorted(
        p.get_xlabel() for p in differences if p.get_xlabel().startswith("difference")
    ) == sorted(f"difference, treated minus control{written(unit)}" for unit in units.values())
    assert "d" in units.values() and "1/d" in units.values()
    assert legend(figure) == ["rapamycin", "osi_027"]
    assert "same seed, with its 95 % interval (Student's t), against vehicle" in caption(figure)


def test_every_primary_endpoint_has_an_axis_of_its_own(demo):
    data = study_data(demo)
    panels = effects_chart.forest(data).axes
    primary = {
        row["readout"]
        for rows in data.effects.values()
        for row in effects_chart.headlines(rows)
        if row["family"] == "primary"
    }
    assert len(primary) >= 2 and panels[0].get_title(loc="left") == "Primary endpoints"
    for panel, name in zip(panels, sorted(primary, key=lambda n: effects_chart.head_of(n, 99)),
                           strict=False):  # fmt: skip
        assert [t.get_text() for t in panel.get_yticklabels()] == [effects_chart.in_words(name)]


def test_a_strong_effect_does_not_squeeze_the_others():
    def row(estimate, low, high):
        return {"estimate": estimate, "ci_low": low, "ci_high": high}

    low, high = effects_chart._ends_of_ratios([row(0.8, 0.7, 0.9), row(0.5, 1e-9, 1e9)])
    assert 0.05 < low < 0.5 and 1.25 < high < 5.0


def test_every_headline_of_compare_has_words():
    assert set(effects_chart.WORDS) == set(HEADLINES)
    assert effects_chart.in_words("days_to_tumour_area_mm2_0.416") == "Time to 0.416 mm² of tumour"


def test_what_an_arm_does_not_hold_is_not_drawn(demo):
    data = study_data(demo)
    run = data.arms[1].first
    run.__dict__["timeseries"] = run.timeseries.drop(columns=["n_tumour_dormant", TUMOUR_AREA])
    shown = [p.get_title(loc="left") for p in time_charts.time_courses(data).axes]
    assert shown and TITLES["n_tumour_dormant"] not in shown and "Tumour area" not in shown
    assert fates_chart.fates(data) is None


def test_survival_drops_once_for_each_run_that_gets_there(demo):
    data = study_data(demo)
    survival, *cells = fates_chart.fates(data).axes
    assert survival.get_xlabel() == "time (d)" and survival.get_ylabel() == "share of runs below it"
    control = survival.lines[0]
    assert control.get_ydata()[0] == 1.0 and control.get_ydata()[-1] == pytest.approx(0.0)
    assert set(np.round(np.diff(control.get_ydata()) * 3)) <= {0.0, -1.0}
    labels = [line.get_label() for line in survival.lines if " reach it" in line.get_label()]
    assert [label.partition(":")[0] for label in labels] == data.names
    assert labels[0].endswith("3 of 3 reach it") and ": 3 of 3 reach it; p = " in labels[1]
    (row,) = [r for r in data.effects["rapamycin"] if r["readout"].startswith("days_to_tumour")]
    assert labels[1].endswith(f"p = {p_text(row['p'])} ({row['test']})")
    assert [panel.get_title(loc="left") for panel in cells] == data.names
    assert len(cells[0].collections) == 2  # cycling and dormant
    top = cells[0].collections[1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(1.0)


def test_pathway_shows_each_arm_of_each_cell_type(demo):
    (panel,) = pathway_chart.pathway(study_data(demo)).axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["tumour cell in the\nmarrow"]
    points = [line for line in panel.lines if line.get_marker() in ("o", "s", "^")]
    assert [line.get_xdata()[0] for line in points] == pytest.approx([0.6, 0.3, 0.0])
    assert panel.get_xlabel() == "activity, share of maximum"


def test_maps_are_of_one_seed_and_the_last_day_that_all_arms_hold(demo):
    figure = marrow_maps(study_data(demo))
    assert len(figure.axes) == 3
    assert [panel.get_title().partition("\n")[0] for panel in figure.axes] == [
        "vehicle", "rapamycin", "osi_027",
    ]  # fmt: skip
    assert figure.legends[0].get_title().get_text() == (
        "Day 1, seed 1: one of the runs of each arm (3 arms, 3 runs each; 3 pairs by seed)"
    )


def test_all_figures_are_written_twice_with_the_same_bytes(demo, tmp_path):
    first = draw_figures(demo, out=tmp_path)
    names = ["time_courses", "effects", "fates", "pathway", "marrow"]
    assert [p.name for p in first.paths] == [f"{n}{k}" for n in names for k in (".png", ".svg")]
    before = {path: path.read_bytes() for path in first.paths}
    again = draw_figures(demo, out=tmp_path)
    assert {path: path.read_bytes() for path in again.paths} == before
    assert first.notes == []
    svg = (tmp_path / "time_courses.svg").read_text()
    assert re.search(r"<text[^>]*>area \(mm²\)</text>", svg)  # text, not outlines


def test_what_cannot_be_drawn_has_a_note(tmp_path):
    drawn = draw_figures(study(tmp_path / "s", VEHICLE, DRUG, engine=ToyEngine))
    assert {path.stem for path in drawn.paths} == {"time_courses", "effects", "fates"}
    assert drawn.notes[0].startswith("No pathway: ")
    assert "output.fields_at_days" in drawn.notes[1]
    assert (tmp_path / "s" / "figures" / "fates.svg").exists()


def test_one_arm_has_no_effects(tmp_path):
    drawn = draw_figures(study(tmp_path / "s", VEHICLE, seeds=[1]))
    assert drawn.counted == "1 arm, 1 run each" and "effects" not in {p.stem for p in drawn.paths}


def test_arms_that_are_not_comparable_are_drawn_but_have_no_effect(tmp_path):
    data = study_data(study(tmp_path / "s", VEHICLE, DRUG, ToyScenario("wide", nx=40)))
    assert data.names == ["vehicle", "rapamycin", "wide"] and list(data.effects) == ["rapamycin"]
    assert data.notes[0].startswith("No effects of wide: ")
    assert legend(effects_chart.forest(data)) == ["rapamycin"]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Six doses at two lengths of the tumour's life, each length with a control of its own."""
    out = tmp_path_factory.mktemp("out") / "sweep"
    controls = [VEHICLE.but(name=f"none_{k}", drug=1.0 - 0.5 * k) for k in (0, 1)]
    points = [
        (name := f"p{k}{i}", 0.1 * 3.0**i, k, controls[k].but(name=name, drug=0.5 / (k + i + 2)))
        for i in range(6)
        for k in (0, 1)
    ]  # fmt: skip
    study(out, *controls, *(scenario for *_, scenario in points), seeds=[1, 2])
    table = ["point,name,control,drugs.rapamycin.dose_mg_per_kg,tumour.rate"]
    table += [f"{n},{name},none_{k},{dose:g},{k}" for n, (name, dose, k, _) in enumerate(points)]
    (out / "design.csv").write_text("\n".join(table) + "\n")
    return out


def test_effects_of_a_sweep_are_against_the_control_of_each_point(sweep):
    data = study_data(sweep)
    assert len(data.arms) == 14 and data.against == "the control of each arm"
    for name, rows in data.effects.items():
        assert {row["control"] for row in rows} == {f"none_{name[1]}"}
    figure = charts.FIGURES["doses"](data)
    area = next(p for p in figure.axes if p.get_title(loc="left") == "Tumour area at the end")
    assert legend(figure) == ["tumour.rate = 0", "tumour.rate = 1"]
    lines = [line for line in area.lines if len(line.get_xdata()) == 6]
    for k, line in enumerate(lines):
        wanted = [
            next(r["estimate"] for r in data.effects[f"p{k}{i}"]
                 if r["readout"] == "tumour_area_mm2_final")
            for i in range(6)
        ]  # fmt: skip
        assert list(line.get_ydata()) == pytest.approx(wanted)
        assert line.get_xdata() == pytest.approx([0.1 * 3.0**i for i in range(6)], rel=0.1)
    assert figure.axes[-1].get_xlabel() == "rapamycin, one dose (mg/kg)"
    assert area.get_xscale() == "log"


@pytest.mark.parametrize("chart", charts.FIGURES)
@pytest.mark.filterwarnings("error")
def test_no_figure_is_too_large_to_look_at(eight_arms, sweep, chart, monkeypatch):
    for data in (eight_arms["long"], study_data(sweep)):
        figure = charts.FIGURES[chart](data)
        if figure is None:
            assert chart in charts.OPTIONAL
            continue
        wide, high = figure.get_size_inches() * canvas.DPI
        assert wide <= canvas.MOST_WIDE_PX and high <= 1.15 * canvas.MOST_HIGH_PX
    boxes = drawn_texts(figure, monkeypatch)  # of the sweep: rows and columns have room for names
    for (text, box), (other, beside) in itertools.combinations(boxes, 2):
        overlap = min(box.x1, beside.x1) - max(box.x0, beside.x0)
        overlap = min(overlap, min(box.y1, beside.y1) - max(box.y0, beside.y0))
        assert overlap <= figure.dpi / 50, (text, other)


def test_what_is_too_high_is_saved_with_fewer_dots(tmp_path):
    from PIL import Image

    for size in ((2.0, 50.0), (50.0, 2.0)):
        canvas.save(canvas.new_figure(*size), tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as picture:
            assert picture.width <= canvas.MOST_WIDE_PX and picture.height <= canvas.MOST_HIGH_PX


def test_arms_that_make_one_readout_a_ratio_here_and_a_difference_there_share_a_kind(sweep):
    data = study_data(sweep)
    rows = {
        name: next(r for r in of if r["readout"] == "tumour_area_mm2_final")
        for name, of in data.effects.items()
    }
    assert one_kind.in_one_kind(data.controlled, rows) == rows  # all are ratios
    rows["p00"] = {**rows["p00"], "effect": "difference", "estimate": -1.0}
    found = one_kind.in_one_kind(data.controlled, rows)
    assert {row["effect"] for row in found.values()} == {"difference"}
    assert found["p00"]["estimate"] == -1.0
    row = rows["p13"]
    assert found["p13"]["estimate"] == pytest.approx(
        row["treated_mean"] - row["control_mean"], rel=1e-3
    )


def test_paired_effects_stand_below_the_arms(demo):
    data = study_data(demo)
    figure = time_charts.time_courses(data)
    area = next(i for i, p in enumerate(figure.axes) if p.get_title(loc="left") == "Tumour area")
    below = next(p for p in figure.axes if p.get_ylabel() == "ratio")
    assert below.get_yscale() == "log" and figure.axes[area].get_ylabel() == "area (mm²)"
    _, control = course(data.arms[0], TUMOUR_AREA)
    _, treated = course(data.arms[1], TUMOUR_AREA)
    wanted = np.exp(np.log(treated / control).mean(axis=0))
    np.testing.assert_allclose(below.lines[0].get_ydata(), wanted)
    assert "the effect within pairs of runs with the same seed" in caption(figure)


def given(arms, monkeypatch):
    """Make some arms treated: name -> days of their doses."""
    schedule = Schedule(dose_mg_per_kg=1.0, every_h=24.0)
    monkeypatch.setattr(
        chart_parts, "doses_in",
        lambda arm: [Doses("rapamycin", schedule, np.array(arms[arm.name]))]
        if arm.name in arms else [],
    )  # fmt: skip


def marks(panel, gid):
    return [part for part in (*panel.lines, *panel.patches) if part.get_gid() == gid]


def test_treatment_and_start_up_are_marked_in_every_plot_over_time(demo, monkeypatch):
    given({"rapamycin": [0.5, 1.0], "osi_027": list(np.arange(0.0, 2.0, 0.1))}, monkeypatch)
    monkeypatch.setattr(chart_parts, "out_of_balance_days", lambda runs: 0.75)
    data = study_data(demo)
    look = looks(data.names)
    for make in (time_charts.time_courses, fates_chart.fates):
        figure = make(data)
        over_time = [p for p in figure.axes if p.get_xlim()[1] >= 2.0 and p.get_ylabel()]
        assert sum(bool(marks(p, "doses")) for p in over_time) >= 1
        for panel in (p for p in over_time if p.get_title(loc="left").startswith(("T", "Bone"))):
            few, many = sorted(marks(panel, "doses"), key=lambda m: -(m.get_marker() == "v"))
            assert (
                list(few.get_xdata()) == [0.5, 1.0] and few.get_color() == look["rapamycin"].colour
            )
            assert many.get_linestyle() == "-" and many.get_color() == look["osi_027"].colour
            assert many.get_xdata()[0] == 0.0 and many.get_xdata()[-1] >= 2.0
            (grey,) = marks(panel, "start-up")
            assert grey.get_width() == pytest.approx(0.75)
        assert "above: treatment" in caption(figure)
        assert "Grey until day 0.75: start-up" in caption(figure)


def test_nothing_is_said_of_marks_that_are_not_there(demo):
    for make in (time_charts.time_courses, fates_chart.fates):
        assert "Grey" not in caption(make(study_data(demo)))


def test_another_control_may_be_named(demo, tmp_path):
    assert study_data(demo, "rapamycin").names == ["rapamycin", "vehicle", "osi_027"]
    with pytest.raises(UserError, match=r"--control x is not an arm of .*demo"):
        draw_figures(demo, "x", tmp_path)


def test_only_pictures_of_ours_are_replaced(demo, tmp_path):
    (tmp_path / "fates.png").write_bytes(b"my own")
    with pytest.raises(UserError, match=r"fates.png was not drawn by mtor_abm; move it"):
        draw_figures(demo, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["fates.png"]


def test_without_matplotlib_one_line_says_what_to_install(demo, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[figures\]'"):
        draw_figures(demo, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_prints_what_was_drawn(demo, tmp_path, capsys):
    assert cli.main(["figures", str(demo), "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["arms"] == ["vehicle", "rapamycin", "osi_027"] and len(told["paths"]) == 10
    assert cli.main(["figures", str(tmp_path)]) == 2
    assert "is not a study of mtor_abm (no study.json)" in capsys.readouterr().err


def test_eight_arms_are_told_apart_in_every_way_and_look_as_on_the_page():
    look = looks([str(i) for i in range(8)])
    for of in ("colour", "marker", "dash"):
        assert len({getattr(arm, of) for arm in look.values()}) == 8, of
    css = (Path(charts.__file__).parent / "report" / "page.css").read_text()
    light = css.partition("@media")[0]
    assert re.findall(r"--arm(\d): (#\w+);", light) == [
        (str(i), arm.colour) for i, arm in enumerate(look.values())
    ]
    with pytest.raises(ValueError, match="9 arms"):
        looks([str(i) for i in range(9)])


def test_units_look_the_same_everywhere():
    assert [written(u) for u in ("mm2", "1", "um", "nM")] == [" (mm²)", "", " (µm)", " (nM)"]
