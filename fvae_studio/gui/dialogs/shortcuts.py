"""All keys in one list, to read and to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtGui import QFontInfo, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from fvae_studio.gui.actions import ACTION_ROWS, MENU_TITLES, ActionRow, action_title, menu_title
from fvae_studio.gui.dialogs.frame import StudioDialog, label, name, set_role
from fvae_studio.gui.translation import translate_later as _T

_NAME_ROLE = Qt.ItemDataRole.UserRole
Keys = Mapping[str, tuple[str, ...]]

FIXED_KEYS: Final = (
    (_T("ShortcutsDialog", "On the photo"), (
        (_T("ShortcutsDialog", "Next or previous face"), _T("ShortcutsDialog", "Tab, Shift with Tab")),
        (_T("ShortcutsDialog", "All faces"), "Esc"),
        (_T("ShortcutsDialog", "See the original while it is held"), "O, \\"),
        (_T("ShortcutsDialog", "Larger, smaller"), "+, -"),
        (_T("ShortcutsDialog", "Fit the window, actual pixels"), "0, 1"),
        (_T("ShortcutsDialog", "Pan"), _T("ShortcutsDialog", "Arrows, or drag with Space")),
        (_T("ShortcutsDialog", "Drag the result out of the window"), _T("ShortcutsDialog", "drag with Ctrl")),
        (_T("ShortcutsDialog", "Move the split line"), _T("ShortcutsDialog", "Shift with arrows")),
    )),
    (_T("ShortcutsDialog", "On a slider"), (
        (_T("ShortcutsDialog", "By 1, by 10"), _T("ShortcutsDialog", "Arrows, Page keys")),
        (_T("ShortcutsDialog", "By a tenth"), _T("ShortcutsDialog", "Shift with arrows")),
        (_T("ShortcutsDialog", "Back to zero"), _T("ShortcutsDialog", "Del, double click")),
    )),
    (_T("ShortcutsDialog", "On the timeline"), (
        (_T("ShortcutsDialog", "Play or pause"), _T("ShortcutsDialog", "Space")),
        (_T("ShortcutsDialog", "By a frame, by ten"), _T("ShortcutsDialog", "Left, Right; Shift with them")),
        (_T("ShortcutsDialog", "To the previous or next key"), _T("ShortcutsDialog", "Up, Down")),
        (_T("ShortcutsDialog", "To the start, to the end"), _T("ShortcutsDialog", "Home, End")),
        (_T("ShortcutsDialog", "Put a key of the chosen track at the playhead"), "K"),
        (_T("ShortcutsDialog", "Move the chosen key by a frame"), _T("ShortcutsDialog", "Alt with Left, Right")),
        (_T("ShortcutsDialog", "Strength of the chosen key"), _T("ShortcutsDialog", "Alt with Up, Down")),
        (_T("ShortcutsDialog", "Duplicate, delete the chosen key"), _T("ShortcutsDialog", "D, Del")),
        (_T("ShortcutsDialog", "In point, out point at the playhead"), "I, O"),
        (_T("ShortcutsDialog", "Zoom the time axis, show all of it"), "+, -, 0"),
        (_T("ShortcutsDialog", "Show the photo in place of the clip"), "Esc"),
    )),
)  # fmt: skip
"""(title, rows of (what it does, keys)) of what cannot be changed: keys on the photo, a slider and the timeline."""


class ShortcutsDialog(StudioDialog):
    """A list by menu; the chosen command's key is typed below it."""

    keys_changed = Signal(dict)
    """All changed key sequences by command, {} when all are the defaults: what `Actions.set_keys` takes."""

    def __init__(self, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._rows = {row.name: row for row in ACTION_ROWS}
        self._keys = dict(keys)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._tops: list[QTreeWidgetItem] = []
        self._fixed: list[QTreeWidgetItem] = []
        self._build_ui()
        self._connect()
        self._refresh()
        self._on_current_changed()

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """What differs from the defaults."""
        return {name: keys for name, keys in self._keys.items() if keys != self._rows[name].keys}

    def choose(self, command: str) -> None:
        """Go to a command in the list."""
        self._tree.setCurrentItem(self._items[command])

    def set_key(self, command: str, key: str) -> None:
        """Give a command this key sequence ("" none); a command that has it is left without."""
        if key:
            for other in self._users_of(key) - {command}:
                self._keys[other] = tuple(one for one in self._keys_of(other) if _normal(one) != _normal(key))
        self._keys[command] = (key,) if key else ()
        self._refresh()
        self.keys_changed.emit(self.keys)

    def _build_ui(self) -> None:
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        text_px = QFontInfo(self.font()).pixelSize()
        self.resize(44 * text_px, 48 * text_px)
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search commands or keys"))
        self._search.setClearButtonEnabled(True)
        name(self._search, self.tr("Search commands or keys"))
        self._tree = QTreeWidget()
        self._tree.setColumnCount(2)
        self._tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self._tree.setRootIsDecorated(False)
        self._tree.setIndentation(14)
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._tree.header().setStretchLastSection(False)
        name(self._tree, self.tr("Commands"), self.tr("Choose a command to change its key"))
        for menu, title in MENU_TITLES.items():
            rows = [row for row in self._rows.values() if row.menu == menu]
            if not rows:
                continue
            top = self._add_top(menu_title(title))
            for row in rows:
                item = QTreeWidgetItem([action_title(row), ""])
                item.setData(0, _NAME_ROLE, row.name)
                top.addChild(item)
                self._items[row.name] = item
        self._add_fixed_keys()
        self._tree.expandAll()
        self._edit = QKeySequenceEdit()
        self._edit.setMaximumSequenceLength(1)
        self._edit.setClearButtonEnabled(True)
        name(self._edit, self.tr("New key"), self.tr("Press the new key here"))
        self._default = QPushButton(self.tr("Default"))
        name(self._default, self.tr("Default key"), self.tr("Give this command its default key again"))
        self._default.setAutoDefault(False)
        self._note = label("", "hint")
        self._note.setMinimumHeight(self.fontMetrics().lineSpacing() * 2)
        row_layout = QHBoxLayout()
        row_layout.setSpacing(8)
        row_layout.addWidget(self._edit, 1)
        row_layout.addWidget(self._default)
        self.content.addWidget(self._search)
        self.content.addWidget(self._tree, 1)
        self.content.addLayout(row_layout)
        self.content.addWidget(self._note)
        self._all_defaults = self.buttons.addButton(
            self.tr("Restore all defaults"), QDialogButtonBox.ButtonRole.ResetRole
        )
        name(self._all_defaults, self.tr("Restore all defaults"), self.tr("Give all commands their default keys"))
        self._all_defaults.setAutoDefault(False)
        self.add_close_button()

    def _add_fixed_keys(self) -> None:
        for title, rows in FIXED_KEYS:
            top = self._add_top(_tr(title))
            for text, keys in rows:
                item = QTreeWidgetItem([_tr(text), _tr(keys)])
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                top.addChild(item)
                self._fixed.append(item)

    def _add_top(self, title: str) -> QTreeWidgetItem:
        top = QTreeWidgetItem([title])
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = top.font(0)
        font.setBold(True)
        top.setFont(0, font)
        self._tree.addTopLevelItem(top)
        self._tops.append(top)
        return top

    def _connect(self) -> None:
        self._search.textChanged.connect(self._refresh)
        self._tree.currentItemChanged.connect(self._on_current_changed)
        self._edit.editingFinished.connect(self._on_key_typed)
        self._default.clicked.connect(self._on_default_clicked)
        self._all_defaults.clicked.connect(self._on_all_defaults_clicked)

    def _keys_of(self, command: str) -> tuple[str, ...]:
        return self._keys.get(command, self._rows[command].keys)

    def _users_of(self, key: str) -> set[str]:
        return {one for one in self._rows if _normal(key) in {_normal(own) for own in self._keys_of(one)}}

    def _current(self) -> ActionRow | None:
        item = self._tree.currentItem()
        return self._rows.get(item.data(0, _NAME_ROLE) or "") if item is not None else None

    @Slot()
    def _refresh(self) -> None:
        words = self._search.text().casefold().split()
        for command, item in self._items.items():
            shown = ", ".join(_native(key) for key in self._keys_of(command))
            item.setText(1, shown)
            font = item.font(1)
            font.setBold(self._keys_of(command) != self._rows[command].keys)
            item.setFont(1, font)
            text = f"{item.text(0)} {shown}".casefold()
            item.setHidden(not all(word in text for word in words))
        for item in self._fixed:
            text = f"{item.text(0)} {item.text(1)}".casefold()
            item.setHidden(not all(word in text for word in words))
        for top in self._tops:
            inside = [item for item in (*self._items.values(), *self._fixed) if item.parent() is top]
            top.setHidden(all(item.isHidden() for item in inside))

    @Slot()
    def _on_current_changed(self) -> None:
        row = self._current()
        self._edit.setEnabled(row is not None)
        self._default.setEnabled(row is not None)
        keys = self._keys_of(row.name) if row else ()
        self._edit.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())
        self._say(self.tr("Choose a command, then press its new key.") if row is None else "")

    @Slot()
    def _on_key_typed(self) -> None:
        row = self._current()
        key = self._edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if row is None or (key,) == self._keys_of(row.name) or (not key and not self._keys_of(row.name)):
            return
        others = self._users_of(key) - {row.name} if key else set()
        self.set_key(row.name, key)
        titles = ", ".join(action_title(self._rows[other]) for other in sorted(others))
        self._say(
            self.tr("{key} was taken from: {names}.").format(key=_native(key), names=titles) if others else "",
            "warning",
        )

    @Slot()
    def _on_default_clicked(self) -> None:
        row = self._current()
        if row is None:
            return
        self.set_key(row.name, row.keys[0] if row.keys else "")
        self._keys.pop(row.name, None)
        self._refresh()
        self._on_current_changed()
        self.keys_changed.emit(self.keys)

    @Slot()
    def _on_all_defaults_clicked(self) -> None:
        self._keys.clear()
        self._refresh()
        self._on_current_changed()
        self.keys_changed.emit({})

    def _say(self, text: str, role: str = "hint") -> None:
        self._note.setText(text)
        set_role(self._note, role)


def _normal(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ShortcutsDialog", text)
