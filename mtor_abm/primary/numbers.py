"""Numbers of the rim of the primary tumour; rules that use them stand in matrix.py and cells.py."""

from ..parameters import Group, number, tuple_type


# fmt: off
class PrimaryParameters(Group):
    """The strip of rim: its size, its barriers, MMP-9, and what tumour and stroma secrete there."""

    one_whole = (("mmp9_on_s6k", "mmp9_on_4ebp1"),)

    length_sites: int = number(
        64, "1", "0.64 mm of rim at 10 um", "assumed", low=8, high=1000, what="sites along the rim"
    )
    tumour_sites: int = number(
        10, "1", "140 um between two vessels, oxygenated throughout", "assumed", low=3, high=200,
        what="sites of tumour below the membrane",
    )
    stroma_sites: int = number(
        9, "1", "120 um from membrane to vessel", "assumed", low=2, high=200,
        what="sites of matrix between membrane and the vessel that cells leave by",
    )
    settle_days: float = number(
        15.0, "d", "shedding of the strip is steady from then on", "assumed", low=0,
        high=60, what="time the strip lives untreated before the run starts",
    )
    raptor: float = number(
        1.0, "1", "1 is the tumour's own dosage by definition", "computed", low=0, high=2,
        what="dosage of raptor in the primary over that of [genes.tumour]",
    )
    rictor: float = number(
        1.0, "1", "1 is the tumour's own dosage by definition", "computed", low=0, high=2,
        what="dosage of rictor in the primary over that of [genes.tumour]",
    )
    growth_factor_base: float = number(
        0.35, "1", "with the factors of the stroma near the untreated input 0.6", "assumed", low=0,
        high=1, what="growth factor input of tumour cells without stroma",
    )
    caf_share: float = number(
        0.12, "1", "fibroblasts are 10-20 % of the cells of a carcinoma's stroma", "assumed",
        low=0, high=0.5, what="share of stroma sites held by cancer-associated fibroblasts (CAF)",
    )
    tam_share: float = number(
        0.06, "1", "half as many as fibroblasts", "assumed", low=0, high=0.5,
        what="share of stroma sites held by tumour-associated macrophages (TAM)",
    )
    caf_growth_factor_nM_per_s: float = number(
        1.5e-3, "nM/s", "about 0.5 nM at the rim: IGF-1 half effect", "assumed", low=0, high=1,
        what="growth factors (HGF, IGF-1; as IGF-1) made by one CAF",
    )
    tam_growth_factor_nM_per_s: float = number(
        1.5e-3, "nM/s", "as a CAF", "assumed", low=0, high=1,
        what="growth factors (EGF; as IGF-1) made by one TAM",
    )
    tumour_growth_factor_nM_per_s: float = number(
        5e-5, "nM/s", "a small autocrine part", "assumed", low=0, high=1,
        what="growth factors (as IGF-1) made by one tumour cell",
    )
    caf_tgfb_nM_per_s: float = number(
        3e-5, "nM/s", "about the half effect 1 pM at the rim", "assumed", low=0, high=1,
        what="active TGF-beta made by one CAF",
    )
    tam_tgfb_nM_per_s: float = number(
        3e-5, "nM/s", "as a CAF", "assumed", low=0, high=1,
        what="active TGF-beta made by one TAM",
    )
    tumour_tgfb_nM_per_s: float = number(
        2e-5, "nM/s", "below the stroma's at the untreated output of 0.12", "assumed", low=0,
        high=1, what="active TGF-beta made by one tumour cell at full output (HIF, 4E-BP1)",
    )
    caf_cxcl12_nM_per_s: float = number(
        0.1, "nM/s", "sign: Orimo 2005 (CAF secrete CXCL12); untreated CXCR4 input 0.3 at the rim",
        "assumed", low=0, high=1, what="CXCL12 made by one CAF",
    )
    mmp9_nM_per_s: float = number(
        5e-3, "nM/s", "1 nM within the tumour at the loss below: sets the unit of digestion",
        "assumed", low=0, high=1, what="MMP-9 made by one untreated tumour cell",
    )
    mmp9_on_s6k: float = number(
        0.35, "1", "sign: Zhou and Wong 2006", "assumed", low=0, high=1,
        what="share of MMP-9 by S6K",
    )
    mmp9_on_4ebp1: float = number(
        0.35, "1", "sign: Zhou and Wong 2006", "assumed", low=0, high=1,
        what="share of MMP-9 by 4E-BP1-P",
    )
    mmp9_diffusivity_um2_per_s: float = number(
        1.0, "um2/s", "Anderson 2000 has 0.1", "recalled", low=0.01, high=100,
        what="diffusivity of MMP-9 in matrix",
    )
    mmp9_loss_per_s: float = number(
        5e-3, "1/s", "held within 30 um by matrix and TIMP", "assumed", low=1e-6, high=1,
        what="loss of MMP-9",
    )
    membrane_thickness_um: float = number(
        0.3, "um", "basement membranes 0.1-0.4 um", "recalled", low=0, high=10,
        what="thickness of the whole basement membrane",
    )
    membrane_passable_um: float = number(
        0.1, "um", "a third of it", "assumed", low=0.001, high=10,
        what="thickness below which a cell comes through",
    )
    matrix_density: float = number(
        1.3, "1", "in units of the passable density", "assumed", low=0, high=20,
        what="density of the whole matrix, 1 lets cells through",
    )
    barrier_spread: float = number(
        0.4, "1", "tissue is uneven", "assumed", low=0, high=2,
        what="log-normal spread of thickness and density from site to site",
    )
    membrane_digestion_per_h: float = number(
        0.09, "1/h", "hours to a day at a tumour's MMP-9", "assumed", low=0, high=10,
        what="rate at which 1 nM of MMP-9 digests membrane",
    )
    matrix_digestion_per_h: float = number(
        0.4, "1/h", "as membrane", "assumed", low=0, high=10,
        what="rate at which 1 nM of MMP-9 digests matrix",
    )
    repair_per_h: float = number(
        0.02, "1/h", "new matrix in two days", "assumed", low=0, high=1,
        what="rate at which stroma lays down what is lost of matrix and membrane",
    )
    vessel_oxygen_mmHg: float = number(
        40.0, "mmHg", "venous blood", "recalled", low=1, high=150, what="pO2 of the two vessels"
    )
    vessel_entry_share: float = number(
        0.3, "1", "3 of 8 neighbours of a cell at the vessel are vessel", "computed", low=0,
        high=1, what="share of crawling steps at the vessel that lead into it",
    )
    untreated_shed_per_d_per_mm: float = number(
        92.0, "1/(d mm)", "mean of 14 d in 6 strips, so that the untreated primary sheds "
        "body.shedding_rate_per_h",
        "computed", low=1e-6, high=1e6,
        what="cells shed by a millimetre of rim (10 um deep) that stand for the untreated rate",
    )
# fmt: on


PrimaryRates = tuple_type("PrimaryRates", PrimaryParameters, __name__)
