"""The pages tell no lies that a machine can find: links, pictures, commands with their options, menus, Python."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
from PIL import Image

from fvae_studio.gui.actions import ACTION_ROWS, MENU_TITLES, plain_text
from fvae_studio.settings import OPTIONS
from tests.docs.markdown import ROOT, Page, commands_in, pages, read_page

PAGES = pages()
OF_USERS = [path for path in PAGES if path.parent in (ROOT / "docs" / "guide", ROOT / "docs" / "howto")]
OF_USERS.append(ROOT / "README.md")
SCREENSHOTS = ROOT / "docs" / "screenshots"
LARGEST_PICTURE = 250_000
"""Bytes."""

NAMES = {path: path.relative_to(ROOT).as_posix() for path in PAGES}


def page_of(path: Path) -> Page:
    return _read(path)


@cache
def _read(path: Path) -> Page:
    return read_page(path)


@pytest.mark.parametrize("path", PAGES, ids=NAMES.get)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    page = page_of(path)
    for target in (*page.links, *page.pictures):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        there = (path.parent / file).resolve() if file else path

        assert there.is_relative_to(ROOT), target
        assert there.exists(), target
        if anchor:
            assert anchor in page_of(there).anchors, target


def test_every_page_of_the_documentation_is_reached_from_its_index() -> None:
    start = ROOT / "docs" / "README.md"
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for target in page_of(here).links:
            there = (here.parent / target.partition("#")[0]).resolve()
            there = there / "README.md" if there.is_dir() else there
            if there.suffix == ".md" and there.exists() and there not in reached:
                reached.add(there)
                waiting.append(there)

    lonely = {path for path in PAGES if path.is_relative_to(ROOT / "docs") and path.parent.name != "adr"} - reached
    assert not lonely


def test_every_screenshot_is_used_small_and_of_the_guide() -> None:
    used = {
        (path.parent / target).resolve()
        for path in PAGES
        for target in page_of(path).pictures
        if not target.startswith("http")
    }
    there = set(SCREENSHOTS.iterdir())

    assert there - used == set()
    for picture in there:
        assert picture.stat().st_size < LARGEST_PICTURE, picture.name
        with Image.open(picture) as opened:
            assert not opened.getexif(), f"{picture.name} tells of the machine that made it"


@cache
def programs() -> dict[str, Any]:
    from fvae_studio.cli.app import app as studio
    from trainer.__main__ import app as train

    return {"fvae-studio": typer.main.get_command(studio), "fvae-train": typer.main.get_command(train)}


@pytest.mark.parametrize("path", PAGES, ids=NAMES.get)
def test_commands_exist_with_their_options(path: Path) -> None:
    for text in commands_in(page_of(path)):
        words = _words(text)
        # Variables of the environment may stand before a command.
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
        if words and words[0] in programs():
            check_command(text, words)


def check_command(text: str, words: list[str]) -> None:
    command, rest = programs()[words[0]], words[1:]
    if words[0] == "fvae-studio" and rest and (not rest[0].startswith("-") or rest[0] == "--smoke"):
        from fvae_studio.__main__ import opens_window

        if opens_window(rest) or rest[0] not in command.commands:
            assert opens_window(rest) or rest[0].isupper(), f"{text!r}: there is no such command"
            return
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"{text!r}: there is no command {rest[0]!r}"
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    for word in rest:
        name = word.partition("=")[0]
        if re.match(r"--?[a-z]", name) and name not in ("--help", "-h"):
            assert name in known or name in ("--install-completion", "--show-completion"), f"{text!r}: {name}"


@pytest.mark.parametrize("path", OF_USERS, ids=NAMES.get)
def test_commands_of_users_pages_can_be_parsed_as_they_stand(path: Path) -> None:
    for language, code in page_of(path).blocks:
        for text in commands_in(Page(path, blocks=[(language, code)])):
            words = _words(text)
            if not words or words[0] not in programs() or len(words) == 1:
                continue
            command = programs()[words[0]]
            if words[1] not in command.commands:
                continue
            chosen, rest = command.commands[words[1]], words[2:]
            if hasattr(chosen, "commands"):
                chosen, rest = chosen.commands[rest[0]], rest[1:]
            if "--help" not in rest:
                chosen.make_context(words[0], list(rest)).close()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


@pytest.mark.parametrize("path", PAGES, ids=NAMES.get)
def test_targets_of_make_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for text in commands_in(page_of(path)):
        words = text.split()
        if words[:1] == ["make"] and len(words) > 1 and re.fullmatch(r"[a-z-]+", words[1]):
            assert words[1] in targets, text


def test_menus_in_bold_exist() -> None:
    titles = {menu: plain_text(title) for menu, title in MENU_TITLES.items()}
    menus: dict[str, set[str]] = {title: set() for title in titles.values()}
    for row in ACTION_ROWS:
        menus[titles[row.menu]].add(plain_text(row.text))
    menus["View"] |= {"Compare", "Overlay", "Appearance", "Panels"}
    menus["File"].add("Open recent")
    options = {option.label for option in OPTIONS}
    seen = 0
    for path in OF_USERS:
        for bold in page_of(path).bold:
            first, *rest = [part.strip() for part in bold.split(" > ")]
            if first not in menus or not rest:
                continue
            seen += 1
            assert rest[0] in menus[first], f"{path.name}: {bold}"
            if len(rest) > 1:
                below = menus.get(rest[0], set()) | (options if rest[0] == "Settings" else set())
                assert rest[1] in below or rest[:1] == ["Models"], f"{path.name}: {bold}"

    assert seen > 30


@pytest.mark.parametrize("path", OF_USERS, ids=NAMES.get)
def test_keys_beside_menus_are_theirs(path: Path) -> None:
    keys = {plain_text(row.text): row.keys for row in ACTION_ROWS}
    text = path.read_text(encoding="utf-8")
    for name, key in re.findall(r"\*\*(?:[\w ]+ > )+([\w ]+)\*\*\s+\(`([^`]+)`\)", text):
        assert key in keys.get(name, (key,)), f"{name}: {key}"


def test_the_guide_has_a_row_for_every_check_box_of_the_export_dialog() -> None:
    source = (ROOT / "fvae_studio" / "gui" / "dialogs" / "export.py").read_text(encoding="utf-8")
    rows = [
        line.split("|")[1].strip().rstrip("… ")
        for line in (ROOT / "docs" / "guide" / "saving.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    texts = re.findall(r'QCheckBox\(self\.tr\("([^"]+)"\)\)', source)

    assert len(texts) >= 3
    assert [text for text in texts if not any(row and text.startswith(row) for row in rows)] == []


@pytest.mark.parametrize("path", PAGES, ids=NAMES.get)
def test_python_compiles(path: Path) -> None:
    if path.parent.name == "reference":
        pytest.skip("signatures")
    for language, code in page_of(path).blocks:
        if language == "python":
            compile(code, path.name, "exec")


def test_no_page_names_a_place_of_the_machine_that_wrote_it() -> None:
    for path in PAGES:
        assert not re.search(r"(?<![\w.~])/(home|root|tmp|work|Users)/", path.read_text(encoding="utf-8")), path
