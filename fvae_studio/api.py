"""The Python API: what the command line does, in a few lines.

```
from fvae_studio import open_photo

photo = open_photo("me.jpg")
photo.edit(smile=0.8).save("me-smiling.jpg")
```
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fvae_studio.core.edit_note import mark_edited
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.geometry import Rect
from fvae_studio.core.mouth_choice import MouthChoice
from fvae_studio.core.photo_io import WriteOptions, write_photo
from fvae_studio.core.types import Face, Photo
from fvae_studio.pipeline.engine import Engine

if TYPE_CHECKING:
    from fvae_studio.model.checkpoint import LoadedModel
    from fvae_studio.model.weights import ModelWeights


def open_photo(
    path: Path | str,
    *,
    model: ModelWeights | LoadedModel | Path | str | None = None,
    device: str = "auto",
    engine: Engine | None = None,
) -> OpenedPhoto:
    """Read a photo.

    Args:
        path: JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP or GIF.
        model: name of a model or path of a weights file; None for the default.
        device: "auto", "cpu", "cuda" or "mps".
        engine: share one between photos, and the model is loaded once; `model` and `device` are then not looked at.

    Raises:
        PhotoError: the file is missing or no usable photo.
    """
    engine = engine or Engine(model, device=device)
    photo = engine.open(path)
    return OpenedPhoto(engine, photo, photo, EditState())


class OpenedPhoto:
    """A photo and the edit that is asked of it, from `open_photo`; `edit` gives a new one and leaves this one as it is.

    Attributes:
        engine: that renders.
        source: the photo as read.
        photo: with the edit applied.
        state: the edit.
        rois: the regions of `photo` that may differ from `source`.
        mouths: where the insides of opened mouths come from.
    """

    def __init__(
        self,
        engine: Engine,
        source: Photo,
        shown: Photo,
        state: EditState,
        rois: tuple[Rect, ...] = (),
        mouths: tuple[MouthChoice, ...] = (),
    ) -> None:
        self.engine, self.source, self.photo, self.state = engine, source, shown, state
        self.rois, self.mouths = rois, mouths

    @property
    def faces(self) -> tuple[Face, ...]:
        """The faces of the photo as read, numbered from 1, left to right."""
        return self.engine.detect(self.source)

    @property
    def expressions(self) -> tuple[str, ...]:
        """Names that `edit` takes."""
        return tuple(self.engine.directions)

    def edit(
        self,
        face: int | Literal["all"] = "all",
        *,
        mouth: MouthChoice | Path | Literal["closed", "built_in"] | None = None,
        **strengths: float,
    ) -> OpenedPhoto:
        """Ask for expressions on top of what was asked before; the same expression of the same face is replaced.

        Always rendered from the photo as read, so that many small edits cost no quality.

        Args:
            face: its number, or "all".
            mouth: what is seen where lips part that are closed in the photo: "closed", "built_in", or the path of
                another photo of the person; None leaves it as it was asked before.
            **strengths: 1 is the full expression, 0 none, below 0 its opposite.

        Raises:
            EditError: an unknown expression.
            FaceError: no face, none of that number, or one that cannot be edited.
        """
        number, choice = None if face == "all" else _plain(face), None if mouth is None else MouthChoice.of(mouth)
        asked = tuple((name, _plain(strength)) for name, strength in strengths.items())
        added = EditState(None, (FaceEdit(number, asked, choice),))
        return self.apply(self.state.merged(added))

    def apply(self, state: EditState) -> OpenedPhoto:
        """The photo as read with a whole edit, such as a recipe.

        Raises:
            EditError: an unknown expression.
            FaceError: no face, none of that number, or one that cannot be edited.
        """
        result = self.engine.render(self.source, state)
        return OpenedPhoto(self.engine, self.source, result.photo, state, result.rois, tuple(result.mouths.values()))

    def save(self, path: Path | str, *, options: WriteOptions | None = None, note: bool = True) -> Path:
        """Write the photo with the metadata of its source; an edit of zero copies the file.

        From JPEG to JPEG, blocks that the edit does not touch keep their very data (`WriteOptions.keep_blocks`).
        A note in XMP tells that the photo was edited, and what is seen in mouths that were opened.

        Args:
            path: of the file.
            options: how it is written; where they leave out metadata, the note is all that stays.
            note: False leaves it out.

        Raises:
            OverwriteError: the file exists and `options` do not allow to replace it.
            PhotoWriteError: it could not be written.
        """
        options, photo = options or WriteOptions(), self.photo
        if note and photo is not self.source:
            alone = not options.keep_metadata
            photo = mark_edited(photo, when=datetime.now().astimezone(), mouths=self.mouths, alone=alone)
            options = replace(options, keep_metadata=True)
        return write_photo(photo, path, options=options, source=self.source)


def _plain(number: Any) -> Any:
    """A number of numpy's as Python's own; all else as it is."""
    return number.item() if isinstance(number, np.generic) else number
