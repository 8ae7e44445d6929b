import ast
import os
import shutil

from mtor_abm import compilation, sources
from mtor_abm.numerics import compiled
from mtor_abm.sources import PACKAGE

# Beside the model, and yet imported by it: words of messages, a lock, where files lie.
WORDS_AND_LOCKS = {"extras.py", "folder_lock.py", "invocation.py", "shipped.py"}


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
