"""Reads the project's Markdown pages: links, pictures, headings, code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
_PARSER = MarkdownIt("commonmark").enable("table")


@dataclass
class Page:
    """What a page has in it.

    Attributes:
        path: of the file.
        links, pictures: targets as written.
        anchors: of its headings, as GitHub makes them.
        blocks: (language, code) of fenced code.
        spans: code within lines.
        bold: texts in bold.
    """

    path: Path
    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    blocks: list[tuple[str, str]] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)


def pages() -> list[Path]:
    """All pages: README and the like, docs, READMEs of resources."""
    return sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "resources").rglob("*.md")],
        key=lambda path: path.as_posix(),
    )


def read_page(path: Path) -> Page:
    """Parse a page."""
    page = Page(path)
    tokens = _PARSER.parse(path.read_text(encoding="utf-8"))
    for at, token in enumerate(tokens):
        if token.type == "fence":
            page.blocks.append((token.info.strip(), token.content))
        elif token.type == "code_block":
            page.blocks.append(("", token.content))
        elif token.type == "heading_open":
            page.anchors.add(_unused(_anchor(_text(tokens[at + 1])), page.anchors))
        elif token.type == "inline":
            _read_inline(page, token.children or [])
    return page


def _read_inline(page: Page, tokens: list[Token]) -> None:
    bold: list[str] | None = None
    for token in tokens:
        if token.type == "link_open":
            page.links.append(str(token.attrs["href"]))
        elif token.type == "image":
            page.pictures.append(str(token.attrs["src"]))
        elif token.type == "code_inline":
            page.spans.append(token.content)
        elif token.type == "strong_open":
            bold = []
        elif token.type == "strong_close" and bold is not None:
            page.bold.append("".join(bold))
            bold = None
        if bold is not None and token.type in ("text", "softbreak"):
            bold.append(token.content or " ")


def commands_in(page: Page) -> Iterator[str]:
    """Lines of code blocks and spans, with comments taken off, parts of loops taken apart."""
    for language, code in page.blocks:
        if language == "python":
            continue
        for line in code.replace("\\\n", " ").splitlines():
            plain = line.split("  #")[0].split(" # ")[0]
            yield from (part.strip().removeprefix("do ") for part in plain.replace("&&", ";").split(";"))
    yield from page.spans


def _text(token: Token) -> str:
    return "".join(child.content for child in token.children or [] if child.type in ("text", "code_inline"))


def _anchor(heading: str) -> str:
    """As GitHub: lower case, spaces to dashes, other signs but dashes and underscores away."""
    kept = "".join(sign for sign in heading.strip().lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def _unused(anchor: str, taken: set[str]) -> str:
    number, name = 0, anchor
    while name in taken:
        number += 1
        name = f"{anchor}-{number}"
    return name
