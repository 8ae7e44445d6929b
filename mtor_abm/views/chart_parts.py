"""What charts of a study share: legends of arms, captions, marks of treatment and of start-up."""

from collections.abc import Sequence
from typing import Any

from ..analysis.arms import Arm
from .canvas import FAINT, Look, name_lines
from .doses import Doses, doses_of
from .start_up import WORDS, out_of_balance_days
from .study_data import StudyData

#: More doses than this are drawn as one bar from the first to the end of the last interval.
MOST_DOSES_SHOWN = 12
_LANE_PT = 4.0  # between the marks of two arms


def interval_words(n_of_arms: Sequence[int], what: str) -> str:
    """What a caption says of intervals over so many runs (or pairs) of each arm."""
    if max(n_of_arms) < 2:
        return f"; one {what} has no interval"
    none = f"; one {what} has none" if min(n_of_arms) < 2 else ""
    return f", with its 95 % interval (Student's t{none})"


def legend_of_arms(
    figure: Any, names: Sequence[str], titles: dict[str, str], look: dict[str, Look],
    marks: bool = False,
) -> None:  # fmt: skip
    """A legend of arms by title above a figure, as lines or as marks."""
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D(
            [], [], color=look[name].colour, linestyle="none" if marks else look[name].dash,
            marker=look[name].marker if marks else None, markersize=5, label=titles[name],
        )
        for name in names
    ]  # fmt: skip
    name_lines(figure, handles)


def mark_doses(panel: Any, arms: Sequence[Arm], look: dict[str, Look]) -> bool:
    """Mark above a panel when each arm is treated; whether any is.

    A few doses are marked one by one; many are a bar that lasts to the end of the last interval.
    """
    from matplotlib.transforms import offset_copy

    treated = [(arm, doses) for arm in arms if (doses := doses_in(arm))]
    for lane, (arm, given) in enumerate(reversed(treated)):  # from below, as the legend from above
        above = offset_copy(
            panel.get_xaxis_transform(), fig=panel.figure, y=3.0 + _LANE_PT * lane, units="points"
        )
        for drug in given:
            bar: dict[str, Any] = {"color": look[arm.name].colour, "clip_on": False,
                                   "transform": above}  # fmt: skip
            if len(drug.days) > MOST_DOSES_SHOWN:
                end = min(drug.span_d[1], panel.get_xlim()[1])
                panel.plot(
                    [drug.span_d[0], end], [1.0, 1.0], linewidth=2.0, solid_capstyle="butt",
                    gid="doses", **bar,
                )  # fmt: skip
            else:
                panel.plot(
                    drug.days, [1.0] * len(drug.days), marker="v", markersize=2.6, linewidth=0,
                    gid="doses", **bar,
                )  # fmt: skip
    return bool(treated)


def room_for_doses(arms: Sequence[Arm]) -> float:
    """Points between a panel and its title that the marks of doses take."""
    return 4.0 + _LANE_PT * sum(bool(doses_in(arm)) for arm in arms)


def doses_in(arm: Arm) -> list[Doses]:
    """The drugs that an arm is given."""
    return doses_of(arm.first.manifest.get("parameters", {}))


def start_up_of(data: StudyData) -> float:
    """Days out of balance at the start of the runs of a study, 0 if there are none."""
    return max(out_of_balance_days(list(arm.runs.values())) for arm in data.controls)


def mark_start_up(panel: Any, days: float) -> None:
    """Shade the first days, in which bone cells are not yet in balance."""
    if days > 0.0:
        panel.axvspan(0.0, days, color=FAINT, alpha=0.13, linewidth=0, zorder=0, gid="start-up")


def marks_in_words(start_up_d: float, has_doses: bool) -> str:
    """What a caption says of these marks."""
    told = ["Bars and triangles above: treatment."] if has_doses else []
    if start_up_d > 0.0:
        told.append(f"Grey until day {start_up_d:.3g}: {WORDS}.")
    return " ".join(told)


def plain_log_ticks(axis: Any, low: float, high: float) -> None:
    """0.5 and 2 rather than powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    subs = (1.0,) if high / low > 300.0 else (1.0, 2.0, 5.0)
    near_one = MaxNLocator(nbins=4, steps=(1, 2, 5, 10))
    axis.set_major_locator(LogLocator(subs=subs) if high / low > 5.0 else near_one)
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_formatter(NullFormatter())
