"""The figures of a study, except its marrow maps.

Each takes `StudyData` and gives a figure, or None where the study holds nothing to draw. Up to
MOST_ARMS arms are lines, marks and bars that differ in colour and form; more become heat maps.
"""

from collections.abc import Callable
from typing import Any

from .canvas import MOST_ARMS
from .dose_curves import dose_curves
from .effects_chart import forest
from .fates_chart import fates
from .many_arms import effects_map, fates_bars, pathway_map, time_map
from .pathway_chart import pathway
from .study_data import StudyData
from .time_charts import time_courses

Chart = Callable[[StudyData], Any]


def by_number_of_arms(few: Chart, many: Chart) -> Chart:
    """A chart for up to MOST_ARMS arms, and one for more."""

    def chart(data: StudyData) -> Any:
        return (few if len(data.arms) <= MOST_ARMS else many)(data)

    return chart


FIGURES: dict[str, Chart] = {
    "time_courses": by_number_of_arms(time_courses, time_map),
    "effects": by_number_of_arms(forest, effects_map),
    "doses": dose_curves,
    "fates": by_number_of_arms(fates, fates_bars),
    "pathway": by_number_of_arms(pathway, pathway_map),
}
#: Figures that most studies have no use for, so that nobody is told that they are absent.
OPTIONAL = ("doses",)
