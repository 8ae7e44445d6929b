"""`run.py movie RUN`: the marrow over days as MP4 or GIF, arms of one seed side by side.

MP4 is H.264, which slides and browsers play; an ffmpeg program encodes it, that of imageio-ffmpeg
(extra `movie`) or one that IMAGEIO_FFMPEG_EXE names. GIF needs matplotlib alone.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from ..extras import install
from ..store import Run
from ..whole_file import PARTIAL, storage_error, write_file
from .canvas import MARK, matplotlib, refuse_foreign, styled
from .figures import FOLDER
from .histology import TITLE_PT, caption_of, figure_of, pixels_for, rows_of
from .moments import Moment, moments, runs_in_step
from .painting import Snapshot, painted

KINDS = ("mp4", "gif")
FPS, SLOWEST_FPS, FASTEST_FPS = 8.0, 0.1, 60.0
DPI = 120
PIXELS_PER_SITE = 3
GIF_COLOURS = 64


@dataclass(frozen=True)
class Filmed:
    """A film.

    Attributes:
        path: of the file. arms: names, from left to right. seed: of all runs.
        n_frames, fps: its length is n_frames / fps seconds.
        notes: one sentence each.
    """

    path: Path
    arms: list[str]
    seed: int
    n_frames: int
    fps: float
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self.__dict__, "path": str(self.path)}

    def text(self) -> str:
        """For the terminal."""
        arms = f"{len(self.arms)} arm{'s' * (len(self.arms) != 1)} ({', '.join(self.arms)})"
        told = f"{arms}, seed {self.seed}: {self.n_frames} frames, {self.n_frames / self.fps:.3g} s"
        return "\n".join([told, f"  {self.path}", *self.notes])


def film(
    folder: Path, *, with_arms: bool = False, fps: float = FPS, kind: str | None = None,
    out: Path | None = None, say: Callable[[str], None] = lambda line: None,
) -> Filmed:  # fmt: skip
    """Film a run.

    Args:
        folder: of the run.
        with_arms: film the runs of this seed in the other arms of its study beside it.
        fps: frames a second, SLOWEST_FPS to FASTEST_FPS.
        kind: "mp4" or "gif"; None takes that of `out`, else MP4 if it can be made.
        out: the file; None takes one in `figures` of the study.
        say: told what takes time.

    Raises:
        UserError: no complete run, too few snapshots of a run that cannot be made again, a library
            that is missing, or a file that cannot be written.
    """
    matplotlib()
    if not SLOWEST_FPS <= fps <= FASTEST_FPS:
        raise UserError(
            f"--fps {fps:g} lies outside {SLOWEST_FPS:g}..{FASTEST_FPS:g}; give e.g. --fps {FPS:g}"
        )
    kind, notes = _kind(kind, out)
    runs = runs_in_step(folder, with_arms)
    path = _place(runs, folder, kind) if out is None else out
    refuse_foreign(path)
    n_frames, course = moments(runs, say)
    pictures = frames(course, runs[0].seed)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write = _write_mp4 if kind == "mp4" else _write_gif
        write(path, pictures, fps)
    except OSError as error:
        raise storage_error(error, path) from error
    return Filmed(path, [run.scenario for run in runs], runs[0].seed, n_frames, fps, notes)


def frames(course: Iterator[Moment], seed: int) -> Iterator[np.ndarray]:
    """A picture of each moment: uint8, shape (height, width, 3), both even; all of one shape."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Any = None
    for day, snapshots in course:
        titled = [
            Snapshot(s.title, s.cells, s.sites, f"day {day:.1f}, seed {seed}") for s in snapshots
        ]
        with styled():
            if figure is None:
                figure = figure_of(titled, rows=rows_of(len(titled)), pixels=PIXELS_PER_SITE)
                figure.set_dpi(DPI)
                canvas = FigureCanvasAgg(figure)
            else:
                for panel, snapshot in zip(figure.axes, titled, strict=True):
                    panel.images[0].set_data(
                        painted(snapshot, pixels_for(snapshot, PIXELS_PER_SITE))
                    )
                    panel.set_title(caption_of(snapshot), fontsize=TITLE_PT, loc="center")
            canvas.draw()
        picture = np.asarray(canvas.buffer_rgba())[:, :, :3]
        height, width = (n - n % 2 for n in picture.shape[:2])  # as H.264 wants it
        yield np.ascontiguousarray(picture[:height, :width])


def _kind(kind: str | None, out: Path | None) -> tuple[str, list[str]]:
    """MP4 or GIF, and what a reader should know of that choice."""
    named = None if out is None else out.suffix.removeprefix(".").lower()
    if named is not None and named not in KINDS:
        raise UserError(f"{out}: a film is .mp4 or .gif; name one")
    if kind is not None and named is not None and kind != named:
        raise UserError(f"--to {kind} and --out {out} contradict each other; leave one out")
    wanted = kind or named
    if find_spec("imageio_ffmpeg") is None:
        if wanted == "mp4":
            raise UserError(f"MP4 needs imageio-ffmpeg; {install('movie')}, or give --to gif")
        if wanted is None:
            return "gif", [f"A GIF, since MP4 needs imageio-ffmpeg; {install('movie')}"]
    return wanted or "mp4", []


def _place(runs: list[Run], folder: Path, kind: str) -> Path:
    name = runs[0].folder.name if len(runs) == 1 else f"arms__seed_{runs[0].seed:04d}"
    return folder.absolute().parent / FOLDER / f"{name}.{kind}"


def _write_mp4(path: Path, pictures: Iterator[np.ndarray], fps: float) -> None:
    ffmpeg = import_module("imageio_ffmpeg")
    partial = path.with_name(f".{path.name}.0{PARTIAL}")
    first = next(pictures)
    told = ["-metadata", f"comment={MARK.decode()}", "-fflags", "+bitexact", "-f", "mp4"]
    writer = ffmpeg.write_frames(
        str(partial), (first.shape[1], first.shape[0]), fps=fps, codec="libx264", quality=None,
        macro_block_size=2, output_params=["-crf", "20", "-movflags", "+faststart", *told],
        ffmpeg_log_level="error",
    )  # fmt: skip
    try:
        writer.send(None)
        writer.send(first)
        for picture in pictures:
            writer.send(picture)
        writer.close()
        partial.replace(path)
    finally:
        writer.close()
        partial.unlink(missing_ok=True)


def _write_gif(path: Path, pictures: Iterator[np.ndarray], fps: float) -> None:
    from PIL import Image

    def images() -> Iterator[Any]:
        for picture in pictures:
            yield Image.fromarray(picture).quantize(
                GIF_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
            )

    course = images()
    content = io.BytesIO()
    next(course).save(
        content, format="gif", save_all=True, append_images=course, loop=0, comment=MARK,
        duration=10 * max(2, round(100.0 / fps)),  # a GIF counts in 10 ms; viewers slow down 1
    )  # fmt: skip
    write_file(path, content.getvalue())
