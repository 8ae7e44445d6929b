"""A model as plain values and arrays, and back, without running anything that a file says.

Objects become a table of nodes: a node names a class of the model and holds its attributes, each a
plain value or the number of another node, so that what was one object is one object again. On the
way back only classes of allowed modules are looked up, none of their methods is called, and
attributes are put in place directly. What is neither plain, nor an array of numbers, nor an object
of the model is refused on both ways.

A class whose objects hold more than that may give `own_state(self) -> dict` and the class method
`revived(state)`.
"""

import importlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import BaseModel

NUMBERS = "biufSU"  # kinds of dtype whose bytes say everything
FACTORIES: dict[str, Callable[[], Any]] = {"int": int, "float": float, "list": list, "dict": dict}
LENGTH_BYTES = 8


class UnreadableError(ValueError):
    """Not what `freeze` wrote, or of a class that is not allowed."""


def freeze(value: Any) -> bytes:
    """All of a value: the length of its nodes as JSON, the nodes, then the bytes of its arrays.

    Raises:
        TypeError: something in it has no place in a checkpoint.
    """
    writer = _Writer()
    root = writer.put(value)
    text = json.dumps({"root": root, "nodes": writer.nodes}, separators=(",", ":")).encode()
    return b"".join([len(text).to_bytes(LENGTH_BYTES, "little"), text, *writer.blobs])


def thaw(content: bytes, is_allowed: Callable[[str], bool]) -> Any:
    """What `freeze` was given.

    Args:
        content: its bytes.
        is_allowed: whether classes of a module, by its full name, may be used.

    Raises:
        UnreadableError: damaged, or with a class that is not allowed.
    """
    try:
        start = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "little")
        told = json.loads(content[LENGTH_BYTES:start])
        return _Reader(told["nodes"], content, start, is_allowed).get(told["root"])
    except (
        ValueError, TypeError, KeyError, IndexError, AttributeError, ImportError, OverflowError,
        RecursionError,
    ) as error:  # fmt: skip
        raise UnreadableError(f"{type(error).__name__}: {error}") from None


class _Writer:
    """Nodes and bytes so far; what was met before is told by its number."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.blobs: list[bytes] = []
        self._n_bytes = 0
        self._met: dict[int, tuple[int, Any]] = {}  # with the object, so that no id is used again

    def put(self, value: Any) -> Any:
        """A plain value as it is, or the number of a node in a list."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if id(value) not in self._met:
            number = len(self.nodes)
            self.nodes.append(None)
            self._met[id(value)] = number, value
            self.nodes[number] = self._node(value)
        return [self._met[id(value)][0]]

    def _node(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind is dict or kind is Counter:
            return ["counter" if kind is Counter else "dict", self._pairs(value)]
        if kind is defaultdict:
            factory = getattr(value.default_factory, "__name__", "")
            if FACTORIES.get(factory) is not value.default_factory:
                raise TypeError(f"a defaultdict of {value.default_factory!r}")
            return ["defaultdict", factory, self._pairs(value)]
        if kind in (list, tuple, set, frozenset):
            return [kind.__name__, [self.put(item) for item in value]]
        if kind is bytes:
            return ["bytes", *self._blob(value)]
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic) and value.dtype.kind in NUMBERS:
            return ["scalar", value.dtype.str, *self._blob(value.tobytes())]
        if isinstance(value, type):
            is_number = issubclass(value, np.generic)
            return ["number", np.dtype(value).str] if is_number else ["class", _name(value)]
        return self._object(value)

    def _pairs(self, mapping: Any) -> list[Any]:
        return [self.put(item) for pair in mapping.items() for item in pair]

    def _blob(self, content: bytes) -> tuple[int, int]:
        """Where the bytes will lie: offset and length."""
        place = self._n_bytes, len(content)
        self.blobs.append(content)
        self._n_bytes += len(content)
        return place

    def _array(self, array: np.ndarray) -> list[Any]:
        if array.dtype.kind == "O":
            return ["objects", list(array.shape), [self.put(item) for item in array.ravel()]]
        if array.dtype.kind not in NUMBERS or type(array) is not np.ndarray:
            raise TypeError(f"an array of {array.dtype}")
        order: Any = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        return ["array", array.dtype.str, list(array.shape), order,
                *self._blob(array.tobytes(order=order))]  # fmt: skip

    def _object(self, value: Any) -> list[Any]:
        kind = type(value)
        if hasattr(kind, "own_state"):
            return ["revived", _name(kind), self.put(value.own_state())]
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            return ["named tuple", _name(kind), [self.put(item) for item in value]]
        if isinstance(value, float):
            return ["float", _name(kind), float(value), self.put(vars(value))]
        if isinstance(value, BaseModel):
            state = {"values": vars(value), "given": value.__pydantic_fields_set__}
            return ["group", _name(kind), self.put(state)]
        if kind.__module__ == "builtins" or callable(value):
            raise TypeError(f"{kind.__name__} {value!r:.80} has no place in a checkpoint")
        return ["object", _name(kind), self.put(_attributes(value))]


class _Reader:
    """Values by the numbers of their nodes, each made once."""

    def __init__(
        self, nodes: list[Any], content: bytes, start: int, is_allowed: Callable[[str], bool]
    ) -> None:
        self._nodes = nodes
        self._content = content
        self._start = start
        self._is_allowed = is_allowed
        self._made: dict[int, Any] = {}

    def get(self, told: Any) -> Any:
        """The value of a plain value or of the number of a node."""
        if not isinstance(told, list):
            return told
        (number,) = told
        if number not in self._made:
            kind, *about = self._nodes[number]
            self._made[number] = getattr(self, "_" + kind.replace(" ", "_"))(number, *about)
        return self._made[number]

    def _list(self, number: int, items: list[Any]) -> list[Any]:
        made: list[Any] = []
        self._made[number] = made
        made.extend(map(self.get, items))
        return made

    def _dict(self, number: int, pairs: list[Any]) -> dict[Any, Any]:
        return self._filled(number, {}, pairs)

    def _counter(self, number: int, pairs: list[Any]) -> Any:
        return self._filled(number, Counter(), pairs)

    def _defaultdict(self, number: int, factory: str, pairs: list[Any]) -> Any:
        return self._filled(number, defaultdict(FACTORIES[factory]), pairs)

    def _filled(self, number: int, made: Any, pairs: list[Any]) -> Any:
        self._made[number] = made
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            made[self.get(key)] = self.get(value)
        return made

    def _tuple(self, number: int, items: list[Any]) -> tuple[Any, ...]:
        return tuple(map(self.get, items))

    def _set(self, number: int, items: list[Any]) -> set[Any]:
        return set(map(self.get, items))

    def _frozenset(self, number: int, items: list[Any]) -> frozenset[Any]:
        return frozenset(map(self.get, items))

    def _bytes(self, number: int, offset: int, length: int) -> bytes:
        found = self._content[self._start + offset : self._start + offset + length]
        if offset < 0 or len(found) != length:
            raise UnreadableError("it is too short")
        return found

    def _array(
        self, number: int, dtype: str, shape: list[int], order: Any, offset: int, length: int
    ) -> np.ndarray:
        flat = np.frombuffer(self._bytes(number, offset, length), _numbers(dtype))
        return flat.reshape(shape, order=order).copy(order="K")

    def _scalar(self, number: int, dtype: str, offset: int, length: int) -> Any:
        return np.frombuffer(self._bytes(number, offset, length), _numbers(dtype))[0]

    def _objects(self, number: int, shape: list[int], items: list[Any]) -> np.ndarray:
        if math.prod(shape) != len(items):
            raise UnreadableError("an array of another size")
        made = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):
            made[i] = self.get(item)
        return made.reshape(shape)

    def _number(self, number: int, dtype: str) -> type:
        return _numbers(dtype).type

    def _class(self, number: int, name: str) -> type:
        module, _, path = name.partition(":")
        if not self._is_allowed(module):
            raise UnreadableError(f"{name} is not a class of the model")
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        if not isinstance(found, type) or _name(found) != name:
            raise UnreadableError(f"{name} is not a class")
        return found

    def _revived(self, number: int, name: str, state: Any) -> Any:
        return self._class(number, name).revived(self.get(state))  # type: ignore[attr-defined]

    def _named_tuple(self, number: int, name: str, items: list[Any]) -> Any:
        kind: Any = self._class(number, name)
        if not issubclass(kind, tuple) or len(kind._fields) != len(items):
            raise UnreadableError(f"{name} with {len(items)} values")
        return tuple.__new__(kind, map(self.get, items))

    def _float(self, number: int, name: str, value: float, attributes: Any) -> Any:
        made: Any = float.__new__(self._class(number, name), value)
        vars(made).update(self.get(attributes))
        return made

    def _group(self, number: int, name: str, state: Any) -> Any:
        kind = self._class(number, name)
        if not issubclass(kind, BaseModel):
            raise UnreadableError(f"{name} is not a group of parameters")
        state = self.get(state)
        made = kind.__new__(kind)
        object.__setattr__(made, "__dict__", state["values"])
        object.__setattr__(made, "__pydantic_fields_set__", state["given"])
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made

    def _object(self, number: int, name: str, attributes: Any) -> Any:
        made: Any = object.__new__(self._class(number, name))
        self._made[number] = made
        for key, value in self.get(attributes).items():
            if key.startswith("__"):
                raise UnreadableError(f"{name} with {key}")
            object.__setattr__(made, key, value)
        return made


def _numbers(dtype: str) -> np.dtype:
    found = np.dtype(dtype)
    if found.kind not in NUMBERS:
        raise UnreadableError(f"an array of {dtype}")
    return found


def _attributes(value: Any) -> dict[str, Any]:
    """Its attributes by name, those in slots too."""
    slots = [
        name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())
        if name not in ("__dict__", "__weakref__") and hasattr(value, name)
    ]  # fmt: skip
    return {**{name: getattr(value, name) for name in slots}, **getattr(value, "__dict__", {})}


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
