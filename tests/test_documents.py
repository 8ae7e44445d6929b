"""The documents agree with the code and with each other; the evidence is whole."""

import csv
import re
from pathlib import Path

import pytest

from mtor_abm import evidence
from mtor_abm.dictionary import PAGES, table
from mtor_abm.drugs import DRUGS
from mtor_abm.mtor import SIGNALS, Dosage, NetworkParameters, NetworkRates, steady_state
from mtor_abm.observe import COLUMNS
from mtor_abm.parameters import kernel_values
from mtor_abm.scenario import GROUPS, MODEL
from mtor_abm.scenario_files import load

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MARKS = {"found", "recalled", "assumed", "computed"}


@pytest.mark.parametrize("name", PAGES)
def test_page_made_from_the_code_is_up_to_date(name):
    page = ROOT / "docs" / name
    assert page.read_text(encoding="utf-8") == PAGES[name](), (
        "a number, column or drug changed: type python -m mtor_abm.dictionary"
    )


def test_dictionary_leaves_nothing_out():
    tables, parameters = PAGES["tables.md"](), PAGES["parameters.md"]()
    assert [c for c in COLUMNS if f"| `{c}` |" not in tables] == []
    keys = [key for group in GROUPS.values() for key in group.model_fields]
    assert [k for k in keys if f"| `{k}` |" not in parameters] == []
    assert [d for d in DRUGS if f"### {d}: " not in parameters] == []


def test_every_row_of_a_page_has_all_its_cells():
    for make in PAGES.values():
        for block in make().split("\n\n"):
            lines = [line for line in block.split("\n") if line.startswith("|")]
            cells = {len(re.split(r"(?<!\\)\|", line)) for line in lines}
            assert len(cells) <= 1, block


def test_bar_within_a_cell_does_not_end_it():
    assert table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_modules_named_in_documents_exist(document):
    named = re.findall(r"`(?:mtor_abm/)([a-z_/]+\.py)", document.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / "mtor_abm" / name).exists()] == []


@pytest.mark.parametrize("name", ["odd.md", "network.md"])
def test_parameters_named_in_the_description_exist(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9]+_\w+)`", text))
    groups = [*GROUPS.values(), *MODEL.fields.values()]
    known = {key for group in groups for key in group.model_fields} | set(SIGNALS)
    assert len(named) > 20
    assert sorted(named - known - {"step_h"}) == []


def rows(name):
    with (evidence.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", evidence.TABLES)
def test_evidence_is_rectangular_and_counted_in_its_readme(name):
    table = rows(name)
    assert all(None not in row and None not in row.values() for row in table)
    readme = (evidence.FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}.csv` | {len(table)} |" in readme


def test_evidence_is_marked():
    assert {row["primary_basis"] for row in rows("parameters")} == MARKS
    for name in ("claims", "calibration_targets"):
        ids = [row["id"] for row in rows(name)]
        assert len(ids) == len(set(ids))
    assert {row["kind"] for row in rows("claims")} == {"testable", "variant", "context", "doubtful"}
    assert all(row["use"].startswith("CALIBRATE") for row in rows("calibration_targets"))


def test_targets_that_the_code_was_fitted_to_are_in_the_evidence():
    known = {row["id"] for row in rows("calibration_targets")}
    sources = [f.json_schema_extra or {} for g in GROUPS.values() for f in g.model_fields.values()]
    cited = {t for s in sources for t in re.findall(r"target (T\d+)", s.get("source", ""))}
    assert cited
    assert cited <= known


CONDITIONS = {
    "untreated": {},
    "rapalog 20 nM (KR 0.5 nM)": {"rapalog": 20 / 0.5},
    "OSI-027 500 nM": {"kinase1": 500 / 22, "kinase2": 500 / 65},
    "rictor knock-out": {"dosage": Dosage(rictor=0.0)},
    "raptor knock-out": {"dosage": Dosage(raptor=0.0)},
    "PTEN loss": {"dosage": Dosage(pten=0.0)},
    "CXCL12 high (C4 1)": {"cxcr4": 1.0},
    "hypoxia (O2 0.15)": {"oxygen": 0.15},
    "hypoxia at bone (O2 0.15, IN 1)": {"oxygen": 0.15, "integrin": 1.0},
    "detached (GF 0.2, C4 0, IN 0)": {"growth_factor": 0.2, "cxcr4": 0.0, "integrin": 0.0},
    "starved (AA 0.1, EN 0.2)": {"amino_acids": 0.1, "energy": 0.2},
}


def test_states_in_the_page_of_the_network_are_those_of_the_code():
    lines = (ROOT / "docs" / "network.md").read_text(encoding="utf-8").split("\n")
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    header = next(row for row in table if row[0] == "condition")
    told = {row[0]: [float(x) for x in row[1:]] for row in table if row[0] in CONDITIONS}
    assert told.keys() == CONDITIONS.keys()
    rates = kernel_values(NetworkRates, NetworkParameters())
    for condition, inputs in CONDITIONS.items():
        state = steady_state(rates, **inputs)
        assert told[condition] == pytest.approx([state[c] for c in header[1:]], abs=0.0051), (
            condition
        )


def test_code_shown_to_contributors_is_the_code():
    def bare(text):
        return re.sub(r"#.*|[\s,]", "", text)

    sources = bare("\n".join(p.read_text() for p in (ROOT / "mtor_abm").rglob("*.py")))
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, flags=re.DOTALL)
    chunks = [chunk for block in blocks for chunk in block.split("\n\n")]
    assert len(chunks) > 8
    assert [chunk for chunk in chunks if bare(chunk) not in sources] == []


def test_scenario_shown_in_the_documents_is_valid(tmp_path):
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "example.toml").write_text(example, encoding="utf-8")
    scenario = load(str(tmp_path / "example.toml"))
    assert scenario.drugs["rapamycin"].dose_mg_per_kg == 3.0
    assert scenario.genes["tumour"].PTEN == 0.0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_nothing_is_left_to_be_filled_in(document):
    assert "@@" not in document.read_text(encoding="utf-8")


def test_readme_is_a_page():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")
    assert len(lines) <= 120
    assert max(map(len, lines)) < 200
