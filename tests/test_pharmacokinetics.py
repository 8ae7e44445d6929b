"""Sums of exponentials against hand values, quadrature and an ODE solver; saturable loss too."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from mtor_abm.numerics.pharmacokinetics import (
    Modes,
    SaturableBody,
    SaturableCourse,
    after_equal_doses,
    one_compartment,
    two_compartments,
)

rates = st.floats(0.01, 3.0)
DENOSUMAB = SaturableBody(0.00592, 2.75, 2340.0, 18.67, 1324.0, 3110.0, 188.0)


def single(modes: Modes, dose: float, t_h: np.ndarray) -> np.ndarray:
    return after_equal_doses(modes, dose, np.array([0.0]), 24.0, t_h)


def dose_by_dose(modes, dose, dose_times_h, hour):
    """Slow twin: add every mode of every past dose, one by one."""
    return sum(
        dose * amplitude * math.exp(-rate * (hour - given_h))
        for given_h in dose_times_h
        if hour >= given_h
        for amplitude, rate in zip(modes.amplitudes, modes.rates_per_h, strict=True)
    )


def test_one_compartment_bolus_by_hand():
    # 100 mg into 20 L is 5 mg/L; CL 2 L/h halves it in ln 2 / 0.1 h
    modes = one_compartment(clearance=2.0, volume=20.0)
    half_life_h = math.log(2.0) / 0.1
    found = single(modes, 100.0, np.array([-1.0, 0.0, half_life_h, 2.0 * half_life_h]))
    np.testing.assert_allclose(found, [0.0, 5.0, 2.5, 1.25], rtol=1e-14)


def test_absorbed_dose_by_hand():
    # ka = 2k: C = D/V x 2 (exp(-kt) - exp(-2kt)), highest (D/2V) at t = ln 2 / k
    modes = one_compartment(clearance=1.0, volume=10.0).fed_into(0.2, 0.2)
    peak_h = math.log(2.0) / 0.1
    found = single(modes, 40.0, np.array([0.0, peak_h]))
    np.testing.assert_allclose(found, [0.0, 2.0], rtol=1e-12, atol=1e-15)


@given(clearance=rates, central=st.floats(1, 50), exchange=rates, peripheral=st.floats(1, 50))
def test_area_of_an_intravenous_dose_is_dose_over_clearance(
    clearance, central, exchange, peripheral
):
    modes = two_compartments(clearance, central, exchange, peripheral)
    assert modes.area() == pytest.approx(1.0 / clearance, rel=1e-9)
    assert sum(modes.amplitudes) == pytest.approx(1.0 / central, rel=1e-9)


def test_absorption_keeps_the_absorbed_share_of_the_area():
    modes = two_compartments(2.0, 10.0, 3.0, 30.0)
    assert modes.fed_into(0.3 * 1.5, 1.5).area() == pytest.approx(0.3 / 2.0, rel=1e-12)


def test_two_compartments_with_absorption_and_metabolite_match_an_ode_solver():
    clearance, central, exchange, peripheral, absorption = 2.0, 10.0, 3.0, 30.0, 1.3
    formation, loss, every_h, n_doses, dose = 0.2, 0.07, 12.0, 4, 50.0
    parent = two_compartments(clearance, central, exchange, peripheral)
    parent = parent.fed_into(0.8 * absorption, absorption)
    product = parent.fed_into(formation, loss)

    def flow(_, y):
        depot, c1, c2, c3 = y
        return [
            -absorption * depot,
            (absorption * depot - clearance * c1 - exchange * (c1 - c2)) / central,
            exchange * (c1 - c2) / peripheral,
            formation * c1 - loss * c3,
        ]

    state, expected, hours = np.zeros(4), [], []
    for dose_number in range(n_doses):
        state[0] += 0.8 * dose
        # the last interval runs on for two days
        end_h = every_h if dose_number < n_doses - 1 else 48.0
        inside_h = np.linspace(0.0, end_h, 13)
        run = solve_ivp(
            flow, (0.0, end_h), state, method="DOP853", rtol=1e-11, atol=1e-13, t_eval=inside_h
        )
        hours.extend(dose_number * every_h + inside_h[:-1])
        expected.extend(run.y[[1, 3], :-1].T)
        state = run.y[:, -1].copy()
    t_h = np.array(hours)
    times_h = np.arange(n_doses) * every_h
    for modes, column in ((parent, 0), (product, 1)):
        found = after_equal_doses(modes, dose, times_h, every_h, t_h)
        np.testing.assert_allclose(found, np.array(expected)[:, column], rtol=1e-8, atol=1e-10)


@given(
    rate=rates,
    absorption=rates,
    every_h=st.floats(0.5, 100.0),
    n_doses=st.integers(1, 30),
    start_h=st.floats(0.0, 500.0),
    dose=st.floats(0.0, 1e4),
)
@settings(max_examples=60, deadline=None)
def test_geometric_sum_equals_adding_every_dose(rate, absorption, every_h, n_doses, start_h, dose):
    if abs(rate - absorption) < 1e-3:
        absorption = rate + 0.01
    modes = one_compartment(rate, 1.0).fed_into(absorption, absorption)
    times_h = start_h + np.arange(n_doses) * every_h
    t_h = np.linspace(start_h - 10.0, times_h[-1] + 100.0, 37)
    found = after_equal_doses(modes, dose, times_h, every_h, t_h)
    expected = [dose_by_dose(modes, dose, times_h, hour) for hour in t_h]
    largest = max(dose * max(abs(a) for a in modes.amplitudes) * n_doses, 1e-300)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11 * largest)
    assert np.all(found >= 0.0)
    assert np.all(found[t_h < start_h] == 0.0)


def test_a_dose_counts_from_its_own_hour_on():
    modes = Modes((1.0,), (0.1,))
    times_h = np.array([0.0, 24.0])
    before, at = after_equal_doses(
        modes, 1.0, times_h, 24.0, np.array([np.nextafter(24.0, 0.0), 24.0])
    )
    assert at - before == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_a_rate_that_does_not_decay_is_refused(bad):
    with pytest.raises(ValueError, match="must be finite and above 0"):
        Modes((1.0,), (bad,))


def test_coinciding_rates_are_refused():
    with pytest.raises(ValueError, match="coincide"):
        one_compartment(0.1, 1.0).fed_into(0.1, 0.1)


def saturable_by_solver(body, dose_ng, times_h, t_h):
    state, found = np.zeros(3), np.zeros_like(t_h)
    ends_h = [*times_h[1:], t_h.max() + 1.0]
    for start_h, end_h in zip(times_h, ends_h, strict=True):
        state[0] += dose_ng
        run = solve_ivp(
            lambda _, y: [
                -body.absorption_per_h * y[0],
                body.absorption_per_h * y[0]
                + body.exchange_ml_per_h * (y[2] / body.peripheral_ml - y[1] / body.central_ml)
                - body.clearance_ml_per_h * y[1] / body.central_ml
                - body.max_loss_ng_per_h
                * (y[1] / body.central_ml)
                / (body.half_loss_ng_per_ml + y[1] / body.central_ml),
                body.exchange_ml_per_h * (y[1] / body.central_ml - y[2] / body.peripheral_ml),
            ],
            (start_h, end_h),
            state,
            method="DOP853",
            rtol=1e-11,
            atol=1e-6,
            dense_output=True,
        )
        inside = (t_h >= start_h) & (t_h < end_h)
        if inside.any():
            found[inside] = run.sol(t_h[inside])[1] / body.central_ml
        state = run.y[:, -1].copy()
    return found


@pytest.mark.parametrize(("n_doses", "every_h"), [(1, 24.0), (3, 670.5), (4, 7.0)])
def test_saturable_loss_matches_an_ode_solver(n_doses, every_h):
    times_h = 24.0 + np.arange(n_doses) * every_h
    course = SaturableCourse(DENOSUMAB, 0.729 * 60e6, times_h, every_h)
    t_h = np.arange(0.0, 8000.0, 5.0)
    expected = saturable_by_solver(DENOSUMAB, 0.729 * 60e6, times_h, t_h)
    np.testing.assert_allclose(course.ng_per_ml(t_h), expected, rtol=1e-5, atol=1e-9)


def test_saturable_loss_keeps_mass_without_loss():
    closed = SaturableBody(0.1, 0.0, 100.0, 5.0, 50.0, 0.0, 1.0)
    amounts_ng = np.array([1000.0, 0.0, 0.0])
    for _ in range(200):
        amounts_ng = closed.stepped(amounts_ng, 4.0)
    assert amounts_ng.sum() == pytest.approx(1000.0, rel=1e-12)
    # spread over both compartments in equal concentration
    np.testing.assert_allclose(amounts_ng[1:], [2000.0 / 3.0, 1000.0 / 3.0], rtol=1e-9)


def test_a_saturable_value_depends_on_its_hour_only():
    times_h = np.array([10.0, 682.0])
    t_h = np.linspace(0.0, 3000.0, 97)
    whole = SaturableCourse(DENOSUMAB, 1e7, times_h, 672.0).ng_per_ml(t_h)
    fresh = SaturableCourse(DENOSUMAB, 1e7, times_h, 672.0)
    one_by_one = [fresh.ng_per_ml(np.array([hour]))[0] for hour in t_h[::-1]][::-1]
    assert whole.tobytes() == np.array(one_by_one).tobytes()
