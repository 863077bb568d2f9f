"""Manual pages from the command line's own help: `fvae-studio.1` and one page per command."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from fvae_studio import __version__
from fvae_studio.cli.app import app

_WINDOW = (
    "Without a command the Studio's window opens, with the photos, folders or the project that are named. "
    "A file called like a command is opened by its path, such as ./edit."
)


def write(folder: Path, *, epoch: int) -> list[Path]:
    """Write the pages.

    Args:
        folder: where to; it is made.
        epoch: seconds since 1970 of the date in the pages.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    date = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    group: Any = typer.main.get_command(app)
    context = group.make_context("fvae-studio", ["models"], resilient_parsing=True)
    pages = {"fvae-studio": _page("fvae-studio", group, context, date)}
    for name, command in sorted(group.commands.items()):
        inner = command.make_context(f"fvae-studio {name}", [], parent=context, resilient_parsing=True)
        pages[f"fvae-studio-{name}"] = _page(f"fvae-studio {name}", command, inner, date)
    files = []
    for name, page in pages.items():
        files.append(folder / f"{name}.1")
        files[-1].write_text(page, encoding="utf-8", newline="\n")
    return files


def _page(title: str, command: Any, context: Any, date: str) -> str:
    name = title.replace(" ", "-")
    about = " ".join((command.help or "").split("\n\n", 1)[0].split())
    lines = [f'.TH "{name.upper()}" 1 "{date}" "FVAE Studio {__version__}" "FVAE Studio"', ".SH NAME"]
    lines.append(f"{name} \\- {_roff(command.get_short_help_str(limit=200).rstrip('.'))}")
    usage = " ".join(command.collect_usage_pieces(context))
    lines += [".SH SYNOPSIS", f".B {_roff(title)}", _roff(usage)]
    commands = sorted(getattr(command, "commands", {}).items())
    if commands:
        lines += [".br", f".B {_roff(title)}", "[PHOTO|FOLDER|PROJECT...]"]
    lines += [".SH DESCRIPTION", _roff(about)]
    rest = (command.help or "").split("\n\n", 1)[1:]
    lines += [".PP\n" + _roff(" ".join(part.split())) for text in rest for part in text.split("\n\n")]
    if commands:
        lines += [".PP", _roff(_WINDOW), ".SH COMMANDS"]
        lines += [_entry(f"{title} {inner}", one.get_short_help_str(limit=200)) for inner, one in commands]
    records = [(parameter, parameter.get_help_record(context)) for parameter in command.get_params(context)]
    options = [record for _, record in records if record is not None]
    if options:
        lines += [".SH OPTIONS", *(_entry(*record) for record in options)]
    if command.epilog:
        lines += _epilog(command.epilog)
    if commands:
        lines += [".SH SEE ALSO", _roff(", ".join(f"fvae-studio-{inner}(1)" for inner, _ in commands))]
    return "\n".join(lines) + "\n"


def _epilog(text: str) -> list[str]:
    """Examples as they stand, else a paragraph of notes."""
    heading, _, body = text.partition("\b")
    if not body:
        return [".SH NOTES", _roff(" ".join(text.split()))]
    return [f".SH {heading.strip().rstrip(':').upper()}", ".nf", _roff(textwrap.dedent(body).strip("\n")), ".fi"]


def _entry(name: str, about: str) -> str:
    return f".TP\n.B {_roff(name)}\n{_roff(' '.join(about.split()))}"


def _roff(text: str) -> str:
    """Escaped for roff: backslashes, hyphens that are meant as such, and dots that begin a line."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in escaped.split("\n"))
