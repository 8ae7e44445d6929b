"""Runs the finished study that travels inside the package: python docs/refresh_gallery.py.

Small on purpose: two arms, three seeds, two weeks of a marrow of 1 mm, no snapshots (which
would be 2 MB a run). To be repeated when the model's numbers change; a test says when it can no
longer be read.
"""

import platform
import shutil
from pathlib import Path

platform.node = lambda: "gallery"  # a manifest that is published names no machine

from mtor_abm.runner.batch import run_study  # noqa: E402
from mtor_abm.scenario_files import load_all  # noqa: E402

GALLERY = Path(__file__).resolve().parent.parent / "mtor_abm" / "gallery"
CHANGES = (
    "run.days=14", "geometry.nx=100", "geometry.ny=100", "inoculum.clusters=3",
    "output.cells_at_days=[]", "output.fields_at_days=[]", "output.events=false",
)  # fmt: skip


def main() -> None:
    """Replace the gallery by a fresh run of it."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    # one process: the name of the machine is replaced in this one only
    run_study(load_all(["vehicle", "rapamycin"], CHANGES), [1, 2, 3], GALLERY, jobs=1)


if __name__ == "__main__":
    main()
