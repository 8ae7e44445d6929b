"""Words that people type for names of this program; used to suggest the name, never accepted."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    # keys at the top of a scenario
    "extend": ("extends",), "inherits": ("extends",), "inherit": ("extends",),
    "parent": ("extends",), "base": ("extends",), "based_on": ("extends",),
    # spelling, plural and full names of cells
    "tumor": ("tumour",), "tumors": ("tumour",), "tumours": ("tumour",), "cancer": ("tumour",),
    "tumor_cell": ("tumour",), "tumour_cell": ("tumour",), "tumor_cells": ("tumour",),
    "tumour_cells": ("tumour",), "cancer_cell": ("tumour",), "cancer_cells": ("tumour",),
    "osteoclasts": ("osteoclast",), "osteoblasts": ("osteoblast",), "osteocytes": ("osteoblast",),
    "preosteoclast": ("osteoclast_precursor",), "preosteoclasts": ("osteoclast_precursor",),
    "monocyte": ("osteoclast_precursor",), "macrophage": ("osteoclast_precursor",),
    "msc": ("mesenchymal",), "mscs": ("mesenchymal",), "stromal": ("mesenchymal", "stroma"),
    "adipocytes": ("adipocyte",), "fat": ("adipocyte",), "osteocyte": ("osteoblast",),
    "lining": ("osteoblast",), "preosteoblast": ("osteoblast",), "endothelium": ("endothelial",),
    "endothelial": ("endothelium",), "endothelial_cell": ("endothelial", "endothelium"),
    "vessel": ("endothelial", "endothelium"), "vessels": ("endothelial", "endothelium"),
    "ctc": ("circulating",), "ctcs": ("circulating",), "car_cell": ("car",), "car_cells": ("car",),
    # tables
    "gene": ("genes",), "drug": ("drugs",), "field": ("fields",), "switch": ("switches",),
    "treatment": ("drugs",), "treatments": ("drugs",), "outputs": ("output",), "lattice":
    ("geometry",), "grid": ("geometry",), "cells": ("inoculum",), "injection": ("inoculum",),
    "simulation": ("run",), "signaling": ("signalling",), "mtor": ("signalling",),
    # keys
    "width": ("nx",), "height": ("ny",), "duration": ("days",), "length": ("days",),
    "time_step": ("step_h",), "timestep": ("step_h",), "dt": ("step_h",), "dt_h": ("step_h",),
    "seed": ("seeds",), "random_seed": ("seeds",), "n_seeds": ("seeds",), "repeats": ("seeds",),
    "replicates": ("seeds",), "snapshots": ("cells_at_days",), "snapshot_days": ("cells_at_days",),
    "n_cells": ("cells",), "begin_day": ("start_day",), "first_day": ("start_day",),
    "start": ("start_day",), "stop": ("stop_day",), "end_day": ("stop_day",), "end": ("stop_day",),
    "last_day": ("stop_day",), "interval_h": ("every_h",), "frequency": ("every_h",),
    "administration": ("route",), "weight_kg": ("body_mass_kg",), "body_weight": ("body_mass_kg",),
    # values
    "oral": ("po",), "orally": ("po",), "by mouth": ("po",), "per os": ("po",), "gavage": ("po",),
    "oral gavage": ("po",), "p.o.": ("po",), "intraperitoneal": ("ip",), "i.p.": ("ip",),
    "intravenous": ("iv",), "i.v.": ("iv",), "infusion": ("iv",), "injection_iv": ("iv",),
    "subcutaneous": ("sc",), "s.c.": ("sc",), "mice": ("mouse",), "murine": ("mouse",),
    "humans": ("human",), "patient": ("human",), "man": ("human",),
    # drugs
    "sirolimus": ("rapamycin",), "rad001": ("everolimus",), "cci-779": ("temsirolimus",),
    "cci779": ("temsirolimus",), "plerixafor": ("amd3100",), "zoledronic_acid": ("zoledronate",),
    "zometa": ("zoledronate",), "torin2": ("torin_2",), "osi027": ("osi_027",),
    "osi-027": ("osi_027",), "oxa01": ("oxa_01",), "oxa-01": ("oxa_01",), "opg-fc": ("opg_fc",),
}  # fmt: skip
"""What is typed, in lower case -> the names that may be meant."""


def meant(typed: str, known: list[str]) -> list[str]:
    """Names among the known that a word may stand for."""
    return [name for name in SYNONYMS.get(typed.strip().lower(), ()) if name in known]
