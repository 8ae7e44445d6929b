"""What is known: claims of the review, published numbers, targets; see README.md beside this."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TABLES = ("claims", "parameters", "calibration_targets")  # FOLDER / f"{name}.csv"
