"""The values that travel through the program: frozen, read-only, without behaviour beyond their own invariants.

Conventions, everywhere:
    Pixel centres lie at integers (OpenCV); points are (x, y); arrays are (row, column).
    A flow is *backward*: the output pixel p samples its source at p + flow(p).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.errors import GeometryError

RgbImage: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W, 3), encoded (not linear) values."""
GreyMask: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
FloatMap: TypeAlias = NDArray[np.float32]

NUM_LANDMARKS = 478
"""Points of the face mesh, irises included."""


def read_only(array: NDArray[np.generic]) -> None:
    """Clear the writeable flag, so that the array may cross threads without a lock or a copy."""
    array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class PhotoMetadata:
    """What a file carries beside its pixels; every block as bytes, so that nothing is lost in a translation.

    Attributes:
        icc: the ICC profile.
        exif: the EXIF block (TIFF structure, without the prefix `Exif` and its two zero bytes), as found.
        xmp: the XMP packet.
        iptc: the IPTC records (without the Photoshop resources around them in JPEG and TIFF).
        orientation: EXIF orientation that the file had, 1..8; the pixels of `Photo` are upright already.
        resolution: dots per inch (x, y), if told.
        format: Pillow's name of the format of the file: "JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF", "BMP", "GIF".
        jpeg_tables: quantisation tables of a JPEG source, in natural order, by component (0 luma, 1 and 2 chroma; a
            chroma table that repeats the one before may be left out).
        jpeg_subsampling: chroma subsampling of a JPEG source: "4:4:4", "4:2:2", "4:2:0" or "" if another one.
        mode: the colour mode as found in the file: "1", "L", "LA", "P", "RGB", "RGBA" or "CMYK".
        bit_depth: bits per channel as found in the file, 1..16; `Photo` holds up to 8 as uint8, more as uint16.
        is_lossless: the file held its pixels without loss.
        text: PNG text chunks and the like.
        carried: further blocks, (name, content), that mean something to the same format only and are kept there.
        file_stamp: size and time of change (ns) of the file when it was read.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    orientation: int = 1
    resolution: tuple[float, float] | None = None
    format: str = ""
    jpeg_tables: Mapping[int, tuple[int, ...]] | None = None
    jpeg_subsampling: str = ""
    mode: str = "RGB"
    bit_depth: int = 8
    is_lossless: bool = False
    text: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[tuple[str, bytes], ...] = ()
    file_stamp: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo, upright.

    Attributes:
        pixels: (H, W, 3) uint8 or uint16, in the encoding of the photo's own ICC profile.
        alpha: (H, W) of the same dtype, or None.
        metadata: what the file carried beside the pixels.
        path: where it came from, if from a file.
    """

    pixels: RgbImage
    alpha: GreyMask | None = None
    metadata: PhotoMetadata = field(default_factory=PhotoMetadata)
    path: Path | None = None

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] != 3 or min(shape) == 0 or dtype not in (np.uint8, np.uint16):
            raise GeometryError(f"a photo needs (H, W, 3) uint8 or uint16 pixels; these are {shape} {dtype}")
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != dtype):
            raise GeometryError(f"alpha is {self.alpha.shape} {self.alpha.dtype}, the pixels are {shape} {dtype}")
        read_only(self.pixels)
        if self.alpha is not None:
            read_only(self.alpha)

    @property
    def width(self) -> int:
        """Pixels per row."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def bounds(self) -> Rect:
        """The whole photo."""
        return Rect(0, 0, self.width, self.height)

    @property
    def max_value(self) -> int:
        """255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    @cached_property
    def photo_id(self) -> str:
        """Hash of shape, depth and pixels: the same picture has the same id wherever its file lies."""
        digest = hashlib.blake2b(repr((self.pixels.shape, str(self.pixels.dtype))).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.pixels).data)
        if self.alpha is not None:
            digest.update(np.ascontiguousarray(self.alpha).data)
        return digest.hexdigest()

    def with_pixels(self, pixels: RgbImage, alpha: GreyMask | None = None) -> Photo:
        """The same photo with other pixels; `alpha` None keeps the present one."""
        return replace(self, pixels=pixels, alpha=self.alpha if alpha is None else alpha)


@dataclass(frozen=True, eq=False)
class Face:
    """One detected face.

    Attributes:
        index: 1, 2, ... from left to right in the photo: the number that people see and type.
        box: around the landmarks, in photo pixels (may reach beyond the photo).
        landmarks: (478, 2) float32, MediaPipe's mesh with irises, photo pixels.
        score: detector's confidence in [0, 1].
        yaw: rough turn of the head in degrees, positive to the photo's right; 0 is frontal.
    """

    index: int
    box: Rect
    landmarks: Points
    score: float
    yaw: float = 0.0

    def __post_init__(self) -> None:
        if self.landmarks.ndim != 2 or self.landmarks.shape[1] != 2:
            raise GeometryError(f"landmarks must be (N, 2), not {self.landmarks.shape}")
        read_only(self.landmarks)


@dataclass(frozen=True, eq=False)
class AlignedCrop:
    """A face in the canonical frame.

    Attributes:
        pixels: (S, S, 3) uint8; S is `alignment.CROP_SIZE` for the model, any size for rendering.
        photo_to_crop: photo pixels -> pixels of a crop of size `alignment.CROP_SIZE`, whatever S is.
        template_id: which template defined the frame.
        gap: largest one between the lips, crop pixels (`lips.with_gap`); 0 also where nobody looked for it.
    """

    pixels: NDArray[np.uint8]
    photo_to_crop: SimilarityTransform
    template_id: str
    gap: float = 0.0

    def __post_init__(self) -> None:
        read_only(self.pixels)


@dataclass(frozen=True, eq=False)
class FlowField:
    """A backward flow on the aligned crop with the confidence in it.

    Attributes:
        flow: (h, w, 2) float32, (dx, dy) in pixels of a `CROP_SIZE` crop, whatever the grid (h, w) is; grid cell (i, j)
            stands for the crop position ((j + 0.5) CROP_SIZE / w - 0.5, (i + 0.5) CROP_SIZE / h - 0.5).
        confidence: (h, w) float32 in [0, 1].
    """

    flow: NDArray[np.float32]
    confidence: FloatMap

    def __post_init__(self) -> None:
        if self.flow.ndim != 3 or self.flow.shape[2] != 2 or self.confidence.shape != self.flow.shape[:2]:
            raise GeometryError(
                f"a flow field needs (h, w, 2) and (h, w); these are {self.flow.shape} and {self.confidence.shape}"
            )
        read_only(self.flow)
        read_only(self.confidence)

    @staticmethod
    def identity(shape: tuple[int, int]) -> FlowField:
        """The flow that moves nothing, trusted everywhere."""
        return FlowField(np.zeros((*shape, 2), np.float32), np.ones(shape, np.float32))


@dataclass(frozen=True, eq=False)
class WarpedFace:
    """A face resampled at the photo's own resolution.

    Attributes:
        pixels: (roi.height, roi.width, 3), dtype and encoding of the photo.
        moved: (roi.height, roi.width) bool: where the flow is not zero. Elsewhere the pixels are the photo's own.
        confidence: (roi.height, roi.width) float32 in [0, 1].
        roi: where it lies in the photo.
        alpha: the photo's alpha, resampled alike, or None.
    """

    pixels: RgbImage
    moved: NDArray[np.bool_]
    confidence: FloatMap
    roi: Rect
    alpha: GreyMask | None = None

    def with_part(self, window: Rect, pixels: RgbImage) -> WarpedFace:
        """The face with other pixels in a window of its region; they have moved where they differ."""
        place = window.within(self.roi)
        after, moved = self.pixels.copy(), self.moved.copy()
        after[place] = pixels
        moved[place] |= (pixels != self.pixels[place]).any(axis=2)
        return replace(self, pixels=after, moved=moved)


@dataclass(frozen=True, eq=False)
class RenderResult:
    """An edited photo.

    Attributes:
        photo: the photo after the edit; the very object that came in when nothing changed.
        rois: the regions that may differ from the source; every pixel outside them is bit-identical.
        timings_ms: milliseconds by stage.
        mouths: by face number: where the inside of a mouth comes from that is closed in the source and opened.
    """

    photo: Photo
    rois: tuple[Rect, ...]
    timings_ms: Mapping[str, float]
    mouths: Mapping[int, MouthChoice] = field(default_factory=dict)


def number_faces(faces: Iterable[Face]) -> tuple[Face, ...]:
    """Faces from left to right (then top to bottom), numbered from 1."""
    ordered = sorted(faces, key=lambda face: (face.box.center[0], face.box.center[1]))
    return tuple(replace(face, index=index) for index, face in enumerate(ordered, start=1))
