"""Where a face's crop shows the person, and where what is behind."""

from __future__ import annotations

import weakref

import numpy as np

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.types import AlignedCrop, FloatMap, read_only
from fvae_studio.pipeline.lazy import Lazy
from fvae_studio.pipeline.mediapipe_graphs import PERSON_INPUT, PersonNet, quiet_native_log


class PersonFinder:
    """MediaPipe's segmentation of aligned crops, each looked at once. The network is made when first asked.

    For one thread at a time, as the engine that it belongs to.
    """

    def __init__(self) -> None:
        self._net = Lazy(_make_net)
        self._found: weakref.WeakKeyDictionary[AlignedCrop, FloatMap] = weakref.WeakKeyDictionary()

    def find(self, crop: AlignedCrop) -> FloatMap:
        """(256, 256) in [0, 1]: where the crop shows a person, with hair and clothes."""
        if crop not in self._found:
            size = (PERSON_INPUT, PERSON_INPUT)
            mask = self._net.get().find(cv2.resize(crop.pixels, size, interpolation=cv2.INTER_CUBIC))
            read_only(mask)
            self._found[crop] = mask
        return self._found[crop]

    def close(self) -> None:
        """Release the network."""
        if self._net.is_made:
            self._net.get().close()


def _make_net() -> PersonNet:
    with quiet_native_log():
        net = PersonNet()
        # Its first look has something to say as well.
        net.find(np.zeros((PERSON_INPUT, PERSON_INPUT, 3), np.uint8))
    return net
