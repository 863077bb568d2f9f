"""What goes into the frozen program and what stays out. Read by `fvae-studio.spec` inside PyInstaller."""

from __future__ import annotations

import os
import platform
import plistlib
import re
import sys
from importlib.metadata import distribution, distributions
from pathlib import Path
from typing import Any, Final

import artwork

ROOT: Final = Path(__file__).resolve().parents[1]

RESOURCES: Final = ("donors", "finders", "icons", "models", "samples", "themes", "translations")

HIDDEN_IMPORTS: Final = ["fvae_studio.app", "fvae_studio.cli.app", "shellingham.posix", "shellingham.nt"]

EXCLUDED_MODULES: Final = [
    # Asked for by libraries for what they can do beside what is done here.
    "IPython", "jax", "jaxlib", "matplotlib", "numba", "pandas", "scipy", "sklearn", "sympy", "tensorboard", "tkinter",
    "networkx", "jinja2", "pytest", "_pytest", "hypothesis", "expecttest", "onnx", "onnxscript",
    "torch", "torchvision", "torchaudio", "triton", "sentencepiece", "sounddevice", "setuptools", "pip",
    "pygments", "chardet", "markdown_it", "zarr", "fsspec", "kerchunk", "xarray", "lxml", "psutil",
    "yaml", "dill", "Cython", "mypy",
    # Icons are read from its font file alone; qtpy would bring every module of Qt.
    "qtawesome", "qtpy",
    # Bindings of Qt that no window here uses.
    *(f"PySide6.{name}" for name in (
        "QtConcurrent", "QtDBus", "QtDesigner", "QtHelp", "QtNetwork", "QtOpenGL", "QtOpenGLWidgets", "QtPrintSupport",
        "QtQml", "QtQuick", "QtQuickControls2", "QtQuickTest", "QtQuickWidgets", "QtSql", "QtSvgWidgets", "QtTest",
        "QtUiTools", "QtXml",
    )),
    # Graphics processors and training: PyTorch's, which is not inside.
    "fvae_studio.model.checkpoint", "fvae_studio.model.flow_vae", "fvae_studio.model.layers",
    "fvae_studio.model.torch_networks", "fvae_studio.model.warp",
    # Quantisation, conversion and training beside ONNX Runtime's own library.
    "onnxruntime.quantization", "onnxruntime.tools", "onnxruntime.training", "onnxruntime.transformers",
    "onnxruntime.datasets", "onnxruntime.backend", "flatbuffers",
    # Charts and benchmarks of developers.
    "fvae_studio.bench.studio", "fvae_studio.studio_soak",
]  # fmt: skip

_METADATA: Final = (
    "fvae-studio", "onnxruntime", "mediapipe", "opencv-contrib-python", "opencv-contrib-python-headless", "numpy",
    "pillow", "pillow-heif", "av", "tifffile", "imagecodecs", "safetensors", "PySide6-Essentials", "qtawesome",
    "platformdirs", "typer", "rich",
)  # fmt: skip
"""Packages whose version and licence the about box reads."""


def search_paths(root: Path) -> list[str]:
    """Where modules are looked for first: packages that replace installed ones, then the source tree."""
    return [str(folder) for folder in (root / "build" / "instead", root) if folder.is_dir()]


def data_files(root: Path) -> list[tuple[str, str]]:
    """Resources, the icons' font, and what libraries tell of themselves, as (file, folder in the program)."""
    found = []
    for name in RESOURCES:
        folder = root / "resources" / name
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix not in {".ts", ".md"}:
                found.append((str(file), f"fvae_studio/resources/{file.parent.relative_to(root / 'resources')}"))
    font = distribution("qtawesome").locate_file("qtawesome")
    found += [(str(Path(str(font)) / "fonts" / name), "qtawesome/fonts") for name in _ICON_FONT]
    found += [(str(Path(str(font)) / "__init__.py"), "qtawesome")]
    is_headless = (root / "build" / "instead").is_dir()
    for name in _METADATA:
        if not (is_headless and name == "opencv-contrib-python"):
            found += _metadata(name)
    return found


_ICON_FONT: Final = ("phosphor-1.3.0.ttf", "phosphor-charmap-1.3.0.json")


def _metadata(package: str) -> list[tuple[str, str]]:
    """A package's METADATA and licences, without the record of where and how it was installed on this machine."""
    # A source tree that was built from holds an egg-info, which knows less.
    folders = [folder for folder in (str(ROOT / "build" / "instead"), *sys.path) if Path(folder).resolve() != ROOT]
    installed = next(iter(distributions(name=package, path=folders)), None)
    if installed is None:
        return []
    found = []
    for file in installed.files or []:
        parts = file.parts
        if len(parts) > 1 and parts[0].endswith(".dist-info") and (file.name == "METADATA" or parts[1] == "licenses"):
            found.append((str(installed.locate_file(file)), str(Path(*parts[:-1]))))
    return found


def program_icon(root: Path) -> str | None:
    """The executable's icon, where executables have one."""
    kind = {"win32": "ico", "darwin": "icns"}.get(sys.platform)
    if kind is None:
        return None
    return str(artwork.make_icon_file(root / "resources" / "icons" / "fvae-studio.svg", root / "build" / "icons", kind))


def version_of(root: Path) -> str:
    """The version, from its one place."""
    text = (root / "fvae_studio" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise SystemExit('fvae_studio/__init__.py has no line like __version__ = "1.2.3"; put it back.')
    return found[1]


def windows_version(root: Path) -> Any:
    """What Windows shows of the executables in their properties; None elsewhere."""
    if platform.system() != "Windows":
        return None
    from PyInstaller.utils.win32 import versioninfo as info

    version = version_of(root)
    numbers = (*(int(part) for part in version.split(".")[:3]), 0)
    texts = {
        "FileDescription": "FVAE Studio",
        "FileVersion": version,
        "LegalCopyright": "The FVAE Studio authors, MIT licence",
        "ProductName": "FVAE Studio",
        "ProductVersion": version,
    }
    table = info.StringTable("040904B0", [info.StringStruct(name, text) for name, text in texts.items()])
    return info.VSVersionInfo(
        ffi=info.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[info.StringFileInfo([table]), info.VarFileInfo([info.VarStruct("Translation", [0x0409, 1200])])],
    )


def signing_identity() -> str | None:
    """The certificate that signs on macOS, from `FVAE_SIGN_IDENTITY`; without one, PyInstaller's ad-hoc signature."""
    return os.environ.get("FVAE_SIGN_IDENTITY") or None


def entitlements(root: Path) -> str | None:
    """What the hardened program is allowed on macOS."""
    return str(root / "packaging" / "macos" / "entitlements.plist") if sys.platform == "darwin" else None


def make_app(bundle: Any, folder: Any, root: Path) -> Any:
    """`FVAE Studio.app` around the folder.

    Args:
        bundle: PyInstaller's `BUNDLE`, which exists in the spec file only.
        folder: what `COLLECT` made.
        root: the source tree.
    """
    return bundle(
        folder,
        name="FVAE Studio.app",
        icon=program_icon(root),
        bundle_identifier="org.fvae_studio.Studio",
        version=version_of(root),
        info_plist=plistlib.loads((root / "packaging" / "macos" / "Info.plist").read_bytes()),
    )
