"""Words and numbers as HTML: every text that comes from outside is escaped here, and only here."""

import html
import math
from collections.abc import Iterable
from typing import Any

#: Units as a person writes them.
_UNITS = (("um2", "µm²"), ("um", "µm"), ("mm2", "mm²"))
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Colours and dashes that there are: so many arms can be told apart as lines. Arm 0 is the first
#: control; page.css has the colours.
STYLES = 8
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2", "1 3", "12 4", "6 2 1 2 1 2")


def text(value: Any) -> str:
    """Any value as text that cannot be taken for markup."""
    return html.escape(str(value), quote=True)


def unit(name: Any) -> str:
    """A unit as a person writes it, escaped; empty for a pure number."""
    name = "" if name != name or name is None else str(name)
    for plain, printed in _UNITS:
        name = name.replace(plain, printed)
    return "" if name == "1" else text(name)


def number(value: Any, digits: int = 3) -> str:
    """A number with so many significant digits; a dash where there is none."""
    value = float(value)
    if math.isnan(value):
        return "–"
    shown = f"{value:.{digits}g}"
    if "e" in shown and 1e3 <= abs(value) < 1e6:
        shown = f"{float(shown):.0f}"
    mantissa, _, power = shown.partition("e")
    if power:
        mantissa += "·10" + str(int(power)).translate(_RAISED)
    return mantissa.replace("-", "−")


def value(given: Any) -> str:
    """A parameter's value as a scenario file has it, escaped."""
    if given is None:
        return '<span class="dim">not set</span>'
    if isinstance(given, float):
        return f"{given:g}"
    if isinstance(given, list | tuple):
        return "[" + ", ".join(value(v) for v in given) + "]"
    return text(given)


def table(
    head: Iterable[str], rows: Iterable[Iterable[str]], css: str = "", label: str = ""
) -> str:
    """A table of finished cells; the first of a row is its header."""
    names = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(
            f'<th scope="row">{cell}</th>' if i == 0 else f"<td>{cell}</td>"
            for i, cell in enumerate(row)
        ) + "</tr>\n"
        for row in rows
    )  # fmt: skip
    aria = f' aria-label="{text(label)}"' if label else ""
    return (
        f'<div class="scroll" tabindex="0" role="region"{aria}>'
        f'<table class="{css}"><thead><tr>{names}</tr></thead><tbody>\n{body}</tbody></table></div>'
    )


def key(label: str, style: int) -> str:
    """An arm's name with a sample of its line; without one if it has no style of its own."""
    if style >= STYLES:
        return f'<span class="key">{text(label)}</span>'
    return (
        f'<span class="key"><svg class="arm{style}" width="30" height="10" aria-hidden="true">'
        f'<line x1="1" y1="5" x2="29" y2="5" class="line" stroke-dasharray="{DASHES[style]}"/>'
        f"</svg>{text(label)}</span>"
    )
