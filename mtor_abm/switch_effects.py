"""What each switch of a scenario does to the numbers of the model.

One row per switch and value: the keys it sets. A default value sets nothing, so that the numbers of
the scenario hold. `cells/*` never ask for a switch; they see its numbers.
"""

from .scenario import Scenario

EFFECTS: dict[tuple[str, str], dict[str, float]] = {
    ("V1", "A"): {"osteoblast.early_gain": -0.5},
    ("V1", "B"): {"osteoblast.early_gain": 1.0, "osteoblast.late_rate_on_s6k": -0.5},
    ("V2", "A"): {"signalling.vegf_foxo": 0.35},
    ("V2", "B"): {
        "signalling.vegf_foxo": 0.0,
        "endothelium.speed_on_mtorc2": 0.0,
        "endothelium.survival_on_akt": 0.0,
        "endothelium.foxo_death_rate_per_h": 0.0,
    },
    ("V3", "B"): {
        "osteoclast.commitment_without_s6k": 1.5,
        "osteoclast.mafb_brake": 0.0,
        "osteoclast.death_without_s6k": -0.5,
        "osteoclast.resorption_on_s6k": 0.0,
    },
    ("V3", "biphasic"): {
        "osteoclast.death_without_s6k": -0.5,
        "osteoclast.resorption_on_s6k": 0.0,
    },
    ("V3b", "B"): {"tumour.emt_on_s6k": 0.0},
    ("V4", "A"): {
        "circulating.capture_base": 0.0,
        "tumour.anchoring_on_cxcr4": 0.0,
        "tumour.growth_on_cxcr4": 0.0,
    },
    ("V4", "B"): {
        "circulating.capture_base": 1.0,
        "tumour.anchoring_on_cxcr4": 1.0,
        "tumour.growth_on_cxcr4": 0.5,
    },
    ("V6", "A"): {"signalling.susceptible": 0.0},
    ("V6", "B"): {"signalling.susceptible": 1.0},
    ("V7", "B"): {"circulating.erk_weight": -1.0},
    ("V8", "B"): {
        "tumour.speed_on_s6k": 0.1,
        "tumour.speed_on_mtorc2": 0.7,
        "tumour.chemotaxis_on_s6k": 0.0,
        "tumour.chemotaxis_on_mtorc2": 0.7,
    },
    ("V9", "A"): {
        "osteoblast.opg_immature_without_s6k": 2.2,
        "osteoblast.rankl_immature_without_s6k": 0.6,
        "stroma.opg_without_s6k": 2.2,
        "stroma.rankl_without_s6k": 0.6,
    },
    ("V9", "B"): {"osteoblast.opg_gain_without_s6k": -0.44, "osteoblast.rankl_on_s6k": -0.6},
}


def after_switches(scenario: Scenario) -> Scenario:
    """The scenario with the numbers that its switches set."""
    changes: dict[str, float] = {}
    for (switch, value), effects in EFFECTS.items():
        if getattr(scenario.switches, switch) == value:
            changes |= effects
    return scenario.changed(changes) if changes else scenario
