"""How far the result can be trusted, as a bar and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from fvae_studio.gui.theme import colours_of

GOOD: Final = 0.85
FAIR: Final = 0.65


class TrustReadout(QWidget):
    """Shows the share of the motion that the confidence vouches for; hidden while nothing is edited."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_ui()
        self.set_trust({}, None)

    def _build_ui(self) -> None:
        self._bar = _Bar(self)
        self._percent = QLabel(self)
        self._percent.setMinimumWidth(44)
        self._sentence = QLabel(self)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(10)
        row.addWidget(self._bar)
        row.addWidget(self._percent)
        row.addWidget(self._sentence, 1)

    def set_trust(self, trust: Mapping[int, float], chosen: int | None) -> None:
        """Show the chosen face's trust, or the least of all.

        Args:
            trust: by face number, in [0, 1]; faces that are not edited are missing.
            chosen: number of the chosen face, or None for all.
        """
        is_known = chosen is not None and chosen in trust
        shown = trust[chosen] if chosen is not None and is_known else min(trust.values(), default=None)
        self.setVisible(shown is not None)
        if shown is None:
            return
        self._bar.set_share(shown)
        self._percent.setText(f"{shown:.0%}")
        sentence = self._sentence_for(shown)
        self._sentence.setText(sentence)
        self._sentence.setToolTip(sentence)
        self.setAccessibleName(self.tr("Trust: {percent:.0%}").format(percent=shown))
        self.setAccessibleDescription(sentence)

    @property
    def sentence(self) -> str:
        """What it says."""
        return self._sentence.text()

    def _sentence_for(self, share: float) -> str:
        if share >= GOOD:
            return self.tr("The photo shows what this expression needs.")
        if share >= FAIR:
            return self.tr("Parts of this expression are guessed: look at the mouth and the eyes.")
        return self.tr("This expression needs what the photo lacks, such as teeth behind closed lips; use less of it.")


class _Bar(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._share = 1.0
        self.setFixedSize(QSize(90, 8))

    def set_share(self, share: float) -> None:
        self._share = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 (Qt's signature)
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.track))
        whole = QRectF(self.rect())
        painter.drawRoundedRect(whole, 4, 4)
        named = colours.success if self._share >= GOOD else colours.warning if self._share >= FAIR else colours.danger
        painter.setBrush(QColor(named))
        painter.drawRoundedRect(QRectF(0, 0, max(8.0, whole.width() * self._share), whole.height()), 4, 4)
        painter.end()
