import errno
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtor_abm import store, whole_file
from mtor_abm.errors import UserError
from mtor_abm.runner import study_folder
from mtor_abm.store import MANIFEST, RunWriter, StoreError, read_run
from mtor_abm.tidy_csv import csv_text, read_csv
from mtor_abm.whole_file import write_file

ABOUT = {
    "status": "complete",
    "scenario": "toy",
    "seed": 1,
    "identity": {"scenario_sha256": "ab", "seed": 1},
    "parameters": {"run": {"days": 1.0}},
}
TABLE = {"time_h": np.array([0.0, 0.1]), "n": np.array([1, 2]), "cause": np.array(["a", "b"])}


def write_run(folder, **tables):
    with RunWriter(folder) as writer:
        writer.write_text("scenario.toml", 'name = "toy"\n')
        writer.append("events.csv", TABLE)
        writer.append("events.csv", TABLE)
        writer.write_table("cells/day_014.00.csv", TABLE)
        for name, table in tables.items():
            writer.write_table(f"{name}.csv", table)
        writer.finish(ABOUT)
    return folder


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# ------------------------------------------------------------------------------------- the text
def test_csv_text_known_by_hand():
    table = {
        "time_h": np.array([0.0, 24.0, 1 / 3, np.nan, -0.0]),
        "n": np.array([1, -2, 3, 2**53, 0]),
        "field": np.array([0.1, 1e-12, 40.0, np.nan, 1e10], dtype=np.float32),
        "cause": np.array(["none", 'say "x"', "a,b", None, "NA"], dtype=object),
        "alive": np.array([True, False, True, True, False]),
    }
    assert csv_text(table) == (
        "time_h,n,field,cause,alive\n"
        "0,1,0.1,none,1\n"
        '24,-2,1e-12,"say ""x""",0\n'
        '0.333333333,3,40,"a,b",1\n'
        ",9007199254740992,,,1\n"
        "0,0,1e+10,NA,0\n"
    )


def test_empty_table_is_its_header():
    assert csv_text({"a": np.array([]), "b": np.array([])}) == "a,b\n"


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        csv_text({"a": [1], "b": [1, 2]})


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=False),
            st.integers(-(2**62), 2**62),
            st.text(min_size=1).filter(lambda s: "\x00" not in s and "\r" not in s),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_reading_gives_back_what_was_written(rows):
    x, n, text = (list(column) for column in zip(*rows, strict=True))
    table = {"x": np.array(x), "n": np.array(n), "text": np.array([*text, ""], dtype=object)[:-1]}
    written = csv_text(table)
    back = read_csv(written.encode("utf-8", "surrogatepass"))
    np.testing.assert_allclose(back["x"].astype(float), x, rtol=5e-9)
    assert back["n"].tolist() == n
    assert csv_text({"n": back["n"]}) == csv_text({"n": table["n"]})


def test_only_empty_cells_are_missing():
    back = read_csv(b"cause,x\nNA,1\nNone,\nnan,2\n,3\n")
    assert back["cause"].tolist()[:3] == ["NA", "None", "nan"]
    assert back["cause"].isna().tolist() == [False, False, False, True]
    assert back["x"].isna().tolist() == [False, True, False, False]


def test_a_dataframe_and_a_dict_of_arrays_give_the_same_text():
    assert csv_text(pd.DataFrame(TABLE)) == csv_text(TABLE)


# -------------------------------------------------------------------------------- write and read
def test_a_run_reads_back_and_its_manifest_counts_rows(tmp_path):
    folder = write_run(tmp_path / "toy__seed_0001", timeseries=TABLE)
    run = read_run(folder)
    run.verify()
    assert (run.scenario, run.seed, run.status) == ("toy", 1, "complete")
    assert run.events["n"].tolist() == [1, 2, 1, 2]
    assert run.timeseries["cause"].tolist() == ["a", "b"]
    assert run.manifest["files"]["events.csv"]["rows"] == 4
    assert "rows" not in run.manifest["files"]["scenario.toml"]
    assert names(folder) == [
        "cells/day_014.00.csv", "events.csv", "manifest.json", "scenario.toml", "timeseries.csv",
    ]  # fmt: skip


def test_leaving_by_an_exception_leaves_nothing(tmp_path):
    folder = tmp_path / "toy__seed_0001"
    with pytest.raises(RuntimeError), RunWriter(folder) as writer:
        writer.append("events.csv", TABLE)
        writer.write_table("cells/day_001.00.csv", TABLE)
        raise RuntimeError
    assert not folder.exists()


def test_without_finish_there_is_no_run(tmp_path):
    folder = tmp_path / "toy__seed_0001"
    with RunWriter(folder) as writer:
        writer.write_table("timeseries.csv", TABLE)
    assert not folder.exists()


def test_tables_do_not_know_when_or_where_they_were_written(tmp_path):
    a, b = (write_run(tmp_path / k / "toy__seed_0001", timeseries=TABLE) for k in "ab")
    for name in names(a):
        assert (a / name).read_bytes() == (b / name).read_bytes()


@pytest.mark.parametrize("victim", ["events.csv", "timeseries.csv", "cells/day_014.00.csv"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "append"])
def test_damaged_tables_are_noticed(tmp_path, victim, damage):
    folder = write_run(tmp_path / "toy__seed_0001", timeseries=TABLE)
    path = folder / victim
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        path.write_bytes(content[:-3])
    elif damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "append":
        path.write_bytes(content + b"1,2,x\n")
    else:
        path.unlink()
    run = read_run(folder)
    with pytest.raises(StoreError, match="run the study again"):
        run.table(victim)
    with pytest.raises(StoreError, match=path.name):
        run.verify()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"format": "other 9"}', "\x00", '{"format": "mtor_abm run 1"}'],
)
def test_damaged_manifests_are_one_line(tmp_path, content):
    folder = write_run(tmp_path / "toy__seed_0001")
    (folder / MANIFEST).write_text(content)
    with pytest.raises(UserError) as caught:
        read_run(folder)
    assert MANIFEST in str(caught.value) and "\n" not in str(caught.value)


def test_half_written_foreign_and_absent_are_told_apart(tmp_path):
    half = write_run(tmp_path / "toy__seed_0001")
    (half / MANIFEST).unlink()
    with pytest.raises(StoreError, match="half-written"):
        read_run(half)
    (half / "thesis.docx").write_text("x")
    with pytest.raises(StoreError, match="not a run"):
        read_run(half)
    with pytest.raises(StoreError, match="does not exist"):
        read_run(tmp_path / "none")
    with pytest.raises(StoreError, match="is a file"):
        read_run(half / "thesis.docx")


@pytest.mark.parametrize("foreign", ["thesis.docx", "cells/mine.csv", "fields/sub/x.csv", "x/y"])
def test_a_foreign_folder_is_never_touched(tmp_path, foreign):
    folder = write_run(tmp_path / "toy__seed_0001")
    (folder / foreign).parent.mkdir(parents=True, exist_ok=True)
    (folder / foreign).write_text("precious")
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    with pytest.raises(StoreError, match="no run of mtor_abm writes"), RunWriter(folder):
        pytest.fail("the folder was accepted")
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


def test_an_older_or_half_written_run_is_replaced(tmp_path):
    folder = write_run(tmp_path / "toy__seed_0001", timeseries=TABLE)
    (folder / MANIFEST).unlink()
    (folder / ".events.csv.123.partial").write_text("half")
    write_run(folder)
    assert names(folder) == [
        "cells/day_014.00.csv", "events.csv", "manifest.json", "scenario.toml",
    ]  # fmt: skip


def test_a_scenario_name_cannot_leave_the_study():
    for name in ("../x", "a/b", "", ".hidden", "a b"):
        with pytest.raises(StoreError, match="cannot name a folder"):
            store.run_name(name, 1)
    assert store.run_name("tumour_raptor_ko", 12) == "tumour_raptor_ko__seed_0012"


# ---------------------------------------------------------------------------------- full disks
class FullDisk:
    """Stands for a file on a disk that takes `room` more bytes."""

    def __init__(self, file, disk):
        self.file, self.disk = file, disk

    def write(self, content):
        if len(content) > self.disk["room"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.disk["room"] -= len(content)
        return self.file.write(content)

    def flush(self):
        self.file.flush()

    def fileno(self):
        return self.file.fileno()

    def close(self):
        self.file.close()


@pytest.fixture
def small_disk(monkeypatch):
    disk = {"room": 0}
    original = whole_file.NewFile.__init__

    def init(self, path, rows=None):
        original(self, path, rows)
        self._file = FullDisk(self._file, disk)

    monkeypatch.setattr(whole_file.NewFile, "__init__", init)
    return disk


def test_a_disk_that_fills_at_any_point_leaves_nothing(tmp_path, small_disk):
    folder = tmp_path / "toy__seed_0001"
    small_disk["room"] = 10**6
    write_run(folder, timeseries=TABLE)
    needed = 10**6 - small_disk["room"]
    for room in range(0, needed, 7):
        small_disk["room"] = room
        with pytest.raises(StoreError, match="no space left"):
            write_run(folder, timeseries=TABLE)
        assert not folder.exists()
    small_disk["room"] = needed
    write_run(folder, timeseries=TABLE)
    read_run(folder).verify()


def test_a_full_disk_keeps_the_older_file(tmp_path, small_disk):
    path = tmp_path / "study.json"
    small_disk["room"] = 3
    write_file(path, "old")
    with pytest.raises(StoreError, match="no space left"):
        write_file(path, "new and longer")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["study.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
def test_a_real_limit_of_the_system_is_one_line_and_leaves_nothing(tmp_path):
    code = textwrap.dedent(
        f"""
        import resource, sys
        import numpy as np
        from pathlib import Path
        from mtor_abm.store import RunWriter, StoreError
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        folder = Path({str(tmp_path)!r}) / "toy__seed_0001"
        try:
            with RunWriter(folder) as writer:
                writer.append("events.csv", {{"x": np.arange(100_000)}})
                writer.finish({{}})
        except StoreError as error:
            print(error)
            sys.exit(0 if not folder.exists() else 3)
        sys.exit(4)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "events.csv" in done.stdout and "limit" in done.stdout


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="permission denied"):
            write_run(tmp_path / "toy__seed_0001")
    finally:
        tmp_path.chmod(0o700)


def test_paths_that_cannot_be_folders_are_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "toy__seed_0001"):
        with pytest.raises(StoreError, match=r"file"):
            write_run(folder)
    assert (tmp_path / "file").read_text() == "x"
    with pytest.raises(StoreError, match="too long"):
        write_run(tmp_path / ("x" * 300))


# --------------------------------------------------------------------------------------- studies
def test_a_study_folder_must_be_ours(tmp_path):
    study_folder.check_study_folder(tmp_path / "new")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("x")
    with pytest.raises(StoreError, match=r"cat\.jpg"):
        study_folder.write_study(tmp_path / "photos", {})
    with pytest.raises(StoreError, match="is a file"):
        study_folder.check_study_folder(tmp_path / "photos" / "cat.jpg")
    study_folder.write_study(tmp_path / "new", {"status": "running"})
    (tmp_path / "new" / "notes.txt").write_text("x")  # beside a study people may keep notes
    study_folder.write_study(tmp_path / "new", {"status": "done"})
    assert json.loads((tmp_path / "new" / "study.json").read_text())["status"] == "done"


def test_summaries_are_gathered_from_complete_runs_only(tmp_path):
    summary = {"readout": ["area", "bone"], "unit": ["mm2", "1"], "value": [0.5, np.nan]}
    write_run(tmp_path / "toy__seed_0001", summary=summary)
    half = write_run(tmp_path / "toy__seed_0003", summary=summary)
    (half / MANIFEST).unlink()
    with RunWriter(tmp_path / "toy__seed_0004") as writer:
        writer.finish(
            {**ABOUT, "seed": 4, "identity": ABOUT["identity"] | {"seed": 4}, "status": "failed"}
        )
    assert study_folder.write_study_summary(tmp_path) == 1
    assert (tmp_path / "summary.csv").read_text() == (
        "scenario,seed,readout,unit,value\ntoy,1,area,mm2,0.5\ntoy,1,bone,1,\n"
    )
