"""A damaged scenario file either still is a scenario or is refused in one printable line."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_samples import FULL, SMALL

from mtor_abm import cli
from mtor_abm.errors import MOST_FAULTS, UserError
from mtor_abm.scenario import Scenario
from mtor_abm.scenario_files import load


def key_lines(lines):
    return [i for i, line in enumerate(lines) if " = " in line and "'''" not in line]


LINES = FULL.splitlines()
KEY_LINES = key_lines(LINES)
VALUES = [
    "", "nan", "-inf", "-1", "1e400", "9" * 400, "9" * 5000, "true", "'text'", "[]", "[[1]]",
    "{}", "{a = 1}", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "0x10", "'\\u0000'",
    '"\\u0000"', '"a\\nb"', "[1, 'x']", "1 2", "''", '"\\uD800"', "0.0", "99999999",
]  # fmt: skip


def damaged(kind, rng, whole=FULL):
    """One damaged copy of a file."""
    lines = whole.splitlines()
    i = rng.choice(key_lines(lines))
    key, value = lines[i].split(" = ", 1)
    match kind:
        case "value":
            lines[i] = f"{key} = {rng.choice(VALUES)}"
        case "typo":
            at = rng.randrange(len(key))
            lines[i] = f"{key[:at]}{rng.choice('abxyz_.')}{key[at + 1 :]} = {value}"
        case "suffix":
            lines[i] = f"{key.rsplit('_', 1)[0]} = {value}"
        case "twice":
            lines.insert(i, lines[i])
        case "delete":
            del lines[rng.randrange(len(lines))]
        case "swap":
            j = rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        case "header":
            heads = [n for n, line in enumerate(lines) if line.startswith("[")]
            j = rng.choice(heads)
            lines[j] = lines[j].replace(rng.choice(lines[j][1:-1]), rng.choice(["", "q", "[", "."]))
        case "cut":
            return whole[: rng.randrange(len(whole))].encode()
        case "byte":
            raw = bytearray(whole.encode())
            for _ in range(rng.randrange(1, 4)):
                raw[rng.randrange(len(raw))] = rng.randrange(256)
            return bytes(raw)
    return "\n".join(lines).encode()


KINDS = ("value", "typo", "suffix", "twice", "delete", "swap", "header", "cut", "byte")


@pytest.mark.parametrize("kind", KINDS)
def test_forty_damaged_files_of_each_kind_load_or_are_refused_in_one_line(kind, tmp_path):
    n_refused = 0
    for number in range(40):
        path = tmp_path / f"{kind}{number}.toml"
        path.write_bytes(damaged(kind, random.Random(f"{kind}{number}")))
        n_refused += refused(path)
    assert n_refused >= 5  # the damage does harm


# As FULL, but of the model that is shipped: what `validate` itself takes.
SHIPPED = FULL.replace("n_start = 20\ndoes_shed = true\n", "crawl_speed_um_per_h = 5.0\n")
N_VALIDATED = 70  # of each kind


def test_the_file_that_is_damaged_for_validate_is_valid(tmp_path, capsys):
    path = tmp_path / "whole.toml"
    path.write_text(SHIPPED)
    assert cli.main(["validate", str(path)]) == cli.OK, capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_validate_answers_seventy_damaged_files_of_each_kind(kind, tmp_path, capsys):
    """630 files through the command itself: 0, or 2 and printable lines; never a traceback."""
    codes = []
    for number in range(N_VALIDATED):
        path = tmp_path / f"{number}.toml"
        path.write_bytes(damaged(kind, random.Random(f"validate{kind}{number}"), SHIPPED))
        codes.append(cli.main(["validate", str(path)]))
        out, err = capsys.readouterr()
        assert codes[-1] in (cli.OK, cli.INVALID)
        assert "Traceback" not in out + err
        said = (out if codes[-1] == cli.OK else err).splitlines()
        assert said and all(line.isprintable() and str(path) in line for line in said), said
        assert codes[-1] == cli.OK or all(line.startswith("error: ") for line in said), said
    assert codes.count(cli.INVALID) >= 5  # the damage does harm


def test_every_value_under_every_key_loads_or_is_refused_in_one_line(tmp_path):
    path = tmp_path / "trial.toml"
    n_refused = 0
    for i in KEY_LINES:
        for value in VALUES:
            lines = list(LINES)
            lines[i] = f"{lines[i].split(' = ')[0]} = {value}"
            path.write_text("\n".join(lines))
            n_refused += refused(path)
    assert n_refused > len(KEY_LINES) * len(VALUES) / 2


def refused(path):
    try:
        scenario = load(path, (), SMALL)
    except UserError as fault:
        assert 1 <= len(fault.faults) <= MOST_FAULTS + 1
        for line in fault.faults:
            assert line.isprintable() and line.startswith(str(path)), line
            assert ";" in line, f"no cure in: {line}"
            assert len(line) < 400 + len(str(path)), line
        return True
    path.write_text(scenario.to_toml())
    assert load(path, (), SMALL) == scenario
    return False


@settings(max_examples=150)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_load_or_are_refused_in_one_line(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("bytes") / "any.toml"
    path.write_bytes(raw)
    refused(path)


KEYS = ("days", "cells", "tumour", "rapamycin", "oxygen", "RPTOR", "dose_mg_per_kg", "V1", "seeds")
names = st.sampled_from([*SMALL.tables(), *KEYS, "name", "every_h", ""]) | st.text(max_size=4)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
tables = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)
)


@settings(max_examples=300)
@given(st.dictionaries(names, tables, max_size=5))
def test_any_nested_tables_make_a_scenario_or_one_line(given_tables):
    try:
        Scenario.from_tables(given_tables, vocabulary=SMALL)
    except UserError as fault:
        assert fault.faults and all(line.isprintable() for line in fault.faults)


NASTY = (True, "x", -1e9, 1e9, math.nan, [1], {"a": 1}, 2**80, 0.5, None)


def _keys(tables, start=""):
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{start}{key}.")
        else:
            yield start + key


def test_every_key_of_the_model_takes_or_refuses_any_value_in_one_line():
    scenario = Scenario.from_tables({"drugs": {"rapamycin": {"dose_mg_per_kg": 1.5}}})
    keys = list(_keys(scenario.resolved()))
    assert len(keys) > 200
    for key in keys:
        n_refused = 0
        for value in NASTY:
            try:
                scenario.changed({key: value})
            except UserError as fault:
                n_refused += 1
                for line in fault.faults:
                    assert line.isprintable() and ";" in line, line
                line = str(fault)
                assert key.rpartition(".")[2] in line, line
                assert "typing." not in line and "<class" not in line, line
        assert n_refused >= 3, key
