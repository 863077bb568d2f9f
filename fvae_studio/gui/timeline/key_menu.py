"""The menu of one key of the timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

from fvae_studio.core.timeline import KeyEasing, PhotoKey, SliderKey
from fvae_studio.core.timeline_keys import Key
from fvae_studio.gui.icons import icon
from fvae_studio.gui.timeline.easing_texts import add_easings
from fvae_studio.gui.translation import translate_later as _T


def make_key_menu(
    parent: QWidget,
    key: Key,
    faces: tuple[int, ...],
    *,
    edit: Callable[[Key], None],
    do: Callable[[str], None],
    show_photo: Callable[[], None],
) -> QMenu:
    """What can be done with a key; the menu goes away by itself when it closes.

    Args:
        parent: of the menu.
        key: whose.
        faces: numbers of the faces of its photo; one of several can be chosen.
        edit: called with the key as it shall be.
        do: called with "duplicate" or "delete".
        show_photo: called to see the key's photo itself.
    """
    menu = QMenu(parent)
    # Freed by Python with its last reference otherwise, in the middle of its own signal.
    menu.aboutToHide.connect(menu.deleteLater)
    if isinstance(key, PhotoKey):
        _add_photo_rows(menu, key, faces, edit)
        menu.addSeparator()
        menu.addAction(_tr(_T("timeline", "Show this photo"))).triggered.connect(show_photo)
    else:
        _add_slider_rows(menu, key, edit)
    menu.addSeparator()
    menu.addAction(icon("copy"), _tr(_T("timeline", "Duplicate at the playhead"))).triggered.connect(
        lambda: do("duplicate")
    )
    menu.addAction(icon("trash"), _tr(_T("timeline", "Delete"))).triggered.connect(lambda: do("delete"))
    return menu


def _add_photo_rows(menu: QMenu, key: PhotoKey, faces: tuple[int, ...], edit: Callable[[Key], None]) -> None:
    def set_motion(easing: KeyEasing | None) -> None:
        if easing is not None:
            edit(replace(key, motion=easing))

    add_easings(menu.addMenu(_tr(_T("timeline", "Motion to the next photo"))), key.motion, set_motion)
    blend = menu.addMenu(_tr(_T("timeline", "Blend to the next photo")))
    add_easings(
        blend,
        key.blend,
        lambda easing: edit(replace(key, blend=easing)),
        none_text=_tr(_T("timeline", "As the motion")),
    )
    if len(faces) > 1:
        choice = menu.addMenu(_tr(_T("timeline", "Face that takes part")))
        for number in faces:
            action = choice.addAction(_tr(_T("timeline", "Face {number}")).format(number=number))
            action.setCheckable(True)
            action.setChecked(number == key.face)
            action.triggered.connect(lambda _checked=False, number=number: edit(replace(key, face=number)))


def _add_slider_rows(menu: QMenu, key: SliderKey, edit: Callable[[Key], None]) -> None:
    def set_easing(easing: KeyEasing | None) -> None:
        if easing is not None:
            edit(replace(key, easing=easing))

    add_easings(menu.addMenu(_tr(_T("timeline", "Goes on"))), key.easing, set_easing)


def _tr(text: str) -> str:
    return QCoreApplication.translate("timeline", text)
