"""How easings are called, and the menus that offer them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from fvae_studio.core.timeline import KEY_EASINGS, KeyEasing
from fvae_studio.gui.translation import translate_later as _T

_TEXTS: Final[dict[str, str]] = {
    "linear": _T("timeline", "Even"),
    "ease": _T("timeline", "Ease"),
    "ease-in": _T("timeline", "Ease in"),
    "ease-out": _T("timeline", "Ease out"),
    "spline": _T("timeline", "Smooth through the keys"),
    "hold": _T("timeline", "Hold"),
}
_TIPS: Final[dict[str, str]] = {
    "linear": _T("timeline", "At constant speed to the next key"),
    "ease": _T("timeline", "Slow at both ends"),
    "ease-in": _T("timeline", "Slow at the start"),
    "ease-out": _T("timeline", "Slow at the end"),
    "spline": _T("timeline", "Along a smooth curve through all keys"),
    "hold": _T("timeline", "Stay until the next key, then jump"),
}


def easing_text(easing: KeyEasing) -> str:
    """Its name."""
    return QCoreApplication.translate("timeline", _TEXTS[easing])


def easing_tip(easing: KeyEasing) -> str:
    """What it does."""
    return QCoreApplication.translate("timeline", _TIPS[easing])


def add_easings(
    menu: QMenu, chosen: KeyEasing | None, choose: Callable[[KeyEasing | None], None], *, none_text: str = ""
) -> None:
    """Fill a menu with all easings, the chosen one marked.

    Args:
        menu: to fill.
        chosen: the present one.
        choose: called with the one that a person takes.
        none_text: of a first row that chooses None; "" for no such row.
    """
    group = QActionGroup(menu)
    rows: list[tuple[str, KeyEasing | None]] = [(easing_text(one), one) for one in KEY_EASINGS]
    for text, easing in [(none_text, None), *rows] if none_text else rows:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(easing == chosen)
        group.addAction(action)
        action.triggered.connect(lambda _checked=False, easing=easing: choose(easing))
