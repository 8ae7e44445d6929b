"""A number with its unit, source and confidence; groups of them; and their form for kernels.

A parameter stands beside the rule that uses it, as one line of a `Group`:

    division_rate_per_h: float = number(
        0.029, "1/h", "cell cycle 24 h, A(BM)2 source", "found", low=0, high=0.1,
        what="highest division rate",
    )

Everything else is generated from that line: validation of scenario files, `run.py describe`,
the tables in docs/. Kernels get the same values as a flat named tuple (`kernel_values`).
"""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import UserError

Confidence = Literal["found", "computed", "recalled", "assumed", "fitted"]


def number(
    default: float | int,
    unit: str,
    source: str,
    confidence: Confidence,
    *,
    what: str,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Declare one parameter.

    Args:
        default: value used when a scenario says nothing.
        unit: unit of the value; "1" for a pure number. The key ends with it (`_um`, `_per_h`).
        source: where the value comes from, or the reasoning behind an assumed one.
        confidence: "found" (a stored text shows it), "computed" from found numbers, "recalled"
            from the literature by memory, "assumed" (a modelling choice), "fitted" (to a
            calibration target named in the source).
        what: one phrase that says what the number does.
        low: smallest value that makes sense (inclusive), or None.
        high: largest value that makes sense (inclusive), or None.
    """
    return Field(
        default=default,
        ge=low,
        le=high,
        description=what,
        json_schema_extra={"unit": unit, "source": source, "confidence": confidence},
    )


class Group(BaseModel):
    """A frozen set of parameters; one table of a scenario file. Unknown keys are refused.

    Class attributes:
        one_whole: sets of keys that are shares of one whole; each set adds up to at most 1.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )
    not_supported: ClassVar[Mapping[str, str]] = {}
    """Keys, or `KEY[]` for a list under KEY, that people look for -> what to write instead."""
    one_whole: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @model_validator(mode="after")
    def _shares_add_up_to_one_at_most(self) -> "Group":
        for keys in self.one_whole:
            values = [getattr(self, key) for key in keys]
            if sum(values) > 1.0 + 1e-9:
                told = " + ".join(f"{k} = {v:g}" for k, v in zip(keys, values, strict=True))
                raise UserError(
                    f"{told} is {sum(values):g}, above 1, though they are shares of one whole; "
                    f"give at most {1.0 - sum(values[1:]):g} for {keys[0]}, or lower the others"
                )
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse, and say what to do instead."""
        raise AttributeError(
            f"{type(self).__name__}.{name} cannot be changed; make another scenario: "
            f'scenario.changed({{"TABLE.{name}": {value!r}}}), e.g. {{"run.days": 14}}'
        )

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        """One row per parameter: key, value, unit, low, high, source, confidence, meaning."""
        rows = []
        for key, field in cls.model_fields.items():
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            bounds = {type(mark).__name__: mark for mark in field.metadata}
            rows.append(
                {
                    "key": key,
                    "default": field.default,
                    "unit": extra.get("unit", "1"),
                    "low": getattr(bounds.get("Ge"), "ge", None),
                    "high": getattr(bounds.get("Le"), "le", None),
                    "confidence": extra.get("confidence", ""),
                    "source": extra.get("source", ""),
                    "what": field.description or "",
                }
            )
        return rows


def tuple_type(name: str, group: type[Group], module: str) -> Any:
    """Named tuple type that carries the numbers of a group into kernels.

    numba's disk cache finds the type by `module.name`, so assign it to that name there:
    `TumourRates = tuple_type("TumourRates", TumourParameters, __name__)`.
    """
    return namedtuple(name, _numeric_keys(group), module=module)


def kernel_values(kind: Any, group: Group) -> Any:
    """Fill a tuple type made by `tuple_type` with the group's values, all as float."""
    return kind(*(float(getattr(group, key)) for key in kind._fields))


def _numeric_keys(group: type[Group]) -> list[str]:
    return [k for k, f in group.model_fields.items() if f.annotation in (float, int, bool)]
