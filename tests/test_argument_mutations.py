"""Damaged command lines end with 0, 1 or 2 and a few printable lines, never with a traceback.

A fixed sample; MTOR_ABM_MUTATIONS=1269 tries as many as are asked for.
"""

import os
import random

import pytest

from mtor_abm import cli
from mtor_abm.errors import LONGEST_LINE, MOST_FAULTS, UserError

N_SAMPLE = int(os.environ.get("MTOR_ABM_MUTATIONS", "160"))
CALLS = [
    "list drugs --json", "describe bv_tv", "describe claim S1.3-8", "validate vehicle mine.toml",
    "run vehicle rapamycin --seeds 1-4 --days 2 -S run.step_h=1 --dry-run",
    "run vehicle --name a --out o --jobs 2 --shard 1/2 --dry-run --json",
    "run vehicle rapamycin --until-ci tumour_area_mm2_final=0.1 --max-seeds 4 --dry-run",
    "run --from o/a/manifest.json --name b --dry-run", "new mine", "runs --where seed<5 --out o",
    "branch vehicle --at 10d --arms rapamycin everolimus --dry-run",
    "sweep design.toml --seeds 1-2 --dry-run", "status o/a", "gather o/a --out t --events",
    "compare o/a/vehicle o/a/rapamycin --out t", "export o/a/vehicle__seed_0001 --to vtk --day 1",
    "geometry image.png --pixel-um 2 --dx-um 10 --crop 0,0,100,100 --out m.npz",
    "report o/a --control vehicle --out r.html", "figures o/a --out f", "movie o/a/v --fps 8",
    "claims S0-7 --section 1.2 --quick", "claims S1.3-7 --variant V8=Z",
]  # fmt: skip
NASTY = [
    "", "-1", "0", "nan", "inf", "1e999", "9" * 400, "x" * 5000, "\0", "\n", "a\nb", "\udcff",
    "--", "-", "--nosuch", "-S", "a=b=c", "=", "[", "{", "'", '"', "../x", "/dev/null", "/", ".",
    "CON", "1-", "1-100000", "1,1", "10d", "V3", "drugs.everolimus.route=oral", "run.days=[1]",
    "a.b.c.d.e.f.g.h.i.j.k=1", ".".join("a" * 1000) + "=1", "tumour=3", "٣", "$(ls)", "--help",
]  # fmt: skip


def damaged(number):
    """One damaged command line."""
    rng = random.Random(f"arguments{number}")
    words = rng.choice(CALLS).split()
    for _ in range(rng.randrange(1, 4)):
        i = rng.randrange(1, len(words) + 1)  # the command itself stays: the rest would not matter
        match rng.choice(("replace", "drop", "insert", "swap", "twice", "cut")):
            case "replace":
                words[i : i + 1] = [rng.choice(NASTY)]
            case "drop" if i < len(words) and words[i] != "--dry-run":
                del words[i]
            case "insert":
                words.insert(i, rng.choice(NASTY))
            case "swap" if len(words) > 2:
                j = rng.randrange(1, len(words))
                words[min(i, len(words) - 1)], words[j] = words[j], words[min(i, len(words) - 1)]
            case "twice" if i < len(words):
                words.insert(i, words[i])
            case "cut" if i < len(words):
                words[i] = words[i][: len(words[i]) // 2]
    return words


def test_damaged_command_lines_get_a_few_lines_and_a_code(tmp_path, monkeypatch, capsys):
    def never(*_given, **_how):
        raise UserError("a run would start; this is a test")

    for place in ("mtor_abm.api.run", "mtor_abm.claims.study.run_arms"):
        monkeypatch.setattr(place, never, raising=False)
    monkeypatch.setattr("mtor_abm.claims.desk.ask", never)
    monkeypatch.setattr("mtor_abm.runner.until.run_until", never)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text("[run]\ndays = 3\n")
    (tmp_path / "design.toml").write_text(
        "base = 'vehicle'\nkind = 'grid'\n[vary]\n'run.days' = [1.0, 2.0]\n"
    )
    codes = []
    for number in range(N_SAMPLE):
        words = damaged(number)
        try:
            code = cli.main(words)
        except SystemExit as leaving:  # argparse
            code = leaving.code
        except Exception as fault:
            pytest.fail(f"{words}: {type(fault).__name__}: {fault}")
        said = capsys.readouterr()
        assert code in (0, 1, 2), (words, code)
        lines = said.err.splitlines()
        assert len(lines) <= MOST_FAULTS + 1, (words, said.err)
        for line in lines:
            assert line.isprintable() and len(line) < LONGEST_LINE + 200, (words, line)
            assert "Traceback" not in line, words
        assert code != 2 or lines, words
        codes.append(code)
    assert 0.4 < codes.count(2) / len(codes) < 1.0  # the damage does harm, and not to all
