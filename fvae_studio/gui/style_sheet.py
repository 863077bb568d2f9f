"""The style sheet on top of Qt's Fusion style: flat controls, quiet frames, and one visible focus ring.

Dynamic properties that widgets set: `role` = "heading", "hint", "warning" on labels; "primary", "quiet" on buttons.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Final

from fvae_studio.paths import resources_dir

if TYPE_CHECKING:
    from fvae_studio.gui.theme import ThemeColours

# WORKAROUND Qt 6.11: a panel whose font is the program's paints its title in the size that this had at the start. A
# spacing of 0 looks the same and is not the same.
_RULES: Final = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 6px; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="title"] { font-weight: 600; font-size: ${title_px}px; }
QLabel[role="hint"] { color: $muted; }
QLabel[role="hint"]:disabled { color: $disabled; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="danger"] { color: $danger; }
QLabel[role="success"] { color: $success; }

QDialogButtonBox, QMessageBox { dialogbuttonbox-buttons-have-icons: 0; }
QMessageBox QLabel#qt_msgbox_label { font-weight: 600; font-size: ${question_px}px; }
QMessageBox QLabel#qt_msgbox_informativelabel { min-width: 360px; }

QMainWindow::separator { background: $gap; width: 3px; height: 3px; }
QMainWindow::separator:hover { background: $accent; }
QDockWidget { letter-spacing: 0px; titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { background: $window; padding: 7px 10px; border-bottom: 1px solid $line; }
QStatusBar { background: $window; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QToolBar { background: $window; border: none; border-bottom: 1px solid $line; spacing: 2px; padding: 3px 6px; }
QToolBar::separator { background: $line; width: 1px; margin: 4px 6px; }

QMenuBar { background: $window; padding: 2px 4px; }
QMenuBar::item { padding: 4px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $window; border: 1px solid $line; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }
QMenu::indicator { width: 14px; height: 14px; padding-left: 8px; }
QMenu::indicator:checked { image: url("$folder/check-$name.svg"); }

QPushButton { background: $raised; border: 1px solid $line; border-radius: 5px; padding: 4px 13px;
    min-height: ${line_px}px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $pressed; }
QPushButton:disabled { color: $disabled; background: $window; }
QPushButton:focus { border: 1px solid $accent; }
QPushButton:default, QPushButton[role="primary"] { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton:default:hover, QPushButton[role="primary"]:hover { background: $accent_hover; }
QPushButton:default:focus, QPushButton[role="primary"]:focus { border: 2px solid $text; padding: 3px 12px; }
QPushButton:default:disabled, QPushButton[role="primary"]:disabled {
    background: $pressed; border-color: $line; color: $disabled; }
QPushButton::menu-indicator { image: url("$folder/down-$name.svg"); width: 10px; right: 6px; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $pressed; }
QToolButton:checked, QToolButton[active="true"] { background: $hover; border: 1px solid $line; }
QToolButton:focus { border: 1px solid $accent; }
QToolButton:disabled { color: $disabled; }
QToolButton[popupMode="2"]::menu-indicator { image: none; }

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QAbstractSpinBox, QComboBox, QKeySequenceEdit > QLineEdit {
    background: $base; border: 1px solid $line; border-radius: 4px; padding: 3px 6px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QTextBrowser:focus {
    border: 1px solid $accent; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $disabled; background: $window; }
QLineEdit[role="invalid"] { border: 1px solid $danger; }
QComboBox { background: $raised; min-height: ${line_px}px; padding-right: 22px; }
QComboBox:hover { background: $hover; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$folder/down-$name.svg"); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: $window; border: 1px solid $line; padding: 4px; outline: none; }
QAbstractSpinBox { min-height: ${line_px}px; padding: 3px 2px 3px 4px; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { background: transparent; border: none; padding: 0 3px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 16px; }
QAbstractSpinBox::up-arrow { image: url("$folder/up-$name.svg"); width: 8px; height: 8px; }
QAbstractSpinBox::down-arrow { image: url("$folder/down-$name.svg"); width: 8px; height: 8px; }
QAbstractSpinBox[role="quiet"] {
    background: transparent; border-color: transparent; padding: 1px 2px; min-height: 14px; }
QAbstractSpinBox[role="quiet"]:hover { background: $base; border-color: $line; }
QAbstractSpinBox[role="quiet"]:focus { background: $base; border-color: $accent; }
QAbstractSpinBox[role="quiet"]:disabled { background: transparent; border-color: transparent; }

QCheckBox, QRadioButton { spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QCheckBox:focus, QRadioButton:focus { border: 1px solid $accent; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid $muted; background: $base; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked, QCheckBox::indicator:indeterminate {
    background: $accent; border-color: $accent; image: url("$folder/check-on.svg"); }
QRadioButton::indicator:checked { background: $accent; border-color: $accent; image: url("$folder/dot-on.svg"); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $disabled; background: $window; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $track; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: $text; border: none; }
QSlider::handle:horizontal:hover { background: $accent; }
QSlider:focus { border: 1px solid $accent; border-radius: 4px; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $track; }

QAbstractItemView { background: $base; border: 1px solid $line; outline: none; alternate-background-color: $pressed;
    selection-background-color: $accent; selection-color: $on_accent; }
QAbstractItemView:focus { border: 1px solid $accent; }
QAbstractItemView[role="flat"] { background: $window; border: 1px solid transparent; }
QAbstractItemView[role="flat"]:focus { border: 1px solid $accent; }
QListView::item, QTreeView::item, QTableView::item { padding: 4px 6px; }
QListView::item:hover:!selected, QTreeView::item:hover:!selected { background: $hover; }
QHeaderView::section { text-align: left; background: $window; color: $muted; padding: 5px 6px;
    border: none; border-bottom: 1px solid $line; }
QTableCornerButton::section { background: $window; border: none; }

QTabWidget::pane { border: 1px solid $line; border-radius: 4px; top: -1px; }
QTabBar::tab { padding: 6px 13px; border: none; border-bottom: 2px solid transparent; color: $muted;
    background: transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { background: $hover; }

QProgressBar { background: $track; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QGroupBox { font-weight: 600; border: none; border-top: 1px solid $line; margin-top: 22px; padding-top: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 0; top: 2px; }

QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $track; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QFrame[role="line"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="card"] { background: $base; border: 1px solid $line; border-radius: 6px; }
""")


def style_sheet(colours: ThemeColours, text_px: int) -> str:
    """The rules in one theme's colours and one size of ordinary text."""
    return _RULES.substitute(
        vars(colours),
        accent_hover="#5c9fe6" if colours.name == "dark" else "#155ba5",
        gap=colours.base if colours.name == "dark" else colours.line,
        folder=(resources_dir() / "themes").as_posix(),
        # Layouts give a field this much and no more where room is scarce.
        line_px=max(18, round(text_px * 1.25)),
        title_px=round(text_px * 1.3),
        question_px=round(text_px * 1.15),
    )
