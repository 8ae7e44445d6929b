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
