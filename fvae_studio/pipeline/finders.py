"""Small networks that tell what a face's crop shows: the person before what is behind, and glasses."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import numpy as np

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.types import AlignedCrop, FloatMap, read_only
from fvae_studio.core.worn_glasses import WornGlasses
from fvae_studio.model.glasses_net import GlassesNet
from fvae_studio.pipeline.lazy import Lazy
from fvae_studio.pipeline.mediapipe_graphs import PERSON_INPUT, PersonNet, quiet_native_log

Net = TypeVar("Net")
Found = TypeVar("Found")


class CropFinder(ABC, Generic[Net, Found]):
    """Looks at aligned crops, at each once. The network is made when first asked.

    For one thread at a time, as the engine that it belongs to.
    """

    def __init__(self) -> None:
        self._net = Lazy(self._make)
        self._found: weakref.WeakKeyDictionary[AlignedCrop, Found] = weakref.WeakKeyDictionary()

    def find(self, crop: AlignedCrop) -> Found:
        """What the crop shows."""
        if crop not in self._found:
            self._found[crop] = self._look(self._net.get(), crop)
        return self._found[crop]

    @abstractmethod
    def _make(self) -> Net: ...

    @abstractmethod
    def _look(self, net: Net, crop: AlignedCrop) -> Found: ...


class PersonFinder(CropFinder[PersonNet, FloatMap]):
    """Where the person is, with hair and clothes, (256, 256) in [0, 1]: MediaPipe's segmentation."""

    def close(self) -> None:
        """Release the network."""
        if self._net.is_made:
            self._net.get().close()

    def _make(self) -> PersonNet:
        with quiet_native_log():
            net = PersonNet()
            # Its first look has something to say as well.
            net.find(np.zeros((PERSON_INPUT, PERSON_INPUT, 3), np.uint8))
        return net

    def _look(self, net: PersonNet, crop: AlignedCrop) -> FloatMap:
        size = (PERSON_INPUT, PERSON_INPUT)
        mask = net.find(cv2.resize(crop.pixels, size, interpolation=cv2.INTER_CUBIC))
        read_only(mask)
        return mask


class GlassesFinder(CropFinder[GlassesNet, WornGlasses | None]):
    """What is known of the glasses; None where there are none."""

    def _make(self) -> GlassesNet:
        return GlassesNet()

    def _look(self, net: GlassesNet, crop: AlignedCrop) -> WornGlasses | None:
        return WornGlasses.of(net.find(crop.pixels))
