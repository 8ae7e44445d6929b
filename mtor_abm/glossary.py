"""Terms of the field that `describe` knows: what each means, and where it is found here.

Names follow ASBMR for bone (Dempster 2013) and HGNC for genes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One term of the field.

    Attributes:
        name: as papers write it.
        meaning: one sentence.
        see: names that `describe` knows, where the term is found in this program.
        also: other names that people type, in any case.
    """

    name: str
    meaning: str
    see: tuple[str, ...]
    also: tuple[str, ...] = ()


_S6K = ("s6k_tumour", "s6k_osteoclast", "s6k_osteoblast", "s6k_endothelial", "signalling")

TERMS: tuple[Term, ...] = (
    Term("BV/TV", "bone volume over tissue volume: the share of the section that is bone",
         ("bv_tv", "geometry.bv_tv"), ("bone volume", "bone volume fraction")),
    Term("Tb.Th", "trabecular thickness", ("tb_th_um", "geometry.tb_th_um"),
         ("trabecular thickness",)),
    Term("Tb.Sp", "trabecular separation", ("tb_sp_um", "geometry.tb_sp_um"),
         ("trabecular separation", "trabecular spacing")),
    Term("Tb.N", "trabecular number: trabeculae met per mm", ("tb_n_per_mm",),
         ("trabecular number",)),
    Term("Ct.Th", "cortical thickness", ("ct_th_um", "geometry.cortex_um"),
         ("cortical thickness", "cortex")),
    Term("B.Pm", "bone perimeter: length of the bone surface in the section", ("b_pm_mm",),
         ("bone perimeter", "bone surface", "BS")),
    Term("N.Oc/B.Pm", "osteoclasts per bone perimeter; in histology TRAP-positive cells with three "
         "nuclei or more", ("n_oc_per_b_pm_per_mm", "n_osteoclast"),
         ("N.Oc", "N.Oc/BS", "TRAP", "TRAP+", "ACP5", "osteoclast number")),
    Term("N.Ob/B.Pm", "osteoblasts per bone perimeter", ("n_ob_per_b_pm_per_mm", "n_osteoblast"),
         ("N.Ob", "N.Ob/BS", "osteoblast number")),
    Term("Oc.S/BS", "share of the bone surface that osteoclasts cover", ("oc_s_bs",),
         ("Oc.S", "OcS/BS")),
    Term("Ob.S/BS", "share of the bone surface that osteoblasts cover", ("ob_s_bs",),
         ("Ob.S", "ObS/BS")),
    Term("CTX", "C-terminal telopeptide of collagen I, a marker of resorption in serum",
         ("ctx_per_d", "resorbed_um2_per_d"), ("CTX-I", "s-CTX", "resorption")),
    Term("P1NP", "procollagen I N-terminal propeptide, a marker of formation in serum",
         ("p1np_per_d", "formed_um2_per_d", "p1np_over_ctx"),
         ("PINP", "formation", "bone formation", "BFR", "BFR/BS")),
    Term("BALP", "bone-specific alkaline phosphatase, made by osteoblasts", ("bsap_per_mm",),
         ("BSAP", "ALP", "ALPL", "alkaline phosphatase")),
    Term("mTOR", "mechanistic target of rapamycin, the kinase of two complexes: mTORC1 (with "
         "raptor) drives growth through S6K and 4E-BP1, mTORC2 (with rictor) phosphorylates AKT "
         "at S473", ("signalling", "genes.CELL.RPTOR", "genes.CELL.RICTOR", *_S6K[:1],
                     "p4ebp1_tumour", "akt_s473_tumour"), ("MTOR", "TOR")),
    Term("mTORC1", "mTOR with raptor; its readouts are phosphorylated S6K and 4E-BP1",
         ("genes.CELL.RPTOR", "s6k_tumour", "p4ebp1_tumour", "signalling"), ("TORC1",)),
    Term("mTORC2", "mTOR with rictor; its readout is AKT phosphorylated at S473",
         ("genes.CELL.RICTOR", "akt_s473_tumour", "signalling"), ("TORC2",)),
    Term("S6K", "p70 S6 kinase (RPS6KB1), the readout of mTORC1; 1 is the untreated cell", _S6K,
         ("S6K1", "p70S6K", "RPS6KB1", "pS6", "p-S6K")),
    Term("4E-BP1", "eIF4E-binding protein 1 (EIF4EBP1), held phosphorylated by mTORC1",
         ("p4ebp1_tumour", "p4ebp1_osteoblast", "signalling"),
         ("4EBP1", "EIF4EBP1", "p4EBP1", "4E-BP")),
    Term("AKT", "protein kinase B (AKT1); mTORC2 phosphorylates it at S473",
         ("akt_s473_tumour", "akt_s473_endothelial", "signalling"),
         ("AKT1", "pAKT", "AKT S473", "PKB", "p-AKT")),
    Term("PI3K", "phosphoinositide 3-kinase, upstream of AKT and mTORC2; PTEN is its brake",
         ("genes.CELL.PTEN", "signalling"), ("PIK3CA",)),
    Term("RANKL", "ligand of RANK (TNFSF11), which makes osteoclasts of their precursors",
         ("rankl", "mean_rankl_nM", "rankl_over_opg", "genes.CELL.TNFSF11"), ("RANK ligand",)),
    Term("OPG", "osteoprotegerin (TNFRSF11B), the decoy receptor of RANKL",
         ("opg", "mean_opg_nM", "serum_opg_nM", "genes.CELL.TNFRSF11B", "opg_fc"),
         ("osteoprotegerin",)),
    Term("PTHrP", "parathyroid hormone-related protein (PTHLH), by which a tumour makes "
         "osteoblasts call osteoclasts", ("pthrp", "mean_pthrp_nM", "genes.CELL.PTHLH"), ()),
    Term("TGF-beta", "transforming growth factor beta (TGFB1), set free from resorbed bone",
         ("tgfb", "mean_tgfb_nM", "genes.CELL.TGFBR2"), ("TGFb", "TGFB1", "TGF-b")),
    Term("IGF-1", "insulin-like growth factor 1, set free from resorbed bone",
         ("igf1", "mean_igf1_nM"), ("IGF1", "IGF-I")),
    Term("VEGF", "vascular endothelial growth factor (VEGFA), which makes vessels sprout",
         ("vegf", "mean_vegf_nM", "vegf_tumour"), ("VEGFA", "VEGF-A")),
    Term("CXCL12", "the chemokine SDF-1, which draws cells with CXCR4 into marrow",
         ("cxcl12", "perivascular_cxcl12_nM", "genes.CELL.CXCR4", "amd3100"),
         ("SDF-1", "SDF1", "SDF-1a")),
    Term("M-CSF", "macrophage colony-stimulating factor (CSF1), which keeps osteoclast precursors "
         "alive", ("mcsf", "mean_mcsf_nM"), ("CSF1", "MCSF")),
    Term("TNF-alpha", "tumour necrosis factor", ("tnf", "mean_tnf_nM"), ("TNFa", "TNF")),
    Term("hypoxia", "oxygen too low for growth", ("oxygen", "hypoxic_share", "anoxic_area_mm2",
         "mean_oxygen_mmHg"), ("pO2", "O2", "necrosis")),
    Term("MVD", "microvessel density: here length of vessel per area of marrow",
         ("vessel_length_mm_per_mm2", "tumour_vessels_mm_per_mm2", "perfused_share"),
         ("microvessel density", "angiogenesis", "CD31", "vessel density", "PECAM1")),
    Term("Ki-67", "a marker of cycling cells (MKI67)", ("n_tumour_cycling", "ki67_at_vessel"),
         ("Ki67", "MKI67", "proliferation")),
    Term("tumour burden", "how much tumour there is: its area in the section, and its cells",
         ("tumour_area_mm2", "n_tumour", "n_lesions"),
         ("tumor burden", "tumour area", "tumor area", "tumour size", "tumor size",
          "tumour volume", "tumor volume", "BLI", "lesion", "lesions", "metastases")),
    Term("dormancy", "tumour cells that live and do not divide", ("n_tumour_dormant",
         "dormant_gap_um"), ("dormant", "DTC", "DTCs")),
    Term("CTC", "circulating tumour cell", ("circulating", "n_circulating", "n_shed", "n_arrivals"),
         ("CTCs", "circulating tumor cell", "circulating tumour cell")),
    Term("EMT", "epithelial-mesenchymal transition: a score of each tumour cell, 0 to 1",
         ("V3b", "tumour"), ("epithelial-mesenchymal transition",)),
    Term("osteocyte", "an osteoblast buried in bone: a state of the cell type osteoblast",
         ("osteoblast", "n_osteoblast_osteocyte"), ("osteocytes",)),
    Term("lining cell", "a flat resting osteoblast on bone: a state of the cell type osteoblast",
         ("osteoblast", "n_osteoblast_lining"), ("lining cells", "lining")),
    Term("rapalog", "rapamycin or a derivative; binds FKBP12 and blocks mTORC1",
         ("rapamycin", "everolimus", "temsirolimus"), ("rapalogs", "sirolimus", "rapalogue")),
    Term("mTOR kinase inhibitor", "a drug that blocks the kinase in both complexes",
         ("osi_027", "oxa_01", "torin_2"), ("TORKI", "dual inhibitor", "ATP-competitive")),
    Term("bisphosphonate", "a drug that binds to bone and poisons osteoclasts",
         ("zoledronate",), ("bisphosphonates", "zoledronic acid", "ZA", "ZOL")),
)  # fmt: skip


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum() or c == "+")


_BY_NAME = {_plain(name): term for term in TERMS for name in (term.name, *term.also)}


def term(name: str) -> Term | None:
    """The term that a name means; case, spaces, dots, hyphens and slashes do not count."""
    return _BY_NAME.get(_plain(name))


def term_names() -> list[str]:
    """All names of terms, for the nearest of one that is not known."""
    return [name for each in TERMS for name in (each.name, *each.also)]
