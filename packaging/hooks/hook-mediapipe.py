"""MediaPipe's networks of faces and people. Drawing, the other solutions' networks and the tasks stay out."""

from __future__ import annotations

from PyInstaller.utils.hooks import collect_data_files

_NETWORKS = ("face_detection", "face_landmark", "iris_landmark", "selfie_segmentation")

datas = collect_data_files(
    "mediapipe",
    includes=[f"modules/{folder}/*.{kind}" for folder in _NETWORKS for kind in ("tflite", "binarypb")],
)

# `import mediapipe` names these two and `pipeline.mediapipe_graphs` keeps them from running; what they would import
# in turn (charts, sound, jax) is therefore never asked for.
hiddenimports = ["mediapipe.python.solutions.drawing_utils", "mediapipe.python.solutions.drawing_styles"]
excludedimports = [
    "mediapipe.tasks.python.audio",
    "mediapipe.tasks.python.benchmark",
    "mediapipe.tasks.python.components",
    "mediapipe.tasks.python.core",
    "mediapipe.tasks.python.genai",
    "mediapipe.tasks.python.metadata",
    "mediapipe.tasks.python.text",
    "mediapipe.tasks.python.vision",
    "mediapipe.model_maker",
    "mediapipe.examples",
]
