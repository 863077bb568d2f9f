"""Glasses do not bend: frames go with the head, and the face moves behind them.

A network that has seen bare faces takes a rim for a part of the face: raised brows lift its upper edge, and a wrinkled
nose folds it. Here a frame is a layer of its own above the face that moves as the head does. Around it the face moves
as ever; where it shows what the frame hid in the photo, it shows images of what is next to that on either side. What is
seen through a lens has little room: there lids and skin are drawn out between the frame and where they have to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.crop_places import shifted
from fvae_studio.core.flow_spline import rise
from fvae_studio.core.geometry import Points
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.types import FloatMap
from fvae_studio.core.worn_glasses import HIDDEN_PX, MAP_SIZE, WornGlasses

FRAME_EDGE_PX: Final = (0.4, 1.0)
"""Crop pixels beside what was found up to which the frame's layer is seen, and from which on it is not: its outline is
that of whole cells, and it throws a shadow."""

MOVES_PX: Final = (0.05, 0.3)
"""Crop pixels by which a face moves beside its frame: from the first on what was hidden is seen, at the second all."""

FADES_PX: Final = 1.5
"""Crop pixels over which what is seen through a lens gives way to its frame, where it comes to it or slides along."""

STRETCHES: Final = 1.45
"""The same where it comes away from the frame, in lengths of its way: skin is drawn out. Over less than its way the
frame would be seen twice."""

UNCOVERS_PX: Final = 4.0
"""Crop pixels by which skin beyond a frame comes away from it at most: of what it hid nobody knows more than what is
next to it."""

_EASES_PX: Final = 9.0
"""Crop pixels from the frame, where it has come as far as it was asked to."""

_AROUND_PX: Final = 2.0
"""Crop pixels around a place whose motion is looked at for that."""

_LENS_SIDE_PX: Final = 0.5
"""Crop pixels by which the image of what is seen through the lens reaches over the middle of what was hidden: above the
lens brows are near."""

_SOFT_PX: Final = 0.8
"""Crop pixels over which layers pass into each other."""

_PASSES_PX: Final = 3.0
"""Crop pixels over which both images pass into each other."""

_EVEN_PX: Final = 4.0
"""Crop pixels over which the head's motion is averaged, from side to side."""

_NOSE, _FOREHEAD = 6, 10
"""MediaPipe's points where glasses sit, and at the hair line."""


FindGlasses: TypeAlias = Callable[[], WornGlasses | None]
"""Gives what is known of the glasses that a crop shows; None where it shows none."""


@dataclass(frozen=True, eq=False)
class StillGlasses:
    """Glasses of an edited face in layers; flows are backwards, in crop pixels, maps over the edited crop.

    Attributes:
        behind: (h, w, 2) flow of the face that keeps clear of the frame: what is seen through the lenses.
        around: (h, w, 2) flow of the face as it was asked for; of what was hidden, the image of what is beyond.
        through: likewise, but of what is seen through the lens.
        frame: (h, w, 2) flow of what is worn.
        beyond: (MAP_SIZE, MAP_SIZE) in [0, 1], of `around` and `through` before `behind`.
        of_lens: likewise, of `through` in that.
        shown: likewise, of `frame` before all.
        box: left, top, right, bottom of what they change, crop pixels.
    """

    behind: NDArray[np.float32]
    around: NDArray[np.float32]
    through: NDArray[np.float32]
    frame: NDArray[np.float32]
    beyond: FloatMap
    of_lens: FloatMap
    shown: FloatMap
    box: tuple[float, float, float, float]

    @property
    def flows(self) -> dict[str, NDArray[np.float32]]:
        """Those that are laid over a face that `behind` has moved."""
        return {"around": self.around, "through": self.through, "frame": self.frame}


def hold_glasses(
    flow: NDArray[np.float32], landmarks: Points, find_glasses: FindGlasses, *, own: float = 1.0
) -> StillGlasses | None:
    """Take glasses apart from a flow.

    Args:
        flow: (h, w, 2) backward flow without folds, crop pixels.
        landmarks: (478, 2) of the photo's face, crop pixels.
        find_glasses: asked only where something moves.
        own: how far the motion is the photo's own, [0, 1]: from photo to photo frames move as they do there.

    Returns:
        None where there are no glasses, or nothing moves behind them.
    """
    if own <= 0 or not (np.abs(flow) > MOVES_PX[0]).any():
        return None
    worn = find_glasses()
    if worn is None:
        return None
    frame = np.asarray(flow + np.float32(own) * (head_motion(flow, landmarks) - flow), np.float32)
    fine_frame, fine = _enlarged(frame), _enlarged(flow)
    beside = _at(worn.beside, fine_frame)
    apart = rise(np.hypot(*np.moveaxis(fine - fine_frame, -1, 0)), MOVES_PX)
    if not apart[beside < HIDDEN_PX].any():
        return None
    behind, eased = _beside_frame(flow, frame, beside)
    source = _enlarged(eased)
    around, through = (eased + _reduced(_at(image, source), flow.shape) for image in (worn.beyond, worn.through))
    shown = 1 - rise(beside, FRAME_EDGE_PX)
    differs = rise(np.hypot(*np.moveaxis(_enlarged(around - behind), -1, 0)), MOVES_PX)
    beyond = differs * (1 - rise(_at(worn.in_lens, fine_frame), (-_SOFT_PX, _SOFT_PX)))
    seen = np.maximum(shown * apart, beyond) > 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    cell = CROP_SIZE / MAP_SIZE
    left, top, right, bottom = (float(edge) * cell for edge in (columns[0], rows[0], columns[-1], rows[-1]))
    of_lens = rise(_at(worn.in_lens, source) + np.float32(_LENS_SIDE_PX), (-_PASSES_PX, _PASSES_PX))
    box = (left - 1, top - 1, right + 1, bottom + 1)
    return StillGlasses(behind, around, through, frame, beyond, of_lens, shown, box)


def _beside_frame(
    flow: NDArray[np.float32], frame: NDArray[np.float32], beside: FloatMap
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two flows (h, w, 2): one keeps clear of the frame, the other one uncovers little of what it hid.

    The first is the frame's own near it, so that nothing shows the frame where it is not.

    Args:
        flow: (h, w, 2), crop pixels.
        frame: likewise, of the frame.
        beside: (MAP_SIZE, MAP_SIZE) distance to the frame in the edited crop, crop pixels.
    """
    away = flow - frame
    distance = cv2.resize(beside, flow.shape[1::-1], interpolation=cv2.INTER_AREA)
    leaving = _leaving(away, distance)
    fades = np.maximum(np.float32(FADES_PX), STRETCHES * leaving)
    clear = np.clip((distance - np.float32(sum(FRAME_EDGE_PX) / 2)) / fades, 0, 1)
    least = np.float32(UNCOVERS_PX) / np.maximum(leaving, np.float32(UNCOVERS_PX))
    eased = least + (1 - least) * rise(distance, (0, _EASES_PX))
    return prepare_flow(frame + away * clear[..., None]), np.asarray(frame + away * eased[..., None], np.float32)


def _leaving(away: NDArray[np.float32], beside: FloatMap) -> FloatMap:
    """(h, w): how far, in crop pixels, skin moves away from the frame next to it; the most of what is around.

    Args:
        away: (h, w, 2) backward flow against the frame's, crop pixels.
        beside: (h, w) distance to the frame, crop pixels.
    """
    cell = CROP_SIZE / away.shape[1]
    down, across = np.gradient(beside, cell)
    # Backwards: what comes away from the frame is found nearer to it.
    leaving: FloatMap = np.maximum(-(away[..., 0] * across + away[..., 1] * down), 0).astype(np.float32)
    side = 2 * round(_AROUND_PX / cell) + 1
    most = cv2.dilate(leaving, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return np.asarray(cv2.GaussianBlur(most, (0, 0), _AROUND_PX / 2 / cell), np.float32)


def head_motion(flow: NDArray[np.float32], landmarks: Points) -> NDArray[np.float32]:
    """(1, w, 2) crop pixels, backwards as the flow: how a head moves, whatever its face does, from ear to ear.

    What moves the bridge of the nose and the hair line alike, and what is beside them, is the head; brows move them
    towards each other. A head that turns does not move all of a frame alike: that is as people see it.
    """
    scale = flow.shape[0] / CROP_SIZE
    rows = np.round((landmarks[[_NOSE, _FOREHEAD], 1] + 0.5) * scale - 0.5).astype(int)
    nose, forehead = flow[np.clip(rows, 0, len(flow) - 1)]
    least = np.where(np.abs(nose) < np.abs(forehead), nose, forehead)
    alike = np.where(nose * forehead > 0, least, np.float32(0)).astype(np.float32)
    even = cv2.GaussianBlur(alike[None], (0, 0), _EVEN_PX * flow.shape[1] / CROP_SIZE)
    return np.asarray(even, np.float32)


def _enlarged(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(flow, (MAP_SIZE, MAP_SIZE), interpolation=cv2.INTER_LINEAR), np.float32)


def _reduced(field: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(field, shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)


def _at(values: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each place of the edited crop, what is told of where it comes from; both of `MAP_SIZE`."""
    return np.asarray(shifted(values, flow * np.float32(MAP_SIZE / CROP_SIZE)), np.float32)
