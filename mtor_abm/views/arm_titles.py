"""What arms are called in pictures: their treatment in words, and what else tells them apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..analysis.arms import Arm, flat
from ..analysis.doses import drug_words

#: Parameters that do not change a run, or are in the words for its drugs.
_SAID_ELSEWHERE = ("name", "title", "description", "expects", "output", "drugs")


def arm_titles(arms: Sequence[Arm]) -> dict[str, str]:
    """Name of each arm -> what it is called; no two arms are called the same.

    Arms that would be called alike, as the points of a sweep are, are told apart by the parameters
    in which they differ, and if that is not enough by their names.
    """
    parameters = {arm.name: arm.first.manifest.get("parameters", {}) for arm in arms}
    titles = {name: title_of(given, name) for name, given in parameters.items()}
    for title, n in Counter(titles.values()).items():
        if n < 2:
            continue
        alike = [name for name in titles if titles[name] == title]
        for name, more in _differences({name: parameters[name] for name in alike}).items():
            titles[name] += f", {more}" if more else ""
    count = Counter(titles.values())
    return {name: t if count[t] == 1 else f"{t} ({name})" for name, t in titles.items()}


def title_of(parameters: Mapping[str, Any], name: str) -> str:
    """The title of a scenario, or its drugs in words where the title does not give their doses.

    A dose that was changed on the command line leaves the title as it was.

    Args:
        parameters: of a manifest.
        name: for a scenario without a title.
    """
    title = str(parameters.get("title") or name)
    drugs, run = parameters.get("drugs"), parameters.get("run")
    if not isinstance(drugs, Mapping) or not isinstance(run, Mapping) or not drugs:
        if "=" in title:  # a point of a sweep
            return f"No drug, {title}"
        return title.partition(":")[0]  # "Vehicle: osteolytic tumour, no drug"
    words = [drug_words(drug, given, run["days"]) for drug, given in drugs.items()]
    said = title.lower().replace("by mouth", "p.o.")
    if all(word.lower() in said for word in words):
        return title
    told = " + ".join(words)
    return told[0].upper() + told[1:]


def _differences(parameters: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What the parameters of each arm are, where the arms differ."""
    tables = {
        name: {key: value for key, value in flat(dict(given)).items()
               if key.partition(".")[0] not in _SAID_ELSEWHERE}
        for name, given in parameters.items()
    }  # fmt: skip
    keys = dict.fromkeys(key for table in tables.values() for key in table)
    differ = [key for key in keys if len({str(table.get(key)) for table in tables.values()}) > 1]
    return {
        name: ", ".join(f"{key} = {table.get(key)}" for key in differ)
        for name, table in tables.items()
    }
