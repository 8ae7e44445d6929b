"""What a dry run says that runs need, and lattices that do not fit into memory."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.model import MarrowModel
from mtor_abm.runner import estimate
from mtor_abm.scenario import Scenario

GIB = 2**30


def lattice(n, **tables):
    return Scenario.from_tables({"geometry": {"nx": n, "ny": n}} | tables, name=f"side_{n}")


def array_bytes(thing, seen):
    """Bytes of the arrays that an object of ours refers to, each counted once."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        base = thing
        while isinstance(base.base, np.ndarray):
            base = base.base
        fresh = base is thing or id(base) not in seen
        seen.add(id(base))
        return base.nbytes * fresh
    if isinstance(thing, dict):
        return sum(array_bytes(part, seen) for part in thing.values())
    if isinstance(thing, list | tuple | set):
        return sum(array_bytes(part, seen) for part in thing)
    ours = type(thing).__module__.startswith("mtor_abm")
    return array_bytes(vars(thing), seen) if ours and hasattr(thing, "__dict__") else 0


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="three marrows take minutes uncompiled")
def test_the_bytes_per_site_and_drug_are_those_of_a_real_marrow():
    drug = {"drugs": {"rapamycin": {"dose_mg_per_kg": 1.0}}}
    plain, small, treated = (
        array_bytes(MarrowModel(scenario, 1), set())
        for scenario in (lattice(72), lattice(36), lattice(72, **drug))
    )
    per_site = (plain - small) / (72**2 - 36**2)  # what does not grow with the sites drops out
    assert per_site == pytest.approx(estimate.BYTES_PER_SITE, rel=0.15)
    assert (treated - plain) / 72**2 == pytest.approx(estimate.BYTES_PER_SITE_AND_DRUG, rel=0.25)


def test_a_cost_by_hand():
    scenario = lattice(
        100, run={"days": 2}, output={"every_h": 12, "cells_at_days": [1, 2], "fields_at_days": [2]}
    )
    cost = estimate.cost(scenario)
    assert cost.core_s == pytest.approx(10_000 * (5.5e-5 + 48 * 3.5e-7))
    assert cost.memory_bytes == 290 * 2**20 + 10_000 * 400
    assert cost.disk_bytes == 41_000 + 5 * 780 + 10_000 * (2 * 80 + 125) + 0.45 * 10_000 * 2
    quiet = lattice(100, run={"days": 2}, output={"every_h": 12, "events": False})
    assert estimate.cost(quiet).disk_bytes == 41_000 + 5 * 780
    assert estimate.cost(object()) is None


def test_a_lattice_over_the_limit_is_refused_with_the_side_that_fits(monkeypatch):
    fake = estimate.Limit(2 * GIB, "are allowed (ulimit -v)", "raise the limit")
    monkeypatch.setattr(estimate, "available_memory", lambda: fake)
    estimate.refuse_too_large([lattice(200), lattice(2000)])
    with pytest.raises(UserError) as caught:
        estimate.refuse_too_large([lattice(200), lattice(4000), lattice(3000)])
    first, second = caught.value.faults
    assert first == (
        "scenario 'side_4000': [geometry] nx = 4000, ny = 4000 needs about 6.7 GB of memory, and "
        "2.1 GB are allowed (ulimit -v); give nx and ny of at most about 2140, or raise the limit"
    )
    assert "side_3000" in second
    estimate.refuse_too_large([lattice(2140)])  # the advice holds


def test_run_and_dry_run_refuse_it_before_anything_is_written(monkeypatch, capsys, tmp_path):
    fake = estimate.Limit(GIB, "are free on this machine", "use a larger one")
    monkeypatch.setattr(estimate, "available_memory", lambda: fake)
    big = ["-S", "geometry.nx=4000", "-S", "geometry.ny=4000", "--out", str(tmp_path / "o")]
    for extra in ([], ["--dry-run"]):
        assert cli.main(["run", "vehicle", *big, *extra, "-q"]) == 2
        assert "needs about 6.7 GB of memory, and 1.1 GB are free" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_time_memory_disk_and_doses(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(
        estimate, "available_memory", lambda: estimate.Limit(GIB, "are free", "use a larger one")
    )
    call = ["run", "vehicle", "rapamycin", "--seeds", "1-4", "--dry-run", "--jobs", "4",
            "--out", str(tmp_path), "-S", "drugs.everolimus.dose_mg_per_kg=3"]  # fmt: skip
    assert cli.main(call) == 0
    text = capsys.readouterr().out
    for part in (
        "everolimus 3 mg/kg i.p. once, on day 0", "rapamycin 1.5 mg/kg/d i.p. from day 3",
        "would run 8 runs, 5376 steps", "time         about 23 s on 4 processes",
        "memory       about 322 MB for each process, 1.3 GB in all", "disk         about",
        "note         only 1.1 GB are free; give --jobs 3",
    ):  # fmt: skip
        assert part in text, (part, text)
    assert cli.main([*call, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["gives"] == "everolimus 3 mg/kg i.p. once, on day 0"
    assert rows[0]["estimate"]["memory_bytes"] == 290 * 2**20 + 40_000 * 421


def test_validate_says_what_is_given(tmp_path, capsys):
    path = tmp_path / "one.toml"
    path.write_text("[drugs.everolimus]\ndose_mg_per_kg = 3\n")
    assert cli.main(["validate", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: valid; everolimus 3 mg/kg i.p. once, on day 0\n"


def test_the_narrowest_limit_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(estimate, "_of_process", lambda: None)
    monkeypatch.setattr(estimate, "_of_cgroups", lambda: [])
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    1024 kB\n")
    monkeypatch.setattr(estimate, "MEMINFO", meminfo)
    assert estimate.available_memory().n_bytes == 2**20
    monkeypatch.setattr(estimate, "MEMINFO", tmp_path / "none")
    assert estimate.available_memory() is None
    group = tmp_path / "group"
    group.mkdir()
    (group / "memory.max").write_text("1000\n")
    (group / "memory.current").write_text("700\n")
    (group / "memory.stat").write_text("anon 5\ninactive_file 300\n")
    monkeypatch.undo()
    monkeypatch.setattr(
        estimate, "_cgroup_folders", lambda: [(group, "memory.max", "memory.current")]
    )
    assert estimate.available_memory().n_bytes == 600
    (group / "memory.max").write_text("max\n")
    assert estimate._of_cgroups() == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_real_limit_on_address_space_is_seen():
    code = (
        "from mtor_abm.scenario import Scenario\n"
        "from mtor_abm.runner.estimate import refuse_too_large\n"
        "big = Scenario.from_tables({'geometry': {'nx': 4000, 'ny': 4000}})\n"
        "try:\n    refuse_too_large([big])\n"
        "except ValueError as fault: print(fault)\n"
    )

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (6 * GIB, 6 * GIB))

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=limited
    )
    assert "(ulimit -v)" in done.stdout and done.stderr == "", done


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.1, "1 s"), (89, "89 s"), (100, "1.7 min"), (5399, "90 min"), (3 * 3600, "3 h"),
     (2 * 86400, "2 days"), (400 * 86400, "400 days")],
)  # fmt: skip
def test_times_in_words(seconds, words):
    assert estimate.in_time(seconds) == words


@pytest.mark.parametrize(
    ("n", "words"), [(5, "5 bytes"), (1500, "1.5 kB"), (999_000, "999 kB"), (6.7e9, "6.7 GB")]
)
def test_bytes_in_words(n, words):
    assert estimate.in_bytes(n) == words
