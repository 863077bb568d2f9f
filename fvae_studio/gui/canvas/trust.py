"""How far the result can be trusted, as a bar and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from fvae_studio.core.doubt import FacePart, most_doubtful_part
from fvae_studio.core.mouth_choice import MouthKind
from fvae_studio.gui.dialogs.frame import set_role
from fvae_studio.gui.theme import colours_of
from fvae_studio.gui.translation import in_percent
from fvae_studio.gui.widgets.elided_label import ElidedLabel
from fvae_studio.gui.widgets.fixed_label import FixedLabel
from fvae_studio.pipeline.requests import PlacedFlow, RenderedEdit

GOOD: Final = 0.6
FAIR: Final = 0.45
"""Between them lie smiles; below the second a broad smile of closed lips, opened mouths, and heads whose far side was
hidden (`motion_trust`)."""

SEEN_GAP_PX: Final = 0.7
"""Crop pixels: the dark below teeth that is lower than this is a shade."""


class TrustReadout(QWidget):
    """Shows how sure the least sure part of the moving face is; hidden while nothing is edited."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: tuple[tuple[int, bool], FacePart] | None = None
        self._build_ui()
        self.set_trust({}, None)

    def _build_ui(self) -> None:
        self._bar = _Bar(self)
        self._percent = FixedLabel(2.8, self)
        self._sentence = ElidedLabel(self)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(10)
        row.addWidget(self._bar)
        row.addWidget(self._percent)
        row.addWidget(self._sentence, 1)

    def set_edit(self, edit: RenderedEdit | None, chosen: int | None) -> None:
        """Show how far an edit can be trusted, and which part of the face makes it doubtful.

        Args:
            edit: as rendered; None hides the read-out.
            chosen: number of the chosen face, or None for all.
        """
        if edit is None:
            self.set_trust({}, None)
            return
        flows = {flow.face.index: flow for flow in edit.flows}
        number = _least(edit.trust, chosen)
        part, opened, shows_gap = None, None, False
        if number is not None and number in flows:
            opened = flows[number].mouth.kind if flows[number].lips is not None else None
            teeth = flows[number].teeth
            shows_gap = teeth is not None and teeth.gap is not None and teeth.gap.height > SEEN_GAP_PX
        if number is not None and number in flows and edit.trust[number] < GOOD:
            part = self._part_of(flows[number], edit)
        self.set_trust(edit.trust, chosen, part=part, opened=opened, shows_gap=shows_gap)

    def _part_of(self, flow: PlacedFlow, edit: RenderedEdit) -> FacePart:
        """The most doubtful part; while a slider moves, the one before, as long as the sentence is of the same kind."""
        kind = (flow.face.index, edit.trust[flow.face.index] >= FAIR)
        if edit.request.quality == "full_res" or self._part is None or self._part[0] != kind:
            part = most_doubtful_part(flow.field, flow.photo_to_crop.apply(flow.face.landmarks))
            self._part = (kind, part)
        return self._part[1]

    def set_trust(
        self,
        trust: Mapping[int, float],
        chosen: int | None,
        *,
        part: FacePart | None = None,
        opened: MouthKind | None = None,
        shows_gap: bool = False,
    ) -> None:
        """Show the chosen face's trust, or the least of all.

        Args:
            trust: by face number, in [0, 1]; faces that are not edited are missing.
            chosen: number of the chosen face, or None for all.
            part: what the doubt is about.
            opened: where the inside of that face's mouth comes from, if the edit opened it.
            shows_gap: whether the dark below its own teeth is drawn.
        """
        number = _least(trust, chosen)
        self.setVisible(number is not None)
        if number is None:
            return
        share = trust[number]
        sentence = self._sentence_for(share, part, opened, shows_gap=shows_gap)
        if len(trust) > 1 and number != chosen and (share < GOOD or opened is not None):
            sentence = self.tr("Face {number}: {sentence}").format(number=number, sentence=sentence)
        tip = self.tr("The least sure part of what moves is vouched for to {percent}. {sentence}")
        self._show(share, sentence, tip.format(percent=in_percent(share), sentence=sentence))
        self.setAccessibleName(self.tr("Trust: {percent}").format(percent=in_percent(share)))

    def set_problem(self, sentence: str) -> None:
        """Say instead why the edit is not shown, until something else is set."""
        self._show(None, sentence, sentence)
        self.setAccessibleName(self.tr("The edit is not shown"))

    def _show(self, share: float | None, sentence: str, tip: str) -> None:
        self.setVisible(True)
        for widget in (self._bar, self._percent):
            widget.setVisible(share is not None)
        if share is not None:
            self._bar.set_share(share)
            self._percent.setText(in_percent(share))
        set_role(self._sentence, "danger" if share is None else "")
        self._sentence.setText(sentence)
        self.setToolTip(tip)
        self.setAccessibleDescription(sentence)

    @property
    def sentence(self) -> str:
        """What it says."""
        return self._sentence.text()

    def _sentence_for(self, share: float, part: FacePart | None, opened: MouthKind | None, *, shows_gap: bool) -> str:
        if opened == "built_in":
            return self.tr("The teeth are built in: they are not this person's own.")
        if opened == "photo":
            return self.tr("The mouth's inside comes from the other photo.")
        if shows_gap and part == "mouth":
            return self.tr("What is dark below the teeth is drawn: the photo does not show it.")
        if share >= GOOD:
            return self.tr("The photo shows what this expression needs.")
        if share >= FAIR:
            return {
                "mouth": self.tr("Parts of the mouth are guessed: look at lips and teeth."),
                "eyes": self.tr("Parts of the eyes are guessed: look at lids and pupils."),
                "brows": self.tr("Parts of the brows are guessed: look at the skin around them."),
                "outline": self.tr("The face's outline is guessed in places: look at chin, cheeks and hair."),
                None: self.tr("Parts of this expression are guessed: look at the mouth and the eyes."),
            }[part]
        return {
            "mouth": self.tr(
                "The mouth would show what this photo lacks: use less, or choose teeth in the Mouth group."
            ),
            "eyes": self.tr("The eyes would show what this photo lacks, such as an eye behind its lid; use less."),
            "brows": self.tr("The brows would show skin that this photo lacks; use less."),
            "outline": self.tr("Behind the face lies what this photo lacks: the outline would smear; use less."),
            None: self.tr(
                "This expression needs what the photo lacks, such as teeth behind closed lips; use less of it."
            ),
        }[part]


def _least(trust: Mapping[int, float], chosen: int | None) -> int | None:
    """The chosen face where it is edited, else the one to worry about most."""
    if chosen is not None and chosen in trust:
        return chosen
    return min(trust, key=lambda number: trust[number], default=None)


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
