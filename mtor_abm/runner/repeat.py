"""A run made again from its manifest alone, and whether it gives the same bytes."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..provenance import identity, provenance
from ..scenario import Scenario
from ..store import MANIFEST, Run, read_manifest
from ..toml_text import to_toml


@dataclass(frozen=True)
class Recorded:
    """What a manifest tells.

    Attributes:
        path: of the manifest.
        manifest: its content.
        scenario: its parameters, validated.
    """

    path: Path
    manifest: Mapping[str, Any]
    scenario: Scenario

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self.manifest["seed"])

    @property
    def failed_with(self) -> str | None:
        """Why it failed, if it did; then it has no tables to compare."""
        if self.manifest["status"] == "complete":
            return None
        return str(self.manifest.get("error", "no reason"))

    def other_identity(self) -> list[str]:
        """What differs, in words, of that which decides every byte; if empty, bytes must agree."""
        before = self.manifest["identity"]
        now = identity(self.scenario.identity_hash(), self.seed)
        words = {
            "seed": "seed",
            "scenario_sha256": "parameters as this version reads them",
            "package_version": "version of mtor_abm",
            "sources": "sources of mtor_abm",
        }
        return [
            f"{what} ({_short(before.get(key))}, here {_short(now[key])})"
            for key, what in words.items()
            if before.get(key) != now[key]
        ]

    def opening(self) -> str:
        """What is known before it runs, in one line."""
        run = f"again: {self.scenario.name}, seed {self.seed}"
        if self.failed_with is not None:
            run += f", which failed with {self.failed_with}"
        others = self.made_otherwise()
        return f"{run}; other {', '.join(others)}: its bytes may differ" if others else run

    def made_otherwise(self) -> list[str]:
        """All that differs from a run made here and now, libraries and Python included."""
        told = self.other_identity()
        versions = self.manifest.get("versions", {})
        told += [
            f"{name} ({versions[name]}, here {here})"
            for name, here in provenance()["versions"].items()
            if name != "mtor_abm" and name in versions and versions[name] != here
        ]
        return told

    def differing(self, again: Run) -> list[str]:
        """Names of files whose bytes differ, or that only one of the two runs has; sorted.

        A run that failed wrote nothing that could be compared.
        """
        if self.failed_with is not None:
            return []
        before, now = self.manifest["files"], again.manifest["files"]
        return sorted(
            name
            for name in set(before) | set(now)
            if before.get(name, {}).get("sha256") != now.get(name, {}).get("sha256")
        )

    def refuse_its_own_place(self, study: Path) -> None:
        """See that the study it is repeated in is not its own.

        Raises:
            UserError: it is; the run would be compared with itself, or lost.
        """
        if study.resolve() == self.path.resolve().parent.parent:
            raise UserError(
                f"{study} holds the run that is to be repeated; choose another --name or --out"
            )

    def study_name(self) -> str:
        """Name of the study that repeats it unless another is given: `<its study>_again`."""
        study = self.path.absolute().parent.parent.name
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in study)
        return f"{plain.strip('._-')[:50] or 'run'}_again"


def recorded(path: Path) -> Recorded:
    """Read the manifest of a run.

    Args:
        path: the manifest, or the folder of the run.

    Raises:
        UserError: it is absent or damaged, or this version refuses its parameters.
    """
    path = path / MANIFEST if path.is_dir() else path
    manifest = read_manifest(path)
    # As scenario.toml would be read: keys that are left out are null in JSON and absent in TOML.
    try:
        tables = tomllib.loads(to_toml(manifest["parameters"]))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path}: its parameters cannot be read ({error}); give another manifest"
        ) from None
    scenario = Scenario.from_tables(tables, manifest["scenario"], lambda _: f"{path}: parameters")
    return Recorded(path, manifest, scenario)


def _short(value: Any) -> str:
    return str(value)[:16]
