"""What columns are called in figures, on the page and in the live view, and how effects read."""

from typing import Any

from ..analysis.compare_text import effect_text

TITLES = {
    "tumour_area_mm2": "Tumour area",
    "n_lesions": "Lesions of 10 tumour cells or more",
    "n_tumour_dormant": "Dormant tumour cells",
    "bv_tv": "Bone volume, BV/TV",
    "n_oc_per_b_pm_per_mm": "Osteoclasts, N.Oc/B.Pm",
    "n_ob_per_b_pm_per_mm": "Osteoblasts, N.Ob/B.Pm",
    "ctx_per_d": "Resorption, CTX proxy",
    "p1np_per_d": "Formation, P1NP proxy",
    "vessel_length_mm_per_mm2": "Vessel length density",
    "mean_vegf_nM": "VEGF, mean of the marrow",
    "mean_oxygen_mmHg": "Oxygen, mean of the marrow",
    "s6k_tumour": "S6K activity of tumour cells",
    "p4ebp1_tumour": "4E-BP1-P of tumour cells",
    "akt_s473_tumour": "AKT S473 of tumour cells",
    "n_circulating": "Tumour cells in blood",
}


def printed_effect(row: dict[str, Any]) -> str:
    """An estimate with its interval, as `compare` says it, with the signs of print."""
    return effect_text(row).replace("x ", "× ").replace("-", "−")
