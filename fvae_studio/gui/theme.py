"""How the Studio looks: the colours of light and dark, the palette made of them, and switching between the two.

Widgets take colours from palette roles. The few that no role means (a warning, the ground around the photo) come from
`colours_of(palette)`. The rules of `style_sheet.py` are made of the same colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from fvae_studio.gui.style_sheet import style_sheet

ThemeChoice: TypeAlias = Literal["system", "light", "dark"]

TEXT_PX: Final = 13
"""Size of ordinary text."""


@dataclass(frozen=True)
class ThemeColours:
    """The colours of one theme, as "#rrggbb".

    Greys are neutral: a tint around a photo changes how its colours look.

    Attributes:
        name: "light" or "dark".
        canvas: the ground around the photo.
        window, base, raised, hover, pressed: panels; fields and lists; buttons and their states.
        line: borders and separators.
        text, muted, disabled: three steps of attention.
        accent, on_accent: chosen and focused things, and text upon them.
        track: the groove of sliders and progress bars.
        warning, danger, success: states that need a look.
    """

    name: str
    canvas: str
    window: str
    base: str
    raised: str
    hover: str
    pressed: str
    line: str
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    track: str
    warning: str
    danger: str
    success: str


DARK: Final = ThemeColours(
    name="dark",
    canvas="#303030",
    window="#252525",
    base="#1c1c1c",
    raised="#363636",
    hover="#404040",
    pressed="#2c2c2c",
    line="#3d3d3d",
    text="#dedede",
    muted="#a0a0a0",
    disabled="#6c6c6c",
    accent="#4a90d9",
    on_accent="#ffffff",
    track="#4a4a4a",
    warning="#dda63a",
    danger="#e5705f",
    success="#74b784",
)
LIGHT: Final = ThemeColours(
    name="light",
    canvas="#bdbdbd",
    window="#f1f1f1",
    base="#ffffff",
    raised="#ffffff",
    hover="#e4e4e4",
    pressed="#d6d6d6",
    line="#cbcbcb",
    text="#1f1f1f",
    muted="#5f5f5f",
    disabled="#a3a3a3",
    accent="#1f6fc4",
    on_accent="#ffffff",
    track="#c4c4c4",
    warning="#8a5a00",
    danger="#b3372a",
    success="#2e7d43",
)


def colours_of(palette: QPalette) -> ThemeColours:
    """The theme that a palette belongs to, told by how light its window is."""
    return LIGHT if palette.color(QPalette.ColorRole.Window).lightness() > 127 else DARK


def palette_of(colours: ThemeColours) -> QPalette:
    """All palette roles of a theme, for the normal, the inactive and the disabled state."""
    role = QPalette.ColorRole
    palette = QPalette()
    for roles, colour in (
        ((role.Window, role.Midlight), colours.window),
        ((role.Base,), colours.base),
        ((role.AlternateBase,), colours.pressed),
        ((role.Button, role.ToolTipBase, role.Light), colours.raised),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText), colours.text),
        ((role.PlaceholderText,), colours.muted),
        ((role.Highlight, role.Accent, role.Link), colours.accent),
        ((role.LinkVisited,), colours.muted),
        ((role.HighlightedText,), colours.on_accent),
        ((role.Mid,), colours.line),
        ((role.Dark,), colours.track),
        ((role.Shadow,), colours.base if colours is DARK else colours.muted),
    ):
        for one in roles:
            palette.setColor(one, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for one in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText, role.PlaceholderText):
        palette.setColor(disabled, one, QColor(colours.disabled))
    for one in (role.Highlight, role.Accent):
        palette.setColor(disabled, one, QColor(colours.track))
    return palette


class Theme(QObject):
    """Dresses the application, and follows the system while the choice is "system".

    A system that does not tell its scheme gets dark: most photo tools are, and a photo is judged best on dark grey.
    """

    changed = Signal(str)
    """The name of the theme that is shown now: "light" or "dark"."""

    def __init__(self, app: QApplication, choice: ThemeChoice = "system", *, text_px: int = TEXT_PX) -> None:
        super().__init__(app)
        self._app = app
        self._choice: ThemeChoice = choice
        self._text_px = text_px
        self._shown: ThemeColours | None = None
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self.set_choice(choice)

    @property
    def choice(self) -> ThemeChoice:
        """What was asked for."""
        return self._choice

    @property
    def colours(self) -> ThemeColours:
        """What is shown."""
        return self._shown or DARK

    def set_choice(self, choice: ThemeChoice) -> None:
        """Switch to light, to dark, or to what the system has."""
        self._choice = choice
        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
        # Also asks the system for title bars of that kind; "unknown" gives its own scheme back.
        self._app.styleHints().setColorScheme(schemes[choice])
        self._refresh()

    def set_text_px(self, text_px: int) -> None:
        """Set the size of ordinary text; everything else follows."""
        self._text_px = text_px
        self._shown = None
        self._refresh()

    @Slot(Qt.ColorScheme)
    def _on_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        self._refresh()

    def _refresh(self) -> None:
        light = {"light": True, "dark": False}.get(
            self._choice, self._app.styleHints().colorScheme() == Qt.ColorScheme.Light
        )
        colours = LIGHT if light else DARK
        if colours is self._shown:
            return
        self._shown = colours
        font = self._app.font()
        font.setPixelSize(self._text_px)
        self._app.setFont(font)
        self._app.setPalette(palette_of(colours))
        self._app.setStyleSheet(style_sheet(colours, self._text_px))
        self.changed.emit(colours.name)
