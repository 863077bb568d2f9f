"""Writing ONNX models: the few messages of its protocol buffers that a convolutional network needs.

The `onnx` package writes them too, but brings 17 MB and half a second of imports to every start for what are eighty
lines here. ONNX Runtime checks all of it when it loads a graph.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

IR_VERSION: Final = 8
OPSET: Final = 17
"""Operators as of ONNX 1.12, which every runtime of the last years knows."""

Dimension: TypeAlias = int | str
"""A size, or the name of one that is known when the graph runs."""

Attribute: TypeAlias = int | float | str | Sequence[int]

_FLOAT: Final = 1
_INT64: Final = 7


class OnnxGraph:
    """A graph under construction: values have names, and every operator's output gets one."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def input(self, name: str, shape: Sequence[Dimension]) -> str:
        """Declare a float32 input; returns its name."""
        self._inputs.append(_value_info(name, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[Dimension]) -> None:
        """Declare that a value is told outside, under that name."""
        self._nodes.append(_node("Identity", [value], name, {}))
        self._outputs.append(_value_info(name, shape))

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """A tensor that travels with the graph; returns its name."""
        name = self._next("c")
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        raw = np.ascontiguousarray(values, "<i8" if kind == _INT64 else "<f4").tobytes()
        dims = b"".join(_varint_field(1, size) for size in values.shape)
        self._constants.append(dims + _varint_field(2, kind) + _bytes_field(8, name.encode()) + _bytes_field(9, raw))
        return name

    def apply(self, operator: str, *values: str, **attributes: Attribute) -> str:
        """An operator on values; returns the name of its output. An empty name leaves an optional input out."""
        name = self._next("v")
        self._nodes.append(_node(operator, values, name, attributes))
        return name

    def to_bytes(self) -> bytes:
        """The whole model file."""
        graph = b"".join(
            [_bytes_field(1, node) for node in self._nodes]
            + [_bytes_field(2, self._name.encode())]
            + [_bytes_field(5, constant) for constant in self._constants]
            + [_bytes_field(11, one) for one in self._inputs]
            + [_bytes_field(12, one) for one in self._outputs]
        )
        opset = _bytes_field(1, b"") + _varint_field(2, OPSET)
        return _varint_field(1, IR_VERSION) + _bytes_field(7, graph) + _bytes_field(8, opset)

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


def _node(operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute]) -> bytes:
    return b"".join(
        [_bytes_field(1, value.encode()) for value in inputs]
        + [_bytes_field(2, output.encode()), _bytes_field(3, f"{operator}_{output}".encode())]
        + [_bytes_field(4, operator.encode())]
        + [_bytes_field(5, _attribute(name, value)) for name, value in attributes.items()]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    named = _bytes_field(1, name.encode())
    if isinstance(value, str):
        return named + _bytes_field(4, value.encode()) + _varint_field(20, 3)
    if isinstance(value, float):
        return named + _tag(2, 5) + struct.pack("<f", value) + _varint_field(20, 1)
    if isinstance(value, int):
        return named + _varint_field(3, value) + _varint_field(20, 2)
    return named + b"".join(_varint_field(8, item) for item in value) + _varint_field(20, 7)


def _value_info(name: str, shape: Sequence[Dimension]) -> bytes:
    sizes = [_varint_field(1, size) if isinstance(size, int) else _bytes_field(2, size.encode()) for size in shape]
    tensor = _varint_field(1, _FLOAT) + _bytes_field(2, b"".join(_bytes_field(1, size) for size in sizes))
    return _bytes_field(1, name.encode()) + _bytes_field(2, _bytes_field(1, tensor))


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint_field(number: int, value: int) -> bytes:
    return _tag(number, 0) + _varint(value)


def _bytes_field(number: int, content: bytes) -> bytes:
    return _tag(number, 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
