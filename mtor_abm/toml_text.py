"""Plain values to TOML text that reads back equal. The standard library only reads TOML."""

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(tables: Mapping[str, Any]) -> str:
    """Write nested mappings of text, numbers, booleans and lists as TOML.

    None stands for "left out" and is not written; neither is a table without any value.

    Raises:
        TypeError: for a value that has no form in TOML.
    """
    return "\n".join(_table(tables, ())).lstrip("\n") + "\n"


def inline(value: Any) -> str:
    """One value as TOML on one line; a mapping as an inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)  # shortest digits that read back to the same float
    if isinstance(value, str):
        # JSON escapes are TOML escapes; DEL is the one control character JSON leaves bare
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {inline(v)}" for k, v in value.items()) + "}"
    raise TypeError(f"no TOML form for {type(value).__name__}")


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else inline(key)


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {k: v for k, v in table.items() if v is not None and not isinstance(v, Mapping)}
    lines = [f"{_key(key)} = {inline(value)}" for key, value in plain.items()]
    if path and lines:
        lines = ["", "[" + ".".join(map(_key, path)) + "]", *lines]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _table(value, (*path, key))
    return lines
