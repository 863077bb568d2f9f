"""Writes the reference pages from the program itself: commands and their options, Python API, menus, keys, settings.

    python packaging/reference.py            # writes docs/reference
    python packaging/reference.py --check    # tells which pages differ from the program

`make docs` is the first; a test is the second.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import typer

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "reference"
NOTE: Final = "<!-- Made by `make docs` from the program. Change the program, not this page. -->\n\n"

_NO_LIMIT: Final = (None, None)


def pages() -> dict[str, str]:
    """All pages by file name."""
    from api_reference import python_page
    from studio_reference import studio_page

    makers: dict[str, Callable[[], str]] = {
        "command-line.md": command_line_page,
        "training.md": training_page,
        "python.md": python_page,
        "studio.md": studio_page,
    }
    return {name: NOTE + make().rstrip() + "\n" for name, make in makers.items()}


def differing(folder: Path = FOLDER) -> list[str]:
    """Names of the pages that are not what the program says."""
    return [
        name
        for name, text in pages().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def command_line_page() -> str:
    """`fvae-studio`."""
    from fvae_studio.cli.app import app

    return "\n".join(_of_program("fvae-studio", "Command line", typer.main.get_command(app)))


def training_page() -> str:
    """`fvae-train`."""
    from trainer.__main__ import app

    return "\n".join(_of_program("fvae-train", "Training commands", typer.main.get_command(app)))


def commands_of(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """("fvae-train study make", its command) of all commands of a group, and of groups in it."""
    for name, command in group.commands.items():
        path = f"{prefix} {name}"
        if hasattr(command, "commands"):
            yield from commands_of(command, path)
        elif not command.hidden:
            yield path, command


def _of_program(program: str, title: str, group: Any) -> Iterator[str]:
    yield f"# {title}: `{program}`\n"
    yield from _paragraphs(group.help)
    if group.epilog:
        yield from _paragraphs(group.epilog)
    commands = list(commands_of(group, program))
    yield "| command | |\n| --- | --- |"
    for path, command in commands:
        yield f"| [`{path}`](#{anchor(path)}) | {_first_sentence(command)} |"
    yield ""
    for path, command in commands:
        yield f"## {path}\n"
        yield from _of_command(path, command)


def _of_command(path: str, command: Any) -> Iterator[str]:
    types = get_type_hints(inspect.unwrap(command.callback), include_extras=True)
    arguments = [one for one in command.params if not one.opts[0].startswith("-")]
    options = [one for one in command.params if one.opts[0].startswith("-") and not getattr(one, "hidden", False)]
    required = [f"{max(one.opts, key=len)} {_value(one, types)}" for one in options if one.required]
    rest = ["[OPTIONS]"] if len(options) > len(required) else []
    usage = [path, *(_placeholder(one) for one in arguments), *required, *rest]
    yield f"```\n{' '.join(usage)}\n```\n"
    yield from _paragraphs(command.help)
    if arguments:
        yield "| argument | |\n| --- | --- |"
        for one in arguments:
            yield f"| `{_placeholder(one)}` | {_help(one, types)} |"
        yield ""
    if options:
        yield "| option | value | |\n| --- | --- | --- |"
        for one in options:
            names = ", ".join(f"`{name}`" for name in sorted(one.opts, key=len, reverse=True))
            if one.secondary_opts:
                names += " / " + ", ".join(f"`{name}`" for name in one.secondary_opts)
            value = "" if one.is_flag else f"`{_value(one, types)}`".replace("|", "\\|")
            yield f"| {names} | {value} | {_help(one, types)} |"
        yield ""
    yield from _examples(command.epilog)


def _placeholder(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _value(parameter: Any, types: Mapping[str, Any]) -> str:
    """What is written behind an option."""
    if parameter.metavar:
        return str(parameter.metavar)
    kind = _bare(types[parameter.name])
    choices = _choices(kind)
    if choices:
        return "|".join(choices)
    low, high = _limits(types[parameter.name])
    number = {int: "N", float: "X"}.get(kind, "")
    if number and low is not None and high is not None:
        return f"{low:g}..{high:g}"
    if number and low is not None:
        return f"{low:g}.."
    return number or {Path: "PATH"}.get(kind, "TEXT")


def _help(parameter: Any, types: Mapping[str, Any]) -> str:
    notes = []
    default = parameter.default
    if parameter.multiple and "repeated" not in parameter.help and "several times" not in parameter.help:
        notes.append("may be given several times")
    if parameter.required and parameter.opts[0].startswith("-"):
        notes.append("required")
    if _bare(types[parameter.name]) is bool:
        if parameter.secondary_opts:
            notes.append(f"default: `{(parameter.opts if default else parameter.secondary_opts)[0]}`")
    elif default is not None and parameter.show_default and not callable(default) and default != [] and default != "":
        shown = default.as_posix() if isinstance(default, Path) else getattr(default, "value", default)
        notes.append(f"default: `{shown}`")
    text = " ".join((parameter.help or "").split()).replace("|", "\\|")
    return f"{text} *({', '.join(notes)})*" if notes else text


def _bare(annotation: Any) -> Any:
    """The type within Annotated, Optional and list."""
    while True:
        if hasattr(annotation, "__metadata__"):
            annotation = annotation.__origin__
            continue
        inner = [one for one in get_args(annotation) if one is not type(None)]
        if get_origin(annotation) in (list, tuple) or (len(inner) < len(get_args(annotation)) and len(inner) == 1):
            annotation = inner[0]
            continue
        return annotation


def _choices(kind: Any) -> list[str]:
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return [str(one.value) for one in kind.__members__.values()]
    return [str(one) for one in get_args(kind)]


def _limits(annotation: Any) -> tuple[float | None, float | None]:
    for info in getattr(annotation, "__metadata__", ()):
        if hasattr(info, "min"):
            return info.min, info.max
    return _NO_LIMIT


def _first_sentence(command: Any) -> str:
    text = command.short_help or (command.help or "").split("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


def _paragraphs(text: str | None) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        if paragraph:
            yield " ".join(paragraph.split()) + "\n"


def _examples(epilog: str | None) -> Iterator[str]:
    if not epilog or "\b" not in epilog:
        return
    _, lines = epilog.split("\b")
    yield "```\n" + inspect.cleandoc(lines) + "\n```\n"


def anchor(heading: str) -> str:
    """The fragment that GitHub gives a heading: lower case, spaces to dashes, no other signs."""
    kept = "".join(sign for sign in heading.strip().lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main() -> int:
    """Write the pages, or (`--check`) tell which are old."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a page is old")
    if parser.parse_args().check:
        old = differing()
        for name in old:
            print(f"docs/reference/{name} is not what the program says: run `make docs`", file=sys.stderr)
        return int(bool(old))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        print(FOLDER / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
