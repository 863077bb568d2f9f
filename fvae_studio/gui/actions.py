"""Every command of the window as one row: what it is called, its keys, its icon, its menu and when it can be used.

The window asks `Actions` for the menus and connects `triggered`; it tells which conditions hold, and the actions that
need others are greyed out. Keys that people changed come as a mapping from id to key sequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from fvae_studio.gui.icons import icon
from fvae_studio.gui.translation import translate_later as _T

Condition: TypeAlias = Literal[
    "photo", "faces", "one_face", "edited", "any_edited", "undo", "redo", "copied_edit", "other_photos", "exports",
    "clip",
]  # fmt: skip
"""What may hold: a photo is shown; it has faces; one of them is chosen; it has edits, any open photo has; there is
something to undo, redo, paste; more photos are open; exports were started; photos are on the timeline."""

MenuId: TypeAlias = Literal["file", "edit", "view", "compare", "overlay", "theme", "face", "timeline", "help"]


@dataclass(frozen=True)
class ActionRow:
    """One command.

    Attributes:
        name: its id.
        text: as the menu shows it, with the access key; translated when the action is made.
        menu: where it stands.
        keys: default key sequences in Qt's portable form; the first is shown.
        icon: Phosphor name, or "".
        tip: one sentence for tooltip and status bar; "" takes the text.
        needs: all of these conditions.
        group: actions of one group are checkable and exclude each other.
        is_checkable: on or off.
        starts_section: a line above it.
    """

    name: str
    text: str
    menu: MenuId
    keys: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    needs: frozenset[Condition] = frozenset()
    group: str = ""
    is_checkable: bool = False
    starts_section: bool = False


def _row(
    name: str,
    text: str,
    menu: MenuId,
    keys: str = "",
    icon: str = "",
    tip: str = "",
    *,
    needs: Iterable[Condition] = (),
    group: str = "",
    checkable: bool = False,
    line: bool = False,
) -> ActionRow:
    sequences = tuple(keys.split()) if keys else ()
    return ActionRow(name, text, menu, sequences, icon, tip, frozenset(needs), group, checkable or bool(group), line)


_P: Final[tuple[Condition, ...]] = ("photo",)
_F: Final[tuple[Condition, ...]] = ("photo", "faces")
_E: Final[tuple[Condition, ...]] = ("photo", "edited")

MENU_TITLES: Final[Mapping[MenuId, str]] = {
    "file": _T("actions", "&File"),
    "edit": _T("actions", "&Edit"),
    "view": _T("actions", "&View"),
    "compare": _T("actions", "Co&mpare"),
    "overlay": _T("actions", "O&verlay"),
    "theme": _T("actions", "Appea&rance"),
    "face": _T("actions", "F&ace"),
    "timeline": _T("actions", "&Timeline"),
    "help": _T("actions", "&Help"),
}
_SUBMENUS: Final[Mapping[MenuId, tuple[MenuId, ...]]] = {"view": ("compare", "overlay", "theme")}

ACTION_ROWS: Final[tuple[ActionRow, ...]] = (
    _row("open", _T("actions", "&Open photos…"), "file", "Ctrl+O", "folder-open", _T("actions", "Open photos")),
    _row("open_folder", _T("actions", "Open &folder…"), "file", "Ctrl+Shift+O"),
    _row("open_sample", _T("actions", "Open a sa&mple photo"), "file"),
    _row("open_project", _T("actions", "Open pro&ject…"), "file", "Ctrl+Alt+O", line=True),
    _row("save_project", _T("actions", "&Save project"), "file", "Ctrl+S", "floppy-disk", needs=_P),
    _row("save_project_as", _T("actions", "Save project &as…"), "file", "Ctrl+Shift+S", needs=_P),
    _row("export", _T("actions", "&Export…"), "file", "Ctrl+E", "export",
         _T("actions", "Write the edited photo into a file"), needs=_P, line=True),
    _row("export_all", _T("actions", "Export all e&dited photos…"), "file", "Ctrl+Shift+E", needs=["any_edited"]),
    _row("show_exports", _T("actions", "Show e&xports"), "file", icon="queue", needs=["exports"]),
    _row("batch", _T("actions", "Apply a prese&t to a folder…"), "file", "Ctrl+B", "folders"),
    _row("close_photo", _T("actions", "&Close photo"), "file", "Ctrl+W", needs=_P, line=True),
    _row("close_all", _T("actions", "Close all photos"), "file", "Ctrl+Shift+W", needs=_P),
    _row("quit", _T("actions", "&Quit"), "file", "Ctrl+Q"),
    _row("undo", _T("actions", "&Undo"), "edit", "Ctrl+Z", "arrow-counter-clockwise", needs=["undo"]),
    _row("redo", _T("actions", "&Redo"), "edit", "Ctrl+Shift+Z Ctrl+Y", "arrow-clockwise", needs=["redo"]),
    _row("copy_image", _T("actions", "&Copy the edited photo"), "edit", "Ctrl+C", "copy", needs=_P, line=True),
    _row("paste_image", _T("actions", "&Paste a photo"), "edit", "Ctrl+V", "clipboard"),
    _row("copy_edit", _T("actions", "Copy e&dit"), "edit", "Ctrl+Shift+C",
         tip=_T("actions", "Copy all strengths of the chosen face"), needs=_E, line=True),
    _row("paste_edit", _T("actions", "Pa&ste edit"), "edit", "Ctrl+Shift+V",
         tip=_T("actions", "Give the chosen face the copied strengths"), needs=["photo", "faces", "copied_edit"]),
    _row("apply_to_faces", _T("actions", "Give this edit to all &faces"), "edit", needs=_E),
    _row("apply_to_photos", _T("actions", "Give this edit to all open p&hotos"), "edit", needs=[*_E, "other_photos"]),
    _row("reset_face", _T("actions", "Reset the ch&osen face"), "edit", "Ctrl+R", needs=["photo", "edited"], line=True),
    _row("reset_all", _T("actions", "Rese&t all"), "edit", "Ctrl+Shift+R", "eraser",
         _T("actions", "Back to the photo as it was"), needs=_E),
    _row("save_preset", _T("actions", "Sa&ve as preset…"), "edit", "Ctrl+Shift+P", "bookmark-simple", needs=_E),
    _row("settings", _T("actions", "Sett&ings…"), "edit", "Ctrl+,", "gear-six", line=True),
    _row("models", _T("actions", "&Models…"), "edit", icon="cube"),
    _row("zoom_in", _T("actions", "Zoom &in"), "view", "Ctrl++ Ctrl+=", "magnifying-glass-plus", needs=_P),
    _row("zoom_out", _T("actions", "Zoom &out"), "view", "Ctrl+-", "magnifying-glass-minus", needs=_P),
    _row("zoom_fit", _T("actions", "&Fit the window"), "view", "Ctrl+0", "corners-out", needs=_P),
    _row("zoom_actual", _T("actions", "&Actual pixels"), "view", "Ctrl+1", "frame-corners", needs=_P),
    _row("zoom_face", _T("actions", "Fit the &chosen face"), "view", "Ctrl+2", "user-focus", needs=_F),
    _row("previous_photo", _T("actions", "&Previous photo"), "view", "Ctrl+PgUp", needs=["other_photos"], line=True),
    _row("next_photo", _T("actions", "&Next photo"), "view", "Ctrl+PgDown", needs=["other_photos"]),
    _row("full_screen", _T("actions", "Full &screen"), "view", "F11", checkable=True, line=True),
    _row("hide_panels", _T("actions", "&Hide panels"), "view", "F9", checkable=True),
    _row("compare_off", _T("actions", "&Edited only"), "compare", "Ctrl+Alt+1", "image-square", needs=_P,
         group="compare"),
    _row("compare_split", _T("actions", "&Split line"), "compare", "Ctrl+Alt+2", "square-half",
         _T("actions", "Original left of a line that you can drag, edited right of it"), needs=_P, group="compare"),
    _row("compare_side", _T("actions", "Side &by side"), "compare", "Ctrl+Alt+3", "columns", needs=_P,
         group="compare"),
    _row("overlay_off", _T("actions", "&None"), "overlay", "Ctrl+Alt+0", needs=_P, group="overlay"),
    _row("overlay_flow", _T("actions", "Motion as &colours"), "overlay", "Ctrl+Alt+4", needs=_P, group="overlay"),
    _row("overlay_arrows", _T("actions", "Motion as &arrows"), "overlay", "Ctrl+Alt+5", needs=_P, group="overlay"),
    _row("overlay_grid", _T("actions", "Motion as bent &grid"), "overlay", "Ctrl+Alt+6", needs=_P, group="overlay"),
    _row("overlay_confidence", _T("actions", "Con&fidence"), "overlay", "Ctrl+Alt+7", needs=_P, group="overlay"),
    _row("overlay_landmarks", _T("actions", "&Landmarks"), "overlay", "Ctrl+Alt+8", needs=_P, group="overlay"),
    _row("overlay_region", _T("actions", "&Region that may change"), "overlay", "Ctrl+Alt+9", needs=_P,
         group="overlay"),
    _row("theme_system", _T("actions", "After the &system"), "theme", group="theme"),
    _row("theme_light", _T("actions", "&Light"), "theme", group="theme"),
    _row("theme_dark", _T("actions", "&Dark"), "theme", group="theme"),
    _row("all_faces", _T("actions", "&All faces"), "face", "Ctrl+A", "users-three", needs=_F),
    _row("next_face", _T("actions", "&Next face"), "face", "Ctrl+]", needs=_F),
    _row("previous_face", _T("actions", "&Previous face"), "face", "Ctrl+[", needs=_F),
    _row("draw_face", _T("actions", "&Draw a face that was missed"), "face", "Ctrl+D", "bounding-box",
         _T("actions", "Drag a rectangle around a face that was not found"), needs=_P, checkable=True, line=True),
    _row("remove_face", _T("actions", "&Remove the chosen face"), "face", "Ctrl+Backspace", "trash",
         _T("actions", "Take the frame away; the photo stays as it is"), needs=["photo", "one_face"]),
    _row("find_faces", _T("actions", "&Find faces again"), "face", needs=_P),
    _row("borrow", _T("actions", "Take from another p&hoto…"), "face", "Ctrl+Shift+B", "swap",
         _T("actions", "Give a face the eyes or the mouth of another photo of the person"), needs=_F, line=True),
    _row("overlay_blend", _T("actions", "&Blend of the clip"), "overlay", needs=["clip"], group="overlay"),
    _row("show_timeline", _T("actions", "Show the &timeline"), "timeline", "Ctrl+T", "film-strip",
         _T("actions", "Make a clip of photos of one person"), checkable=True),
    _row("put_on_timeline", _T("actions", "Put this &photo on the timeline"), "timeline", "Ctrl+Shift+T", "plus",
         _T("actions", "Put the shown photo after the last one of the timeline"), needs=_P),
    _row("animate_edit", _T("actions", "&Animate this edit"), "timeline", icon="magic-wand",
         tip=_T("actions", "Let the edit of the shown photo grow from nothing"), needs=_E),
    _row("play", _T("actions", "P&lay or pause"), "timeline", "Ctrl+Space", "play", needs=["clip"], line=True),
    _row("side_before", _T("actions", "Overlays tell of the photo be&fore"), "timeline", needs=["clip"], group="side",
         line=True),
    _row("side_after", _T("actions", "O&verlays tell of the photo after"), "timeline", needs=["clip"], group="side"),
    _row("best_moment", _T("actions", "Best &moment…"), "timeline", "Ctrl+M", "squares-four",
         _T("actions", "Look at many in-betweens at once and take one"), needs=["clip"], line=True),
    _row("export_clip", _T("actions", "&Export clip…"), "timeline", "Ctrl+Alt+E", "export",
         _T("actions", "Write the clip into a file"), needs=["clip"]),
    _row("clear_timeline", _T("actions", "&Clear the timeline"), "timeline", icon="eraser", needs=["clip"], line=True),
    _row("first_steps", _T("actions", "&First steps"), "help", "F1", "lifebuoy"),
    _row("shortcuts", _T("actions", "&Keyboard shortcuts…"), "help", "Ctrl+/", "keyboard"),
    _row("log_folder", _T("actions", "Open the &log folder"), "help", icon="folder", line=True),
    _row("about", _T("actions", "&About FVAE Studio"), "help", icon="info", line=True),
)  # fmt: skip


class Actions(QObject):
    """The table as `QAction`s.

    Args:
        parent: the window; the shortcuts work in it.
        keys: changed key sequences by id; an empty tuple takes the keys away.
    """

    triggered = Signal(str)
    """The id of the action that was used."""
    toggled = Signal(str, bool)
    """A checkable action that belongs to no group was switched by a person."""

    def __init__(self, parent: QObject, keys: Mapping[str, tuple[str, ...]] | None = None) -> None:
        super().__init__(parent)
        self._by_name: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        self._conditions: frozenset[Condition] | None = None
        for row in ACTION_ROWS:
            self._by_name[row.name] = self._make(row)
        self.set_keys(keys or {})
        self.set_conditions(())

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def set_conditions(self, holding: Iterable[Condition]) -> None:
        """Enable what can be used now."""
        conditions = frozenset(holding)
        if conditions == self._conditions:
            return
        self._conditions = conditions
        for row in ACTION_ROWS:
            self._by_name[row.name].setEnabled(row.needs <= conditions)

    def set_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Set all key sequences: those given, and the table's for the rest."""
        for row in ACTION_ROWS:
            action = self._by_name[row.name]
            sequences = [QKeySequence(text) for text in keys.get(row.name, row.keys)]
            action.setShortcuts(sequences)
            tip = _translate(row.tip) if row.tip else plain_text(action.text())
            shown = sequences[0].toString(QKeySequence.SequenceFormat.NativeText) if sequences else ""
            action.setToolTip(f"{tip} ({shown})" if shown else tip)
            action.setStatusTip(tip)

    def choose(self, name: str) -> None:
        """Mark one action of its group as chosen, without triggering it."""
        self._by_name[name].setChecked(True)

    def fill(self, bar: QMenuBar) -> dict[MenuId, QMenu]:
        """Add the menus to a menu bar; returns them by id: the window adds recent files and panels to them."""
        menus: dict[MenuId, QMenu] = {}
        nested = {child for children in _SUBMENUS.values() for child in children}
        for menu_id, title in MENU_TITLES.items():
            if menu_id not in nested:
                menus[menu_id] = bar.addMenu(_translate(title))
        for row in ACTION_ROWS:
            if row.menu in nested:
                continue
            if row.starts_section:
                menus[row.menu].addSeparator()
            menus[row.menu].addAction(self._by_name[row.name])
        for parent, children in _SUBMENUS.items():
            menus[parent].addSeparator()
            for child in children:
                menus[child] = menus[parent].addMenu(_translate(MENU_TITLES[child]))
                for row in ACTION_ROWS:
                    if row.menu == child:
                        menus[child].addAction(self._by_name[row.name])
        return menus

    def _make(self, row: ActionRow) -> QAction:
        action = QAction(_translate(row.text), self.parent() or self)
        action.setObjectName(row.name)
        if row.icon:
            action.setIcon(icon(row.icon))
        action.setCheckable(row.is_checkable)
        if row.group:
            group = self._groups.setdefault(row.group, QActionGroup(self))
            group.addAction(action)
        if row.name == "quit":
            action.setMenuRole(QAction.MenuRole.QuitRole)
        elif row.name == "about":
            action.setMenuRole(QAction.MenuRole.AboutRole)
        elif row.name == "settings":
            action.setMenuRole(QAction.MenuRole.PreferencesRole)
        action.triggered.connect(self._on_triggered)
        return action

    @Slot(bool)
    def _on_triggered(self, checked: bool = False) -> None:
        action = self.sender()
        if not isinstance(action, QAction):
            return
        if action.isCheckable() and action.actionGroup() is None:
            self.toggled.emit(action.objectName(), checked)
        self.triggered.emit(action.objectName())


def action_title(row: ActionRow) -> str:
    """The translated text without access key and dots, for lists."""
    return plain_text(_translate(row.text))


def menu_title(title: str) -> str:
    """The translated title of a menu without access key."""
    return plain_text(_translate(title))


def plain_text(text: str) -> str:
    """A menu text without access key and dots."""
    return text.replace("&", "").rstrip("…").strip()


def _translate(text: str) -> str:
    return QCoreApplication.translate("actions", text)
