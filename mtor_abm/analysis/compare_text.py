"""What a comparison says: the first block of every arm, and its table.

    rapamycin 1.5 mg/kg/d i.p. from day 3, against vehicle, at day 21; 4 pairs by seed (chance, ...)
      tumour area     -31 %    [-39, -21]      0.832 -> 0.577 mm2     p 0.005

Numbers agree with each other: the change of a ratio is that of the two means beside it, which are
geometric means, to the last digit shown.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..readouts import TIME_TO
from .endpoints import OTHER, PRIMARY, in_order

Row = Mapping[str, Any]

SIGNIFICANT = 0.05
PAIRS_ARE = "by seed (chance, not animals)"
SIGNED = "_change_percent"  # end of the name of a readout that may be positive or negative
# What a reader looks for first, in this order.
HEADLINES = (
    "tumour_area_mm2_final",
    "tumour_area_mm2_growth_per_d",
    "days_to_tumour_area_mm2_",
    "n_lesions_final",
    "n_tumour_dormant_final",
    "n_arrivals_sum",
    "bv_tv_final",
    "bv_tv_change_percent",
    "n_oc_per_b_pm_per_mm_mean",
    "ctx_per_d_mean",
    "p1np_per_d_mean",
    "vessel_length_mm_per_mm2_final",
    "mean_vegf_nM_mean",
    "s6k_tumour_mean",
    "p4ebp1_tumour_mean",
    "akt_s473_tumour_mean",
)
LABELS: dict[str, str] = {
    "tumour_area_mm2_final": "tumour area",
    "bv_tv_final": "bone volume, BV/TV",
    "bv_tv_change_percent": "bone volume",
    "ctx_per_d_mean": "resorption (CTX)",
    "p1np_per_d_mean": "formation (P1NP)",
    "n_oc_per_b_pm_per_mm_mean": "osteoclasts, N.Oc/B.Pm",
    "n_ob_per_b_pm_per_mm_mean": "osteoblasts, N.Ob/B.Pm",
    "vessel_length_mm_per_mm2_final": "vessel length",
    "n_lesions_final": "lesions",
    "mean_vegf_nM_mean": "VEGF",
}
MOST_DIGITS = 9  # those of the tables


@dataclass(frozen=True)
class Endpoint:
    """One primary endpoint in words.

    Attributes:
        readout: its name in comparison.csv.
        label: what people call it.
        change: effect, e.g. "-31 %" or "+14.4 pts".
        interval: its 95 % interval in the same unit, e.g. "[-39, -21]"; "" without one.
        values: both arms, e.g. "0.832 -> 0.577 mm2".
        p: e.g. "p 0.005" (adjusted), or "the same in every pair"; "" with one pair.
        is_clear: whether the adjusted p is below 0.05.
    """

    readout: str
    label: str
    change: str
    interval: str
    values: str
    p: str
    is_clear: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """The words of the line."""
        return (self.label, self.change, self.interval, self.values, self.p)


@dataclass(frozen=True)
class Lead:
    """What is said of an arm before anything else.

    Attributes:
        heading: treatment, control, day and pairs.
        warnings: differences between the arms that are no treatment.
        endpoints: the primary endpoints.
        ending: how they are adjusted, and how many other readouts differ.
    """

    heading: str
    warnings: list[str]
    endpoints: list[Endpoint]
    ending: str

    def text(self) -> str:
        """For the terminal."""
        lines = [self.heading, *(f"  {warning}" for warning in self.warnings)]
        lines += columns([endpoint.cells for endpoint in self.endpoints], gap=4)
        return "\n".join([*lines, self.ending])


def lead_of(
    heading: str, rows: Sequence[Row], primary: Sequence[str], file: str,
    warnings: Sequence[str] = (),
) -> Lead:  # fmt: skip
    """The first block of an arm.

    Args:
        heading: as in Lead. rows: all of the arm. primary: names of the endpoints, in order.
        file: where the other readouts can be read. warnings: as in Lead.
    """
    endpoints = [endpoint_of(row) for row in in_order(rows, primary)]
    return Lead(heading, list(warnings), endpoints, _ending(rows, file))


def heading_of(arm: str, treatment: str, drugs: Sequence[str], control: str, day: float,
               n_pairs: int) -> str:  # fmt: skip
    """E.g. "rapamycin 1.5 mg/kg/d i.p. from day 3, against vehicle, at day 21; 4 pairs ...".

    Args:
        arm: name of the treated arm. treatment: in words, "" if unknown.
        drugs: keys of the drugs that the arm gives: an arm called like its drug is not named twice.
        control: name of the control. day: end of the runs. n_pairs: pairs of runs.
    """
    named = treatment if arm in drugs else f"{arm} ({treatment})"
    pairs = f"{n_pairs} pair{'s' * (n_pairs != 1)} {PAIRS_ARE}"
    return f"{named if treatment else arm}, against {control}, at day {day:g}; {pairs}"


def endpoint_of(row: Row) -> Endpoint:
    """A row of comparison.csv in words that agree with a pocket calculator."""
    change, interval, values = (
        _ratio_words(row) if row["effect"] == "ratio" else _difference_words(row)
    )
    p = "" if math.isnan(row["p_adjusted"]) else f"p {p_text(row['p_adjusted'])}"
    if not p and row["n_pairs"] > 1:
        p = "the same in every pair"
    readout = str(row["readout"])
    label = LABELS.get(readout, readout)
    if readout.startswith(TIME_TO):
        label += reached_text(row)
    clear = bool(row["p_adjusted"] < SIGNIFICANT)
    return Endpoint(readout, label, change, interval, values, p, clear)


def _ratio_words(row: Row) -> tuple[str, str, str]:
    """Change in per cent, its interval, both geometric means."""
    percent = 100.0 * (row["estimate"] - 1.0)
    decimals = 0 if percent >= 10.0 or percent == 0.0 or -99.0 < percent <= -10.0 else 1
    change = _signed(percent, decimals)
    ends = [100.0 * (row[key] - 1.0) for key in ("ci_low", "ci_high")]
    before, after = _as_few_digits(
        row, range(2, MOST_DIGITS + 1), lambda value, digits: f"{value:.{digits}g}",
        lambda a, b: a > 0.0 and _signed(100.0 * (b / a - 1.0), decimals) == change,
    )  # fmt: skip
    return f"{change} %", _interval(ends, decimals), f"{before} -> {after}{_tail(row['unit'])}"


def _difference_words(row: Row) -> tuple[str, str, str]:
    """Difference in the unit of the readout (of a per cent: points), its interval, both means."""
    size, is_percent = abs(row["estimate"]), row["unit"] == "%"
    decimals = max(0, 2 - math.floor(math.log10(size))) if size > 0.0 else 0
    decimals = min(decimals, 1 if is_percent else MOST_DIGITS)
    change = _signed(row["estimate"], decimals)
    of_sign = row["readout"].endswith(SIGNED)

    def shown(value: float, decimals: int) -> str:
        return _signed(value, decimals) if of_sign else f"{value:.{decimals}f}"

    before, after = _as_few_digits(
        row, range(decimals, MOST_DIGITS + 1), shown,
        lambda a, b: _signed(b - a, decimals) == change,
    )  # fmt: skip
    ends = [row[key] for key in ("ci_low", "ci_high")]
    values = f"{before} % -> {after} %" if is_percent else f"{before} -> {after}"
    unit = " pts" if is_percent else _tail(row["unit"])
    tail = "" if is_percent else unit
    return f"{change}{unit}", _interval(ends, decimals), f"{values}{tail}"


def _as_few_digits(
    row: Row, digits: Iterable[int], shown: Callable[[float, int], str],
    agrees: Callable[[float, float], bool],
) -> tuple[str, str]:  # fmt: skip
    """Both means with as few digits as let the change follow from what is shown."""
    texts = ("", "")
    for n in digits:
        texts = shown(row["control_mean"], n), shown(row["treated_mean"], n)
        if agrees(float(texts[0]), float(texts[1])):
            break
    return texts


def _tail(unit: str) -> str:
    """A unit after a number: none for a pure number, "/d" for "1/d"."""
    return "" if unit == "1" else " " + (unit[1:] if unit.startswith("1/") else unit)


def _signed(value: float, decimals: int) -> str:
    """A number with its sign; 0 has none."""
    text = f"{value:+.{decimals}f}"
    return text.lstrip("+-") if float(text) == 0.0 else text


def _interval(ends: Sequence[float], decimals: int) -> str:
    if any(map(math.isnan, ends)):
        return ""
    return f"[{', '.join(_signed(end, decimals) for end in ends)}]"


def _ending(rows: Sequence[Row], file: str) -> str:
    if max((row["n_pairs"] for row in rows), default=0) < 2:
        return f"One pair only, so there is no interval and no p: {file}."
    tested = {
        family: [r for r in rows if r["family"] == family and not math.isnan(r["p_adjusted"])]
        for family in (PRIMARY, OTHER)
    }
    n = len(tested[PRIMARY])
    start = (
        f"Primary endpoints, Holm-adjusted among {n}." if n > 1
        else "One primary endpoint, not adjusted." if n
        else "No primary endpoint differs in any pair."
    )  # fmt: skip
    clear = sum(row["p_adjusted"] < SIGNIFICANT for row in tested[OTHER])
    others = (
        f"{clear} of {len(tested[OTHER])} other readouts differ (FDR 5 %)" if tested[OTHER]
        else "No other readout differs in any pair"
    )  # fmt: skip
    return f"{start} {others}: {file}."


def effects_table(leads: Sequence[tuple[Mapping[str, str], Lead]], most: int = 40) -> str:
    """Many arms, a line each: what tells them apart, then the change of each primary endpoint.

    Args:
        leads: of each arm, named cells that tell it apart, and its first block.
        most: lines that are shown.
    """
    names = list(dict.fromkeys(name for cells, _ in leads for name in cells))
    labels = list(dict.fromkeys(e.label for _, lead in leads for e in lead.endpoints))
    lines = [[*names, *labels]]
    for cells, lead in leads[:most]:
        changes = {e.label: f"{e.change} {e.interval}{' *' * e.is_clear}" for e in lead.endpoints}
        lines.append(
            [*(cells.get(name, "") for name in names), *(changes.get(key, "") for key in labels)]
        )
    text = "\n".join(columns(lines))
    more = f"\n  and {len(leads) - most} more arms" if len(leads) > most else ""
    return f"{text}{more}\n  * adjusted p < {SIGNIFICANT:g} (Holm, within the arm)"


# ------------------------------------------------------------------------------------- the table
def headlines_first(row: Row) -> tuple[int, float, float, str]:
    """Order of the rows: HEADLINES, then by adjusted p, then by p; what has none comes last."""
    name = row["readout"]
    rank = next((i for i, head in enumerate(HEADLINES) if name.startswith(head)), len(HEADLINES))
    p_adjusted, p = (2.0 if math.isnan(row[key]) else row[key] for key in ("p_adjusted", "p"))
    return rank, p_adjusted, p, name


def table_text(rows: Sequence[Row]) -> str:
    """Rows as a table with aligned columns."""
    head = ("readout", "unit", "control", "treated", "effect [95 % interval]", "p adj", "family")
    body = [
        (
            row["readout"], str(row["unit"]), _short(row["control_mean"]),
            _short(row["treated_mean"]), effect_text(row) + reached_text(row),
            p_text(row["p_adjusted"]), row["family"],
        )
        for row in rows
    ]  # fmt: skip
    return "\n".join(columns([head, *body], right=(2, 3, 5)))


def columns(lines: Sequence[Sequence[str]], gap: int = 2, right: Sequence[int] = ()) -> list[str]:
    """Lines of cells as aligned text without empty columns; `right` are those set flush right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [i for i, width in enumerate(widths) if width]
    return [
        "  "
        + (" " * gap)
        .join(line[i].rjust(widths[i]) if i in right else line[i].ljust(widths[i]) for i in shown)
        .rstrip()
        for line in lines
    ]


def effect_text(row: Row) -> str:
    """An estimate with its interval; x marks a ratio, a sign a difference."""
    pattern = "x {:.3g}" if row["effect"] == "ratio" else "{:+.3g}"
    text = pattern.format(row["estimate"])
    if math.isnan(row["ci_low"]):
        return text
    inner = "{:.3g}, {:.3g}" if row["effect"] == "ratio" else "{:+.3g}, {:+.3g}"
    return f"{text} [{inner.format(row['ci_low'], row['ci_high'])}]"


def reached_text(row: Row) -> str:
    """Of a time: how many runs of each arm reach the threshold, if not all do."""
    counts = [row["control_reached"], row["treated_reached"]]
    n = row["n_pairs"]
    if any(map(math.isnan, counts)) or min(counts) >= n:
        return ""
    control, treated = (f"{count:g}/{n:g}" for count in counts)
    return f" (threshold reached in {control} control and {treated} treated runs)"


def p_text(value: float) -> str:
    """A p with three decimals; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"
