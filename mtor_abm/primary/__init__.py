"""The primary tumour as tissue: a strip of its rim with stroma, matrix and basement membrane."""

from .numbers import PrimaryParameters
from .strip import Strip

__all__ = ["PrimaryParameters", "Strip"]
