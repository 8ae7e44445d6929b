"""The cell types: CELL_TYPES is their table of contents, one file and one line each."""

from .circulating import CirculatingTissue
from .endothelial import EndothelialTissue
from .osteoblast import OsteoblastTissue
from .osteoclast import OsteoclastTissue, PrecursorTissue
from .stroma import AdipocyteTissue, CarTissue, MesenchymalTissue
from .tissue import Tissue
from .tumour import TumourTissue

#: Order of the phases of a step: osteoclasts before the osteoblasts they lift off, and so on.
CELL_TYPES: tuple[type[Tissue], ...] = (
    TumourTissue,
    PrecursorTissue,
    OsteoclastTissue,
    OsteoblastTissue,
    MesenchymalTissue,
    AdipocyteTissue,
    CarTissue,
    EndothelialTissue,
    CirculatingTissue,
)
