"""The tutorials run from first cell to last, and what they show is what their text says.

What is stored in them must be what the code gives: `docs/tutorials/refresh.py` writes it anew.
"""

import importlib.util
import itertools
import json
import re
from pathlib import Path

import pytest

from mtor_abm.numerics.compiled import JIT_IS_OFF

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "tutorials"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
WHY = "is not installed: pip install -e '.[tutorials]'"
LARGEST_BYTES = 300_000
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
compiled = pytest.mark.skipif(JIT_IS_OFF, reason="whole runs as plain Python take hours")


def stored(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def refresh():
    """The module that writes the stored outputs."""
    spec = importlib.util.spec_from_file_location("refresh", FOLDER / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


steady = refresh().steady


def texts(cells):
    """What each cell of code prints and which tables it shows, without pictures and times taken."""
    found = []
    for cell in cells:
        if cell["cell_type"] == "code":
            outputs = [o for o in cell["outputs"] if "image/png" not in o.get("data", {})]
            said = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
            found.append(steady("".join("".join(text) for text in said)))
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """run(name, {label: expression}, library...) executes a notebook -> value of each expression.

    What it prints and shows must be what is stored in it, but for chance on another machine.
    """

    def execute(name, expressions, *libraries):
        for library in ("nbclient", "ipykernel", "matplotlib", *libraries):
            pytest.importorskip(library, reason=f"{library} {WHY}")
        import nbclient
        import nbformat

        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        asked = ", ".join(f"{label!r}: {value}" for label, value in expressions.items())
        notebook.cells.append(
            nbformat.v4.new_code_cell(f"import json; print(json.dumps({{{asked}}}))")
        )
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(folder))
            client = nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3")
            client.execute(cwd=str(folder))
        refuse_stale(name, texts(stored(name)["cells"]), texts(notebook.cells[:-1]))
        return json.loads(notebook.cells[-1].outputs[0].text)

    return execute


def refuse_stale(name, kept, shown):
    """Numbers stored for a cell are those of this run within chance: a tenth, or 0.02."""
    assert len(kept) == len(shown), f"{name} has {len(kept)} cells of code, {len(shown)} were run"
    for number, (old, new) in enumerate(zip(kept, shown, strict=True), start=1):
        before, now = ([float(n) for n in NUMBER.findall(text)] for text in (old, new))
        assert now == pytest.approx(before, rel=0.1, abs=0.02), (
            f"{name}, cell [{number}] shows other numbers than are stored: type "
            f"python docs/tutorials/refresh.py {name}"
        )


@pytest.mark.parametrize("name", NAMES)
def test_stored_notebook_is_whole_and_small(name):
    """Every cell was executed, none failed; no path of a machine; small enough for a repository."""
    text, notebook = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"), stored(name)
    assert len(text.encode()) < LARGEST_BYTES
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    assert any("image/png" in o.get("data", {}) for o in outputs)
    said = json.dumps([o.get("text", "") or o.get("data", {}).get("text/plain") for o in outputs])
    assert not re.search(r"/(tmp|home|root|work|Users)/", said)


def cell(**output):
    return {"cell_type": "code", "outputs": [output]}


@pytest.mark.parametrize("kind", ["text", "data"])
def test_stale_numbers_are_refused(kind):
    def shows(*numbers):
        said = [f"seed {n} area {number}\n" for n, number in enumerate(numbers)]
        return texts([cell(text=said) if kind == "text" else cell(data={"text/plain": said})])

    kept = shows("0.500", "0.700")
    refuse_stale("x", kept, shows("0.510", "0.69"))
    for other in (shows("0.700", "0.700"), shows("0.500")):
        with pytest.raises(AssertionError, match="refresh"):
            refuse_stale("x", kept, other)
    with pytest.raises(AssertionError, match="1 cells of code, 0 were run"):
        refuse_stale("x", kept, [])


def test_time_taken_is_neither_stored_nor_compared():
    assert (
        steady("6 runs done in 90.8 s\nfiles  outputs/off\n") == "6 runs done\nfiles  outputs/off\n"
    )
    assert steady("a  2 done, 1 to do\ntime left    about 12 s of work\n") == "a  2 done, 1 to do\n"
    assert texts([cell(text="1 run done in 2.7 s\n")]) == texts([cell(text="1 run done in 31 s\n")])
    for name in NAMES:
        for one in stored(name)["cells"]:
            for output in one.get("outputs", ()):
                text = "".join(output.get("text", ""))
                assert steady(text) == text, name


ARMS = ("rapamycin", "host_only", "vehicle")


@compiled
def test_first_comparison(run):
    found = run(
        "first_comparison",
        {
            "end": "last.reset_index()[['scenario', 'seed', 'tumour_area_mm2', 'bv_tv', "
            "'perfused_share']]"
            ".to_dict('records')",
            "effects": "comparison.loc[chosen, ['estimate', 'ci_low', 'ci_high']].to_dict('index')",
            "host": "effects['estimate'].unstack()['host_only'].loc[chosen[:3]].to_dict()",
            "start": "courses[courses['time_d'] <= 3].groupby(['seed', 'time_d'])"
            "['tumour_area_mm2'].nunique().max().item()",
        },
    )
    by_run = {(row["scenario"], row["seed"]): row for row in found["end"]}
    assert len(by_run) == 12
    for seed in (1, 2, 3, 4):
        treated, host, control = (by_run[arm, seed] for arm in ARMS)
        assert treated["tumour_area_mm2"] < host["tumour_area_mm2"] < control["tumour_area_mm2"]
        assert treated["bv_tv"] > control["bv_tv"]
        assert host["bv_tv"] == pytest.approx(treated["bv_tv"], rel=0.03)
    flow = {seed: [by_run[arm, seed]["perfused_share"] for arm in ARMS] for seed in (1, 2, 3, 4)}
    assert max(flow[4][:2]) < 0.6 < min(flow[4][2], *flow[1], *flow[2], *flow[3])
    assert found["start"] == 1  # arms of a seed are the same until the drug begins
    effects = found["effects"]
    assert effects["tumour_area_mm2_final"]["ci_high"] < 1.0
    assert effects["bv_tv_change_percent"]["ci_low"] > 0.0
    assert 0.3 < effects["n_oc_per_b_pm_per_mm_mean"]["estimate"] < 0.6
    assert 0.45 < effects["s6k_tumour_mean"]["estimate"] < 0.6
    assert effects["akt_s473_tumour_mean"]["ci_low"] > 1.0
    host = found["host"]
    assert effects["tumour_area_mm2_final"]["estimate"] < host["tumour_area_mm2_final"] < 0.9
    for readout in ("bv_tv_change_percent", "n_oc_per_b_pm_per_mm_mean"):
        assert host[readout] == pytest.approx(effects[readout]["estimate"], rel=0.15)


@compiled
def test_dose_response(run):
    found = run(
        "dose_response",
        {
            "curves": "curves.to_dict('index')",
            "control": "migrated.query('dose_nM == 0')['migrated'].mean()",
            "target": "as_target['geometric mean'].to_dict()",
            "mg_per_kg": "[low, middle, high]",
            "share": "share.groupby('mg_per_kg').mean().to_dict('list')",
        },
    )
    rapamycin, torin = found["curves"]["rapamycin"], found["curves"]["torin_2"]
    assert 38 < found["control"] < 48
    assert torin["share left far above"] < 0.05
    assert 0.25 < rapamycin["share left far above"] < 0.33  # more than a quarter
    zero, half = "IC50, half of control (nM)", "IC50, half of effect (nM)"
    assert 4 < rapamycin[zero] / rapamycin[half] < 6  # five times
    assert torin[zero] == pytest.approx(torin[half], rel=0.2)
    assert rapamycin["lowest of a seed"] < rapamycin[half] < rapamycin["highest of a seed"]
    # docs/validation.md and `run.py targets T44` say 20.5 and 2.43 nM
    assert found["target"]["rapamycin"] == pytest.approx(20.5, rel=0.02)
    assert found["target"]["torin_2"] == pytest.approx(2.43, rel=0.02)
    low, middle, high = found["mg_per_kg"]
    assert 0.15 < low < 0.5 < middle < 0.65 < high < 2.0
    s6k, tumour = found["share"]["s6k_tumour"], found["share"]["tumour_area_mm2"]
    bone, osteoclasts = found["share"]["bv_tv"], found["share"]["osteoclasts"]
    assert s6k == sorted(s6k, reverse=True) and s6k[-1] < 0.3
    assert all(s < t for s, t in zip(s6k, tumour, strict=True))
    assert s6k[3] < 0.5 < s6k[2]
    falls = [before - after for before, after in itertools.pairwise(osteoclasts)]
    assert max(falls) == falls[3]  # at the highest dose
    assert min(tumour) > 0.5 and min(osteoclasts) > 0.5
    assert all(1.08 < share < 1.11 for share in bone[3:])


@compiled
def test_add_a_drug(run):
    found = run(
        "add_a_drug",
        {
            "area": "[float(area), by_hand]",
            "half_life": "float(half_life_h)",
            "dish": "(dish / dish.loc[0.0]).T.to_dict('list')",
            "levels": "levels",
            "cells": "dish['division_per_h'].div(dish['division_per_h'][0.0]).tolist()",
            "effect": "table['estimate'].to_dict('index')",
            "interval": "table.swaplevel(axis='columns').loc['tumour_area_mm2_final'].unstack()"
            "[['ci_low', 'ci_high']].T.to_dict('list')",
            "peaks": "[free.max(), courses['plasma_azd8055_nM'].max()]",
            "swing": "courses[courses['time_d'] > 7].groupby('scenario')['akt_s473_tumour']"
            ".agg(lambda x: x.max() - x.min()).to_dict()",
        },
    )
    assert found["area"][0] == pytest.approx(found["area"][1], rel=1e-3)
    assert found["half_life"] == pytest.approx(3.98, abs=0.01)
    division = dict(zip(found["levels"], found["cells"], strict=True))
    assert division[2.5] < 0.5 < division[0.8] and 0.2 < division[24.7] < 0.3
    s6k, akt = found["effect"]["s6k_tumour_mean"], found["effect"]["akt_s473_tumour_mean"]
    area = found["effect"]["tumour_area_mm2_final"]
    assert max(s6k.values()) < 0.7
    assert akt["azd8055"] < akt["azd8055_bound"] < 0.6 and akt["rapamycin"] > 1.1
    assert found["effect"]["p4ebp1_tumour_mean"]["azd8055"] < 0.5
    assert area["azd8055"] == pytest.approx(area["azd8055_bound"], rel=0.25)
    assert area["azd8055"] < 0.5 * area["rapamycin"]
    within = found["interval"]
    assert within["azd8055_bound"][0] < area["azd8055"] < within["azd8055_bound"][1]
    assert within["azd8055_bound"][1] < within["rapamycin"][0] < within["rapamycin"][1] < 1.0
    assert found["peaks"][0] > 2.0 * found["peaks"][1]  # rows of every six hours miss the peak
    assert found["swing"]["azd8055_bound"] > 2.0 * found["swing"]["azd8055"]
    assert all(0.95 < bone < 1.15 for bone in found["effect"]["bv_tv_final"].values())


@compiled
def test_add_a_rule(run):
    found = run(
        "add_a_rule",
        {
            "same": "same",
            "packages": "len({json.loads(p.read_text())['sources'] for p in "
            "Path().glob('**/outputs/*/vehicle__seed_0001/manifest.json') if 'on' not in p.parts})",
            "tested": "test()",
            "diff": "said.count(chr(10) + '> ')",
            "cells": "{f'{a} {b}': cells[a, b].tolist() for a, b in cells}",
        },
    )
    assert found["same"] and found["tested"] == "2 passed"
    assert found["packages"] == 2, "the package as it is was not run, but the copy again"
    assert found["diff"] == 12  # lines that the rule takes
    off, on = (
        [found["cells"][f"{r} {a}"] for a in ("vehicle", "rapamycin")] for r in ("off", "on")
    )
    for without, pressed in zip(off, on, strict=True):
        assert len(without) == 3 and all(p < w for p, w in zip(pressed, without, strict=True))
    for vehicle, rapamycin in (off, on):
        assert all(r < v for r, v in zip(rapamycin, vehicle, strict=True))


@compiled
def test_study_on_a_cluster(run):
    found = run(
        "study_on_a_cluster",
        {
            "code": "study.returncode",
            "runs": "[len(runs), len(dask_tables), dask_tables == slurm_tables]",
            "answer": "{' '.join(key): row for key, row in answer.drop(columns='effect')"
            ".to_dict('index').items()}",
            "bone": "summary.query(\"readout == 'bv_tv_change_percent'\")"
            ".pivot(index='seed', columns='scenario', values='value').to_dict('list')",
        },
        "distributed",
    )
    assert found["code"] == 0 and found["runs"] == [9, 36, True]
    bone, answer = found["bone"], found["answer"]
    for vehicle, rapamycin, zoledronate in zip(
        bone["vehicle"], bone["rapamycin"], bone["zoledronate"], strict=True
    ):
        assert vehicle < 0.0 and rapamycin > vehicle and zoledronate > vehicle
    lost = {arm: -sum(of_arm) / len(of_arm) for arm, of_arm in bone.items()}
    assert lost["vehicle"] > 12.0 and lost["rapamycin"] < lost["zoledronate"] < 5.0
    assert answer["tumour_area_mm2_final rapamycin"]["ci_high"] < 1.0
    assert 0.9 < answer["tumour_area_mm2_final zoledronate"]["estimate"] < 1.1
    assert answer["n_oc_per_b_pm_per_mm_mean rapamycin"]["estimate"] < 0.8
    assert answer["n_oc_per_b_pm_per_mm_mean zoledronate"]["ci_high"] > 1.0


@compiled
def test_spatial_with_squidpy(run):
    scores = run(
        "spatial_with_squidpy", {pair: f"by_day.T[{pair!r}].to_dict()" for pair in PAIRS}, "squidpy"
    )
    assert all(z > 5 for z in scores["tumour - tumour"].values())
    for other in ("osteoblast", "endothelial"):
        of_days = scores[f"tumour - {other}"]
        assert of_days["day 14"] < of_days["day 7"] < of_days["day 1"] < 2
    for pair in ("endothelial - endothelial", "osteoblast - osteoblast", "endothelial - car"):
        assert all(z > 3 for z in scores[pair].values()), pair  # anatomy, from the first day on
    assert scores["osteoblast - osteoclast"]["day 14"] > 1


PAIRS = (
    "tumour - tumour",
    "tumour - osteoblast",
    "tumour - endothelial",
    "endothelial - endothelial",
    "endothelial - car",
    "osteoblast - osteoblast",
    "osteoblast - osteoclast",
)
