"""What made the results, at the end of the page: parameters, seeds, versions."""

from ...analysis.arms import flat
from ...scenario import TEXTS
from .compared import differing_keys, meaning_of, meanings
from .markup import key, table, text, unit, value
from .material import Material


def section(material: Material) -> str:
    """The whole section, without its heading."""
    return _versions(material) + _runs(material) + _parameters(material)


def _versions(material: Material) -> str:
    rows = []
    first = material.control.first.manifest
    for name, version in first.get("versions", {}).items():
        rows.append([text(name), text(version)])
    rows.append(["sources of the model", f"<code>{text(first.get('sources', ''))}</code>"])
    git = first.get("git") or {}
    if git:
        dirty = ", with changes that are not committed" if git.get("dirty") else ""
        rows.append(["commit", f"<code>{text(git.get('commit', ''))}</code>{dirty}"])
    rows.append(["platform", text(first.get("platform", ""))])
    others = {run.manifest.get("host") for arm in material.arms for run in arm.runs}
    said = "" if len(others) == 1 else f"<p>The runs were made on {len(others)} machines.</p>"
    return (
        "<details><summary>Versions of the program and its libraries</summary><p>Of the first run "
        f"of the first arm.</p>{said}{table(['what', 'version'], rows, 'small', 'versions')}"
        "</details>"
    )


def _runs(material: Material) -> str:
    rows = []
    for arm in material.arms:
        identity = arm.first.identity
        rows.append(
            [
                key(arm.label, arm.style), ", ".join(map(str, arm.arm.runs)),
                f"<code>{text(str(identity.get('scenario_sha256', ''))[:16])}</code>",
                f"<code>{text(arm.arm.study)}</code>",
            ]
        )  # fmt: skip
    head = ["arm", "seeds", "sha256 of the scenario", "study"]
    return (
        f"<details><summary>Seeds and identity of every arm</summary>"
        f"{table(head, rows, 'small', 'seeds')}</details>"
        "<p>Any run can be made again: <code>mtor-abm run --from RUN/manifest.json</code></p>"
    )


def _parameters(material: Material) -> str:
    known, differing = meanings(), set(differing_keys(material))
    tables = [flat(arm.parameters) for arm in material.arms]
    rows = []
    for name in dict.fromkeys(name for of in tables for name in of):
        if name in TEXTS:
            continue
        units, meaning = meaning_of(name, known)
        same = name not in differing
        shown = [tables[0].get(name)] if same else [of.get(name) for of in tables]
        said = " | ".join(value(v) for v in shown)
        rows.append([f"<code>{text(name)}</code>", said, unit(units), text(meaning)])
    labels = " | ".join(text(arm.label) for arm in material.arms)
    return (
        "<details><summary>All "
        f"{len(rows)} parameters</summary><p>One value where all arms agree, else {labels}.</p>"
        f"{table(['parameter', 'value', 'unit', 'meaning'], rows, 'numbers', 'parameters')}"
        "</details>"
    )
