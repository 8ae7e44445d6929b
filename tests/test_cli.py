"""The command line: exit codes, one-line faults, JSON, laziness, and the check of Python."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import run as run_script
from mtor_abm import cli

ROOT = Path(__file__).resolve().parent.parent


def call(*arguments, cwd=ROOT, module=False):
    start = ["-m", "mtor_abm"] if module else [str(ROOT / "run.py")]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        capture_output=True, text=True, cwd=cwd, env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        timeout=300,
    )  # fmt: skip


def one_line(text):
    assert text.endswith("\n") and text.count("\n") == 1, text
    assert "Traceback" not in text
    return text.rstrip("\n")


def refused(capsys, *arguments):
    """The one line that a wrong call gets, and nothing on standard output."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as leaving:  # argparse
        code = leaving.code
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    return one_line(said.err)


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['run.py', '--help']\n"
        "try:\n    import run; run.start()\n"
        "except SystemExit as leaving: assert leaving.code == 0\n"
        "heavy = {'numpy', 'numba', 'pydantic', 'mesa', 'pandas', 'scipy', 'tqdm'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert re.search(r"usage: \S+ run\.py ", done.stdout)


def test_python_m_does_the_same():
    script, module = call("run", "vehicel"), call("run", "vehicel", module=True)
    assert script.returncode == module.returncode == 2
    assert script.stderr == module.stderr
    assert call("--version", module=True).stdout == call("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["frob"], "argument COMMAND: invalid choice: 'frob'"),
        (["run"], "the following arguments are required: SCENARIO"),
        (["run", "vehicle", "--jobs", "0"], "argument --jobs: '0' is not a positive whole number"),
        (["run", "vehicle", "-q", "-v"], "not allowed with argument"),
        (["run", "vehicl"], "unknown scenario 'vehicl'; nearest: vehicle"),
        (["run", "vehicle", "vehicle"], "scenario name 'vehicle' is taken by vehicle"),
        (["run", "vehicle", "--seeds", "4-1"], "seeds '4-1' run backwards; write 1-4"),
        (["run", "vehicle", "--days", "x"], 'days = "x" is text, not a number'),
        (["run", "vehicle", "--name", "a/b"], "--name 'a/b' cannot name a folder"),
        (["run", "vehicle", "-S", "run.dais=3"], "unknown key 'dais'; nearest: days"),
        (["run", "scenarios"], "scenarios: is a folder"),
        (["list", "drug"], "cannot list 'drug'; nearest: drugs"),
        (
            ["sensitivity", "--trajectories", "1"],
            "--trajectories 1 gives no spread; give 2 or more",
        ),
        (["describe", "rapamicin"], "is named 'rapamicin'; nearest: rapamycin"),
        (["compare", "nosuch/a", "nosuch/b"], "nosuch/a"),
    ],
)
def test_a_wrong_call_gets_one_line_and_2(arguments, expected, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert expected in refused(capsys, *arguments)


def test_validate_tells_good_from_bad(tmp_path, capsys):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[run]\ndays = 3\n")
    bad.write_text("[run]\ndas = 3\n")
    assert cli.main(["validate", str(good)]) == 0
    assert capsys.readouterr().out == f"{good}: valid\n"
    assert cli.main(["validate", str(good), str(bad), "--json"]) == 2
    said = capsys.readouterr()
    verdicts = json.loads(said.out)
    assert [v["valid"] for v in verdicts] == [True, False]
    assert "unknown key 'das'; nearest: days" in one_line(said.err)


@pytest.mark.parametrize(
    "kind",
    [
        "scenarios",
        "drugs",
        "fields",
        "cells",
        "genes",
        "switches",
        "columns",
        "tables",
        "parameters",
    ],
)
def test_every_listed_name_can_be_described(kind, capsys):
    assert cli.main(["list", kind, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert entries
    assert cli.main(["list", kind]) == 0
    text = capsys.readouterr().out
    for entry in entries[:3] + entries[-3:]:
        assert entry["name"] in text
        assert cli.main(["describe", entry["name"], "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert entry["name"] in [f["name"] for f in found]
        assert cli.main(["describe", entry["name"]]) == 0
        assert entry["name"] in capsys.readouterr().out


def test_describe_a_switch_prints_every_value_with_its_meaning(capsys):
    assert cli.main(["describe", "V3"]) == 0
    text = capsys.readouterr().out
    assert "A = promotes them (Glantschnig 2003; Smink 2009; Dai 2017)" in text
    assert "B = restrains them (Hiraiwa 2019; Huynh and Wan 2018)" in text
    assert "value         A" in text


def test_describe_a_file_says_what_the_scenario_in_it_is(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "rapamycin"\ntitle = "Twice"\n[drugs.rapamycin]\n'
                    "dose_mg_per_kg = 3.0\n")  # fmt: skip
    assert cli.main(["describe", str(path)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("mine (scenario)") and "Twice" in text
    assert "drugs.rapamycin.dose_mg_per_kg = 3\n" in text
    path.write_text("[run]\ndays = -1\n")
    assert cli.main(["describe", str(path)]) == 2
    assert "mine.toml: [run] days" in capsys.readouterr().err
    assert cli.main(["describe", str(tmp_path / "no.toml")]) == 2
    assert "no.toml: no such file" in capsys.readouterr().err


def test_describe_a_bare_key_gives_unit_limits_and_source(capsys):
    assert cli.main(["describe", "step_h"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("run.step_h (parameter)")
    assert "1 h   (limits 0.05..6)" in text
    assert "confidence    assumed" in text


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("raptor", "primary.raptor genes.CELL.RPTOR"),
        ("CXCR7", "genes.CELL.ACKR3"),
        ("genes.tumour.RPTOR", "genes.CELL.RPTOR"),
        ("drugs.rapamycin.start_day", "drugs.DRUG.start_day"),
        ("switches.V1", "V1"),
        ("v3B", "V3b"),
        ("output", "output"),
    ],
)
def test_names_are_found_as_people_type_them(name, found, capsys):
    assert cli.main(["describe", name, "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == found.split()


def test_a_dry_run_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["run", "vehicle", "rapamycin", "--seeds", "1-3", "--days", "7", "--dry-run"]
    assert cli.main(arguments) == 0
    text = capsys.readouterr().out
    assert "would run 6 runs, 1008 steps, into outputs/vehicle_vs_rapamycin" in text
    assert cli.main([*arguments, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(r["scenario"], r["seed"]) for r in rows] == [
        (name, seed) for name in ("vehicle", "rapamycin") for seed in (1, 2, 3)
    ]
    assert {r["n_steps"] for r in rows} == {168}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("step_h", "times"), [("2.0", 1), ("1.0", 0), ("0.5", 0)])
def test_a_step_above_an_hour_is_warned_of(step_h, times, tmp_path, monkeypatch, capsys):
    """Once however many runs there are: results depend on the step."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "coarse.toml"
    path.write_text(f"[run]\ndays = 1.0\nstep_h = {step_h}\n")
    warned = f"run.step_h = {step_h[0]} changes the results: "

    assert cli.main(["validate", str(path)]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err.count(warned)) == (f"{path}: valid\n", times)
    assert cli.main(["validate", str(path), "--json"]) == 0
    [verdict] = json.loads(capsys.readouterr().out)
    assert len(verdict["warnings"]) == times

    dry = [
        "run",
        str(path),
        "vehicle",
        "--set",
        f"run.step_h={step_h}",
        "--seeds",
        "1-3",
        "--dry-run",
    ]
    assert cli.main(dry) == 0
    assert capsys.readouterr().out.count(f"warning: {warned}") == times
    assert cli.main([*dry, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["warning"] is None for row in rows} == {times == 0}


def test_a_closed_pipe_is_no_fault():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "run.py", "list", "parameters"],
        stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_gives_one_line_and_130(monkeypatch, capsys):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("mtor_abm.runner.batch.run_study", interrupted)
    monkeypatch.chdir(ROOT)
    assert cli.main(["run", "vehicle"]) == 130
    assert one_line(capsys.readouterr().err) == "interrupted"


def test_a_real_ctrl_c_leaves_nothing_half_written(tmp_path):
    running = subprocess.Popen(
        [sys.executable, "run.py", "run", "vehicle", "--seeds", "1", "--jobs", "1",
         "-S", "geometry.nx=40", "-S", "geometry.ny=40", "--out", str(tmp_path), "--name", "s"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        # A shell starts jobs in the background with ctrl-C ignored, and a CI may be such a job.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert running.stderr is not None
    first = running.stderr.readline()
    assert first.startswith("1 run on 1 process"), first + running.stderr.read()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=300)
    assert (running.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert err.endswith("interrupted\n")
    assert [path.name for path in (tmp_path / "s").iterdir() if path.is_dir()] == []


def test_a_failed_run_gives_1(monkeypatch, capsys, tmp_path):
    from mtor_abm.runner.batch import StudyResult
    from mtor_abm.runner.single import RunResult

    def failing(*_args, **_kwargs):
        run = RunResult("vehicle", 1, tmp_path / "x", "failed", 1.0, "MemoryError: none left")
        return StudyResult(tmp_path, [run], 1.0)

    monkeypatch.setattr("mtor_abm.runner.batch.run_study", failing)
    monkeypatch.chdir(ROOT)
    assert cli.main(["run", "vehicle"]) == 1
    assert "MemoryError: none left" in capsys.readouterr().out
    assert cli.main(["run", "vehicle", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["n_failed"] == 1


INSTALL = f"{run_script.PYTHON} -m pip install -e . && {run_script.PYTHON} run.py"
OLD = "mtor_abm needs Python 3.12 or newer; this is 3.11 (/usr/bin/python3); type: "
WITHOUT_NUMBA = "run.py does not find numba; type: "


@pytest.mark.parametrize(
    ("version", "missing", "environment", "line"),
    [
        ((3, 11), [], "absent", f"{OLD}python3.12 -m venv --clear .venv && {INSTALL}"),
        ((3, 11), ["numba"], "beside", f"{OLD}{run_script.PYTHON} run.py"),
        ((3, 11), [], "active", f"{OLD}python3.12 -m venv --clear .venv && {INSTALL}"),
        ((3, 13), ["numba", "scipy"], "absent", "run.py does not find numba, scipy; "
         f"type: python3.12 -m venv --clear .venv && {INSTALL}"),
        ((3, 12), ["numba"], "beside", f"{WITHOUT_NUMBA}{run_script.PYTHON} run.py"),
        ((3, 12), ["numba"], "active", f"{WITHOUT_NUMBA}{INSTALL}"),
    ],
)  # fmt: skip
def test_an_unfit_python_is_told_what_to_type(version, missing, environment, line):
    said = run_script.complaint(version, missing, environment, executable="/usr/bin/python3")
    assert said == line


def test_an_unfit_python_is_told_the_whole_command_from_another_folder():
    said = run_script.complaint(
        (3, 12), ["numba"], "beside", "/my clone", ("run", "vehicle", "--out", "my results")
    )
    python = f"'/my clone/{run_script.PYTHON}'"
    again = f"{python} '/my clone/run.py' run vehicle --out 'my results'"
    assert said == f"{WITHOUT_NUMBA}{again}"


@pytest.mark.parametrize("environment", ["absent", "beside", "active"])
def test_a_fit_python_is_told_nothing(environment):
    assert run_script.complaint((3, 12), [], environment) is None


def test_run_py_names_every_dependency_and_parses_under_an_old_python():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {d.split(">")[0].split("[")[0] for d in project["dependencies"]}
    assert declared | {"networkx"} == set(run_script.NEEDED)
    ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 6))


def test_a_full_standard_output_is_one_line():
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mtor_abm", "list", "switches"],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: the output could not be written: No space left on device; send it to another place"
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("claims", "S1.3-77"), "S1.3-7"),
        (("claims", "--section", "7"), "S1.3"),
        (("claims", "--kind", "tested"), "testable"),
        (("claims", "s1.2-8", "--section", "2"), "leave out"),
        (("claims", "--variant", "V8"), "V8=A or V8=B"),
        (("claims", "--variant", "V8=A", "--variant", "V8=B"), "twice"),
        (("claims", "--variant", "V8=Z"), "V8=A or V8=B"),
        (("claims", "--variant", "V5=A"), "V8=B"),
        (("claims", "--quick", "--full"), "--full"),
        (("claims", "--mutate", "--disputes"), "--disputes"),
        (("describe", "claim", "S1.3-77"), "S1.3-7"),
        (("describe", "switch", "rapamycin"), "no switch"),
        (("describe", "the", "claim", "S1.3-7"), "3 words"),
    ],
)
def test_wrong_questions_about_claims_get_one_line(capsys, arguments, words):
    assert words in refused(capsys, *arguments)


def test_context_claims_are_reported_without_a_run(capsys, tmp_path):
    assert cli.main(["claims", "S0-7", "--out", str(tmp_path), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["verdict"], row["effect"]) == ("S0-7", "not tested", None)


def test_describe_knows_the_readouts_that_compare_prints(capsys):
    assert cli.main(["describe", "n_oc_per_b_pm_per_mm_mean"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("n_oc_per_b_pm_per_mm_mean (readout)")
    assert "multinucleate osteoclasts per bone perimeter: mean over time" in text
    assert cli.main(["describe", "bv_tv_doubling_d"]) == 2  # no readout of this column


def test_describe_says_what_a_claim_and_a_switch_are(capsys, tmp_path):
    assert cli.main(["describe", "claim", "S1.3-8", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    for part in ("S1.3-8 (claim)", "vitronectin", "Pola", "expectation", "last result"):
        assert part in told
    assert cli.main(["describe", "switch", "V3"]) == 0
    assert "drug on precursors only" in capsys.readouterr().out
