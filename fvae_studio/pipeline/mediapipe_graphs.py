"""MediaPipe's networks, reached through small graphs of our own: BlazeFace, the attention face mesh, and who is person.

The ready-made `mediapipe.solutions` search a whole photo once and hide the networks' scores; a search over tiles and a
refinement of the alignment need the networks themselves. The models lie inside the wheel, so nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

RgbBytes: TypeAlias = NDArray[np.uint8]

BLAZE_INPUT: Final = {"full": 192, "short": 128}
"""Side of the square that each BlazeFace network looks at."""

MESH_INPUT: Final = 192
"""Side of the square that the mesh network looks at."""

NUM_KEYPOINTS: Final = 6
"""BlazeFace's: the eye at the photo's left, the eye at its right, nose tip, mouth, the two ears."""

_BLAZE_GRAPH = """
input_stream: "image"
output_stream: "found"
num_threads: 1
node {
  calculator: "%s"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:found"
  options { [mediapipe.FaceDetectionOptions.ext] { min_score_thresh: %g } }
}
"""

_MESH_GRAPH = """
input_stream: "image"
input_stream: "roi"
output_stream: "found"
num_threads: 1
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:with_attention"
  options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] { packet { bool_value: true } } }
}
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:found"
}
"""

PERSON_INPUT: Final = 256
"""Side of the square that the segmentation looks at."""

_PERSON_GRAPH = """
input_stream: "image"
output_stream: "found"
num_threads: 1
node {
  calculator: "SelfieSegmentationCpu"
  input_stream: "IMAGE:image"
  output_stream: "SEGMENTATION_MASK:found"
}
"""

_NEVER_NEEDED = frozenset(
    {"mediapipe.python.solutions.drawing_utils", "mediapipe.python.solutions.drawing_styles", "mediapipe.tasks.python"}
)
"""Imported by `import mediapipe` and used by nobody here; they pull in matplotlib and an audio library (0.5 s)."""

_stderr_lock = threading.Lock()


class Sighting(NamedTuple):
    """What BlazeFace says of one face, in pixels of the image it was shown.

    Attributes:
        score: in [0, 1].
        center: (x, y) of its box, which reaches from the brows to the chin.
        size: side of the box; close to the distance between the ears.
        keypoints: (6, 2).
    """

    score: float
    center: tuple[float, float]
    size: float
    keypoints: NDArray[np.float32]


class BlazeFace:
    """One BlazeFace network. Not for two threads at once.

    Args:
        model_range: "full" sees faces from a twentieth to three quarters of its 192 pixels, "short" is quicker, sure of
            tilted faces and needs a tenth of its 128 pixels.
        min_score: sightings below are not told.
    """

    def __init__(self, model_range: Literal["full", "short"], *, min_score: float) -> None:
        calculator = {"full": "FaceDetectionFullRangeCpu", "short": "FaceDetectionShortRangeCpu"}[model_range]
        self.input_size = BLAZE_INPUT[model_range]
        self._graph = _Graph(_BLAZE_GRAPH % (calculator, min_score))

    def find(self, image: RgbBytes) -> list[Sighting]:
        """Faces in a square image of `input_size` pixels (another shape is letterboxed by the graph)."""
        height, width = image.shape[:2]
        sightings = []
        for detection in self._graph.run_list(image):
            location = detection.location_data
            box = location.relative_bounding_box
            keypoints = np.array([(p.x * width - 0.5, p.y * height - 0.5) for p in location.relative_keypoints])
            center = (box.xmin + box.width / 2) * width - 0.5, (box.ymin + box.height / 2) * height - 0.5
            size = max(box.width * width, box.height * height)
            sightings.append(Sighting(float(detection.score[0]), center, size, keypoints.astype(np.float32)))
        return sightings

    def close(self) -> None:
        """Release the network."""
        self._graph.close()


class FaceMeshNet:
    """The mesh network with attention to eyes, irises and lips. Not for two threads at once."""

    def __init__(self) -> None:
        self._graph = _Graph(_MESH_GRAPH)
        from mediapipe.framework.formats import rect_pb2

        self._whole = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1.0, height=1.0)

    def find(self, image: RgbBytes) -> NDArray[np.float32] | None:
        """Points of the one upright face that fills about two thirds of a square image.

        Returns:
            (478, 3) x, y, z in pixels of the image; z grows away from the camera, 0 at the head's middle. None if the
            network sees no face there.
        """
        found = self._graph.run_one(image, roi=self._whole)
        if found is None:
            return None
        height, width = image.shape[:2]
        points = np.array([(p.x, p.y, p.z) for p in found.landmark], np.float32)
        # MediaPipe puts 0 at the outer edge of the first pixel, we put it at the pixel's centre.
        return points * np.array([width, height, width], np.float32) - np.array([0.5, 0.5, 0.0], np.float32)

    def close(self) -> None:
        """Release the network."""
        self._graph.close()


class PersonNet:
    """The network that tells a person, with hair and clothes, from what is behind. Not for two threads at once."""

    def __init__(self) -> None:
        self._graph = _Graph(_PERSON_GRAPH)

    def find(self, image: RgbBytes) -> NDArray[np.float32]:
        """(h, w) in [0, 1]: how surely a pixel of an image (h, w, 3) is a person's."""
        return self._graph.run_image(image)

    def close(self) -> None:
        """Release the network."""
        self._graph.close()


class _Graph:
    """A graph with the input "image", perhaps more inputs, and one output "found"."""

    def __init__(self, text: str) -> None:
        self._bindings = _load_bindings()
        self._graph = self._bindings.new_graph(text)
        self._packet: Any = None
        self._time = 0
        self._graph.observe_output_stream("found", self._keep, True)
        self._graph.start_run({})

    def run_list(self, image: RgbBytes) -> Sequence[Any]:
        packet = self._run(image, {})
        return () if packet is None else self._bindings.getter.get_proto_list(packet)

    def run_one(self, image: RgbBytes, **protos: Any) -> Any:
        packet = self._run(image, protos)
        return None if packet is None else self._bindings.getter.get_proto(packet)

    def run_image(self, image: RgbBytes) -> NDArray[np.float32]:
        packet = self._run(image, {})
        # The packet's own memory goes with the next run.
        found: NDArray[np.float32] = self._bindings.getter.get_image_frame(packet).numpy_view().copy()
        return found

    def close(self) -> None:
        self._graph.close()

    def _run(self, image: RgbBytes, protos: dict[str, Any]) -> Any:
        # A graph wants growing timestamps; what they say does not matter here.
        self._time += 1
        self._packet = None
        creator, kind = self._bindings.creator, self._bindings.rgb
        for name, proto in protos.items():
            self._graph.add_packet_to_input_stream(name, creator.create_proto(proto).at(self._time))
        frame = creator.create_image_frame(np.ascontiguousarray(image), image_format=kind)
        self._graph.add_packet_to_input_stream("image", frame.at(self._time))
        self._graph.wait_until_idle()
        return None if self._packet is None or self._packet.is_empty() else self._packet

    def _keep(self, _name: str, packet: Any) -> None:
        self._packet = packet


class _Bindings(NamedTuple):
    creator: ModuleType
    getter: ModuleType
    rgb: Any
    new_graph: Any


def _load_bindings() -> _Bindings:
    with _without_drawing():
        import mediapipe

        # The graph texts use the options of these two, the packets the messages of the others.
        from mediapipe.calculators.core import constant_side_packet_calculator_pb2  # noqa: F401
        from mediapipe.framework.formats import detection_pb2, landmark_pb2  # noqa: F401
        from mediapipe.modules.face_detection import face_detection_pb2  # noqa: F401
        from mediapipe.python import packet_creator, packet_getter
        from mediapipe.python._framework_bindings import calculator_graph, image_frame, resource_util

    # Models are named relative to the folder that holds the package.
    resource_util.set_resource_dir(str(Path(mediapipe.__file__).resolve().parents[1]))

    def new_graph(text: str) -> Any:
        return calculator_graph.CalculatorGraph(graph_config=text)

    return _Bindings(packet_creator, packet_getter, image_frame.ImageFormat.SRGB, new_graph)


class _EmptyModules:
    """Finds the modules of `_NEVER_NEEDED` as empty ones; both finder and loader.

    Modules that load themselves on first use would not do: `import torch` looks at `__file__` of every module there is.
    """

    @classmethod
    def find_spec(cls, name: str, *_place: object) -> ModuleSpec | None:
        return spec_from_loader(name, cls) if name in _NEVER_NEEDED else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(_spec: ModuleSpec) -> None:
        return None

    @staticmethod
    def exec_module(_module: ModuleType) -> None:
        pass


@contextlib.contextmanager
def _without_drawing() -> Iterator[None]:
    if "mediapipe" in sys.modules:
        yield
        return
    sys.meta_path.insert(0, _EmptyModules)
    try:
        yield
    finally:
        sys.meta_path.remove(_EmptyModules)
        # Whoever wants MediaPipe's drawing later in the same process imports the real one.
        for name in _NEVER_NEEDED:
            empty = sys.modules.pop(name, None)
            parent, _, child = name.rpartition(".")
            if empty is not None and getattr(sys.modules.get(parent), child, None) is empty:
                delattr(sys.modules[parent], child)


@contextlib.contextmanager
def quiet_native_log() -> Iterator[None]:
    """Throw away what native code writes to stderr meanwhile.

    WORKAROUND mediapipe 0.10.21: its wheel logs before any setting (GLOG_minloglevel and the like) is looked at, and
    every command would begin with lines about feedback tensors. Only the making of graphs and their first run go
    through here. What Python prints meanwhile still arrives: it may be the one sentence that says why a command failed.
    """
    with _stderr_lock, contextlib.ExitStack() as undo:
        # Without a stderr (a windowed program) there is nothing to silence.
        with contextlib.suppress(OSError, ValueError):
            if sys.stderr is not None:
                sys.stderr.flush()
            kept = os.dup(2)
            undo.callback(os.close, kept)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            undo.callback(os.close, nowhere)
            undo.callback(os.dup2, kept, 2)
            os.dup2(nowhere, 2)
            undo.enter_context(_python_prints_to(kept))
        yield


@contextlib.contextmanager
def _python_prints_to(descriptor: int) -> Iterator[None]:
    """Lead `sys.stderr` there, if it is the process's own and not somebody's who catches it."""
    before = sys.stderr
    if before.fileno() != 2:
        yield
        return
    sys.stderr = writer = _Unbuffered(descriptor)
    try:
        yield
    finally:
        if sys.stderr is writer:
            sys.stderr = before


class _Unbuffered(io.TextIOBase):
    """Text to a copy of a descriptor; closed when the last thread that writes to it lets it go."""

    def __init__(self, descriptor: int) -> None:
        self._copy = os.dup(descriptor)

    def write(self, text: str) -> int:
        os.write(self._copy, text.encode(errors="backslashreplace"))
        return len(text)

    def fileno(self) -> int:
        return self._copy

    def isatty(self) -> bool:
        return os.isatty(self._copy)

    def close(self) -> None:
        if not self.closed:
            os.close(self._copy)
        super().close()
