"""Project files, recipes, presets, settings, directions and weights that nobody saved, made by code."""

from __future__ import annotations

import copy
import json
import random
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.flow_io import write_flow
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.presets import Preset
from fvae_studio.core.project_file import PhotoView, Project, ProjectPhoto, save_project
from fvae_studio.core.timeline import PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.types import FlowField
from tests.helpers.fake_faces import make_face
from tests.torture.images import BadFile, cut_out, flip_bits, lie_about_length, truncate

_TRAVERSALS = (
    "../../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\win.ini",
    "C:\\con",
    "\0",
    "a\0b",
    "~/x",
    "//host/x",
)
STRANGE: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**31, 2**63, 10**40, -(10**40), 1e308, -1e308, 1e-320, 0.5, "", "x", "1", "\u202e",
    "\ud800", [], [[]], {}, {"a": 1}, [None] * 50, "y" * 20_000, "🙂" * 300, *_TRAVERSALS,
)  # fmt: skip
"""Values where others were meant."""

_TEXTS = {
    "NaN": "NaN",
    "infinity": "Infinity",
    "a number beyond floats": "1e999",
    "minus a number beyond floats": "-1e999",
    "a number of 5000 digits": "9" * 5000,
    "a number of 400 digits": "9" * 400,
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "lists 900 deep": "[" * 900 + "]" * 900,
}
"""What JSON values cannot be made from Python's."""


def document_files(*, per_place: int, seed: int = 0) -> Iterator[BadFile]:
    """Bad documents of every kind.

    Args:
        per_place: strange values for each place of a document where one stands.
        seed: of all choices.
    """
    for kind, (suffix, value) in sorted(_json_documents().items()):
        text = json.dumps(value)
        yield from _strange_values(kind, suffix, value, per_place, seed)
        for name, piece in _TEXTS.items():
            for at, place in enumerate(_places(value)):
                if at % 4 == 0:
                    yield BadFile(
                        kind, "giant numbers, deep nesting", f"{name} at {place}", _with(value, place, piece), suffix
                    )
            yield BadFile(kind, "giant numbers, deep nesting", f"{name} alone", piece.encode(), suffix)
        yield from _damaged(kind, suffix, text.encode(), 3 * per_place, seed)
        for name, content in {
            "nothing": b"", "null": b"null", "a number": b"1", "a list": b"[]", "an object": b"{}", "zeros": bytes(999),
            "UTF-16": text.encode("utf-16"), "a mark first": b"\xef\xbb\xbf" + text.encode(), "latin-1": b'{"\xe4": 1}',
            "a key twice": text.replace("{", '{"schema": 1, "schema": 2, ', 1).encode(),
        }.items():  # fmt: skip
            yield BadFile(kind, "no such document", name, content, suffix)
    for kind, (suffix, content) in sorted(_binary_documents().items()):
        yield from _damaged(kind, suffix, content, 12 * per_place, seed)
        if kind == "weights":
            yield from _bad_headers(content, per_place, seed)


def _damaged(kind: str, suffix: str, content: bytes, count: int, seed: int) -> Iterator[BadFile]:
    for mutate in (truncate, flip_bits, lie_about_length, cut_out):
        for number in range(count):
            name = f"{kind}, {mutate.__name__}, {number}, {seed}"
            yield BadFile(kind, "damaged bytes", name, mutate(content, random.Random(name)), suffix)


def _strange_values(kind: str, suffix: str, value: Any, per_place: int, seed: int) -> Iterator[BadFile]:
    for place in _places(value):
        choose = random.Random(f"{kind} {place} {seed}")
        for strange in choose.sample(STRANGE, per_place):
            changed = copy.deepcopy(value)
            _set(changed, place, strange)
            name = f"{str(strange)[:20]!r} at {place}"
            yield BadFile(kind, "wrong types and paths", name, json.dumps(changed).encode(), suffix)
        missing = copy.deepcopy(value)
        _delete(missing, place)
        yield BadFile(kind, "missing entries", f"without {place}", json.dumps(missing).encode(), suffix)


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*before, key)
        yield from _places(inner, (*before, key))


def _set(value: Any, place: tuple[Any, ...], new: Any) -> None:
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = new


def _delete(value: Any, place: tuple[Any, ...]) -> None:
    for key in place[:-1]:
        value = value[key]
    del value[place[-1]]


def _with(value: Any, place: tuple[Any, ...], text: str) -> bytes:
    changed = copy.deepcopy(value)
    _set(changed, place, "@@@")
    return json.dumps(changed).replace('"@@@"', text).encode()


@cache
def _json_documents() -> dict[str, tuple[str, Any]]:
    """By kind: suffix and a good document as plain values."""
    edits = EditState(None, (FaceEdit.of({"smile": 0.4}), FaceEdit.of({"brows_up": -0.3}, face=2)))
    timeline = Timeline(
        (PhotoKey(0.0, 0), PhotoKey(1.0, 0)), (SliderTrack("smile", (SliderKey(0.0, 0.0), SliderKey(1.0, 0.5))),)
    )
    photo = ProjectPhoto(
        Path("a.jpg"),
        "0" * 64,
        9,
        PhotoEdit(edits, 0.8, (make_face((60, 60), crop_px=40),)),
        False,
        PhotoView(1.0, 2.0, 3.0),
        1,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "good.fvae"
        save_project(Project((photo,), 0, {"overlay": "arrows"}, timeline), path)
        project = json.loads(path.read_bytes())
    project["photos"][0] |= {"path": "a.jpg", "absolute": "/nowhere/a.jpg"}
    return {
        "project": (".fvae", project),
        "recipe": (".json", json.loads(edits.to_json())),
        "preset": (".json", json.loads(Preset.of("Mine", {"smile": 0.5}).to_json())),
        "settings": (".json", {"schema": 1, "values": {
            "theme": "dark", "text_px": 15, "recent": ["a"], "shortcuts": {"open": ["Ctrl+O"]}, "link_sides": False,
            "window": {"geometry": "AAAA"}, "export": {"format": "JPEG", "quality": 80, "pattern": "{name}", "size": 9},
        }}),
    }  # fmt: skip


@cache
def _binary_documents() -> dict[str, tuple[str, bytes]]:
    """By kind: suffix and a good file."""
    from fvae_studio.model.checkpoint import save_checkpoint
    from tests.helpers.tiny_model import make_tiny_model

    found = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.safetensors"
        save_checkpoint(path, make_tiny_model())
        found["weights"] = (".safetensors", path.read_bytes())
        for suffix in (".flo", ".exr", ".npz"):
            field = FlowField(np.ones((6, 5, 2), np.float32), np.ones((6, 5), np.float32))
            found["flow" + suffix] = (suffix, write_flow(Path(folder) / f"a{suffix}", field).read_bytes())
    return found


def _bad_headers(content: bytes, per_place: int, seed: int) -> Iterator[BadFile]:
    """Weights whose header says strange things; its length fits."""
    (length,) = struct.unpack_from("<Q", content)
    outer, tensors = json.loads(content[8 : 8 + length]), content[8 + length :]
    inner = json.loads(outer["__metadata__"]["fvae_studio"])

    def packed(header: bytes) -> bytes:
        return struct.pack("<Q", len(header)) + header + tensors

    for place in _places(inner):
        for strange in random.Random(f"{place} {seed}").sample(STRANGE, per_place):
            changed = copy.deepcopy(inner)
            _set(changed, place, strange)
            told = outer | {"__metadata__": {"fvae_studio": json.dumps(changed)}}
            yield BadFile(
                "weights",
                "wrong types and paths",
                f"{str(strange)[:20]!r} at {place}",
                packed(json.dumps(told).encode()),
                ".safetensors",
            )
    for name, piece in _TEXTS.items():
        for inside in ({"fvae_studio": "@@@"}, {"fvae_studio": piece}):
            header = json.dumps(outer | {"__metadata__": inside}).replace('"@@@"', piece)
            yield BadFile("weights", "giant numbers, deep nesting", name, packed(header.encode()), ".safetensors")
    for name in [name for name in outer if name != "__metadata__"][:4]:
        for offsets in ([0, 0], [0, 10**12], [-1, 4], [4, 0], [0, 2**64], "x", [1.5, 2]):
            told = outer | {name: outer[name] | {"data_offsets": offsets}}
            yield BadFile(
                "weights", "wrong lengths", f"{name} at {offsets}", packed(json.dumps(told).encode()), ".safetensors"
            )
    for first in (b"PK\3\4", b"\x80\4", b"\x80\2", b"{", b"\xff" * 8, bytes(8)):
        yield BadFile("weights", "no such document", repr(first), first + content[8:], ".safetensors")
