"""What every reader of a format is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass

from fvae_studio.core.photo_io.pixels import Samples
from fvae_studio.core.photo_io.source_file import SourceFile, damaged
from fvae_studio.core.types import PhotoMetadata
from fvae_studio.errors import PhotoTooLargeError


@dataclass(frozen=True)
class ReadLimits:
    """What is refused before any memory is taken for it.

    Attributes:
        max_pixels: width x height.
        max_loaded_bytes: size of a file that must be in memory while it is decoded (all formats but TIFF and BMP).
    """

    max_pixels: int = 200_000_000
    max_loaded_bytes: int = 1 << 30

    def check_size(self, source: SourceFile, width: int, height: int) -> None:
        """Refuse a picture by the size that its header claims.

        Raises:
            PhotoDamagedError: no pixels.
            PhotoTooLargeError: too many.
        """
        if width <= 0 or height <= 0:
            raise damaged(source.path)
        if width * height > self.max_pixels:
            raise PhotoTooLargeError(
                f"{source.path.name} has {width} x {height} pixels ({width * height / 1e6:.0f} megapixels); "
                f"at most {self.max_pixels / 1e6:.0f} megapixels are read. Scale it down first."
            )

    def check_loaded(self, source: SourceFile) -> None:
        """Refuse a file that is too large to be held in memory beside its pixels.

        Raises:
            PhotoTooLargeError: it is.
        """
        if source.size > self.max_loaded_bytes:
            raise PhotoTooLargeError(
                f"{source.path.name} is a {source.format} file of {source.size / 1e9:.1f} GB; at most "
                f"{self.max_loaded_bytes / 1e9:.1f} GB are read. Save it as TIFF or scale it down first."
            )


@dataclass(frozen=True)
class Decoded:
    """A decoded picture as it lies in the file, before it is turned upright.

    Attributes:
        samples: grey, grey and alpha, RGB or RGBA.
        metadata: `orientation` tells how it is to be turned.
    """

    samples: Samples
    metadata: PhotoMetadata
