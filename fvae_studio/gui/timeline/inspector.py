"""One row about the chosen key: when, what, and how it goes on; or a word about what to do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QWidget

from fvae_studio.core.edits import MAX_STRENGTH
from fvae_studio.core.timeline import KEY_EASINGS, MAX_SECONDS, PhotoKey, SliderKey
from fvae_studio.core.timeline_keys import Key
from fvae_studio.gui.dialogs.frame import name
from fvae_studio.gui.timeline.easing_texts import easing_text, easing_tip
from fvae_studio.gui.timeline.track_header import tool_button
from fvae_studio.gui.widgets.number_field import DecimalBox
from fvae_studio.gui.widgets.row_room import hide_all, make_room

_TITLE_PX, _LEAST_PX = 104, 360


class KeyInspector(QWidget):
    """Shows a key and tells what shall be different about it."""

    key_edited = Signal(object)
    """The `Key` as it shall be."""
    duplicate_requested = Signal()
    delete_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key: Key | None = None
        self._wanted: dict[QWidget, bool] = {}
        self._build_ui()
        self._connect()
        self.set_key(None, "")

    def set_key(self, key: Key | None, title: str, faces: tuple[int, ...] = ()) -> None:
        """Show a key; None shows the note.

        Args:
            key: the chosen one.
            title: name of its photo or direction.
            faces: numbers of the faces of its photo.
        """
        self._key = key
        self._pages.setCurrentIndex(0 if key is None else 1)
        if key is None:
            return
        is_photo = isinstance(key, PhotoKey)
        elide = Qt.TextElideMode.ElideMiddle
        self._title.setText(self._title.fontMetrics().elidedText(title, elide, _TITLE_PX - 8))
        self._title.setToolTip(title)
        has_faces = is_photo and len(faces) > 1
        self._wanted = {
            self._blend_label: is_photo,
            self._blend: is_photo,
            self._face_label: has_faces,
            self._face: has_faces,
            self._value_label: not is_photo,
            self._value: not is_photo,
        }
        self._motion_label.setText(self.tr("Motion") if is_photo else self.tr("Goes on"))
        boxes = (self._time, self._value, self._motion, self._blend, self._face)
        blockers = [QSignalBlocker(box) for box in boxes]
        self._time.setValue(key.time_s)
        if isinstance(key, PhotoKey):
            self._motion.setCurrentIndex(self._motion.findData(key.motion))
            self._blend.setCurrentIndex(self._blend.findData(key.blend))
            self._face.clear()
            self._face.addItem(self.tr("choose"), None)
            for number in faces:
                self._face.addItem(str(number), number)
            self._face.setCurrentIndex(max(0, self._face.findData(key.face)))
        else:
            self._value.setValue(key.value * 100)
            self._motion.setCurrentIndex(self._motion.findData(key.easing))
        del blockers
        self._fit_row()

    def set_note(self, note: str) -> None:
        """What is said while no key is chosen."""
        self._note.setText(note)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Another width has room for other fields."""
        super().resizeEvent(event)
        self._fit_row()

    def _fit_row(self) -> None:
        """In a small window, what tooltips, keys and the key's menu tell and do as well makes room, step by step."""
        labels = (self._at, self._value_label, self._motion_label, self._blend_label, self._face_label)
        buttons = (self._duplicate, self._delete)
        for widget in (*labels, self._blend, self._face, self._value, self._title, *buttons):
            widget.setVisible(self._wanted.get(widget, True))
        steps = (labels, (self._blend,), (self._title,), buttons)
        make_room(self._row, self.width(), (partial(hide_all, widgets) for widgets in steps))

    # Building

    def _build_ui(self) -> None:
        self._note = QLabel()
        self._note.setProperty("role", "hint")
        self._note.setContentsMargins(10, 0, 10, 0)
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._title.setFixedWidth(_TITLE_PX)
        self._at = QLabel(self.tr("at"))
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._time, self._value = DecimalBox(), DecimalBox()
        self._time.setRange(0, MAX_SECONDS)
        self._time.setDecimals(3)
        self._time.setSingleStep(0.1)
        self._time.setSuffix(" s")
        self._value.setRange(-MAX_STRENGTH * 100, MAX_STRENGTH * 100)
        self._value.setDecimals(1)
        self._value.setSuffix(" %")
        for spin in (self._time, self._value):
            spin.setKeyboardTracking(False)
            spin.lineEdit().setTextMargins(4, 0, 0, 0)
            spin.setFixedWidth(94)
        self._motion, self._blend, self._face = QComboBox(), QComboBox(), QComboBox()
        self._blend.addItem(self.tr("as the motion"), None)
        for easing in KEY_EASINGS:
            for combo in (self._motion, self._blend):
                combo.addItem(easing_text(easing), easing)
                combo.setItemData(combo.count() - 1, easing_tip(easing), 3)
        for box, width_px in ((self._motion, 122), (self._blend, 122), (self._face, 84)):
            # In a small window narrower than some of the choices; the list is not.
            box.setMinimumWidth(width_px)
            box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            box.view().setMinimumWidth(190)
        name(self._time, self.tr("Time of the key"), self.tr("When, in seconds"))
        name(self._value, self.tr("Strength of the key"), self.tr("On top of the photos' own edits"))
        name(self._motion, self.tr("How the key goes on"), self.tr("How the face moves on to the next key"))
        name(self._blend, self.tr("How the pixels go on"), self.tr("How the pixels pass over to the next photo"))
        name(self._face, self.tr("Face of the photo"), self.tr("Which face takes part"))
        self._motion_label, self._blend_label = QLabel(self.tr("Motion")), QLabel(self.tr("Blend"))
        self._face_label, self._value_label = QLabel(self.tr("Face")), QLabel(self.tr("Strength"))
        self._duplicate = tool_button(
            "copy", self.tr("Duplicate the key"), self.tr("The same key once more, at the playhead (D)")
        )
        self._delete = tool_button("trash", self.tr("Delete the key"), self.tr("Take the key away (Del)"))
        row = QWidget()
        self._row = layout = QHBoxLayout(row)
        layout.setContentsMargins(10, 0, 8, 0)
        layout.setSpacing(7)
        layout.addWidget(self._title)
        layout.addWidget(self._at)
        layout.addWidget(self._time)
        for label, field in (
            (self._value_label, self._value),
            (self._motion_label, self._motion),
            (self._blend_label, self._blend),
            (self._face_label, self._face),
        ):
            layout.addWidget(label)
            layout.addWidget(field)
        layout.addWidget(self._duplicate)
        layout.addWidget(self._delete)
        layout.addStretch(1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._note)
        self._pages.addWidget(row)
        self.setFixedHeight(34)
        # Fields that are hidden count otherwise.
        self.setMinimumWidth(_LEAST_PX)

    def _connect(self) -> None:
        self._time.valueChanged.connect(self._on_edited)
        self._value.valueChanged.connect(self._on_edited)
        for box in (self._motion, self._blend, self._face):
            box.activated.connect(self._on_edited)
        self._duplicate.clicked.connect(self.duplicate_requested)
        self._delete.clicked.connect(self.delete_requested)

    @Slot()
    def _on_edited(self, _value: object = None) -> None:
        key = self._key
        if isinstance(key, PhotoKey):
            face = self._face.currentData() if self._face.isVisibleTo(self) else key.face
            blend = self._blend.currentData()
            self.key_edited.emit(
                replace(key, time_s=self._time.value(), motion=self._motion.currentData(), blend=blend, face=face)
            )
        elif isinstance(key, SliderKey):
            changed = replace(key, time_s=self._time.value(), value=self._value.value() / 100)
            self.key_edited.emit(replace(changed, easing=self._motion.currentData()))
