"""The table DRUGS: what each drug is, how it moves through the body and what it acts on.

A drug on a known target is one row here and nothing else, or one in a file of your own
(own_drugs.py). Doses are counted in mg/kg for a mouse
(volumes in L/kg, clearances in L/h/kg) and in mg for a human (L, L/h), as the literature does.
Numbers marked "assumed" are choices, "recalled" ones were not looked up again: see
docs/decisions/0002-drug-exposure.md for how the less direct ones were obtained.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import own_drugs
from .drug_action import (
    Action,
    Antiresorptive,
    AromataseInactivator,
    Cxcr4Antagonist,
    KinaseInhibitor,
    RanklTrap,
    Rapalog,
)
from .drug_kinetics import (
    SPECIES,
    Biexponential,
    Kinetics,
    Metabolite,
    OneCompartment,
    Route,
    SaturableTwoCompartments,
    TwoCompartments,
)
from .errors import UserError
from .sourced import Sourced, sourced, sourced_numbers

BODY_MASS_KG: Mapping[str, Sourced] = {
    "mouse": sourced(0.025, "kg", "adult mouse 20-30 g", "assumed"),
    "human": sourced(70.0, "kg", "reference adult", "assumed"),
}


@dataclass(frozen=True)
class Delivery:
    """How free drug leaves vessels and spreads through the marrow."""

    diffusivity_um2_per_s: Sourced
    permeability_um_per_s: Sourced
    loss_per_s: Sourced


@dataclass(frozen=True)
class Drug:
    """One row of DRUGS. `delivery` None: no field in the marrow (it acts on bone or in blood)."""

    key: str
    label: str
    molar_mass: Sourced
    action: Action
    kinetics: Mapping[str, Kinetics]
    delivery: Delivery | None
    why_not: Mapping[str, str] = field(default_factory=dict)  # species left out -> reason

    @property
    def is_field(self) -> bool:
        """True if the free drug is a field of the marrow."""
        return self.delivery is not None


# Words used on many lines of the table.
_WHOLE = sourced(1.0, "1", "volumes are apparent (already divided by bioavailability)", "computed")
_BOLUS = Route(None, sourced(1.0, "1", "intravenous, by definition", "computed"))
_KR = sourced(0.5, "nM", "half effect on S6K in cell culture, range 0.1-2", "recalled")
_RAPALOG_FREE = sourced(
    0.05,
    "1",
    "free plasma over whole blood; blood:plasma 36, 92% bound; range 0.01-0.2",
    "recalled",
)
_SMALL_LOSS = sourced(1e-5, "1/s", "slow beside exchange with vessels", "assumed")
_RAPALOG_DELIVERY = Delivery(
    sourced(150.0, "um2/s", "about 0.9 kDa, half of free diffusion", "assumed"),
    sourced(3.0, "um/s", "lipophilic, marrow sinusoid", "assumed"),
    _SMALL_LOSS,
)
_SMALL_MOLECULE_DELIVERY = Delivery(
    sourced(300.0, "um2/s", "about 0.4-0.5 kDa, half of free diffusion", "assumed"),
    sourced(5.0, "um/s", "small molecule, marrow sinusoid", "assumed"),
    _SMALL_LOSS,
)
_PROTEIN_DELIVERY = Delivery(
    sourced(15.0, "um2/s", "about 150 kDa in tissue, range 5-40", "assumed"),
    sourced(0.05, "um/s", "large protein, discontinuous sinusoid", "assumed"),
    sourced(1e-6, "1/s", "slow beside exchange with vessels", "assumed"),
)
_SIROLIMUS_MASS = sourced(914.2, "g/mol", "sirolimus label", "found")
_FREE_PROTEIN = sourced(1.0, "1", "no binding partner but the target", "assumed")
_NEVER_IN_PEOPLE = "no human pharmacokinetics are published"

_ROWS = (
    Drug(
        key="rapamycin",
        label="rapamycin (sirolimus)",
        molar_mass=_SIROLIMUS_MASS,
        action=Rapalog(_KR),
        delivery=_RAPALOG_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="whole blood",
                free_fraction=_RAPALOG_FREE,
                disposition=OneCompartment(
                    sourced(2.3, "L/h/kg", "half-life 9 h, within 6-15 h (Guba 2002)", "recalled"),
                    sourced(
                        30.0,
                        "L/kg",
                        "gives a trough of 5-20 ng/mL at 1.5 mg/kg/d i.p. (Guba 2002)",
                        "assumed",
                    ),
                ),
                routes={
                    "ip": Route(
                        sourced(1.0, "1/h", "peak within 2-3 h", "assumed"),
                        sourced(1.0, "1", "reference route of the volumes", "assumed"),
                    ),
                    "iv": _BOLUS,
                    "po": Route(
                        sourced(1.0, "1/h", "peak within 2-3 h", "assumed"),
                        sourced(
                            0.1, "1", "oral to infused ratio 0.04 in rat (Napoli 1997)", "assumed"
                        ),
                    ),
                },
            ),
            "human": Kinetics(
                matrix="whole blood",
                free_fraction=_RAPALOG_FREE,
                disposition=TwoCompartments(
                    sourced(14.56, "L/h", "CL/F 208 mL/h/kg (Zimmerman 1997), 70 kg", "found"),
                    sourced(300.0, "L", "part of Vss/F reached at once", "assumed"),
                    sourced(
                        13.09,
                        "L/h",
                        "gives a terminal half-life of 62 h if 300 L are central",
                        "computed",
                    ),
                    sourced(540.0, "L", "Vss/F 12 L/kg (Zimmerman 1997) less 300 L", "computed"),
                ),
                routes={
                    "po": Route(
                        sourced(2.0, "1/h", "peak at 1.4 h (Zimmerman 1997)", "computed"), _WHOLE
                    )
                },
            ),
        },
    ),
    Drug(
        key="everolimus",
        label="everolimus",
        molar_mass=sourced(958.2, "g/mol", "everolimus label", "recalled"),
        action=Rapalog(_KR),
        delivery=_RAPALOG_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="whole blood",
                free_fraction=_RAPALOG_FREE,
                disposition=OneCompartment(
                    sourced(1.73, "L/h/kg", "half-life 6 h, within 4-8 h", "recalled"),
                    sourced(
                        15.0, "L/kg", "1 mg/kg gives the human peak, about 60 ng/mL", "assumed"
                    ),
                ),
                routes={
                    "po": Route(sourced(2.0, "1/h", "peak within 1-2 h", "assumed"), _WHOLE),
                    "ip": Route(
                        sourced(2.0, "1/h", "as oral", "assumed"),
                        sourced(1.0, "1", "as oral", "assumed"),
                    ),
                },
            ),
            "human": Kinetics(
                matrix="whole blood",
                free_fraction=sourced(
                    0.0159,
                    "1",
                    "target T49: S6K of an untreated cell falls by 56 % at the peak of 10 mg/d; "
                    "range 0.01-0.2",
                    "fitted",
                ),
                # 38 exp(-0.28 t) + 23 exp(-0.0231 t) ng/mL is the steady state of 10 mg each
                # 24 h: one dose adds the share of each phase that 24 h of loss take away.
                disposition=Biexponential(
                    sourced(
                        3.795415e-3,
                        "1/L",
                        "38 ng/mL x (1 - exp(-0.28 x 24)) / 10 mg (O'Donnell 2008)",
                        "recalled",
                    ),
                    sourced(0.28, "1/h", "with peak 61, trough 13.2 ng/mL", "recalled"),
                    sourced(
                        9.788413e-4,
                        "1/L",
                        "23 ng/mL x (1 - exp(-0.0231 x 24)) / 10 mg (O'Donnell 2008)",
                        "recalled",
                    ),
                    sourced(0.0231, "1/h", "half-life 30 h (label)", "recalled"),
                ),
                routes={"po": Route(None, _WHOLE)},
            ),
        },
    ),
    Drug(
        key="temsirolimus",
        label="temsirolimus",
        molar_mass=sourced(1030.3, "g/mol", "C56H87NO16", "found"),
        action=Rapalog(_KR),
        delivery=_RAPALOG_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="whole blood",
                free_fraction=_RAPALOG_FREE,
                disposition=OneCompartment(
                    sourced(3.5, "L/h/kg", "half-life 2 h, ester cleaved fast in mice", "assumed"),
                    sourced(
                        10.0, "L/kg", "between human (2.5) and mouse rapamycin (30)", "assumed"
                    ),
                ),
                routes={
                    "iv": _BOLUS,
                    "ip": Route(
                        sourced(1.0, "1/h", "as rapamycin", "assumed"),
                        sourced(1.0, "1", "as rapamycin", "assumed"),
                    ),
                },
                metabolite=Metabolite(
                    "sirolimus",
                    _SIROLIMUS_MASS,
                    sourced(0.1, "1/h", "sirolimus area 1.3 times the parent's", "assumed"),
                    sourced(0.077, "1/h", "mouse rapamycin, half-life 9 h", "recalled"),
                ),
            ),
            "human": Kinetics(
                matrix="whole blood",
                free_fraction=_RAPALOG_FREE,
                # 25 mg: peak 585 ng/mL and area 1627 ng h/mL found, half-life 17.3 h and Vss
                # 172 L recalled, all from the label; four numbers fix the four below.
                disposition=Biexponential(
                    sourced(2.2336e-2, "1/L", "peak 585 ng/mL less the slow phase", "computed"),
                    sourced(0.5805, "1/h", "area 1627 ng h/mL at 25 mg", "computed"),
                    sourced(1.064e-3, "1/L", "mean residence from Vss 172 L (label)", "recalled"),
                    sourced(0.04007, "1/h", "half-life 17.3 h (label)", "recalled"),
                ),
                routes={"iv": _BOLUS},
                metabolite=Metabolite(
                    "sirolimus",
                    _SIROLIMUS_MASS,
                    sourced(0.0343, "1/h", "sirolimus area 2.7 times the parent's", "recalled"),
                    sourced(0.0127, "1/h", "half-life 54.6 h (label)", "recalled"),
                ),
            ),
        },
    ),
    Drug(
        key="osi_027",
        label="OSI-027",
        molar_mass=sourced(406.4, "g/mol", "C21H22N6O3", "recalled"),
        action=KinaseInhibitor(
            sourced(22.0, "nM", "mTORC1, phase I (Br J Cancer 2016)", "found"),
            sourced(65.0, "nM", "mTORC2, phase I (Br J Cancer 2016)", "found"),
        ),
        delivery=_SMALL_MOLECULE_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.1, "1", "no published value", "assumed"),
                disposition=OneCompartment(
                    sourced(0.87, "L/h/kg", "half-life 4 h", "assumed"),
                    sourced(
                        5.0, "L/kg", "mean free level about 0.6 uM at 50 mg/kg/d p.o.", "assumed"
                    ),
                ),
                routes={"po": Route(sourced(1.5, "1/h", "peak at 1-2 h", "assumed"), _WHOLE)},
            ),
            "human": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.1, "1", "no published value", "assumed"),
                disposition=OneCompartment(
                    sourced(4.95, "L/h", "half-life 14 h, range 8-20", "recalled"),
                    sourced(100.0, "L", "no published value", "assumed"),
                ),
                routes={"po": Route(sourced(1.0, "1/h", "peak at 2-3 h", "assumed"), _WHOLE)},
            ),
        },
    ),
    Drug(
        key="oxa_01",
        label="OXA-01",
        molar_mass=sourced(420.0, "g/mol", "order of its class; not looked up", "assumed"),
        action=KinaseInhibitor(
            sourced(29.0, "nM", "mTORC1, vendor sheets", "recalled"),
            sourced(7.0, "nM", "mTORC2, vendor sheets", "recalled"),
        ),
        delivery=_SMALL_MOLECULE_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.1, "1", "as OSI-027", "assumed"),
                disposition=OneCompartment(
                    sourced(0.87, "L/h/kg", "as OSI-027", "assumed"),
                    sourced(5.0, "L/kg", "as OSI-027", "assumed"),
                ),
                routes={"po": Route(sourced(1.5, "1/h", "as OSI-027", "assumed"), _WHOLE)},
            ),
        },
        why_not={"human": _NEVER_IN_PEOPLE},
    ),
    Drug(
        key="torin_2",
        label="Torin2",
        molar_mass=sourced(432.4, "g/mol", "C24H15F3N4O", "computed"),
        action=KinaseInhibitor(
            sourced(0.25, "nM", "S6K T389 in cells (Liu 2013 abstract)", "found"),
            sourced(1.25, "nM", "five times mTORC1, as Torin1 (2 and 10 nM)", "assumed"),
        ),
        delivery=_SMALL_MOLECULE_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.1, "1", "as OSI-027", "assumed"),
                disposition=OneCompartment(
                    sourced(2.9, "L/h/kg", "half-life 0.72 h", "recalled"),
                    sourced(3.0, "L/kg", "no published value", "assumed"),
                ),
                routes={"po": Route(sourced(1.5, "1/h", "as OSI-027", "assumed"), _WHOLE)},
            ),
        },
        why_not={"human": _NEVER_IN_PEOPLE},
    ),
    Drug(
        key="amd3100",
        label="AMD3100 (plerixafor)",
        molar_mass=sourced(502.8, "g/mol", "C28H54N8, label", "found"),
        action=Cxcr4Antagonist(sourced(44.0, "nM", "CXCL12 signalling, 20-130", "recalled")),
        delivery=_SMALL_MOLECULE_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.42, "1", "as human", "assumed"),
                disposition=OneCompartment(
                    sourced(0.208, "L/h/kg", "half-life 1 h", "recalled"),
                    sourced(0.3, "L/kg", "as human", "assumed"),
                ),
                routes={
                    "sc": Route(
                        sourced(4.0, "1/h", "as human", "assumed"),
                        sourced(1.0, "1", "complete absorption", "assumed"),
                    ),
                    "ip": Route(
                        sourced(4.0, "1/h", "as subcutaneous", "assumed"),
                        sourced(1.0, "1", "complete absorption", "assumed"),
                    ),
                    "iv": _BOLUS,
                },
            ),
            "human": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.42, "1", "up to 58% bound (label)", "found"),
                disposition=OneCompartment(
                    sourced(3.64, "L/h", "half-life 4 h, label range 3-5 h", "computed"),
                    sourced(21.0, "L", "0.3 L/kg (label), 70 kg", "found"),
                ),
                routes={
                    "sc": Route(
                        sourced(4.0, "1/h", "peak at 0.5-1 h (label)", "computed"),
                        sourced(1.0, "1", "complete absorption", "assumed"),
                    ),
                    "iv": _BOLUS,
                },
            ),
        },
    ),
    Drug(
        key="opg_fc",
        label="OPG-Fc",
        molar_mass=sourced(90e3, "g/mol", "dimer of the Fc fusion", "assumed"),
        action=RanklTrap(
            sourced(
                0.06,
                "nM",
                "IC50 5.38 ng/mL on urinary NTX in women (Zierhut 2008), 90 kDa assumed",
                "computed",
            )
        ),
        delivery=_PROTEIN_DELIVERY,
        kinetics={
            "mouse": Kinetics(
                matrix="serum",
                free_fraction=_FREE_PROTEIN,
                disposition=OneCompartment(
                    sourced(
                        5.8e-4,
                        "L/h/kg",
                        "half-life 72 h; measurable for 30 d in rats (Capparelli 2003)",
                        "assumed",
                    ),
                    sourced(0.06, "L/kg", "somewhat above plasma volume", "assumed"),
                ),
                routes={
                    "sc": Route(
                        sourced(
                            0.05, "1/h", "faster than 0.013 in women (Zierhut 2008)", "assumed"
                        ),
                        sourced(0.3, "1", "above 0.07 in women (Zierhut 2008)", "assumed"),
                    ),
                    "iv": _BOLUS,
                },
            ),
        },
        why_not={"human": "its human kinetics (Zierhut 2008) are not carried; use denosumab"},
    ),
    Drug(
        key="denosumab",
        label="denosumab",
        molar_mass=sourced(147e3, "g/mol", "human IgG2", "recalled"),
        action=RanklTrap(sourced(0.003, "nM", "0.333 1/pM (Martinez-Reina parameters)", "found")),
        delivery=_PROTEIN_DELIVERY,
        kinetics={
            "human": Kinetics(
                matrix="serum",
                free_fraction=_FREE_PROTEIN,
                disposition=SaturableTwoCompartments(
                    sourced(2.75, "mL/h", "OpenBoneMin (Peterson 2004)", "found"),
                    sourced(2340.0, "mL", "OpenBoneMin (Peterson 2004)", "found"),
                    sourced(18.67, "mL/h", "OpenBoneMin (Peterson 2004)", "found"),
                    sourced(1324.0, "mL", "OpenBoneMin (Peterson 2004)", "found"),
                    sourced(3110.0, "ng/h", "OpenBoneMin (Peterson 2004)", "found"),
                    sourced(188.0, "ng/mL", "OpenBoneMin (Peterson 2004)", "found"),
                ),
                routes={
                    "sc": Route(
                        sourced(0.00592, "1/h", "OpenBoneMin (Peterson 2004)", "found"),
                        sourced(0.729, "1", "OpenBoneMin (Peterson 2004)", "found"),
                    )
                },
            ),
        },
        why_not={"mouse": "it does not bind mouse RANKL; use opg_fc"},
    ),
    Drug(
        key="zoledronate",
        label="zoledronate (zoledronic acid)",
        molar_mass=sourced(272.1, "g/mol", "C5H10N2O7P2", "recalled"),
        action=Antiresorptive(
            sourced(0.1, "mg/kg", "lifespan 1/(1 + dose/0.1) (Moffitt HAL source)", "found"),
            sourced(1.7, "1", "unit formation time / 1.7 (Moffitt HAL source)", "found"),
            sourced(8760.0, "h", "longer than a year (label)", "assumed"),
        ),
        delivery=None,
        kinetics={
            "mouse": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.5, "1", "order of the label's range", "assumed"),
                disposition=Biexponential(
                    sourced(4.0, "kg/L", "volume 0.25 L/kg at once", "assumed"),
                    sourced(0.37, "1/h", "as human", "assumed"),
                    sourced(0.02, "kg/L", "0.5% of the peak, as human", "assumed"),
                    sourced(0.00475, "1/h", "as human", "assumed"),
                ),
                routes={
                    "iv": _BOLUS,
                    "sc": Route(
                        sourced(2.0, "1/h", "small and soluble", "assumed"),
                        sourced(1.0, "1", "complete absorption", "assumed"),
                    ),
                    "ip": Route(
                        sourced(2.0, "1/h", "small and soluble", "assumed"),
                        sourced(1.0, "1", "complete absorption", "assumed"),
                    ),
                },
            ),
            "human": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.5, "1", "order of the label's range", "assumed"),
                disposition=Biexponential(
                    sourced(0.07, "1/L", "peak about 280 ng/mL after 4 mg", "assumed"),
                    sourced(0.37, "1/h", "early half-life 1.87 h (label)", "recalled"),
                    sourced(3.5e-4, "1/L", "below 1% of the peak after 24 h (label)", "recalled"),
                    sourced(0.00475, "1/h", "terminal half-life 146 h (label)", "recalled"),
                ),
                routes={"iv": _BOLUS},
            ),
        },
    ),
    Drug(
        key="exemestane",
        label="exemestane",
        molar_mass=sourced(296.4, "g/mol", "C20H24O2", "recalled"),
        action=AromataseInactivator(
            sourced(
                0.118,
                "nM",
                "10 % of oestrogen left at 25 mg/d: suppression 85-95 % (label)",
                "computed",
            ),
            sourced(72.0, "h", "suppression lasts 4-5 d after one dose (label)", "assumed"),
        ),
        delivery=None,
        kinetics={
            "human": Kinetics(
                matrix="plasma",
                free_fraction=sourced(0.1, "1", "90 % bound (label)", "found"),
                disposition=OneCompartment(
                    sourced(331.0, "L/h", "area 75.4 ng h/mL at 25 mg (label)", "recalled"),
                    sourced(11460.0, "L", "half-life 24 h (label)", "computed"),
                ),
                routes={
                    "po": Route(
                        sourced(2.0, "1/h", "peak at 1.2 h in patients (label)", "computed"), _WHOLE
                    )
                },
            ),
        },
        why_not={"mouse": "in mice the ovary makes oestrogen; use a human schedule"},
    ),
)
DRUGS: dict[str, Drug] = {drug.key: drug for drug in _ROWS}


def find_drug(key: str) -> Drug:
    """Row of DRUGS; a ValueError names the nearest valid keys of an unknown one."""
    if key in DRUGS:
        return DRUGS[key]
    near = difflib.get_close_matches(key.lower().replace("-", "_"), DRUGS, n=3, cutoff=0.5)
    cure = f"did you mean {', '.join(near)}?" if near else f"choose from {', '.join(DRUGS)}"
    raise ValueError(f"unknown drug {key!r}; {cure}")


def describe(drug: Drug) -> dict[str, Any]:
    """Everything about a drug for the command line and the docs, ready for JSON.

    Keys: key, label, action, is_field, routes (species -> list), not_in (species -> reason),
    numbers (list of name, value, unit, source, confidence).
    """
    return {
        "key": drug.key,
        "label": drug.label,
        "action": type(drug.action).__name__,
        "is_field": drug.is_field,
        "routes": {species: list(k.routes) for species, k in drug.kinetics.items()},
        "matrix": {species: k.matrix for species, k in drug.kinetics.items()},
        "not_in": dict(drug.why_not),
        "numbers": [
            {
                "name": name,
                "value": float(number),
                "unit": number.unit,
                "source": number.source,
                "confidence": number.confidence,
            }
            for name, number in sourced_numbers(drug)
        ],
    }


def _take_own_drugs() -> None:
    """Add the rows of files outside the package; they may look up the rows above."""
    for path, drug in own_drugs.rows():
        _refuse_unfit(drug, path)
        DRUGS[drug.key] = drug


def _refuse_unfit(drug: Any, path: Path) -> None:
    if not isinstance(drug, Drug):
        raise UserError(f"{path}: DRUGS holds {drug!r:.60}, which is not a Drug; write Drug(...)")
    if not re.fullmatch("[a-z][a-z0-9_]*", drug.key):
        raise UserError(
            f"{path}: the key {drug.key!r} cannot name columns; give small letters, digits and "
            "'_', a letter first"
        )
    if drug.key in DRUGS:
        raise UserError(f"{path}: there is a drug {drug.key!r} already; give another key")
    silent = [s for s in SPECIES if s not in drug.kinetics and s not in drug.why_not]
    if silent:
        raise UserError(
            f"{path}: {drug.key} has neither kinetics nor a why_not entry for "
            f"{' and '.join(silent)}; give kinetics, or why there are none in why_not"
        )
    for name, value in sourced_numbers(drug):
        if not 0.0 < value < float("inf"):
            raise UserError(f"{path}: {drug.key} has {name} = {value:g}; give a number above 0")


_take_own_drugs()
