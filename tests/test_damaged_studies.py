"""Finished studies that are damaged at random: seen and told in one line, and mended by --resume.

60 damages, always the same ones; MTOR_ABM_DAMAGES=1000 tries more of them.
"""

import json
import os
import random
import shutil
import sys

import pytest
from kills import files
from test_runner import study
from time_limit import in_time
from toy_marrow import ToyScenario

from mtor_abm.analysis.gather import gather
from mtor_abm.analysis.study_status import study_status
from mtor_abm.errors import UserError
from mtor_abm.manifest import MANIFEST

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pipes and alarms")
ARMS = [ToyScenario(), ToyScenario("drug", drug=0.5)]
N_DAMAGES = int(os.environ.get("MTOR_ABM_DAMAGES", "60"))
LONGEST_S = 20


def cut(path, luck):
    path.write_bytes(path.read_bytes()[: luck.randrange(path.stat().st_size)])


def flip(path, luck):
    content = bytearray(path.read_bytes())
    content[luck.randrange(len(content))] ^= 1 << luck.randrange(8)
    path.write_bytes(content)


def digit(path, luck):
    text = path.read_text()
    places = [i for i, letter in enumerate(text) if letter.isdigit()]
    i = luck.choice(places)
    path.write_text(text[:i] + str((int(text[i]) + luck.randrange(1, 10)) % 10) + text[i + 1 :])


def odd_json(path, luck):
    """One value of a JSON file becomes something else."""
    content = json.loads(path.read_text())
    place = content
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = luck.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and luck.random() < 0.7:
            place = place[key]
            continue
        place[key] = luck.choice([None, -1, 1.5, "x", "a\nb", [], {}, True, 1e308, ["x"]])
        break
    path.write_text(json.dumps(content))


def gone(path, luck):
    path.unlink()


def pipe(path, luck):
    path.unlink()
    os.mkfifo(path)


def folder(path, luck):
    path.unlink()
    path.mkdir()


def zeros(path, luck):
    path.write_bytes(b"\0" * path.stat().st_size)


def copied(path, luck):
    """A run folder lies there under the name of another."""
    run = path.parent if (path.parent / MANIFEST).is_file() else path.parent.parent
    if run.parent.joinpath("study.json").exists():
        other = luck.choice([p for p in run.parent.iterdir() if "__seed_" in p.name and p != run])
        shutil.rmtree(run)
        shutil.copytree(other, run)


DAMAGES = [cut, flip, digit, odd_json, gone, pipe, folder, zeros, copied]


def told(action):
    """What a command says of the damage, or None if it finds none; anything but one line fails."""
    try:
        with in_time(LONGEST_S):
            action()
    except UserError as fault:
        assert "\n" not in str(fault)
        return str(fault)
    return None


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "s"
    study(ARMS, out)
    return out


@pytest.mark.parametrize("n", range(N_DAMAGES))
def test_a_damaged_study_is_told_in_a_line_and_mended(whole, tmp_path, n):
    luck = random.Random(n)
    out = tmp_path / "s"
    shutil.copytree(whole, out)
    damage = DAMAGES[n % len(DAMAGES)]
    names = sorted(path for path in out.rglob("*") if path.is_file() and path.stat().st_size > 1)
    if damage is odd_json:
        names = [path for path in names if path.suffix == ".json"]
    if damage is digit:
        names = [path for path in names if path.name == MANIFEST]
    path = luck.choice(names)
    damage(path, luck)
    where = f"{damage.__name__} of {path.relative_to(out)}"
    told(lambda: study_status(out))
    said = told(lambda: gather(out))
    if path.name in (MANIFEST, "timeseries.csv") and damage is not gone:
        assert said is not None or path.name != "timeseries.csv", where
    if damage is digit:
        assert said is not None and MANIFEST in said, where
    refused = told(lambda: study(ARMS, out, resume=True))
    if path.parent == out and damage is folder:
        assert refused is not None  # only the person can say whose folder that is
        return
    assert refused is None, where
    shutil.rmtree(out / "damaged", ignore_errors=True)  # what was moved aside
    found = files(out)
    assert {key for key, what in files(whole).items() if found.get(key) != what} == set(), where
