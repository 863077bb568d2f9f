"""How names of photos end."""

from __future__ import annotations

from typing import Final

PHOTO_SUFFIXES: Final = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".heic", ".heif", ".hif", ".avif", ".bmp",
    ".gif",
)  # fmt: skip
"""Of all kinds that are read. Of a moving GIF or WebP, the first picture is the photo."""
