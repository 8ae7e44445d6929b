"""The list of all runs and the conditions on it."""

import json

import pytest
from toy_marrow import ToyEngine, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis.condition import Condition
from mtor_abm.analysis.index import COLUMNS, index, index_text
from mtor_abm.errors import UserError
from mtor_abm.runner.batch import run_study
from mtor_abm.store import MANIFEST

VALUES = {"scenario": "rapamycin", "seed": 4, "drugs.rapamycin.dose": 1.5, "run.days": None,
          "output.events": True, "output.days": [1.0]}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("scenario == 'rapamycin' and seed < 5", True),
        ("scenario == 'rapamycin' and seed < 4", False),
        ("scenario != 'rapamycin' or seed >= 4", True),
        ("not seed == 4", False),
        ("not (seed == 4 and scenario == 'x')", True),
        ("drugs.rapamycin.dose > 1", True),
        ("1 < drugs.rapamycin.dose <= 1.5 < seed", True),
        ("1 < drugs.rapamycin.dose < 1.5", False),
        ("-1 < seed", True),
        ("seed > 3 or seed < 'never asked'", True),
        ("output.events", True),
        ("output.events == False", False),
        ("run.days > 0", False),  # what is absent meets no comparison ...
        ("run.days != 3", False),
        ("not run.days > 0", True),  # ... but can be asked for
        ("drugs.zoledronate.dose > 0", False),
    ],
)
def test_conditions_known_by_hand(text, truth):
    assert Condition.parse(text).holds(VALUES) is truth


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch planted')",
        "(lambda: 1)() == 1",
        "scenario.upper() == 'RAPAMYCIN'",
        "seed[0] == 1",
        "seed + 1 == 5",
        "2 ** 999999999 > seed",
        "[seed for seed in (1, 2)]",
        "seed in (4, 5)",
        "seed is 4",
        "f'{seed}' == '4'",
        "(seed := 3) == 3",
        "seed == 1j",
        "(seed == 4) == True",
        "seed if seed else seed",
        "'x'.real == 1",
    ],
)
def test_what_is_not_a_condition_has_no_meaning(text):
    with pytest.raises(UserError, match="has no meaning here; compare names with values"):
        Condition.parse(text)


@pytest.mark.parametrize(
    "text", ["", "seed <", "seed = 4", "(" * 900, "\0", "9" * 900 + " < seed &&"]
)
def test_what_is_not_an_expression_is_refused_in_one_line(text):
    with pytest.raises(UserError, match="cannot be read"):
        Condition.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed < 'a'", "compares 4 with 'a'"),
        ("scenario == 3", "compares 'rapamycin' with 3"),
        ("output.days == 1", r"compares \[1.0\] with 1"),
        ("seed", "seed is neither true nor false"),
        ("seed and scenario", "seed is neither true nor false"),
    ],
)
def test_what_cannot_be_asked_is_said(text, said):
    with pytest.raises(UserError, match=said):
        Condition.parse(text).holds(VALUES)


def test_a_condition_has_a_longest_length():
    with pytest.raises(UserError, match="1001 characters; give at most 1000"):
        Condition.parse(" " * 1001)


@pytest.fixture
def outputs(tmp_path):
    out = tmp_path / "outputs"
    for name, drug in (("b", 0.25), ("a", 0.5)):
        arms = [ToyScenario(), ToyScenario("rapamycin", drug=drug)]
        run_study(arms, [1, 2, 10], out / name, jobs=1, engine=ToyEngine)
    run_study([ToyScenario()], [1], out / ".trunks" / "t", jobs=1, engine=ToyEngine)
    run_study([ToyScenario("crashes", fault="crash")], [1], out / "a", jobs=1, engine=ToyEngine)
    (out / "b" / "vehicle__seed_0001" / MANIFEST).unlink()
    (out / "b" / "vehicle__seed_0002" / MANIFEST).write_text("{")
    return out


def test_every_run_is_listed_once_with_its_state(outputs):
    rows = index(outputs)
    assert [(row["study"], row["scenario"], row["seed"]) for row in rows] == [
        ("a", "crashes", 1),
        *((study, scenario, seed)
          for study in "ab" for scenario in ("rapamycin", "vehicle") for seed in (1, 2, 10)),
    ]  # fmt: skip
    state = {(row["study"], row["scenario"], row["seed"]): row["status"] for row in rows}
    assert state["a", "crashes", 1] == "failed"
    assert state["b", "vehicle", 1] == "half-written"
    assert state["b", "vehicle", 2] == "unreadable"
    assert list(state.values()).count("complete") == 10
    complete = next(row for row in rows if row["status"] == "complete")
    assert list(complete) == list(COLUMNS) and None not in complete.values()
    assert complete["days"] == 2.0 and complete["wall_s"] > 0.0
    assert complete["folder"] == str(outputs / "a" / "rapamycin__seed_0001")


def test_where_asks_columns_and_parameters(outputs):
    def chosen(where):
        return [(row["study"], row["scenario"], row["seed"]) for row in index(outputs, where)]

    assert chosen("scenario == 'rapamycin' and seed > 2") == [
        ("a", "rapamycin", 10), ("b", "rapamycin", 10),
    ]  # fmt: skip
    assert chosen("toy.drug < 0.5 and seed < 2") == [("b", "rapamycin", 1)]
    assert chosen("study == 'b' and status != 'complete'") == [
        ("b", "vehicle", 1),
        ("b", "vehicle", 2),
    ]
    assert chosen("wall_s < 0") == []
    assert chosen("drugs.rapamycin.dose_mg_per_kg > 1") == []  # which no run here gives
    with pytest.raises(UserError, match=r"unknown name 'drugs.rapamicin.dose_mg_per_kg'"):
        index(outputs, "drugs.rapamicin.dose_mg_per_kg > 1")
    with pytest.raises(UserError, match=r"unknown name 'toy.drg' .* nearest: toy.drug"):
        index(outputs, "toy.drg < 1")
    with pytest.raises(UserError, match=r"unknown name 'vehicle' .a text stands in quotes"):
        index(outputs, "scenario == vehicle")


def test_the_command_lists_them(outputs, capsys):
    assert cli.main(["runs", "--out", str(outputs), "--where", "seed == 10 and study == 'a'"]) == 0
    head, one, two, count = capsys.readouterr().out.splitlines()
    assert head.split() == list(COLUMNS)
    assert one.split()[:5] == ["a", "rapamycin", "10", "complete", "2"]
    assert two.index("complete") == head.index("status") and count == "2 runs"
    assert cli.main(["runs", "--out", str(outputs), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 13
    assert index_text([]) == "0 runs"
    assert cli.main(["runs", "--out", str(outputs / "nosuch")]) == 2
    assert "nosuch is not a folder" in capsys.readouterr().err
