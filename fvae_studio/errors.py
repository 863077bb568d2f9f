"""Every error that FVAE Studio raises on purpose, in one tree.

A message is a sentence for the user: what was found, what was wanted, what to do.

```
FvaeStudioError
├── PhotoError                 a file could not become a photo, or a photo a file
│   ├── PhotoNotFoundError     missing path, a folder
│   ├── PhotoUnreadableError   no permission, I/O error
│   ├── PhotoFormatError       empty, not an image, mislabelled beyond help, unsupported
│   ├── PhotoDamagedError      truncated or corrupt
│   ├── PhotoTooLargeError     more pixels or memory than the limits allow (decompression bombs)
│   └── PhotoWriteError        the output could not be written; the old file is whole
│       └── OverwriteError     the output exists, or is the source, and overwriting was not asked for
├── CredentialsError           Content Credentials cannot be added
├── FaceError                  no face that can be edited
│   ├── NoFaceError            none found, or no face of that number
│   ├── FaceTooSmallError
│   ├── FaceInProfileError
│   └── FaceCutOffError
├── GeometryError              a singular transform, a region outside the photo, a malformed flow
├── EditError                  an unknown direction, a strength out of range, a malformed recipe
├── ProjectError               a project file is damaged, newer, or none
├── ModelError
│   ├── ModelNotFoundError     nothing under that name
│   ├── CheckpointError        damaged, a pickle, a newer schema
│   ├── DirectionFileError     a slider of one's own is damaged, or made for another model
│   └── TemplateMismatchError  trained on crops from another alignment template
├── DeviceError                the chosen device is not there
├── DataError                  training data is missing or malformed
├── TrainingError              a training cannot go on: it diverges, or its state cannot be saved
├── ConfigError                a training configuration is malformed
└── Cancelled                  the user stopped it (not a failure)
```
"""

import types
from collections import abc

_LONGEST = 600


class FvaeStudioError(Exception):
    """Base of all errors that are meant for the user."""

    def __str__(self) -> str:
        message = super().__str__()
        # A damaged file may put a novel where a number was meant: what is quoted from it is cut in the middle.
        return message if len(message) <= _LONGEST else f"{message[: _LONGEST - 160]} ... {message[-150:]}"


class PhotoError(FvaeStudioError):
    """A file could not become a photo, or a photo a file."""


class PhotoNotFoundError(PhotoError, FileNotFoundError):
    """There is no file at that path, or it is a folder."""


class PhotoUnreadableError(PhotoError, OSError):
    """The file is there but the system does not let it be read."""


class PhotoFormatError(PhotoError, ValueError):
    """The file is empty, no image, or an image of a kind that is not supported."""


class PhotoDamagedError(PhotoError, ValueError):
    """The file starts like an image and then breaks off or makes no sense."""


class PhotoTooLargeError(PhotoError, ValueError):
    """The photo has more pixels than the limit, or would need too much memory."""


class PhotoWriteError(PhotoError, OSError):
    """The output could not be written; a file that was there before is whole."""


class OverwriteError(PhotoWriteError):
    """The output exists, or is the source itself, and overwriting was not asked for."""


class CredentialsError(FvaeStudioError, RuntimeError):
    """Content Credentials were asked for and cannot be added; nothing was written."""


class FaceError(FvaeStudioError, ValueError):
    """There is no face that can be edited.

    Attributes:
        reasons: of a refused edit, by face number: why that face of the photo cannot be edited.
    """

    reasons: abc.Mapping[int, str] = types.MappingProxyType({})


class NoFaceError(FaceError):
    """No face was found, or none of that number."""


class FaceTooSmallError(FaceError):
    """A face has too few pixels between the ears."""


class FaceInProfileError(FaceError):
    """A face is turned so far that one half cannot be seen."""


class FaceCutOffError(FaceError):
    """A face lies partly outside the photo."""


class GeometryError(FvaeStudioError, ValueError):
    """A singular transform, a region outside the photo, or a malformed flow."""


class EditError(FvaeStudioError, ValueError):
    """An unknown direction, a strength that is no number, or a malformed recipe."""


class ProjectError(FvaeStudioError, ValueError):
    """A project file cannot be read, is damaged, or is newer than this build."""


class ModelError(FvaeStudioError):
    """Base of everything that can be wrong with a model file."""


class ModelNotFoundError(ModelError, LookupError):
    """No model of that name or path."""


class CheckpointError(ModelError, ValueError):
    """A weights file is damaged, of another kind, or newer than this build."""


class DirectionFileError(ModelError, ValueError):
    """A file with a direction of the user's own is damaged, newer than this build, or made for another model."""


class TemplateMismatchError(ModelError, ValueError):
    """The weights were trained on crops from another alignment template."""


class DeviceError(FvaeStudioError, RuntimeError):
    """The chosen device is not there or failed."""


class DataError(FvaeStudioError, ValueError):
    """Training data is missing or malformed."""


class TrainingError(FvaeStudioError, RuntimeError):
    """A training cannot go on: it diverges, or its state cannot be saved."""


class ConfigError(FvaeStudioError, ValueError):
    """A training configuration is malformed."""


class Cancelled(FvaeStudioError):  # noqa: N818 (not an error: the user asked for it)
    """Work stopped because the user asked for it."""
