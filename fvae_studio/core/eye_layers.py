"""Eyes in layers, where a flow alone would squeeze them or draw them out: lids that close, and eyes that open wider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.eye_motion import EYES, EyeMotion, Side, is_moving, measure_eye
from fvae_studio.core.flow_spline import passage
from fvae_studio.core.geometry import Points
from fvae_studio.core.lids import LAYERED, MEETING, TOGETHER, ClosingEye, close_eye
from fvae_studio.core.wide_eyes import WideEye, widen_eye

WIDENED: Final = (0.07, 0.15)
"""Shares of an eye's opening that are added: from the first one on the iris is kept round, at the second one it is."""


@dataclass(frozen=True, eq=False)
class EyeLayers:
    """Backward flows (h, w, 2) in crop pixels, each of them right for a part of an eye; elsewhere they are the flow.

    Attributes:
        upper: of the upper lid, down to its rim.
        eye: of the eye itself: as it is in the photo.
        lower: of the lower lid, from its rim on.
        left: of what the upper lid covered, as the mirror image of what is below it or beside that to the left.
        right: likewise, to the right.
        closing: eyes that close: they are made of `upper`, `eye` and `lower`.
        wide: eyes that open: they are made of the flow, `eye`, `left` and `right`.
    """

    upper: NDArray[np.float32]
    eye: NDArray[np.float32]
    lower: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    closing: tuple[ClosingEye, ...]
    wide: tuple[WideEye, ...]

    @property
    def eyes(self) -> tuple[ClosingEye | WideEye, ...]:
        """All of them."""
        return (*self.closing, *self.wide)

    @property
    def flows(self) -> dict[str, NDArray[np.float32]]:
        """Those that something is seen of."""
        shown = {"eye": self.eye}
        if self.closing:
            shown |= {"upper": self.upper, "lower": self.lower}
        if self.wide:
            shown |= {"left": self.left, "right": self.right}
        return shown


def layer_eyes(flow: NDArray[np.float32], landmarks: Points) -> EyeLayers | None:
    """Take the eyes apart where a flow closes or widens them.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.

    Returns:
        None where no eye closes by more than the first of `LAYERED`, or opens by more than the first of `WIDENED`.
    """
    # Most edits leave eyes alone: a glance tells.
    if not any(is_moving(flow, landmarks, contours) for contours in EYES.values()):
        return None
    motions = [measure_eye(flow, landmarks, contours) for contours in EYES.values()]
    if all(-WIDENED[0] <= motion.closed <= LAYERED[0] for motion in motions):
        return None
    upper, eye, lower, left, right = (flow.copy() for _ in range(5))
    closing: list[ClosingEye] = []
    wide: list[WideEye] = []
    for contours, motion, meeting in zip(EYES.values(), motions, _meeting(motions), strict=True):
        if (share := motion.is_open * passage(motion.closed, LAYERED)) > 0:
            closing.append(close_eye(flow, landmarks, contours, motion, share, meeting, (upper, eye, lower)))
        elif (share := motion.is_open * passage(-motion.closed, WIDENED)) > 0:
            widened = widen_eye(flow, landmarks, contours, motion, share, (eye, left, right))
            wide += [] if widened is None else [widened]
    return EyeLayers(upper, eye, lower, left, right, tuple(closing), tuple(wide)) if closing or wide else None


def closed_shares(flow: NDArray[np.float32], landmarks: Points) -> dict[Side, float]:
    """What of each eye's opening is closed as it is shown: 0 nothing, 1 all, below 0 it opens.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
    """
    shares = {contours.side: measure_eye(flow, landmarks, contours).closed for contours in EYES.values()}
    layers = layer_eyes(flow, landmarks)
    return shares if layers is None else shares | {eye.side: eye.closed for eye in layers.closing}


def _meeting(motions: list[EyeMotion]) -> list[float]:
    """How much of what the flow leaves open each eye's lids close.

    Eyes that close together meet together: half closed, two eyes of one face may differ by a fifth.
    """
    closed = [motion.closed for motion in motions]
    together = passage(min(closed), TOGETHER)
    return [passage(each + together * (sum(closed) / len(closed) - each), MEETING) for each in closed]
