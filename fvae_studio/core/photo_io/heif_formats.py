"""Reading HEIC/HEIF and AVIF. Pictures of 10 or 12 bits per channel are kept, as 16 bits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from fvae_studio.core.photo_io.decoding import Decoded, ReadLimits
from fvae_studio.core.photo_io.exif import orientation_of, resolution_of
from fvae_studio.core.photo_io.pillow_formats import quiet_pillow
from fvae_studio.core.photo_io.pixels import Samples, straight_alpha, widen
from fvae_studio.core.photo_io.source_file import SourceFile, truncated
from fvae_studio.core.types import PhotoMetadata
from fvae_studio.errors import PhotoFormatError

_EXIF_HEADER = b"Exif\x00\x00"


def read_heif(source: SourceFile, limits: ReadLimits) -> Decoded:
    """The primary picture. The container's own rotation is applied by libheif; EXIF's is void, as the standard says."""
    import pillow_heif

    limits.check_loaded(source)
    _check_boxes(source)
    with quiet_pillow():
        picture = pillow_heif.open_heif(io.BytesIO(source.read_all()), convert_hdr_to_8bit=False)
        limits.check_size(source, *picture.size)
        info = picture.info
        samples: Samples = np.asarray(picture)
    bits = int(info.get("bit_depth") or 8)
    if samples.dtype == np.uint16:
        # libheif's wrapper shifts the values up and leaves the low bits empty: white would not be white.
        samples = samples | np.right_shift(samples, bits, dtype=np.uint16)
    if picture.mode.startswith("RGBa"):
        samples = straight_alpha(samples)
    exif = bytes(info.get("exif") or b"").removeprefix(_EXIF_HEADER) or None
    metadata = PhotoMetadata(
        icc=bytes(info.get("icc_profile") or b"") or None,
        exif=exif,
        xmp=bytes(info.get("xmp") or b"") or None,
        resolution=resolution_of(exif) if exif else None,
        format="HEIF",
        mode=_mode_of(samples),
        bit_depth=bits,
    )
    return Decoded(samples, metadata)


def read_avif(source: SourceFile, limits: ReadLimits) -> Decoded:
    """The first picture. Pillow reads what is beside the pixels (it folds the container's rotation into EXIF)."""
    from imagecodecs import avif_decode
    from PIL import AvifImagePlugin

    limits.check_loaded(source)
    _check_boxes(source)
    content = source.read_all()
    if not AvifImagePlugin.SUPPORTED:
        raise PhotoFormatError(f"{source.path.name} is an AVIF image, which this build cannot read. Export it as JPEG.")
    with quiet_pillow():
        header = AvifImagePlugin.AvifImageFile(io.BytesIO(content))
        limits.check_size(source, *header.size)
        info: dict[Any, Any] = header.info
    samples: Samples = avif_decode(content, index=0)
    bits = 8
    if samples.dtype == np.uint16:
        bits = _bits_of_av1(content)
        samples = widen(samples, bits)
    exif = bytes(info.get("exif") or b"").removeprefix(_EXIF_HEADER) or None
    metadata = PhotoMetadata(
        icc=info.get("icc_profile"),
        exif=exif,
        xmp=info.get("xmp"),
        orientation=orientation_of(exif) if exif else 1,
        resolution=resolution_of(exif) if exif else None,
        format="AVIF",
        mode=_mode_of(samples),
        bit_depth=bits,
    )
    return Decoded(samples, metadata)


def _mode_of(samples: Samples) -> str:
    return "L" if samples.ndim == 2 else {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[samples.shape[2]]


def _bits_of_av1(content: bytes) -> int:
    """10 or 12, from the configuration of the AV1 codec (AV1-ISOBMFF, section 2.3): its third byte holds two flags."""
    place = content.find(b"av1C")
    return 12 if place >= 0 and content[place + 6] & 0x20 else 10


def _check_boxes(source: SourceFile) -> None:
    """Refuse a file whose outermost boxes reach beyond its end: the decoders fill what is missing with grey."""
    position = 0
    while position + 8 <= source.size:
        head = source.read_at(position, min(16, source.size - position))
        size = int.from_bytes(head[:4], "big")
        if size == 0:  # to the end of the file
            return
        if size == 1 and len(head) == 16:
            size = int.from_bytes(head[8:16], "big")
        if size < 8 or position + size > source.size:
            raise truncated(source.path)
        position += size
