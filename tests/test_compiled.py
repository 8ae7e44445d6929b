import ast
import os
import shutil

import numba
import pytest

from mtor_abm import compilation, sources
from mtor_abm.numerics import compiled
from mtor_abm.sources import PACKAGE

# Beside the model, and yet imported by it: words of messages, a lock, where files lie.
WORDS_AND_LOCKS = {
    "extras.py", "folder_lock.py", "invocation.py", "shipped.py", "synonyms.py",
}  # fmt: skip


def test_sources_left_out_of_the_key_of_the_cache_exist_and_have_no_kernels():
    for place in sources.WITHOUT_KERNELS:
        path = PACKAGE / place
        files = [path] if path.suffix else sorted(path.rglob("*.py"))
        assert files, f"{place} is gone"
        for file in files:
            text = file.read_text()
            for decorator in ("@kernel", "@making_kernel", "@rule", "@woven_rule", "njit"):
                assert decorator not in text, f"{file} has compiled code"


def imported(path):
    """Files of the package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        home = path.parents[node.level - 1]
        for name in [node.module] if node.module else [alias.name for alias in node.names]:
            module = home.joinpath(*name.split("."))
            found = [module.with_suffix(".py"), module / "__init__.py"]
            yield from (file for file in found if file.is_file())


def test_what_decides_a_run_imports_nothing_that_is_said_to_be_beside_it():
    """Else an edit would change runs, and they would go on passing for up to date."""
    deciding = set(sources.of_a_run())
    allowed = deciding | {PACKAGE / name for name in WORDS_AND_LOCKS}
    odd = {(path.name, other.name) for path in deciding for other in imported(path)
           if other not in allowed}  # fmt: skip
    assert not odd


def test_what_decides_a_reading_imports_nothing_that_is_said_to_be_beside_it():
    deciding = set(sources.of_a_reading())
    allowed = deciding | {PACKAGE / name for name in WORDS_AND_LOCKS}
    odd = {(path.name, other.name) for path in deciding for other in imported(path)
           if other not in allowed}  # fmt: skip
    assert not odd


def test_the_lists_of_sources_follow_from_one_another():
    """What decides compiled code decides a run, and what decides a run decides a reading."""
    runs, readings = set(sources.of_a_run()), set(sources.of_a_reading())
    warm = PACKAGE / sources.SAYS_WHAT_IS_COMPILED
    with_the_model = {PACKAGE / name for name in sources.WITH_THE_MODEL}
    assert set(sources.of_compiled_code()) - {warm} <= runs
    assert runs - with_the_model <= readings
    assert {path.name for path in readings - runs if path.parent.name != "assays"} == set()
    assert not any("audit" in path.parts for path in runs | readings)


def test_the_same_sources_elsewhere_or_written_again_count_as_not_compiled(tmp_path, monkeypatch):
    """numba compiles them again, and no process that computes results may be the one to do it."""

    def mark(package):
        monkeypatch.setattr(compiled, "PACKAGE", package)
        return compiled.source_fingerprint(), compilation.warm_mark(tmp_path)

    for name in ("a", "b"):
        shutil.copytree(PACKAGE / "numerics", tmp_path / name, copy_function=shutil.copy2)
    first, second = mark(tmp_path / "a"), mark(tmp_path / "b")
    assert first[0] == second[0] and first[1] != second[1]
    assert mark(tmp_path / "a") == first
    os.utime(tmp_path / "a" / "chance.py", (1.0, 1.0))
    assert mark(tmp_path / "a")[0] == first[0] and mark(tmp_path / "a")[1] != first[1]


# ------------------------------------------------------------------------- where the code is kept
@pytest.fixture
def place(tmp_path, monkeypatch):
    """A cache of its own for `_open_cache`, which sets things for the whole process."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("MTOR_ABM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "cache"


def test_what_lost_a_part_is_compiled_again_as_a_whole(tmp_path, monkeypatch):
    """Else whoever runs compiles the rest, links it with what is left, and rounds otherwise."""
    calls = []

    def compile_two(shares):
        (tmp_path / "cells_1").mkdir(exist_ok=True)
        for name in "ab":
            (tmp_path / "cells_1" / f"{name}.nbc").write_bytes(b"code")
        calls.append(sorted(path.name for path in tmp_path.rglob("*.nbc")))

    monkeypatch.setattr(compilation, "compile_shares", compile_two)
    monkeypatch.setattr(compilation.compiled, "JIT_IS_OFF", False)
    monkeypatch.setattr(compilation.compiled, "CACHE_FOLDER", tmp_path)
    ensure = lambda: compilation.ensure_compiled(lambda line: None)  # noqa: E731
    ensure(), ensure()
    assert len(calls) == 1
    (tmp_path / "cells_1" / "a.nbc").unlink()
    (tmp_path / "cells_1" / "old.nbc").write_bytes(b"of before")
    ensure()
    assert calls[1:] == [["a.nbc", "b.nbc"]]  # nothing of before is left
    (tmp_path / "cells_1" / "b.nbc").write_bytes(b"cut")
    ensure()
    assert len(calls) == 3


@pytest.mark.parametrize("root", ["/proc/none", "/dev/null/x"])
def test_without_its_usual_place_code_goes_to_a_temporary_folder(place, monkeypatch, root):
    monkeypatch.setenv("MTOR_ABM_CACHE", root)
    folder, why = compiled._open_cache()
    assert folder.is_relative_to(place.parent / "temporary") and root in why
    assert os.environ["MTOR_ABM_CACHE"] == str(folder.parent)  # for the children
    assert compiled._open_cache() == (folder, "")


def test_a_user_without_a_home_has_a_cache(place, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("MTOR_ABM_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(compiled.Path, "home", no_home)
    assert compiled.cache_root().parent == place.parent / "temporary"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners of files")
def test_code_that_others_may_have_put_there_is_not_run(place, monkeypatch):
    folder, why = compiled._open_cache()
    assert why == "" and place.stat().st_mode & 0o077 == 0
    (folder / "planted.nbc").write_bytes(b"of another user")
    assert compiled._open_cache()[0] == folder and (folder / "planted.nbc").exists()
    folder.chmod(0o777)
    assert compiled._open_cache() == (folder, "")
    assert not (folder / "planted.nbc").exists() and folder.stat().st_mode & 0o022 == 0
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    monkeypatch.setattr(compiled.tempfile, "mkdtemp", lambda prefix: "/proc/none")
    found, why = compiled._open_cache()
    assert found is None and "it belongs to someone else" in why
