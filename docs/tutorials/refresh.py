"""Run tutorials again and store what they print and draw.

    python docs/tutorials/refresh.py                    # all
    python docs/tutorials/refresh.py dose_response      # one

Needs the extra `tutorials`. Type it after a change of the model: a reader takes what is stored for
what the code gives. Stored is nothing that changes by itself: no time that something took here, no
colours of a terminal, no path of this machine.
"""

import base64
import io
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# of a plan, time and memory depend on the number of cores
TIME_TAKEN = re.compile(
    r"(?<=done) in [\d.]+ s\b|^time left .*\n|^(?:time|memory) +about .*\n", re.MULTILINE
)
SECONDS_FOR_A_CELL = 600
WIDEST_PX = 800  # of a stored picture


def steady(text: str) -> str:
    """What a cell printed without what differs from one time to the next."""
    return TIME_TAKEN.sub("", COLOURS.sub("", text))


def small(picture: str) -> str:
    """A PNG in base64, scaled down to WIDEST_PX if it is wider."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    if image.width <= WIDEST_PX:
        return picture
    size = (WIDEST_PX, round(image.height * WIDEST_PX / image.width))
    scaled = image.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(64)
    scaled.save(file := io.BytesIO(), "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def refresh(path: Path) -> None:
    """Execute a notebook in a folder of its own and write it back with its outputs."""
    import nbclient  # here, so that tests can take the rest without them
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        nbclient.NotebookClient(
            notebook,
            timeout=SECONDS_FOR_A_CELL,
            kernel_name=KERNEL["name"],
            record_timing=False,
            resources={"metadata": {"path": folder}},
        ).execute()
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number:02d}", {}
        for output in cell.get("outputs", ()):
            if "text" in output:
                output.text = steady(output.text)
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = small(output.data["image/png"])
    refuse_paths(notebook, path)
    nbformat.write(notebook, path)


def refuse_paths(notebook: Any, path: Path) -> None:
    """Raise SystemExit if an output names a folder of this machine."""
    places = (tempfile.gettempdir() + "/", str(HERE.parents[1]), sys.prefix)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            said = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            found = [place for place in places if place in said]
            if found:
                raise SystemExit(f"{path.name}, {cell.id} prints {found[0]}; print a relative path")


if __name__ == "__main__":
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.ipynb"))
    for name in names:
        print(name, flush=True)
        refresh(HERE / f"{name}.ipynb")
