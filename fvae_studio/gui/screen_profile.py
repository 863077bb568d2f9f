"""The colour profile of a screen: photos are converted to it, so that they look on it as they are.

macOS and Wayland take sRGB and convert by themselves; X11 and Windows show what they get, and tell the profile.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import sys
from pathlib import Path
from typing import Final

from PySide6.QtGui import QGuiApplication, QScreen

log = logging.getLogger(__name__)

_MOST_WORDS: Final = 1 << 22
"""Of 4 bytes, of a window property; profiles have some kB to some MB."""


def profile_of(screen: QScreen | None, own_file: str = "") -> bytes | None:
    """The ICC profile of a screen.

    Args:
        screen: None for the first one.
        own_file: path of a profile that a person has chosen; "" asks the system.

    Returns:
        None where there is none, or the system converts by itself: what is shown is sRGB then.
    """
    try:
        if own_file:
            return Path(own_file).expanduser().read_bytes()
        if sys.platform == "win32":
            return _windows_profile()
        if QGuiApplication.platformName() == "xcb":
            screens = QGuiApplication.screens()
            return _x11_profile(screens.index(screen) if screen in screens else 0)
    except Exception:
        # A wrong colour is no reason for no window.
        log.exception("the screen's profile cannot be read")
    return None


def _windows_profile() -> bytes | None:
    from PIL import ImageCms

    found = ImageCms.get_display_profile()
    return found.tobytes() if found is not None else None


def _x11_profile(screen: int) -> bytes | None:
    """`_ICC_PROFILE` of the root window, as colord and others set it; further screens have a number behind it."""
    library = ctypes.util.find_library("X11")
    if library is None:
        return None
    x11 = ctypes.CDLL(library)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = x11.XDefaultRootWindow.restype = ctypes.c_ulong
    x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    for function in (x11.XDefaultRootWindow, x11.XCloseDisplay, x11.XFree):
        function.argtypes = [ctypes.c_void_p]
    pointers = [ctypes.POINTER(kind) for kind in (ctypes.c_ulong, ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong)]
    x11.XGetWindowProperty.argtypes = [
        ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_long, ctypes.c_long, ctypes.c_int, ctypes.c_ulong,
        *pointers, ctypes.POINTER(ctypes.c_void_p),
    ]  # fmt: skip
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    try:
        name = b"_ICC_PROFILE" + (f"_{screen}".encode() if screen else b"")
        atom = x11.XInternAtom(display, name, True)
        kind, bits, count, left, data = (
            ctypes.c_ulong(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_void_p()
        )  # fmt: skip
        if not atom or x11.XGetWindowProperty(
            display, x11.XDefaultRootWindow(display), atom, 0, _MOST_WORDS, False, 0,
            ctypes.byref(kind), ctypes.byref(bits), ctypes.byref(count), ctypes.byref(left), ctypes.byref(data),
        ):  # fmt: skip
            return None
        profile = ctypes.string_at(data.value, count.value) if data.value and bits.value == 8 else b""
        if data.value:
            x11.XFree(data)
        return profile or None
    finally:
        x11.XCloseDisplay(display)
