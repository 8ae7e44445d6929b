"""What a comparison says: numbers that a pocket calculator confirms, and words."""

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mtor_abm.analysis.compare import Comparison
from mtor_abm.analysis.compare_text import endpoint_of, heading_of, reached_text
from mtor_abm.analysis.effects import COLUMNS, TEXT_COLUMNS
from mtor_abm.study_text import counted

values = st.floats(1e-6, 1e6)


def row(**given):
    empty = {name: "" if name in TEXT_COLUMNS else math.nan for name in COLUMNS}
    plain = {"control": "vehicle", "treated": "drug", "readout": "tumour_area_mm2_final",
             "unit": "mm2", "effect": "ratio", "n_pairs": 4, "p": 0.001, "p_adjusted": 0.005,
             "family": "primary", "test": "paired t on log ratios"}  # fmt: skip
    return empty | plain | given


def ratio(before, after, half=0.1, **given):
    estimate = after / before
    return row(control_mean=before, treated_mean=after, estimate=estimate,
               ci_low=estimate / (1 + half), ci_high=estimate * (1 + half), **given)  # fmt: skip


def difference(before, after, half=1.0, **given):
    gain = after - before
    return row(control_mean=before, treated_mean=after, estimate=gain, ci_low=gain - half,
               ci_high=gain + half, **{"effect": "difference", **given})  # fmt: skip


def bone(before, after, half=3.95):
    return difference(
        before, after, half, readout="bv_tv_change_percent", unit="%", p_adjusted=0.004
    )


def test_the_lines_of_the_demonstration():
    area = ratio(0.8321, 0.5775, readout="tumour_area_mm2_final")
    assert endpoint_of(area).cells == (
        "tumour area", "-31 %", "[-37, -24]", "0.832 -> 0.578 mm2", "p 0.005",
    )  # fmt: skip
    assert endpoint_of(bone(-14.22, 0.21)).cells == (
        "bone volume", "+14.4 pts", "[+10.5, +18.4]", "-14.2 % -> +0.2 %", "p 0.004",
    )  # fmt: skip


def numbers(text):
    return [float(found) for found in re.findall(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?", text)]


@given(values, values)
def test_the_change_of_a_ratio_is_that_of_the_two_values_beside_it(before, after):
    assume(1e-3 < after / before < 1e3)
    found = endpoint_of(ratio(before, after, unit="1"))
    shown = float(found.change.removesuffix(" %"))
    a, b = numbers(found.values)
    decimals = len(found.change.partition(".")[2].removesuffix(" %"))
    assert abs(100.0 * (b / a - 1.0) - shown) <= 0.5 * 10.0**-decimals * (1 + 1e-6) + 1e-5
    low, high = numbers(found.interval)
    assert low <= shown <= high


@given(st.floats(-99.0, 200.0), st.floats(-99.0, 200.0))
def test_points_are_the_difference_of_the_two_per_cents_beside_them(before, after):
    found = endpoint_of(bone(before, after))
    shown = float(found.change.removesuffix(" pts"))
    a, b = numbers(found.values)
    decimals = len(found.change.partition(".")[2].removesuffix(" pts"))
    assert abs((b - a) - shown) <= 0.5 * 10.0**-decimals + 1e-6


@given(values, values)
def test_other_differences_too(before, after):
    found = endpoint_of(difference(before, after, readout="n_lesions_final", unit="1"))
    a, b = numbers(found.values)
    assert b - a == pytest.approx(float(found.change), abs=1e-2 * abs(after - before) + 1e-9)


def test_what_is_the_same_in_every_pair_says_so():
    same = ratio(0.5, 0.5, p=math.nan, p_adjusted=math.nan, test="")
    found = endpoint_of(same | {"ci_low": math.nan, "ci_high": math.nan})
    assert found.cells == ("tumour area", "0 %", "", "0.5 -> 0.5 mm2", "the same in every pair")
    assert not found.is_clear
    gone = difference(0.83, 0.0, 0.1)
    assert endpoint_of(gone).cells[1:4] == ("-0.830 mm2", "[-0.930, -0.730]", "0.830 -> 0.000 mm2")


def test_counts_in_words():
    said = [counted(n, "day") for n in (1, 1.0, 0.5, 28.0)]
    assert said == ["1 day", "1 day", "0.5 days", "28 days"]
    assert counted(12_345_678, "step") == "12345678 steps"


def test_headings():
    said = heading_of("rapamycin", "rapamycin 1.5 mg/kg/d i.p. from day 3", ["rapamycin"],
                      "vehicle", 21.0, 4)  # fmt: skip
    assert said == (
        "rapamycin 1.5 mg/kg/d i.p. from day 3, against vehicle, at day 21; 4 pairs by seed "
        "(chance, not animals)"
    )
    said = heading_of("ko", "RICTOR x 0 in tumour cells", [], "vehicle", 7.5, 1)
    assert said.startswith(
        "ko (RICTOR x 0 in tumour cells), against vehicle, at day 7.5; 1 pair by"
    )
    assert heading_of("placebo", "", [], "vehicle", 7.0, 2).startswith("placebo, against vehicle")


def test_a_time_that_some_runs_never_reach_says_so():
    late = row(readout="days_to_tumour_area_mm2_0.1", control_reached=4, treated_reached=3)
    assert reached_text(late) == " (threshold reached in 4/4 control and 3/4 treated runs)"
    assert reached_text(late | {"treated_reached": 4}) == ""


def test_counts_of_the_ending():
    """40 of 94: of the others, those with an adjusted p below 0.05 and those with a p."""
    found = [ratio(1.0, 0.7), bone(-14.0, 0.2)]
    for i, p in enumerate([0.01, 0.04, 0.2, math.nan]):
        found.append(ratio(1.0, 0.9, readout=f"x{i}", p=p, p_adjusted=p, family="other"))
    lead = Comparison("vehicle", found).lead("drug")
    assert lead.ending == (
        "Primary endpoints, Holm-adjusted among 2. 2 of 3 other readouts differ (FDR 5 %): "
        "comparison.csv."
    )
    assert [e.label for e in lead.endpoints] == ["tumour area", "bone volume"]
    lines = lead.text().splitlines()
    assert lines[1].index("-30 %") == lines[2].index("+14.2 pts") and len(lines) == 4


def test_many_arms_have_a_line_each():
    found = [ratio(1.0, 0.5 + i / 50, treated=f"p{i:04d}") for i in range(9)]
    text = Comparison("vehicle", found).text()
    assert text.splitlines()[0].split() == ["arm", "control", "tumour", "area"]
    assert len(text.splitlines()) == 11 and "-50 % [-55, -45] *" in text
    assert "9 pairs" not in text
    of_points = Comparison("vehicle", found).effects_text({"p0003": {"drugs.x.dose_mg": "5"}})
    line = next(line for line in of_points.splitlines() if "p0003" in line)
    assert line.split()[:3] == ["p0003", "vehicle", "5"] and "dose_mg" in of_points
