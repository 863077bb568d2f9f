"""The sliders of the loaded model in groups, for one face or all, with search and the amount of the whole edit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontInfo, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.gui.icons import icon
from fvae_studio.gui.panels.face_choice import FaceChoice
from fvae_studio.gui.shipped_texts import mouth_group
from fvae_studio.gui.widgets.amount_slider import AmountSlider
from fvae_studio.gui.widgets.group import INDENT_PX, CollapsibleGroup
from fvae_studio.gui.widgets.mouth_box import MouthBox
from fvae_studio.gui.widgets.strength_slider import StrengthSlider
from fvae_studio.pipeline.requests import DirectionInfo

_WIDTH_EMS: Final = 20.8
"""Of a panel that can be read, in heights of the text; what is in it may need more."""


class SliderPanel(QWidget):
    """Shows the strengths of the chosen face and tells what a person wants of them."""

    strength_changed = Signal(str, float)
    """(name, strength) of one direction, while it happens."""
    strengths_changed = Signal(dict)
    """{name: strength} of a linked pair, in the place of two `strength_changed`: one step of the history."""
    strength_settled = Signal(str)
    """The hand let go of that slider."""
    reset_requested = Signal()
    """Everything of the chosen face (or of all faces) back to zero."""
    face_chosen = Signal(object)
    """A face's number, or None for all faces."""
    amount_changed = Signal(float)
    """0..1.5, while it happens."""
    amount_settled = Signal()
    links_toggled = Signal(bool)
    """Left and right shall move together, or apart."""
    mouth_chosen = Signal(object)
    """A `MouthChoice` for the chosen face (or all faces)."""
    mouth_photo_requested = Signal()
    """Teeth shall come from another photo: which one is to be asked."""
    group_toggled = Signal(str, bool)
    """A group was opened or closed: (title, is open)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._directions: dict[str, DirectionInfo] = {}
        self._sliders: dict[str, StrengthSlider] = {}
        self._told: dict[str, float] = {}
        # By hand, since strengths were told.
        self._moved: set[str] = set()
        self._groups: dict[str, CollapsibleGroup] = {}
        self._mouth: MouthBox | None = None
        self._closed: set[str] = set()
        self._build_ui()
        self._connect()
        self.set_faces((), None)

    def slider(self, name: str) -> StrengthSlider:
        """The slider of that direction."""
        return self._sliders[name]

    def set_directions(self, directions: tuple[DirectionInfo, ...]) -> None:
        """Show the sliders of a model, in its order."""
        self._directions = {direction.name: direction for direction in directions}
        for group in self._groups.values():
            self._list.removeWidget(group)
            group.deleteLater()
        self._groups, self._sliders, self._mouth = {}, {}, None
        self._told.clear()
        for direction in directions:
            if direction.group not in self._groups:
                self._groups[direction.group] = self._make_group(direction.group)
                if direction.group == mouth_group():
                    self._mouth = self._make_mouth()
            slider = StrengthSlider(direction.name, direction.label, direction.description, direction.trusted)
            slider.strength_changed.connect(self._on_strength_changed)
            slider.strength_settled.connect(self.strength_settled)
            self._sliders[direction.name] = slider
            self._groups[direction.group].add(slider)
        self._loading.setVisible(not directions)
        self._link.setVisible(any(direction.mirrored for direction in directions))
        self._chain_focus()
        self._fit()
        self._refresh()

    def set_strengths(self, strengths: Mapping[str, float]) -> None:
        """Show these strengths; directions that are not named stand at zero."""
        # A drag calls this a hundred times in a second: only what differs is touched, also from what a hand has set.
        differs = False
        for name, slider in self._sliders.items():
            strength = strengths.get(name, 0.0)
            if self._told.get(name) == strength and name not in self._moved:
                continue
            was_changed = slider.is_changed
            slider.set_strength(strength)
            self._told[name] = strength
            differs |= slider.is_changed != was_changed
        self._moved.clear()
        if differs:
            self._refresh()

    def set_mouth(self, mouth: MouthChoice) -> None:
        """Show what is seen where closed lips part."""
        if self._mouth is None:
            return
        was_changed = self._mouth.is_changed
        self._mouth.set_mouth(mouth)
        if self._mouth.is_changed != was_changed:
            self._refresh()

    def set_faces(self, numbers: tuple[int, ...], chosen: int | None) -> None:
        """Offer these faces; the sliders are of the chosen one, or of all."""
        before = self._faces.controls
        self._faces.set_faces(numbers, chosen)
        if self._faces.controls != before:
            self._chain_focus()
        self._body.setEnabled(bool(numbers))
        self._foot.setEnabled(bool(numbers))

    def set_amount(self, amount: float) -> None:
        """Show the amount of the whole edit."""
        self._amount.set_amount(amount)

    def set_linked(self, linked: bool) -> None:
        """Let left and right move together, or apart."""
        with QSignalBlocker(self._link):
            self._link.setChecked(linked)
        self._refresh_link()

    def set_closed_groups(self, titles: set[str]) -> None:
        """Close these groups and open all others (as people left them the last time)."""
        self._closed = set(titles)
        self._refresh()

    def set_note(self, note: str) -> None:
        """A sentence in the place of the sliders while there are none, such as that the model is being loaded."""
        self._loading.setText(note)

    # Building

    def _build_ui(self) -> None:
        self._faces = FaceChoice()
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search sliders"))
        self._search.setAccessibleName(self.tr("Search sliders"))
        self._search.setToolTip(self.tr("Show only sliders whose name or description has this in it"))
        self._search.setClearButtonEnabled(True)
        self._search.addAction(
            icon("magnifying-glass", QPalette.ColorRole.PlaceholderText), QLineEdit.ActionPosition.LeadingPosition
        )
        self._only_changed = self._tool_button(
            "funnel-simple", self.tr("Only changed"), self.tr("Show only sliders that are not at zero")
        )
        self._link = self._tool_button("link-simple-horizontal", self.tr("Link left and right"), "")
        find = QHBoxLayout()
        find.setSpacing(4)
        for widget in (self._search, self._only_changed, self._link):
            find.addWidget(widget)

        self._loading = QLabel(self.tr("The model is being loaded…"))
        self._loading.setProperty("role", "hint")
        self._loading.setWordWrap(True)
        self._nothing = QLabel()
        self._nothing.setProperty("role", "hint")
        self._nothing.setWordWrap(True)
        self._body = QWidget()
        self._list = QVBoxLayout(self._body)
        self._list.setContentsMargins(8, 0, 8, 8)
        self._list.setSpacing(4)
        self._list.addWidget(self._loading)
        self._list.addWidget(self._nothing)
        self._list.addStretch(1)
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(self._body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.viewport().setAutoFillBackground(False)
        self._body.setAutoFillBackground(False)
        self._body.installEventFilter(self)

        line = QFrame()
        line.setProperty("role", "line")
        self._amount = AmountSlider()
        self._reset = QPushButton(self.tr("Reset all"))
        self._reset.setToolTip(self.tr("Set every slider of this choice to zero"))
        self._reset.setAccessibleName(self.tr("Reset all sliders"))
        self._foot = QWidget()
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(10, 6, 8, 10)
        foot.setSpacing(6)
        foot.addWidget(self._amount)
        foot.addWidget(self._reset)

        head = QVBoxLayout()
        head.setContentsMargins(10, 10, 10, 6)
        head.setSpacing(8)
        head.addWidget(self._faces)
        head.addLayout(find)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        layout.addWidget(line)
        layout.addWidget(self._foot)
        self._fit()
        self._refresh_link()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Larger text needs a wider panel."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Rows that need another width now: each fits itself to the text size, before or after the panel."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        # Rows of closed groups count as well, so that opening a group does not widen the panel.
        rows: list[QWidget] = [*self._sliders.values(), *filter(None, [self._mouth])]
        widest = max((row.minimumSizeHint().width() for row in rows), default=0)
        margins = self._list.contentsMargins()
        around = margins.left() + margins.right() + INDENT_PX + self._scroll.verticalScrollBar().sizeHint().width()
        readable = round(_WIDTH_EMS * QFontInfo(self.font()).pixelSize())
        self.setMinimumWidth(max(readable, widest + around))

    def _connect(self) -> None:
        self._faces.face_chosen.connect(self.face_chosen)
        self._search.textChanged.connect(self._refresh)
        self._only_changed.toggled.connect(self._refresh)
        self._link.toggled.connect(self._on_link_toggled)
        self._reset.clicked.connect(self.reset_requested)
        self._amount.amount_changed.connect(self.amount_changed)
        self._amount.amount_settled.connect(self.amount_settled)

    def _tool_button(self, icon_name: str, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(icon_name))
        button.setIconSize(QSize(16, 16))
        button.setCheckable(True)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        return button

    def _make_group(self, title: str) -> CollapsibleGroup:
        group = CollapsibleGroup(title)
        group.toggled.connect(self._on_group_toggled)
        # Above the stretch at the end.
        self._list.insertWidget(self._list.count() - 1, group)
        return group

    def _make_mouth(self) -> MouthBox:
        box = MouthBox()
        box.mouth_chosen.connect(self.mouth_chosen)
        box.mouth_chosen.connect(self._refresh)
        box.photo_requested.connect(self.mouth_photo_requested)
        self._groups[mouth_group()].add(box)
        return box

    def _chain_focus(self) -> None:
        """Tab goes down the panel, as one reads it."""
        chain: list[QWidget] = [*self._faces.controls, self._search, self._only_changed, self._link]
        for title, group in self._groups.items():
            chain.append(group.head)
            for name, slider in self._sliders.items():
                if self._directions[name].group == title:
                    chain += [slider.track, slider.number]
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    # What people do

    @Slot(str, float)
    def _on_strength_changed(self, name: str, strength: float) -> None:
        mirrored = self._directions[name].mirrored
        self._moved.add(name)
        if self._link.isChecked() and mirrored in self._sliders:
            self._sliders[mirrored].set_strength(strength)
            self._moved.add(mirrored)
            self._refresh_dots()
            self.strengths_changed.emit({name: strength, mirrored: strength})
            return
        self._refresh_dots()
        self.strength_changed.emit(name, strength)

    @Slot(bool)
    def _on_link_toggled(self, linked: bool) -> None:
        self._refresh_link()
        self.links_toggled.emit(linked)

    @Slot(bool)
    def _on_group_toggled(self, is_open: bool) -> None:
        group = self.sender()
        assert isinstance(group, CollapsibleGroup)
        (self._closed.discard if is_open else self._closed.add)(group.title)
        self.group_toggled.emit(group.title, is_open)

    # What is shown

    def _refresh_link(self) -> None:
        linked = self._link.isChecked()
        self._link.setIcon(icon("link-simple-horizontal" if linked else "link-simple-horizontal-break"))
        self._link.setToolTip(
            self.tr("Left and right move together. Click to move them apart.")
            if linked
            else self.tr("Left and right move apart. Click to move them together.")
        )

    def _refresh_dots(self) -> None:
        changed_groups = {self._directions[name].group for name, slider in self._sliders.items() if slider.is_changed}
        for title, group in self._groups.items():
            changed = title in changed_groups
            opens = title == mouth_group() and self._mouth is not None and self._mouth.is_changed
            group.set_changed(changed or opens)

    @Slot()
    def _refresh(self) -> None:
        """Dots, and which sliders the search and the filter leave; a search opens closed groups."""
        self._refresh_dots()
        words = self._search.text().casefold().split()
        only_changed = self._only_changed.isChecked()
        shown: set[str] = set()
        for name, slider in self._sliders.items():
            direction = self._directions[name]
            text = f"{direction.label} {direction.name} {direction.group} {direction.description}".casefold()
            visible = all(word in text for word in words) and (slider.is_changed or not only_changed)
            slider.setVisible(visible)
            if visible:
                shown.add(direction.group)
        if self._mouth is not None:
            visible = self._mouth.matches(words) and (self._mouth.is_changed or not only_changed)
            self._mouth.setVisible(visible)
            shown.update([mouth_group()] if visible else [])
        for title, group in self._groups.items():
            group.setVisible(title in shown)
            group.set_open(bool(words) or only_changed or title not in self._closed)
        self._nothing.setVisible(bool(self._sliders) and not shown)
        self._nothing.setText(
            self.tr("No slider is called like that.") if words else self.tr("All sliders stand at zero.")
        )
