"""Films: arms of one seed in step, from snapshots or made again, and never another run."""

import json

import numpy as np
import pytest
from test_figures import Engine
from toy_marrow import ToyOutput, ToyScenario

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.runner.batch import run_study
from mtor_abm.scenario_files import load_all
from mtor_abm.store import MANIFEST
from mtor_abm.views import film as films
from mtor_abm.views.film import film
from mtor_abm.views.moments import moments, runs_in_step

pytest.importorskip("matplotlib")

DAYS = tuple(i / 4 for i in range(9))
SNAPSHOTS = ToyOutput(cells_at_days=DAYS, fields_at_days=DAYS)
SMALL = ["geometry.nx=48", "geometry.ny=40", "run.days=1", "inoculum.cells=20"]


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "toys"
    arms = [ToyScenario(n, output=SNAPSHOTS) for n in ("vehicle", "rapamycin")]
    run_study([*arms, ToyScenario("few")], [1, 2], folder, jobs=1, engine=Engine)
    return folder


@pytest.fixture(scope="module")
def marrows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "marrows"
    arms = load_all(["vehicle", "rapamycin"], [*SMALL, "drugs.rapamycin.start_day=0"])
    run_study(arms, [3], folder, jobs=1)
    return folder


def test_arms_are_those_of_the_seed_in_the_order_of_the_study(toys):
    for seed in (1, 2):
        runs = runs_in_step(toys / f"rapamycin__seed_000{seed}", with_arms=True)
        found = [(r.scenario, r.seed) for r in runs]
        assert found == [("vehicle", seed), ("rapamycin", seed), ("few", seed)]
    assert len(runs_in_step(toys / "rapamycin__seed_0002", with_arms=False)) == 1


def test_a_run_with_snapshots_is_read(toys):
    said = []
    n, course = moments(runs_in_step(toys / "vehicle__seed_0001", False), said.append)
    assert n == len(DAYS) and [day for day, _ in course] == list(DAYS) and said == []


def test_gif_holds_every_frame_in_one_size_with_its_day(toys, tmp_path, monkeypatch):
    from PIL import Image

    titles = []
    whole = films.frames

    def watched(course, seed):
        def told():
            for day, snapshots in course:
                titles.append((day, [s.title for s in snapshots], seed))
                yield day, snapshots

        return whole(told(), seed)

    monkeypatch.setattr(films, "frames", watched)
    filmed = film(toys / "vehicle__seed_0001", fps=5, kind="gif", out=tmp_path / "a.gif")
    assert filmed.n_frames == len(titles) == 9 and titles[0] == (0.0, ["vehicle"], 1)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames <= 9  # equal neighbours are one, shown longer
        assert picture.size[0] % 2 == picture.size[1] % 2 == 0
        shown_ms = 0
        for i in range(picture.n_frames):
            picture.seek(i)
            shown_ms += picture.info["duration"]
    assert shown_ms == 9 * 200


def test_a_run_without_snapshots_is_made_again_as_it_was(marrows, tmp_path):
    said = []
    runs = runs_in_step(marrows / "vehicle__seed_0003", with_arms=True)
    n, course = moments(runs, said.append)
    seen = list(course)
    assert n == len(seen) == 3 and [day for day, _ in seen] == [0.0, 0.5, 1.0]
    assert "2 runs made again in memory: 0 days" in said[0]
    for i, run in enumerate(runs):
        areas = run.timeseries.set_index("time_d")["tumour_area_mm2"]
        for day, snapshots in seen:
            assert snapshots[i].tumour_mm2 == pytest.approx(areas[day])


def test_a_run_that_comes_out_otherwise_is_refused(marrows, monkeypatch):
    (run,) = runs_in_step(marrows / "vehicle__seed_0003", False)
    run.timeseries.loc[2, "tumour_area_mm2"] *= 1.01
    with pytest.raises(UserError, match=r"made again has .* mm2 of tumour at hour 12, not"):
        list(moments([run])[1])


def test_a_run_of_other_sources_is_not_made_again(toys):
    with pytest.raises(UserError, match=r"holds 0 days .* fewer than 8, .*output.cells_at_days"):
        runs = runs_in_step(toys / "few__seed_0001", False)
        runs[0].manifest["identity"]["sources"] = "other"
        moments(runs)


def test_mp4_has_all_frames_and_plays_everywhere(marrows, tmp_path, capsys):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "a.mp4"
    asked = ["movie", str(marrows / "rapamycin__seed_0003"), "--arms", "--fps", "4", "--json"]
    assert cli.main([*asked, "--out", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["arms"] == ["vehicle", "rapamycin"] and told["n_frames"] == 3
    reader = ffmpeg.read_frames(str(path))
    about = next(reader)
    assert about["codec"] == "h264" and about["fps"] == 4.0 and "yuv420p" in about["pix_fmt"]
    width, height = about["size"]
    seen = [np.frombuffer(f, dtype=np.uint8).reshape(height, width, 3) for f in reader]
    assert len(seen) == 3 and width > 1.5 * height
    assert list(tmp_path.iterdir()) == [path]
    before = path.read_bytes()
    assert cli.main([*asked, "--out", str(path)]) == 0 and path.read_bytes() == before


def test_without_an_encoder_there_is_a_gif(toys, tmp_path, monkeypatch):
    real = films.find_spec
    monkeypatch.setattr(films, "find_spec", lambda n: None if "imageio" in n else real(n))
    filmed = film(toys / "vehicle__seed_0001")
    assert filmed.path.name == "vehicle__seed_0001.gif" and "pip install" in filmed.notes[0]
    with pytest.raises(UserError, match=r"MP4 needs imageio-ffmpeg; type: .* -e '.\[movie\]'"):
        film(toys / "vehicle__seed_0001", kind="mp4")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fps": 0.0}, "--fps 0 lies outside"),
        ({"fps": 1e-308}, r"--fps 1e-308 lies outside 0\.1\.\.60; give e\.g\. --fps 8"),
        ({"fps": 0.09}, "--fps 0.09 lies outside"),
        ({"fps": float("inf")}, "--fps inf lies outside"),
        ({"fps": -1.0}, "--fps -1 lies outside"),
        ({"fps": float("nan")}, "--fps nan lies outside"),
        ({"out": "a.avi"}, "a film is .mp4 or .gif"),
        ({"out": "a.gif", "kind": "mp4"}, "contradict each other"),
    ],
)
def test_impossible_films_are_refused(toys, tmp_path, changes, said):
    if "out" in changes:
        changes["out"] = tmp_path / changes["out"]
    with pytest.raises(UserError, match=said):
        film(toys / "vehicle__seed_0001", **changes)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_run_is_one_line(tmp_path, capsys):
    assert cli.main(["movie", str(tmp_path / "x")]) == 2
    assert "does not exist; give the folder of a run" in capsys.readouterr().err
    (tmp_path / MANIFEST).write_text("{}")
    assert cli.main(["movie", str(tmp_path)]) == 2
