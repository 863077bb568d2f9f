"""OpenCV's compiled module and loader. Its windows, the Qt 5 for them and their fonts stay out."""

from __future__ import annotations

import sys

from PyInstaller.compat import is_win
from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs

module_collection_mode = "py"
hiddenimports = ["numpy", "cv2.cv2"]
excludedimports = ["cv2.gapi", "cv2.load_config_py2"]
datas = collect_data_files(
    "cv2",
    include_py_files=True,
    includes=[
        "config.py",
        f"config-{sys.version_info[0]}.{sys.version_info[1]}.py",
        "config-3.py",
        "load_config_py3.py",
    ],
)
# On Windows, FFmpeg in a file of its own.
binaries = collect_dynamic_libs("cv2") if is_win else []
