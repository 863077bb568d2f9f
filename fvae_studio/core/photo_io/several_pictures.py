"""Files that hold more pictures than the one that is read: pages of a TIFF, frames of an animation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_MAY_HOLD_SEVERAL: Final = ("TIFF", "PNG", "WEBP", "GIF")

_NEW_SUBFILE_TYPE: Final = 254
_REDUCED: Final = 1
"""Bit of that tag: a smaller copy of another page."""


def num_pictures(path: Path) -> int:
    """How many pictures of their own a file holds; smaller copies of the same picture do not count.

    Only the first is ever read. A file that cannot be read any more counts as one.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=_MAY_HOLD_SEVERAL) as image:
            count = int(getattr(image, "n_frames", 1))
            if image.format != "TIFF":
                return count
            own = 0
            for page in range(count):
                image.seek(page)
                own += not int(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED  # type: ignore[attr-defined]  # a TIFF has it
            return max(own, 1)
    except Exception:
        # Pillow raises what it likes on what it cannot read; other formats hold one picture.
        return 1
