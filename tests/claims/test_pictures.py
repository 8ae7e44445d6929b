import pytest

pytest.importorskip("matplotlib")

from mtor_abm.claims import pictures
from mtor_abm.claims.experiment import Contrast
from mtor_abm.claims.review import chosen
from mtor_abm.claims.study import Finding
from mtor_abm.claims.verdict import estimate, judged


def test_a_figure_shows_each_replicate_and_the_effect(tmp_path, monkeypatch):
    contrast = Contrast(readout="y", control="none", treated="dose", expect="down")
    arms = {
        "none": [{"y": 4.0}, {"y": 5.0}, {"y": 6.0}],
        "dose": [{"y": 2.0}, {"y": 2.0}, {"y": 3.0}],
        "unread": [{"y": 9.0}] * 3,
    }
    found = estimate(contrast, arms, {})
    claim = chosen(["S2-3"])[0]
    finding = Finding(claim, "holds", ((contrast, found, judged(contrast, found)),), 1.0, 3)
    drawn = {}

    def keep(panel, *rest):
        drawn[len(drawn)] = panel
        return original[len(drawn) - 1](panel, *rest)

    original = [pictures._replicates, pictures._effect]
    monkeypatch.setattr(pictures, "_replicates", keep)
    monkeypatch.setattr(pictures, "_effect", keep)
    (path,) = pictures.draw_all([finding], lambda _: arms, tmp_path)
    assert path.name == "S2-3.png" and path.stat().st_size > 5000
    left, right = drawn[0], drawn[1]
    assert [t.get_text() for t in left.get_xticklabels()] == ["none", "dose"]
    assert left.get_ylabel() == "y"
    assert [list(line.get_ydata()) for line in left.lines[:3]] == [[4, 2], [5, 2], [6, 3]]
    assert right.get_title() == "holds" and right.get_ylabel() == "ratio, 95 % interval"
