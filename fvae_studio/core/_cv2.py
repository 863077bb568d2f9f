"""The only `import cv2` of the program."""

import os

_before = os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH")

import cv2  # noqa: E402

# Importing the Linux wheel points Qt at its own Qt 5 plugins, which breaks PySide6: undo that.
if _before is None:
    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
else:
    os.environ["QT_QPA_PLATFORM_PLUGIN_PATH"] = _before

__all__ = ["cv2"]
