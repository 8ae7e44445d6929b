"""A condition on named values, e.g. `scenario == 'rapamycin' and seed < 5`.

The text is parsed, never executed: only comparisons, and, or, not, names (with dots), numbers and
texts in quotes have a meaning here, everything else is refused.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..validation import suggestion

LONGEST = 1000
ALLOWED = "compare names with values by == != < <= > >=, joined by and, or, not"
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """A condition that was read and may be asked of many sets of values.

    Attributes:
        text: as it was written. tree: its meaning, of allowed parts only.
        names: that it asks for.
    """

    text: str
    tree: ast.expr
    names: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read a condition.

        Raises:
            UserError: too long, no expression, or a part that has no meaning here.
        """
        if len(text) > LONGEST:
            raise UserError(f"--where has {len(text)} characters; give at most {LONGEST}")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
            names = frozenset(_names(tree, text))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
            if isinstance(fault, UserError):
                raise
            raise UserError(f"--where {_quoted(text)} cannot be read; {ALLOWED}") from None
        return cls(text, tree, names)

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """See that all names are known.

        Raises:
            UserError: one is not.
        """
        known = sorted(known)
        for name in sorted(self.names - set(known)):
            raise UserError(
                f"--where: unknown name '{name}' (a text stands in quotes); "
                f"{suggestion(name, known)}"
            )

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds. A comparison with a value that is absent or None does not.

        Raises:
            UserError: a text is compared with a number, or something else has no truth or order.
        """
        return self._true(self.tree, values)

    def _true(self, part: ast.expr, values: Mapping[str, Any]) -> bool:
        if isinstance(part, ast.BoolOp):
            join = all if isinstance(part.op, ast.And) else any
            return join(self._true(value, values) for value in part.values)
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
            return not self._true(part.operand, values)
        if isinstance(part, ast.Compare):
            sides = [_value(side, values) for side in (part.left, *part.comparators)]
            compare = [COMPARISONS[type(op)] for op in part.ops]
            return all(
                self._compared(one, two, by)
                for one, two, by in zip(sides, sides[1:], compare, strict=False)
            )
        value = _value(part, values)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise UserError(f"--where: {ast.unparse(part)} is neither true nor false; {ALLOWED}")

    def _compared(self, one: Any, two: Any, by: Callable[[Any, Any], bool]) -> bool:
        if one is None or two is None:
            return False
        if {type(one), type(two)} == {str} or (_is_number(one) and _is_number(two)):
            return by(one, two)
        raise UserError(
            f"--where {_quoted(self.text)} compares {one!r} with {two!r}; "
            "compare numbers with numbers, and texts (in quotes) with texts"
        )


def _names(part: ast.AST, text: str) -> Iterable[str]:
    """Names in an allowed expression; UserError where something else stands."""
    match part:
        case ast.Name() | ast.Attribute():
            yield _dotted(part, text)
        case ast.Constant(value=bool() | int() | float() | str()):
            pass
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            pass
        case ast.BoolOp(values=inner):
            for one in inner:
                yield from _names(one, text)
        case ast.UnaryOp(op=ast.Not(), operand=one):
            yield from _names(one, text)
        case ast.Compare(left=left, ops=ops, comparators=right) if all(
            type(op) in COMPARISONS for op in ops
        ):
            for one in (left, *right):
                if isinstance(one, ast.BoolOp | ast.Compare):
                    raise _meaningless(one, text)
                yield from _names(one, text)
        case _:
            raise _meaningless(part, text)


def _dotted(part: ast.expr, text: str) -> str:
    if isinstance(part, ast.Name):
        return part.id
    if isinstance(part, ast.Attribute):
        return f"{_dotted(part.value, text)}.{part.attr}"
    raise _meaningless(part, text)


def _value(part: ast.expr, values: Mapping[str, Any]) -> Any:
    if isinstance(part, ast.Constant):
        return part.value
    if isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.Constant):
        number: Any = part.operand.value
        return -number
    return values.get(_dotted(part, ""))


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def _meaningless(part: ast.AST, text: str) -> UserError:
    what = _quoted(ast.get_source_segment(text.strip(), part) or text)
    return UserError(f"--where: {what} has no meaning here; {ALLOWED}")


def _quoted(text: str) -> str:
    return f"'{text[:80]}'"
