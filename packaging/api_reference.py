"""The page of the Python API, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

_INDENT: Final = "    "
_LONGEST_LINE: Final = 100
_SECTION: Final = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$")
_ITEM: Final = re.compile(r"^(\*{0,2}[A-Za-z_][\w, *]*): (.*)$")


def python_page() -> str:
    """What scripts and notebooks use."""
    import fvae_studio
    from fvae_studio import api, errors
    from fvae_studio.core import edits, geometry, mouth_choice, photo_io, types
    from fvae_studio.pipeline import engine

    groups: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        (
            "Open, edit, save",
            "`from fvae_studio import open_photo, OpenedPhoto`",
            (api.open_photo, api.OpenedPhoto),
        ),
        (
            "Values",
            "What goes in and what comes out; all of them frozen.",
            (
                edits.EditState,
                edits.FaceEdit,
                mouth_choice.MouthChoice,
                photo_io.WriteOptions,
                types.Photo,
                types.Face,
                types.FlowField,
                types.RenderResult,
                geometry.Rect,
                geometry.SimilarityTransform,
            ),
        ),
        (
            "Engine",
            "Flows, crops, clips: what `open_photo` is made of. One engine belongs to one thread at a time.",
            (engine.Engine,),
        ),
    )
    missing = set(fvae_studio.__all__) - {"__version__", *(one.__name__ for one in groups[0][2])}
    assert not missing, f"public, but on no page: {missing}"
    lines = ["# Python\n", _intro(api), ""]
    for title, words, members in groups:
        lines += [f"## {title}\n", f"{words}\n"]
        for member in members:
            lines += _of_class(member) if inspect.isclass(member) else _of_function(member, "###")
    lines += ["## Errors\n", "`from fvae_studio import errors`. A message is a sentence for a person.\n"]
    tree = inspect.getdoc(errors) or ""
    lines.append("```\n" + tree.split("```")[1].strip("\n") + "\n```\n")
    return "\n".join(lines)


def _intro(api: Any) -> str:
    """The module's docstring, its code marked as Python."""
    text = inspect.getdoc(api) or ""
    return text.replace("```\nfrom", "```python\nfrom", 1) + "\n"


def _of_class(cls: type) -> Iterator[str]:
    yield f"### {cls.__name__}\n"
    yield f"`{cls.__module__}.{cls.__name__}`\n"
    yield from _docstring(cls)
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"#### {cls.__name__}.{name}\n"
            yield from _docstring(member)
        elif isinstance(member, staticmethod | classmethod):
            yield from _of_function(member.__func__, "####", owner=cls.__name__, static=True)
        elif inspect.isfunction(member):
            yield from _of_function(member, "####", owner=cls.__name__)


def _of_function(function: Any, level: str, *, owner: str = "", static: bool = False) -> Iterator[str]:
    name = f"{owner}.{function.__name__}" if owner else function.__name__
    yield f"{level} {name}\n"
    yield f"```python\n{_signature(name, function, is_bound=bool(owner) and not static)}\n```\n"
    yield from _docstring(function)


_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def _signature(name: str, function: Any, *, is_bound: bool) -> str:
    """As it stands in the source: annotations are strings there, so `inspect` would show them in quotes."""
    signature = inspect.signature(function)
    parts, needs_star = [], True
    for parameter in list(signature.parameters.values())[is_bound:]:
        stars = _STARS.get(parameter.kind, "")
        if parameter.kind is parameter.KEYWORD_ONLY and needs_star:
            parts.append("*")
        needs_star = needs_star and parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        parts.append(f"{stars}{parameter.name}: {parameter.annotation}{default}")
    result = f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(parts)}){result}"
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def _docstring(member: Any) -> Iterator[str]:
    """Google's sections as lists."""
    section, item = "", ""
    paragraph: list[str] = []
    for line in (*(inspect.getdoc(member) or "").splitlines(), ""):
        if not section and not line.strip():
            if paragraph:
                yield " ".join(paragraph) + "\n"
            paragraph = []
        if (found := _SECTION.match(line)) is not None:
            section = found[1]
            yield f"{section}:\n"
        elif section and line.startswith(_INDENT * 2):
            item += " " + line.strip()
        elif section and line.startswith(_INDENT):
            if item:
                yield item
            named = _ITEM.match(line.strip())
            item = f"- `{named[1]}`: {named[2]}" if named else f"- {line.strip()}"
        elif section:
            if item:
                yield item + "\n"
            item = ""
            section = "" if line.strip() else section
            if line.strip():
                paragraph = [line.strip()]
        elif line.strip():
            paragraph.append(line.strip())
