"""Which of MediaPipe's 478 points stands for each of the 68 iBUG landmarks that FaceKit names."""

from __future__ import annotations

from typing import Final

import numpy as np

MEDIAPIPE_TO_IBUG: Final = np.array(
    [
        *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),  # jaw line
        *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),  # brows
        *(168, 197, 5, 4, 98, 97, 2, 326, 327),  # nose
        *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),  # eyes
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
        *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips
    ]
)
"""(68,) indices into MediaPipe's points."""

JAW: Final = slice(0, 17)
BROWS: Final = slice(17, 27)
NOSE: Final = slice(27, 36)
EYES: Final = slice(36, 48)
LIPS: Final = slice(48, 68)

MOUTH_POINTS: Final = MEDIAPIPE_TO_IBUG[LIPS]
"""(20,) MediaPipe's points on the lips: what the mouth landmark error is measured on."""

JAW_POINTS: Final = MEDIAPIPE_TO_IBUG[JAW]
"""(17,) MediaPipe's points along the outline, from ear to ear."""

LID_POINTS: Final = MEDIAPIPE_TO_IBUG[EYES][[1, 2, 4, 5, 7, 8, 10, 11]]
"""(8,) MediaPipe's points on both eyes' lids, without the corners."""
