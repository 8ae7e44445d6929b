"""Ours beside Lemaire 2004 and Pivonka 2008: `python tests/reference/table.py docs/bone_models.md`.

Ten minutes on one free core with the usual 8 seeds; `--seeds` and `--days` make it shorter, and
`--jobs` spreads it.
"""

import argparse
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from bone_odes import MODELS, folds
from scipy.stats import t as student
from well_mixed import CASES, CELLS, ORDERS, REMOVAL_DAY, WIRED, default_of, follow

from mtor_abm.compilation import ensure_compiled

DAYS = 60
FIRST_DAY = 15  # cells are averaged from here on: by then the signal has reached all stages
SEEDS = 8
READOUTS = (*CELLS, "balance")
LABELS = {
    "OBp": "preosteoblasts", "OBa": "osteoblasts", "OCa": "osteoclasts", "balance": "bone balance",
}  # fmt: skip
TITLES = {
    "RANKL_x0.1": "RANKL x 0.1",
    "RANKL_x0.5": "RANKL x 0.5",
    "RANKL_x2": "RANKL x 2",
    "OPG_inj": "OPG given",
    "PTH_x2": "PTH x 2",
    "PTH_inj": "PTH x 5",
    "TGFb_x0.5": "TGF-beta x 0.5",
    "TGFb_x0.1": "TGF-beta x 0.1",
    "TGFb_off": "TGF-beta off",
    "OB_removal90": "90 % of the osteoblast lineage removed",
}
NOTES = (
    "Not resolved: the interval of ours spans 0. No such effect in ours: it spans 0 and leaves out "
    "what either model gives.",
    "",
    "Why ours may differ. TGF-beta: in both models it kills osteoclasts, calls osteoblast "
    "precursors and holds their maturation back; here it has no way to the death of osteoclasts, "
    "MSC and the lineage follow it by saturating rules (half at 0.002 nM, "
    "`osteoblast.tgfb_half_nM`), and most of their rate needs none (`osteoblast.division_base`). "
    "Removal of the lineage: its "
    "lining cells carry the RANKL of a called surface here, as active osteoblasts do in Lemaire, "
    "so osteoclasts fall; the bone that they then leave alone probably outweighs, in these few "
    "days, what the lost osteoblasts would have laid down.",
    "",
)
TGFB_CASES = tuple(case for case in CASES if case.startswith("TGFb"))
WIRED_NOTES = (
    "A check of the reading above: the same marrow, with TGF-beta given the part that it has in "
    "the models. The review says nothing of TGF-beta on osteoclasts, and the osteoblast lineage "
    "must fill cavities that have long lost it (target T67), so the defaults stay as they are.",
    "",
)


@dataclass(frozen=True)
class Effect:
    """Paired difference to control: mean, 95 % interval, mean of the control."""

    mean: float
    low: float
    high: float
    base: float = 0.0

    @property
    def sign(self) -> int:
        """+1 or -1 where the interval excludes 0, else 0."""
        return int(self.low > 0.0) - int(self.high < 0.0)


def window(case: str, days: int) -> tuple[int, int, int]:
    """Day of the perturbation; first and last day of the mean, counted from it.

    The mean is early for the removal, from which both models recover.
    """
    if CASES[case].kept < 1.0:
        return REMOVAL_DAY, 2, 10
    return 0, min(FIRST_DAY, days // 3), days


def condensed(daily: Mapping[str, np.ndarray], start: int, first: int, last: int):
    """Mean number of each cell in the window; change of BV/TV from `start` to its end, %."""
    mine = slice(start + first, start + last + 1)
    means = {cell: float(daily[cell][mine].mean()) for cell in CELLS}
    bone = daily["bv_tv"]
    return means | {"balance": 100.0 * float(bone[start + last] / bone[start] - 1.0)}


def reference(case: str, model: str, days: int) -> dict[str, float]:
    """Mean change of each cell as a share of its steady state, and days of bone balance."""
    _, first, last = window(case, days)
    grid = np.linspace(0.0, last, 10 * last + 1)
    path = folds(model, CASES[case].ode, grid)
    late = path[grid >= first]
    changes = {cell: float(late[:, i].mean() - 1.0) for i, cell in enumerate(CELLS)}
    return changes | {"balance": float(np.trapezoid(path[:, 1] - path[:, 2], grid))}


def effects(treated: Iterable[Mapping[str, float]], control: Iterable[Mapping[str, float]]):
    """readout -> Effect of runs paired by seed."""
    pairs = list(zip(treated, control, strict=True))
    found = {}
    for readout in READOUTS:
        d = np.array([a[readout] - b[readout] for a, b in pairs])
        half = float(student.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))
        mean = float(d.mean())
        base = float(np.mean([b[readout] for _, b in pairs]))
        found[readout] = Effect(mean, mean - half, mean + half, base)
    return found


def _run(task: tuple[str, int, int, bool]) -> dict[str, np.ndarray]:
    case, seed, days, wired = task
    return follow(CASES.get(case), seed, days, wired)


def seeds_and_days(case: str, n_seeds: int, days: int) -> tuple[range, int]:
    """Seeds and days of a case: a removal is short and its few osteoclasts need more marrows."""
    if CASES[case].kept < 1.0:
        start, _, last = window(case, days)
        return range(1, 3 * n_seeds + 1), start + last
    return range(1, n_seeds + 1), days


def all_runs(cases: Iterable[str], n_seeds: int, days: int, jobs: int = 1, wired: bool = False):
    """(case, seed) -> daily numbers, for these cases and "control", as long as any needs it."""
    wanted: dict[tuple[str, int], int] = {}
    for case in cases:
        seeds, length = seeds_and_days(case, n_seeds, days)
        for seed in seeds:
            wanted[case, seed] = length
            wanted["control", seed] = max(length, wanted.get(("control", seed), 0))
    tasks = [(*key, length, wired) for key, length in wanted.items()]
    ensure_compiled()
    if jobs == 1:
        return {task[:2]: _run(task) for task in tasks}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return dict(zip((task[:2] for task in tasks), pool.map(_run, tasks), strict=True))


def compared(runs, cases: Iterable[str], n_seeds: int, days: int) -> dict[str, dict[str, Effect]]:
    """case -> readout -> Effect."""
    found = {}
    for case in cases:
        seeds, _ = seeds_and_days(case, n_seeds, days)
        arms = [
            [condensed(runs[name, seed], *window(case, days)) for seed in seeds]
            for name in (case, "control")
        ]
        found[case] = effects(*arms)
    return found


def verdict(effect: Effect, models: Iterable[float], as_share: bool = False) -> str:
    """How a direction of ours stands to those of the two models.

    Args:
        effect: ours. models: theirs.
        as_share: theirs are shares of the steady state, so that sizes can be compared.
    """
    theirs = sorted(models)
    signs = {int(np.sign(value)) for value in theirs}
    if effect.sign == 0:
        if as_share and len(signs) == 1 and effect.base > 0.0:
            low, high = effect.low / effect.base, effect.high / effect.base
            if theirs[0] > high or theirs[-1] < low:
                return "no such effect in ours"
        return "not resolved"
    if signs == {effect.sign}:
        return "agrees"
    return "disagrees" if len(signs) == 1 else "models disagree"


def order_of(runs, readout: str, path: tuple[str, ...], n_seeds: int, days: int) -> list[float]:
    """Mean of a readout over seeds along a path of cases."""
    span = window(next(case for case in path if case != "control"), days)
    return [
        float(np.mean([condensed(runs[c, s], *span)[readout] for s in range(1, n_seeds + 1)]))
        for c in path
    ]


def page(runs, wired_runs, n_seeds: int, days: int) -> str:
    """docs/bone_models.md."""
    lines = [
        "# Beside the models of Lemaire and Pivonka",
        "",
        "Generated by `python tests/reference/table.py`; not edited by hand.",
        "",
        "An independent reference for directions: the cell population models of Lemaire 2004 and "
        "Pivonka 2008 (package `bone-models`) and a marrow of this package near its well-mixed "
        "limit (`tests/reference/well_mixed.py`), under the same perturbations from day 0 on.",
        "",
        f"Ours: {n_seeds} seeds and {days} days ({3 * n_seeds} seeds for the removal, which is on "
        f"day {REMOVAL_DAY}); difference to the control, paired by seed, with its 95 % interval; "
        f"cells in 0.64 mm2, mean from day {window('RANKL_x2', days)[1]} on (days 2 to 10 after "
        "the removal); bone balance as the change of BV/TV in % of it. Models: change over steady "
        "state in the same days; bone balance in days (integral of OBa - OCa, both over steady "
        "state). OBp is our preosteoblast, OBa our osteoblast, OCa our osteoclast.",
        "",
        *directions(runs, CASES, n_seeds, days),
        *NOTES,
        "## Order",
        "",
        "Mean over seeds along each series, for what rises or falls along it in both models.",
        "",
        *orders(runs, ORDERS, n_seeds, days),
        "",
        "## With TGF-beta wired as in the models",
        "",
        *WIRED_NOTES,
        "| number | default | here |",
        "|---|---:|---:|",
        *(f"| `{key}` | {default_of(key):.3g} | {value:.3g} |" for key, value in WIRED.items()),
        "",
        *directions(wired_runs, TGFB_CASES, n_seeds, days),
        *orders(wired_runs, ["TGF-beta"], n_seeds, days),
    ]
    return "\n".join([*lines, ""])


def directions(runs, cases: Iterable[str], n_seeds: int, days: int) -> list[str]:
    """Table of the effect of each case beside the two models, and the count of its verdicts."""
    found = compared(runs, cases, n_seeds, days)
    lines = [
        "| perturbation | | ours | Lemaire | Pivonka | direction |",
        "|---|---|---|---:|---:|---|",
    ]
    counts: dict[str, int] = {}
    for case, by_readout in found.items():
        values = {model: reference(case, model, days) for model in MODELS}
        for readout in READOUTS:
            e = by_readout[readout]
            a, b = (values[model][readout] for model in MODELS)
            says = verdict(e, (a, b), as_share=readout in CELLS)
            counts[says] = counts.get(says, 0) + 1
            if says == "models disagree":
                side = MODELS[0] if np.sign(a) == e.sign else MODELS[1]
                says = f"models disagree; ours with {side}"
            lines.append(
                f"| {TITLES[case]} | {LABELS[readout]} | {e.mean:+.2f} ({e.low:+.2f} to "
                f"{e.high:+.2f}) | {a:+.2f} | {b:+.2f} | {says} |"
            )
    total = ", ".join(f"{says} {count}" for says, count in sorted(counts.items()))
    return [*lines, "", f"Of {sum(counts.values())} directions: {total}.", ""]


def orders(runs, series: Iterable[str], n_seeds: int, days: int) -> list[str]:
    """Table of the means along series of `ORDERS`."""
    lines = ["| series | | ours | in order |", "|---|---|---|---|"]
    for path in (ORDERS[name] for name in series):
        for readout in READOUTS:
            rising = _model_order(path, readout, days)
            if rising == 0:
                continue
            means = order_of(runs, readout, path, n_seeds, days)
            held = bool((np.diff(means) * rising > 0.0).all())
            shown = ", ".join(f"{m:.2f}" for m in means)
            labels = ", ".join(TITLES.get(c, c) for c in path)
            lines.append(
                f"| {labels} | {LABELS[readout]} {'rises' if rising > 0 else 'falls'} | {shown} | "
                f"{'yes' if held else 'no'} |"
            )
    return lines


def _model_order(path: tuple[str, ...], readout: str, days: int) -> int:
    """+1 or -1 if both models rise or fall along the path, 0 if they do not agree on either."""
    found = set()
    for model in MODELS:
        values = [0.0 if c == "control" else reference(c, model, days)[readout] for c in path]
        steps = np.sign(np.diff(values))
        found.add(int(steps[0]) if (steps == steps[0]).all() else 0)
    return found.pop() if len(found) == 1 else 0


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    runs = all_runs(CASES, args.seeds, args.days, args.jobs)
    wired = all_runs(TGFB_CASES, args.seeds, args.days, args.jobs, wired=True)
    args.page.write_text(page(runs, wired, args.seeds, args.days), encoding="utf-8")


if __name__ == "__main__":
    main()
