"""The report page: one HTML file that opens from disk and asks no network for anything."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from ...errors import UserError
from ...runner.study_folder import STUDY_FILE
from ...study_text import counted
from ...version import VERSION
from ...whole_file import storage_error, write_file
from . import compared, courses, effects, ending, marrow_map, pathway, survival
from .markup import number, text
from .material import Material, collect

FILE_NAME = "report.html"
#: Parts of the one script, in order; they share their names.
SCRIPTS = ("page.js", "network.js", "map.js", "difference.js", "map_moves.js", "end.js")
MARK = b"<!doctype html>\n<!-- made by mtor_abm report"


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        path: the page. n_bytes: its size. arms: labels, the control first. seeds: paired seeds.
        seeds_on_map: seeds whose marrow can be seen. notes: one sentence each.
    """

    path: Path
    n_bytes: int
    arms: list[str]
    seeds: list[int]
    seeds_on_map: list[int]
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self.__dict__, "path": str(self.path)}

    def text(self) -> str:
        """For the terminal."""
        shown = ", ".join(map(str, self.seeds_on_map)) or "none"
        lines = [
            f"report       {self.path}",
            f"size         {self.n_bytes / 1e6:.1f} MB",
            f"arms         {', '.join(self.arms)}; {counted(len(self.seeds), 'seed')} in all",
            f"map          seeds {shown}",
        ]
        return "\n".join(lines + self.notes)


def write_report(
    places: Sequence[str | Path], control: str | None = None, out: Path | None = None
) -> Report:
    """Write report.html; the same study gives the same bytes.

    Args:
        places: studies, STUDY/SCENARIO or run folders.
        control: arm that the others are held against; None takes the first.
        out: the file; None takes report.html in the study, and for less or more than one whole
            study a name of its own beside it, so that the study's page stays.

    Raises:
        UserError: as `collect`; another file stands in its place; the disk refuses.
    """
    material = collect(places, control)
    path = material.control.arm.study / _file_name(places) if out is None else out
    _refuse_foreign(path)
    maps = marrow_map.packed(material)
    content = page(material, maps).encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path.parent) from error
    write_file(path, content)
    notes = material.notes if maps is None else [*material.notes, *maps.notes]
    if maps is None:
        notes = [*notes, "No map: run with -S output.cells_at_days=[DAY,...] and fields_at_days."]
    return Report(
        path, len(content), [arm.label for arm in material.arms], material.seeds,
        [] if maps is None else maps.about["seeds"], notes,
    )  # fmt: skip


def _file_name(places: Sequence[str | Path]) -> str:
    if len(places) == 1 and (Path(places[0]) / STUDY_FILE).exists():
        return FILE_NAME
    names = "_".join(Path(place).resolve().name for place in places)
    return f"report_{names}.html" if len(names) < 100 else f"report_{len(places)}_places.html"


def page(material: Material, maps: marrow_map.Packed | None) -> str:
    """The whole page as text."""
    time_courses, course_numbers = courses.section(material)
    networks, network_numbers = pathway.drawn(material)
    sections = {  # id -> name in the contents, heading, body
        "compared": ("Compared", "What was compared", compared.section(material)),
        "effects": ("Effects", "Effects", effects.section(material)),
        "map": ("Map", "Map of the marrow", marrow_map.section(material, maps)),
        "courses": ("Time courses", "Time courses", time_courses),
        "survival": ("Survival", "Survival", survival.section(material)),
        "pathway": ("Pathway", "Pathway state by cell type", pathway.by_cell_type(material)),
        "network": ("Network", "The mTOR network", networks),
        "made-of": ("Parameters", "Parameters, seeds and versions", ending.section(material)),
    }
    script, style = "".join(map(_part, SCRIPTS)), _part("page.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    data = {
        "courses": course_numbers,
        "network": network_numbers,
        "map": None if maps is None else maps.about,
    }
    return Template(_part("page.html")).substitute(
        mark=MARK.decode(), version=text(VERSION), title=text(_title(material)),
        script=script, style=style, script_hash=digest,
        name=text(material.name), facts=_facts(material),
        leads=effects.leads(material),
        notes="".join(f'<p class="warning">{text(note)}</p>' for note in material.notes),
        contents="".join(
            f'<a href="#{name}">{text(short)}</a>' for name, (short, _, _) in sections.items()
        ),
        sections="".join(
            f'<section id="{name}"><h2>{text(heading)}</h2>{body}</section>\n'
            for name, (_, heading, body) in sections.items()
        ),
        data=as_script_json(data),
        blobs="".join(
            f'<script type="text/plain" id="blob-{name}">{blob}</script>\n'
            for name, blob in ({} if maps is None else maps.blobs).items()
        ),
    )  # fmt: skip


def as_script_json(value: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element whatever texts it holds."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _title(material: Material) -> str:
    treated = [arm.label for arm in material.arms if arm.control]
    control = material.control.label
    if not treated:
        return control
    if len(material.controls) > 1:
        return f"{len(treated)} arms, each against its control"
    if len(treated) > 3:
        return f"{len(treated)} arms against {control}"
    *before, last = treated
    return f"{', '.join(before)}{' and ' if before else ''}{last} against {control}"


def _facts(material: Material) -> str:
    """One line: study, pairs, length, marrow."""
    seeds = counted(len(material.seeds), "seed")
    facts = [f"study {material.name}", counted(len(material.arms), "arm")]
    facts.append(f"{seeds} in every arm" if len(material.arms) > 1 else seeds)
    facts.append(f"{number(material.days)} days")
    sizes = [material.control.table("geometry").get(name) for name in ("nx", "ny", "dx_um")]
    if all(isinstance(size, int | float) for size in sizes):
        nx, ny, dx_um = map(float, sizes)  # type: ignore[arg-type]
        facts.append(f"marrow of {nx * dx_um / 1000.0:g} × {ny * dx_um / 1000.0:g} mm")
    return text(" · ".join(facts))


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _refuse_foreign(path: Path) -> None:
    """See that nothing but a report of ours would be replaced."""
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder; give --out a file, e.g. {path / FILE_NAME}")
        if path.exists():
            with path.open("rb") as file:
                if file.read(len(MARK)) != MARK:
                    raise UserError(
                        f"{path} was not written by report; move it or choose another --out"
                    )
    except OSError as error:
        raise storage_error(error, path) from error
