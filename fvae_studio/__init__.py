"""FVAE Studio: edit facial expressions with the photo's own pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fvae_studio.api import OpenedPhoto, open_photo

__all__ = ["OpenedPhoto", "__version__", "open_photo"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `import fvae_studio` (and with it `fvae-studio --help`) costs no numpy and no torch.
    if name in {"OpenedPhoto", "open_photo"}:
        from fvae_studio import api

        return getattr(api, name)
    raise AttributeError(f"module 'fvae_studio' has no attribute {name!r}")
