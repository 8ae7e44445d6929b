import os
import shutil

from mtor_abm import compilation
from mtor_abm.numerics import compiled
from mtor_abm.numerics.compiled import PACKAGE, WITHOUT_KERNELS


def test_sources_left_out_of_the_key_of_the_cache_exist_and_have_no_kernels():
    for place in WITHOUT_KERNELS:
        path = PACKAGE / place
        files = [path] if path.suffix else sorted(path.rglob("*.py"))
        assert files, f"{place} is gone"
        for file in files:
            text = file.read_text()
            for decorator in ("@kernel", "@making_kernel", "@rule", "@woven_rule", "njit"):
                assert decorator not in text, f"{file} has compiled code"


def test_the_same_sources_elsewhere_or_written_again_count_as_not_compiled(tmp_path, monkeypatch):
    """numba compiles them anew, and no process that computes results may be the one to do it."""

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
