"""Takes out of PyInstaller's collection what is never loaded: unused parts of libraries, orphans, symbols."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

Entry = tuple[str, str, str]
"""PyInstaller's: place in the program's folder, file on this machine, kind."""

_UNWANTED: Final = re.compile(
    "|".join(
        (
            # OpenCV's windows, and the parts of Qt that nothing here loads.
            r"cv2/qt/",
            r"PySide6/Qt/qml/",
            r"PySide6/(Qt/)?translations/(?!qtbase_(de|en)\.qm)",
            r"PySide6/(Qt/)?plugins/(?!platforms/|imageformats/|iconengines/|platforminputcontexts/|platformthemes/"
            r"|wayland-|xcbglintegrations/|styles/)",
            r"PySide6/(Qt/)?plugins/platforms/.*(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc|webgl|direct2d)",
            r"PySide6/(Qt/)?plugins/imageformats/.*q(pdf|tga|wbmp|icns|tiff)",
            r"PySide6/(Qt/)?plugins/platforminputcontexts/.*virtualkeyboard",
            r"PySide6/(Qt/)?plugins/wayland-graphics-integration-server/",
            # It loads the desktop's own GTK; portals bring the same dialogs.
            r"PySide6/(Qt/)?plugins/platformthemes/.*gtk3",
            r"PySide6/opengl32sw\.dll",
            # Where and how the build machine installed a package.
            r".*\.dist-info/(RECORD|REQUESTED|INSTALLER|direct_url\.json)$",
            r".*\.egg-info/",
            # What every desktop has, and has to have in its own version: they belong to its drivers and its fonts.
            r"lib(gtk-3|gdk-3|glib-2\.0|gthread-2\.0|gobject-2\.0|gio-2\.0|gmodule-2\.0|GLX?|EGL|OpenGL|GLdispatch|drm"
            r"|gbm|wayland-[a-z]+|stdc\+\+|gcc_s|fontconfig|freetype|dbus-1|systemd|X11|xcb|Xau|Xdmcp|bsd)\.so",
        )
    )
)

_STRIPPED: Final = re.compile(r"mediapipe/|libpython3")
"""Built with the names of all functions, which only a debugger reads; other wheels are stripped already."""


def trim(entries: Iterable[Entry], scratch: Path) -> list[Entry]:
    """The entries without what is never loaded, on Linux with smaller libraries.

    Args:
        entries: PyInstaller's binaries or data files.
        scratch: folder for the smaller libraries.
    """
    kept = [entry for entry in entries if not _UNWANTED.match(entry[0].replace("\\", "/"))]
    if sys.platform.startswith("linux"):
        kept = [_strip(entry, scratch) for entry in without_orphans(kept)]
    return kept


def without_orphans(entries: list[Entry]) -> list[Entry]:
    """Leave out shared libraries that were collected for something that has been taken out.

    A library stays if another one links to it, or if it is no mere library: compiled modules of Python and plugins of
    Qt are opened by name.
    """
    # Two wheels may bring one file under one name, and a link to it lies beside the program.
    libraries: dict[str, list[Entry]] = defaultdict(list)
    kept: list[Entry] = []
    for entry in entries:
        if _is_linked(entry):
            libraries[PurePosixPath(entry[0]).name].append(entry)
        else:
            kept.append(entry)
    waiting = [entry for entry in kept if entry[2] in {"BINARY", "EXTENSION"}]
    while waiting:
        for name in _linked_by(Path(waiting.pop()[1])) & libraries.keys():
            found = libraries.pop(name)
            kept += found
            waiting += [entry for entry in found if entry[2] != "SYMLINK"]
    left = {entry[0] for entry in kept}
    return [entry for entry in entries if entry[0] in left]


def _is_linked(entry: Entry) -> bool:
    place = PurePosixPath(entry[0])
    if not re.match(r"lib.*\.so(\.|$)", place.name) or "plugins" in place.parts:
        return False
    return entry[2] in {"BINARY", "SYMLINK"} and not place.name.startswith("libpython3")


def _linked_by(file: Path) -> set[str]:
    """Names of the libraries that a file links to, those of its libraries included."""
    from PyInstaller.depend.bindepend import get_imports

    return {name for name, _ in get_imports(str(file))}


def _strip(entry: Entry, scratch: Path) -> Entry:
    place, file, kind = entry
    if kind not in {"BINARY", "EXTENSION"} or not _STRIPPED.match(place) or shutil.which("strip") is None:
        return entry
    smaller = scratch / place
    smaller.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["strip", "--strip-unneeded", "-o", str(smaller), file], check=True)
    return place, str(smaller), kind
