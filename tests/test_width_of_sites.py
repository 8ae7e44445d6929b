"""Sites so wide that vessels cannot be laid out are refused when a scenario is read."""

import pytest

from mtor_abm.anatomy import trabecular_bone, vessel_network
from mtor_abm.errors import UserError
from mtor_abm.scenario import Scenario


def geometry_of(**changes):
    return Scenario.from_tables(
        {"geometry": {k: v for k, v in changes.items() if k in ("dx_um", "nx", "ny", "bv_tv")},
         "endothelium": {k: v for k, v in changes.items() if k in ("spacing_um", "area_fraction")}}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dx_um", "told"),
    [
        (20.0, r"dx_um = 20 is too wide: .*= 0\.13 .*; give dx_um of at most 13\.\d, or .*0\.19$"),
        (25.0, r"dx_um = 25 is too wide: .*; give dx_um of at most 13\.\d, or area_.*0\.21$"),
        (29.0, r"outside 5\.\.25"),
    ],
)
def test_sites_too_wide_for_vessels_are_refused_when_the_scenario_is_read(dx_um, told):
    with pytest.raises(UserError, match=told):
        geometry_of(dx_um=dx_um)


def test_vessels_closer_than_three_sites_are_refused_when_the_scenario_is_read():
    with pytest.raises(UserError, match=r"give dx_um of at most 13\.3, or spacing_um .* 60$"):
        geometry_of(dx_um=20.0, spacing_um=40.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "numbers", [{"dx_um": 20.0, "area_fraction": 0.19}, {"dx_um": 25.0, "area_fraction": 0.21},
                {"dx_um": 14.0, "nx": 200, "ny": 200}, {"dx_um": 10.0}, {"dx_um": 6.0}],
    ids=str,
)  # fmt: skip
def test_the_cure_for_too_wide_sites_can_be_drawn(numbers, seed):
    groups = geometry_of(**numbers).groups
    shape, vessels = groups["geometry"], groups["endothelium"]
    bone = trabecular_bone((100, 100) if "nx" not in numbers else (shape.nx, shape.ny),
                           shape.dx_um, shape.bv_tv, shape.tb_th_um, None, seed)  # fmt: skip
    network = vessel_network(bone, shape.dx_um, vessels.spacing_um, vessels.area_fraction,
                             vessels.arteriole_share, seed)  # fmt: skip
    assert network.sites.any()


def test_no_width_that_is_refused_could_have_been_drawn():
    """At the narrowest that is refused, three sections of bone have no room for any vessels."""
    refused_um = [dx for dx in range(5, 26) if not _is_read(dx)]
    assert refused_um == list(range(refused_um[0], 26))
    for seed in (1, 2, 3):
        bone = trabecular_bone((100, 100), refused_um[0], 0.139, 50.0, None, seed)
        with pytest.raises(ValueError, match="fills"):
            vessel_network(bone, refused_um[0], 80.0, 0.13, 0.1, seed)


def _is_read(dx_um):
    try:
        geometry_of(dx_um=float(dx_um))
    except UserError:
        return False
    return True
