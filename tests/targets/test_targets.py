"""Targets: the maths of agreement by hand, shared runs read right, every row of the table there."""

import csv
import math

import numpy as np
import pytest

from mtor_abm import evidence
from mtor_abm.errors import UserError
from mtor_abm.targets import TARGETS
from mtor_abm.targets.evaluate import COLUMNS, Judged, as_rows, chosen, fitted_numbers, table
from mtor_abm.targets.exposure import greatest_inhibition
from mtor_abm.targets.marrow import ARMS
from mtor_abm.targets.network import course, drawn_line, units
from mtor_abm.targets.target import Course, Point, Target, judge, scenario_of
from mtor_abm.targets.text import targets_text


def point(**facts):
    return Point("a point", "1", lambda source: np.zeros(1), **facts)


def test_z_is_the_difference_over_published_error_and_error_of_the_mean():
    """Mean 3, deviation 8 of 4 seeds, so 4 of their mean; error 3: z = (3 + 7) / 5."""
    seeds = 3.0 + 8.0 * np.array([-1.0, -0.5, 0.5, 1.0]) / math.sqrt(2.5 / 3.0)
    verdict = judge(point(value=-7.0, error=3.0), seeds)
    assert verdict.spread == pytest.approx(8.0)
    assert verdict.z == pytest.approx(2.0)
    assert not judge(point(value=-7.1, error=3.0), seeds).agrees
    assert judge(point(value=-6.9, error=3.0), seeds).agrees


def test_a_noisier_model_does_not_agree_more_easily_with_more_seeds():
    """Twice the scatter from four times the seeds leaves z as it is."""
    quiet = np.tile([2.0, 4.0], 8)
    noisy = np.tile([1.0, 5.0], 32)
    observed = point(value=0.0, error=1.0)
    assert judge(observed, noisy).z == pytest.approx(judge(observed, quiet).z, rel=0.01)
    assert not judge(observed, noisy).agrees


def test_a_ratio_is_judged_by_its_logarithm():
    verdict = judge(point(value=0.5, error=math.log(2.0), ratio=True), np.array([2.0, 2.0]))
    assert verdict.mean == pytest.approx(2.0)
    assert verdict.z == pytest.approx(2.0)


def test_without_published_error_nothing_is_judged():
    verdict = judge(point(value=1.0), np.array([4.0, 6.0]))
    assert math.isnan(verdict.z) and verdict.agrees is None


def test_a_range_is_judged_by_the_mean_and_ends_at_a_z_of_two():
    inside = judge(point(limits=(0.0, 0.1)), np.array([0.0, 0.2]))
    assert (inside.agrees, inside.z) == (True, pytest.approx(2.0))
    beyond = judge(point(limits=(0.0, 0.1)), np.array([0.1, 0.2]))
    assert (beyond.agrees, beyond.z) == (False, pytest.approx(4.0))
    assert judge(point(limits=(0.0, 0.1)), np.array([0.05])).z == 0.0
    open_end = judge(point(limits=(0.0, math.inf)), np.array([5.0]))
    assert (open_end.agrees, math.isnan(open_end.z)) == (True, True)


def test_undefined_seeds_are_left_out():
    verdict = judge(point(limits=(0.0, 2.0)), np.array([np.nan, 1.0, 1.0]))
    assert (verdict.n, verdict.mean) == (2, 1.0)
    assert judge(point(limits=(0.0, 2.0)), np.array([np.nan])).agrees is None


class Hand:
    """A source with courses made by hand."""

    seeds = (1, 2)

    def __init__(self, **courses):
        self.courses = courses

    def course(self, arm):
        return self.courses[arm]


def hand_course(days, events=None, sites=None, **columns):
    made = {name: np.array(rows, dtype=float) for name, rows in columns.items()}
    return Course(np.array(days, dtype=float), made, events or {}, sites or {})


def values(target, index, source):
    return TARGETS[target].points[index].simulate(source)


def test_bone_left_and_size_read_between_rows():
    run = hand_course(
        [0, 10, 30], bv_tv=[[0.2, 0.1, 0.1], [0.1, 0.1, 0.1]],
        tumour_area_mm2=[[1, 11, 31], [2, 2, 2]],
    )  # fmt: skip
    source = Hand(target_vehicle=run)
    assert values("T13", 0, source) == pytest.approx([65.0, 100.0])
    assert values("T20", 0, source) == pytest.approx([5.0, 1.0])


def test_drug_arms_are_paired_by_seed():
    control = hand_course([0, 25], tumour_area_mm2=[[1, 4], [1, 8]], n_osteoclast=[[9, 10], [9, 0]])
    treated = hand_course([0, 25], tumour_area_mm2=[[1, 1], [1, 4]], n_osteoclast=[[9, 1], [9, 1]])
    source = Hand(target_vehicle=control, target_opg_fc_from_day_7=treated,
                  target_opg_fc_from_day_0=treated)  # fmt: skip
    assert values("T03", 0, source) == pytest.approx([0.25, 0.5])
    ratio = values("T04", 1, source)
    assert ratio[0] == pytest.approx(0.1) and np.isnan(ratio[1]), "no osteoclasts: no ratio"


def test_turnover_and_cycle_times_by_littles_law():
    """10 osteoclasts, 2 deaths in 28 d: 140 d of life, 20 weeks; 3000 um2 open, 50 um2/d filled:
    60 d, about 2 months; 0.1 % of the bone a day: 36.5 % a year."""
    year = hand_course(
        [0, 14, 28], events={"death_osteoclast": np.array([2.0])}, n_osteoclast=[[10, 10, 10]],
        cavity_area_mm2=[[0.003] * 3], formed_um2_per_d=[[0, 50, 50]], ctx_per_d=[[0, 1e-3, 1e-3]],
        bv_tv=[[0.1, 0.1, 0.11]],
    )  # fmt: skip
    source = Hand(target_healthy_year=year)
    got = [float(values("T67", k, source)[0]) for k in range(4)]
    assert got == pytest.approx([36.5, 20.0, 60.0 * 12.0 / 365.0, 10.0])


def test_oxygen_leaves_bone_and_vessels_out():
    sites = {
        "oxygen_mmHg": [np.array([10.0, 20.0, 99.0, 99.0])],
        "bone": [np.array([0, 0, 1, 0])],
        "vessel": [np.array([0, 0, 0, 1])],
    }
    source = Hand(target_no_tumour=hand_course([0], sites=sites))
    assert values("T72", 0, source) == pytest.approx([15.0])
    assert values("T72", 1, source) == pytest.approx([10.1])


def test_a_line_keeps_its_limits_and_its_luck():
    a, b, c = (drawn_line(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert a == b and a != c
    assert 0.0 < a.w_growth_factor <= 1.0
    assert a.vegf_foxo == 0.0


def test_the_course_of_a_line_starts_untreated_and_loses_s6k():
    line = course(drawn_line(np.random.default_rng(3)), 3, **units("rapamycin", 50.0))
    assert len(line["s6k"]) == 4
    assert line["s6k"][-1] < 0.2 * line["s6k"][0]
    assert units("rapamycin", 1.0) == {"rapalog": pytest.approx(2.0)}


def test_inhibition_in_patients_is_a_share():
    found = [greatest_inhibition(k) for k in range(5)]
    assert all(0.0 < x < 1.0 for x in found) and len(set(found)) == 5


def test_every_target_is_a_row_of_the_evidence_with_runs_that_exist():
    path = evidence.FOLDER / "calibration_targets.csv"
    with path.open(encoding="utf-8", newline="") as file:
        known = {row["id"] for row in csv.DictReader(file)}
    assert set(TARGETS) <= known
    used = {arm for target in TARGETS.values() for arm in target.arms}
    assert used == set(ARMS)
    for name, arm in ARMS.items():
        assert scenario_of(name, arm, quick=True).name == name


def test_points_have_a_value_or_limits_and_not_both():
    for target in TARGETS.values():
        for p in target.points:
            assert (p.value is None) != (p.limits is None), (target.id, p.label)


def test_fitted_numbers_name_their_target():
    fitted = fitted_numbers()
    assert "tumour.pthrp_nM_per_s" in fitted["T13"]
    assert "signalling.rapalog_on_s6k" in fitted["T47"]


def test_choosing_by_name_and_refusing_strangers():
    assert [t.id for t in chosen(["t20", "T13"])] == ["T13", "T20"]
    assert len(chosen([])) == len(TARGETS)
    with pytest.raises(UserError, match="T99"):
        chosen(["T99"])


def test_table_and_text_hold_every_point():
    p = point(value=2.0, error=1.0)
    judged = Judged(
        Target("T13", (p,), note="a note"), (judge(p, np.array([1.0, 3.0])),), ("a.b",), 2.0
    )
    rows = table([judged])
    assert list(rows) == list(COLUMNS)
    assert rows["simulated"] == [2.0] and rows["fitted"] == ["a.b"]
    assert as_rows(judged)[0]["agrees"] is True
    text = targets_text([judged])
    assert "a point" in text and "fitted to it: a.b; a note" in text and "1 of 1 points" in text


def test_the_half_life_in_blood_lies_within_its_range():
    got = values("T68", 0, Hand())
    assert len(got) == 2 and all(0.5 < x < 5.0 for x in got)


def test_all_targets_of_the_table_are_here():
    path = evidence.FOLDER / "calibration_targets.csv"
    with path.open(encoding="utf-8", newline="") as file:
        wanted = {row["id"] for row in csv.DictReader(file)}
    assert set(TARGETS) == wanted
