"""Scenarios: defaults, validation, inheritance, overrides, and every error as one line."""

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_samples import FULL, SMALL, Tumour

from mtor_abm.errors import UserError
from mtor_abm.events import EVENTS
from mtor_abm.run_settings import FATES, parse_seeds
from mtor_abm.scenario import Scenario
from mtor_abm.scenario_files import find, load, load_all
from mtor_abm.store import snapshot_name


def write(folder, name, text):
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def fault(folder, text, *overrides):
    path = write(folder, "trial", text)
    with pytest.raises(UserError) as caught:
        load(path, overrides, SMALL)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(folder) + "/", "")


def test_a_full_file_gives_its_values(tmp_path):
    scenario = load(write(tmp_path, "full", FULL), (), SMALL)
    assert scenario.name == "full"
    assert scenario.of(Tumour).n_start == 20
    assert scenario.genes["tumour"].RPTOR == 0.0
    assert scenario.genes["osteoclast"].RPTOR == 1.0
    assert scenario.drugs["rapamycin"].action_in("osteoclast") == 0.0
    assert scenario.switches.V3 == "biphasic"
    assert scenario.fields["oxygen"].model_dump() == {"diffusivity_um2_per_s": 1500.0}
    assert scenario.output.cells_at_days == (7.0, 28.0)
    assert scenario.run.n_steps == 672
    assert scenario.run.seed_list() == [1, 2, 3, 4]


def test_what_a_file_leaves_out_takes_its_default(tmp_path):
    scenario = load(write(tmp_path, "empty", "title = ''"), (), SMALL)
    assert scenario == Scenario.from_tables({}, "empty", vocabulary=SMALL)
    assert scenario.of(Tumour) == Tumour()
    assert scenario.drugs == {}
    assert set(scenario.genes) == {"tumour", "osteoclast"}


def test_written_toml_reads_back_equal(tmp_path):
    scenario = load(write(tmp_path, "full", FULL), (), SMALL)
    again = load(write(tmp_path, "other", scenario.to_toml()), (), SMALL)
    assert again == scenario
    assert again.identity_hash() == scenario.identity_hash()


@given(
    rate=st.floats(0.0, 0.1),
    days=st.integers(2, 3660),
    title=st.text(max_size=30),
    snapshots=st.lists(st.integers(0, 48).map(lambda hour: hour / 24), unique=True, max_size=4),
    dose=st.floats(0.0, 1000.0),
)
def test_any_scenario_survives_being_written_and_read(
    tmp_path_factory, rate, days, title, snapshots, dose
):
    tables = {
        "title": title,
        "run": {"days": days},
        "tumour": {"division_rate_per_h": rate},
        "drugs": {"rapamycin": {"dose_mg_per_kg": dose}},
        "output": {"cells_at_days": snapshots},
    }
    scenario = Scenario.from_tables(tables, "x", vocabulary=SMALL)
    path = write(tmp_path_factory.mktemp("toml"), "x", scenario.to_toml())
    assert load(path, (), SMALL) == scenario


def test_a_scenario_survives_pickling():
    scenario = Scenario.from_tables({"drugs": {"rapamycin": {"dose_mg_per_kg": 3}}})
    again = pickle.loads(pickle.dumps(scenario))
    assert again == scenario
    assert again.identity_hash() == scenario.identity_hash()


def test_identity_ignores_texts_and_seeds_and_nothing_else():
    base = Scenario.from_tables({}, "a", vocabulary=SMALL)
    same = base.changed({"title": "t", "description": "d", "name": "b", "run.seeds": "7"})
    assert same.identity_hash() == base.identity_hash()
    for key, value in {
        "run.days": 27.0,
        "tumour.n_start": 11,
        "genes.osteoclast.RPTOR": 0.5,
        "switches.V7": "B",
        "fields.oxygen.diffusivity_um2_per_s": 1999.0,
        "output.every_h": 12.0,
        "drugs.rapamycin.dose_mg_per_kg": 1.0,
    }.items():
        assert base.changed({key: value}).identity_hash() != base.identity_hash(), key


def test_an_integer_stands_for_a_number():
    one = Scenario.from_tables({"run": {"days": 7}}, vocabulary=SMALL)
    assert one.identity_hash() == one.changed({"run.days": 7.0}).identity_hash()


def test_a_child_overrides_its_ancestors_key_by_key(tmp_path):
    write(tmp_path, "a", 'title = "A"\nname = "root"\n[tumour]\nn_start = 1\ndoes_shed = true\n')
    write(tmp_path, "b", 'extends = "a"\n[tumour]\nn_start = 2\n[run]\ndays = 5\n')
    child = load(write(tmp_path, "c", 'extends = "b"\n[run]\ndays = 6\n'), (), SMALL)
    assert (child.of(Tumour).n_start, child.of(Tumour).does_shed, child.run.days) == (2, True, 6.0)
    assert (child.name, child.title) == ("c", "")  # a parent's name is not its child's


def test_extends_takes_a_path_relative_to_the_file(tmp_path):
    (tmp_path / "below").mkdir()
    write(tmp_path, "a", "[tumour]\nn_start = 7\n")
    child = write(tmp_path / "below", "b", 'extends = "../a.toml"\n')
    assert load(child, (), SMALL).of(Tumour).n_start == 7


def test_overrides_win_in_order_and_take_bare_text(tmp_path):
    path = write(tmp_path, "a", FULL)
    scenario = load(
        path,
        ["tumour.n_start=3", "tumour.n_start = 4", "run.seeds=2-3", "switches.V1=B",
         "genes.tumour.RPTOR=0.25", "drugs.everolimus.dose_mg_per_kg=1",
         "drugs.everolimus.route=po", "output.cells_at_days=[1, 2]", "title=a = b"],
        SMALL,
    )  # fmt: skip
    assert scenario.of(Tumour).n_start == 4
    assert scenario.run.seeds == "2-3"
    assert scenario.switches.V1 == "B"
    assert scenario.genes["tumour"].RPTOR == 0.25
    assert scenario.drugs["everolimus"].route == "po"
    assert scenario.output.cells_at_days == (1.0, 2.0)
    assert scenario.title == "a = b"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", tuple(EVENTS)),
        ("false", ()),
        ('["dormancy_in", "division", "dormancy_in"]', ("division", "dormancy_in")),
    ],
)
def test_events_are_named_or_all_or_none(written, meant):
    assert load("vehicle", [f"output.events={written}"]).output.events == meant


def test_the_usual_events_are_events():
    assert set(FATES) < set(EVENTS)


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert load(path, (), SMALL).of(Tumour).n_start == 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tumour]\ndivison_rate = 1",
         "trial.toml: [tumour] unknown key 'divison_rate'; nearest: division_rate_per_h"),
        ("[drugs.rapamycin]\ndose = 3",
         "trial.toml: [drugs.rapamycin] unknown key 'dose'; "
         "add the unit: dose_mg_per_kg or dose_mg"),
        ("[tumour]\ndivision_rate_per_h = '0.02'",
         'trial.toml: [tumour] division_rate_per_h = "0.02" is text, not a number; '
         "give a number in 1/h"),
        ("[tumour]\ndivision_rate_per_h = 0.5",
         "trial.toml: [tumour] division_rate_per_h = 0.5 lies outside 0..0.1 1/h; "
         "give a value within"),
        ("[tumour]\ndivision_rate_per_h = nan",
         "trial.toml: [tumour] division_rate_per_h = nan is not finite; "
         "give a value within 0..0.1 1/h"),
        ("[tumour]\nn_start = 1.5",
         "trial.toml: [tumour] n_start = 1.5 is a number, not a whole number; give a whole number"),
        ("[tumour]\ndoes_shed = 1",
         "trial.toml: [tumour] does_shed = 1 is a whole number; give true or false"),
        ("tumour = 3",
         "trial.toml: tumour = 3 is a whole number, not a table; "
         "write [tumour] on a line of its own and its keys below"),
        ("[tumor]\nn_start = 1", "trial.toml: unknown table 'tumor'; nearest: tumour"),
        ("days = 3", "trial.toml: unknown key 'days'; write run.days"),
        ("title = 3", "trial.toml: title = 3 is not text; put it in quotes"),
        ("name = '../x'",
         'trial.toml: name = "../x" cannot name a folder; give 1 to 80 letters, digits, '
         "'_', '-' or '.', a letter or digit first"),
        ("[drugs.rapamicin]\ndose_mg = 3",
         "trial.toml: [drugs] unknown drug 'rapamicin'; nearest: rapamycin; MTOR_ABM_DRUGS names a "
         "file of your own drugs"),
        ("[genes.tumor]\nRPTOR = 0",
         "trial.toml: [genes] unknown cell type 'tumor'; nearest: tumour"),
        ("[genes.tumour]\nraptor = 0",
         "trial.toml: [genes.tumour] unknown gene 'raptor'; nearest: RPTOR"),
        ("[genes.tumour]\nCXCR7 = 0",
         "trial.toml: [genes.tumour] unknown gene 'CXCR7'; nearest: ACKR3"),
        ("[genes.tumour]\nRPTOR = 3",
         "trial.toml: [genes.tumour] RPTOR = 3 lies outside 0..2; give a value within"),
        ("[switches]\nV5 = 'A'",
         "trial.toml: [switches] unknown key 'V5'; known: V1, V2, V3, V3b, V4, V6, V7, V8, V9"),
        ("[switches]\nV1 = 'C'",
         'trial.toml: [switches] V1 = "C" is not one of its values; '
         'give "stage" or "A" or "B"'),
        ("[fields.oxigen]\ndiffusivity_um2_per_s = 1",
         "trial.toml: [fields] unknown field 'oxigen'; nearest: oxygen"),
        ("[drugs.rapamycin]\nroute = 'ip'",
         "trial.toml: [drugs.rapamycin] no dose is given; add dose_mg_per_kg or dose_mg"),
        ("[drugs.rapamycin]\ndose_mg = 3\ndose_mg_per_kg = 3",
         "trial.toml: [drugs.rapamycin] dose_mg and dose_mg_per_kg are both given; keep one"),
        ("[drugs.rapamycin]\ndose_mg_per_kg = 3\nstart_day = 5\nstop_day = 4",
         "trial.toml: [drugs.rapamycin] stop_day 4 is not after start_day 5; "
         "give a later stop_day"),
        ("[drugs.rapamycin]\ndose_mg_per_kg = 3\nstart_day = 30",
         "trial.toml: [drugs.rapamycin] start_day = 30.0 is not before the end of the run "
         "(run.days = 28.0), so no dose would be given; give an earlier start_day or a longer run"),
        ("[drugs.rapamycin]\ndose_mg_per_kg = 3\nroute = 'oral'",
         'trial.toml: [drugs.rapamycin] route = "oral" is not one of its values; '
         'give "po"'),
        ("[drugs.osi_027]\ndose_mg_per_kg = 3\nroute = 'ip'",
         'trial.toml: [drugs.osi_027] route = "ip" is not known for the mouse; give "po"'),
        ("[drugs.oxa_01]\ndose_mg = 3\nspecies = 'human'",
         'trial.toml: [drugs.oxa_01] species = "human" cannot be used: '
         'no human pharmacokinetics are published; give "mouse"'),
        ("[drugs.rapamycin]\ndose_mg_per_kg = 3\ncells.tumor = 1",
         "trial.toml: [drugs.rapamycin.cells] unknown cell type 'tumor'; nearest: tumour"),
        ("[drugs.rapamycin]\ndose_mg_per_kg = 3\ncells.tumour = 2",
         "trial.toml: [drugs.rapamycin] cells.tumour = 2 lies outside 0..1; give the share of "
         "the drug's action in that cell type (0 none, 1 full)"),
        ("[output]\ncells_at_days = [29]",
         "trial.toml: [output] cells_at_days has day 29.0, outside the run; "
         "give days within 0..28"),
        ("[output]\ncells_at_days = [2, 2.0]",
         "trial.toml: [output] cells_at_days has day 2.0 twice; give each day once"),
        ("[output]\ncells_at_days = 2",
         "trial.toml: [output] cells_at_days = 2 is a whole number, not a list; write [2]"),
        ("[output]\ncells_at_days = [1, 'x']",
         'trial.toml: [output] cells_at_days[1] = "x" is text, not a number; '
         "give a number"),
        ('[output]\nevents = ["deaths"]',
         "trial.toml: [output] events = [\"deaths\"] cannot be used: unknown event 'deaths'; "
         "nearest: death"),
        ('[output]\nevents = 3',
         "trial.toml: [output] events = 3 is a whole number, not a list; write [3]"),
        ('[output]\ncolumns = ["bv_tv", "bv_tv"]',
         "trial.toml: [output] columns = [\"bv_tv\", \"bv_tv\"] cannot be used: names 'bv_tv' "
         "twice; give each column once"),
        ("[output]\nevery_h = 2.5",
         "trial.toml: [output] every_h = 2.5 is not a whole number of steps of run.step_h = 1.0; "
         "give 2"),
        ("[run]\ndays = 0.1\n",
         "trial.toml: [run] days = 0.1 is not a whole number of steps of step_h = 1.0; "
         "give days = 0.08333333333"),
        ("[run]\nseeds = '1-'",
         "trial.toml: [run] seeds = \"1-\" cannot be used: "
         "seeds '1-' cannot be read; write 1-8, or 1,3,7, or 5"),
        ("[run]\ndays = 3\ndays = 4\n",
         "trial.toml: not valid TOML: Cannot overwrite a value (at line 3, column 9); "
         "correct that line"),
        ("[run\ndays = 3",
         "trial.toml: not valid TOML: Expected ']' at the end of a table declaration "
         "(at line 1, column 5); correct that line"),
        ("extends = 3", 'trial.toml: extends = 3 is not text; write extends = "NAME"'),
        ("extends = 'trial'",
         "trial.toml: extends runs in a circle: trial.toml -> trial.toml; remove one extends"),
        ("expects = \"a\\nb\"\n[run]\n\"da\\nys\" = 3",
         "trial.toml: [run] unknown key 'da ys'; nearest: days"),
    ],
)  # fmt: skip
def test_each_fault_is_one_line_with_file_key_and_cure(tmp_path, text, message):
    assert fault(tmp_path, text) == message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("run.dys=3", "-S run.dys=3: [run] unknown key 'dys'; nearest: days"),
        ("tumour.n_start=x",
         '-S tumour.n_start=x: [tumour] n_start = "x" is text, not a whole number; '
         "give a whole number"),
        ("n_start=3", "-S n_start=3: unknown key 'n_start'; write tumour.n_start"),
        ("run.days", "-S run.days: not of the form key=value; write e.g. -S run.days=14"),
        ("=3", "-S =3: not of the form key=value; write e.g. -S run.days=14"),
        ("run..days=3", "-S run..days=3: not of the form key=value; write e.g. -S run.days=14"),
        ("extends=a", "-S extends: can only be given in a file; run a itself"),
        ("title=\udcff", '-S title=\\udcff: title = "\\udcff" is not UTF-8; retype it'),
        ("run.days.x=1", "-S run.days.x=1: [run] days = {x = 1} is a table, not a number; "
         "give a number in d"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_named_itself(tmp_path, override, message):
    assert fault(tmp_path, FULL, override) == message


def test_an_inherited_fault_names_the_file_it_stands_in(tmp_path):
    write(tmp_path, "parent", "[tumour]\nn_start = -1\n[run]\ndays = 3\n")
    text = "extends = 'parent'\n[tumour]\ndoes_shed = true\n"
    assert fault(tmp_path, text).startswith("parent.toml: [tumour] n_start = -1 lies outside")


def test_a_circle_of_three_is_found(tmp_path):
    write(tmp_path, "a", "extends = 'trial'")
    write(tmp_path, "b", "extends = 'a'")
    assert "trial.toml -> b.toml -> a.toml -> trial.toml" in fault(tmp_path, "extends = 'b'")


def test_a_missing_parent_names_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    write(tmp_path / "scenarios", "qqvehicle", "")
    message = fault(tmp_path, "extends = 'qqvehicel'")
    assert message.startswith(
        "trial.toml: extends = \"qqvehicel\": unknown scenario 'qqvehicel'; nearest: qqvehicle"
    )


def test_names_are_looked_up_in_the_scenarios_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    write(tmp_path / "scenarios", "mine", "[run]\ndays = 2\n")
    assert load("mine", (), SMALL).run.days == 2.0


@pytest.mark.parametrize("name", ["", "nosuch", "no/such.toml", "a\0b", "x" * 5000, "\n"])
def test_an_unknown_scenario_is_refused(name):
    with pytest.raises(UserError, match=r"unknown scenario|no such file, seen from"):
        find(name)


def test_a_folder_binary_and_huge_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        load(str(tmp_path))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"[run]\n\xff\xfe\x00")
    with pytest.raises(UserError, match="line 2 is not UTF-8"):
        load(binary)
    binary.write_bytes(b"#" * 1_000_001)
    with pytest.raises(UserError, match="larger than 1 MB"):
        load(binary)
    with pytest.raises(UserError, match="not a regular file"):
        load("/dev/null")


def test_scenarios_of_one_name_are_refused(tmp_path):
    (tmp_path / "b").mkdir()
    paths = [write(tmp_path / b, "same", "[run]\ndays = 9\n") for b in ("", "b")]
    with pytest.raises(UserError, match="'same' is taken by"):
        load_all(paths)


def test_an_override_of_a_drug_leaves_the_control_alone(tmp_path):
    control = write(tmp_path, "control", "[run]\ndays = 9\n")
    treated = write(tmp_path, "treated", "[drugs.rapamycin]\ndose_mg_per_kg = 1\n")
    overrides = ["drugs.rapamycin.dose_mg_per_kg=3", "run.days=8"]
    arms = load_all([control, treated], overrides, SMALL)
    assert [arm.run.days for arm in arms] == [8.0, 8.0]
    assert arms[0].drugs == {}
    assert arms[1].drugs["rapamycin"].dose_mg_per_kg == 3.0
    both = load_all([control, treated], ["drugs.everolimus={dose_mg = 1, route = 'po'}"], SMALL)
    assert all("everolimus" in arm.drugs for arm in both)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1-4", [1, 2, 3, 4]), ("1,3,7", [1, 3, 7]), ("5", [5]), ("1-2, 9", [1, 2, 9]), ("0", [0])],
)
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "a", "1-", "-1", "4-1", "1,,2", "1,1", "1-3,2", "0-10000", "4294967296", "²",
             "1-99999999999999999999", "1.5"],
)  # fmt: skip
def test_impossible_seeds_are_refused(text):
    with pytest.raises(UserError, match="seed"):
        parse_seeds(text)


@given(st.text(max_size=20))
def test_any_seed_text_gives_seeds_or_one_line(text):
    try:
        seeds = parse_seeds(text)
    except UserError as fault:
        assert str(fault).isprintable()
    else:
        assert seeds and len(set(seeds)) == len(seeds)


def regimen(**keys):
    tables = {"drugs": {"rapamycin": {"dose_mg_per_kg": 2.0, **keys}}}
    scenario = Scenario.from_tables(tables, vocabulary=SMALL)
    return scenario.drugs["rapamycin"].regimen("rapamycin", scenario.run.days)


def test_dose_times_by_hand():
    days_1_to_2 = regimen(every_h=12.0, start_day=1.0, stop_day=2.0)
    assert days_1_to_2.dose_times_h().tolist() == [24.0, 36.0]
    assert regimen(start_day=1.0).dose_times_h().tolist() == [24.0]  # once
    to_the_end = regimen(every_h=24.0, start_day=26.0)  # of the 28 days, and no dose at the end
    assert to_the_end.dose_times_h().tolist() == [624.0, 648.0]
    assert regimen(every_h=24.0, start_day=27.0, stop_day=99.0).dose_count == 1


@pytest.mark.parametrize(
    ("step_h", "days", "told"),
    [
        (1.0, [0.3], "day 0.3, which is not the end of a step of run.step_h = 1; give 0.291667 or"),
        (6.0, [0.1], "day 0.1, which is not the end of a step of run.step_h = 6; give 0 or 0.25"),
        (1.0, [1.0, 1.01, 1.5], "day 1.01, which is not the end of a step"),
    ],
)
def test_snapshots_fall_on_steps(step_h, days, told):
    for key in ("cells_at_days", "fields_at_days"):
        with pytest.raises(UserError, match=re.escape(told)):
            Scenario.from_tables({"run": {"step_h": step_h}, "output": {key: days}})


def test_the_days_an_error_offers_are_taken_and_have_names_of_their_own():
    tables = {"run": {"step_h": 0.05}, "output": {"every_h": 6.0}}
    days = [k * 0.05 / 24.0 for k in range(200)] + [0.291667, 14.0]
    Scenario.from_tables({**tables, "output": {**tables["output"], "cells_at_days": days[:200]}})
    assert (
        len({snapshot_name("cells", day) for day in days}) == len(days) - 1
    )  # 0.29166 is 140 steps
    assert snapshot_name("cells", 14.0) == "cells/day_014.00.csv"
    assert snapshot_name("cells", 0.291667) == "cells/day_000.291667.csv"


def test_an_injection_falls_on_a_step():
    with pytest.raises(UserError, match=r"day = 0\.3, which is not the end of a step"):
        Scenario.from_tables({"inoculum": {"day": 0.3}})
