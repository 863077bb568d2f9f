"""Tries a built program as somebody would who has no Python: in an empty home, with nothing on the PATH.

    python packaging/smoke_test.py [dist/fvae-studio] [--offscreen]

The same edits are done by the source tree with the Python that runs this, and the pictures are compared pixel by pixel.
On Linux the window opens under Xvfb (`apt install xvfb`), or on the screen that DISPLAY names. Prints what was found
and the time to the window; the exit code is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT: Final = Path(__file__).resolve().parents[1]
SAMPLES: Final = ROOT / "resources" / "samples"
TIMEOUT_S: Final = 300

# Formats that other libraries write and read: JPEG, TIFF, HEIC and AVIF are not in one of them.
EDITED_AS: Final = ("jpg", "png", "tif", "webp", "heic", "avif")


class SmokeError(Exception):
    """The program did something else than the source tree, or nothing."""


def main() -> int:
    """Try the program; 0 if it passes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("program", type=Path, nargs="?", default=ROOT / "dist" / "fvae-studio", help="the built folder")
    parser.add_argument("--offscreen", action="store_true", help="open the window on Qt's screen without a screen")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="fvae-smoke-") as folder, screen(arguments.offscreen) as display:
            trial = Trial(arguments.program.resolve(), Path(folder), display)
            trial.try_version()
            trial.try_edits()
            trial.try_clip()
            trial.try_window()
            trial.try_leftovers()
    except SmokeError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print("passed")
    return 0


class Trial:
    """One built program beside the source tree.

    Args:
        program: the built folder (on macOS also `FVAE Studio.app`).
        folder: empty; results and the program's home go here.
        display: environment variables of the screen.
    """

    def __init__(self, program: Path, folder: Path, display: dict[str, str]) -> None:
        inside = program / "Contents" / "MacOS" if program.suffix == ".app" else program
        suffix = ".exe" if platform.system() == "Windows" else ""
        self.command, self.window = inside / f"fvae-studio{suffix}", inside / f"fvae-studio-window{suffix}"
        for file in (self.command, self.window):
            if not file.is_file():
                raise SmokeError(f"{file} is not there; build it with `make package`.")
        self.folder = folder
        self.home, self.nothing = folder / "home", folder / "nothing"
        self.ours, self.theirs = folder / "source", folder / "built"
        for made in (self.home, self.nothing, self.ours, self.theirs):
            made.mkdir()
        self.display = display

    def try_version(self) -> None:
        """Both say the same version."""
        ours, theirs = (run("--version").strip() for run in (self.run_source, self.run_built))
        if ours != theirs:
            raise SmokeError(f"the source tree says {ours!r}, the program says {theirs!r}.")
        print(f"version: {theirs}")
        self.run_built("--help")
        self.run_built("models")

    def try_edits(self) -> None:
        """The command line gives the source tree's pixels, in every format; what it wrote, it reads."""
        sample = str(SAMPLES / "ada_neutral.jpg")
        # Also teeth from a donor: a resource that is read only then.
        edit = ["edit", sample, "--set", "big_smile=0.8", "--mouth", "built-in", "-o"]
        for run, folder in ((self.run_source, self.ours), (self.run_built, self.theirs)):
            run(*edit, str(folder / "edited.png"))
        self.compare("edited.png", "edit")
        for suffix in EDITED_AS:
            name = f"plain.{suffix}"
            for run, folder in ((self.run_source, self.ours), (self.run_built, self.theirs)):
                run("edit", sample, "--set", "smile=0.5", "-o", str(folder / name))
            # Compared as our own reader sees them, since Pillow reads neither HEIC nor 16 bits.
            self.run_built(
                "edit", str(self.theirs / name), "--set", "brows_up=0.5", "-o", str(self.theirs / f"{suffix}.png")
            )
            self.run_source(
                "edit", str(self.ours / name), "--set", "brows_up=0.5", "-o", str(self.ours / f"{suffix}.png")
            )
            self.compare(f"{suffix}.png", f"edit to {suffix} and again from it")

    def try_clip(self) -> None:
        """A video of in-betweens: FFmpeg with its encoder is inside."""
        pair = [str(SAMPLES / f"ada_{name}.jpg") for name in ("neutral", "smile")]
        for run, folder in ((self.run_source, self.ours), (self.run_built, self.theirs)):
            run("interpolate", *pair, "--seconds", "0.3", "-o", str(folder / "clip.mp4"))
            run("interpolate", *pair, "--steps", "3", "-o", str(folder / "sheet.png"))
        self.compare("sheet.png", "in-betweens")
        sizes = [(folder / "clip.mp4").stat().st_size for folder in (self.ours, self.theirs)]
        if not 0.98 * sizes[0] <= sizes[1] <= 1.02 * sizes[0]:
            raise SmokeError(f"a video takes {sizes[1]} bytes, from the source tree {sizes[0]}.")
        print(f"video: {sizes[1]} bytes, from the source tree {sizes[0]}")

    def try_window(self) -> None:
        """The Studio opens a sample, edits and exports it as the source tree's Studio does."""
        sample = str(shutil.copy(SAMPLES / "ada_neutral.jpg", self.folder / "photo.jpg"))
        for name, seconds in (
            ("first start", self._open(sample, self.theirs)),
            ("again", self._open(sample, self.theirs)),
        ):
            print(f"window, {name}: " + ", ".join(f"{event} {took:.2f} s" for event, took in seconds.items()))
        environment = {**os.environ, **self.display, "HOME": str(self.folder / "source-home")}
        source = [sys.executable, "-m", "fvae_studio", f"--smoke={self.ours}", sample]
        run_command(source, environment=environment, folder=ROOT)
        self.compare("photo-edited.png", "the Studio's export")

    def try_leftovers(self) -> None:
        """Nothing was written into the folder that the program was started in."""
        left = list(self.nothing.iterdir())
        if left:
            raise SmokeError(f"the program wrote {left} into the folder that it was started in.")

    def _open(self, sample: str, folder: Path) -> dict[str, float]:
        for old in folder.glob("photo-edited*"):
            old.unlink()
        began = time.time()
        run_command(
            [str(self.window), f"--smoke={folder}", sample], environment=self.environment(), folder=self.nothing
        )
        found = json.loads((folder / "smoke.json").read_text(encoding="utf-8"))
        # As a person counts: from the start of the process, before there is any Python in it.
        before = found["shown_at"] - began - found["seconds"]["window"]
        return {event: before + took for event, took in found["seconds"].items()}

    def compare(self, name: str, what: str) -> None:
        """Both pictures of that name are equal in every pixel."""
        ours, theirs = (read_pixels(folder / name) for folder in (self.ours, self.theirs))
        if ours.shape != theirs.shape:
            raise SmokeError(f"{what}: {theirs.shape} pixels, from the source tree {ours.shape}.")
        differs = int((ours != theirs).any(axis=-1).sum())
        if differs:
            largest = int(np.abs(ours.astype(int) - theirs.astype(int)).max())
            raise SmokeError(f"{what}: {differs} of {ours[..., 0].size} pixels differ, by {largest} at most.")
        print(f"{what}: all {ours[..., 0].size} pixels equal the source tree's")

    def environment(self) -> dict[str, str]:
        """What the program sees: an empty home and an empty PATH, and what its system cannot do without."""
        needed = (
            "SYSTEMROOT",
            "WINDIR",
            "TEMP",
            "TMP",
            "PROCESSOR_ARCHITECTURE",
            "NUMBER_OF_PROCESSORS",
            "OMP_NUM_THREADS",
        )
        home = {name: str(self.home) for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")}
        kept = {name: os.environ[name] for name in needed if name in os.environ}
        return {"PATH": str(self.nothing), "LANG": "C.UTF-8", **home, **kept, **self.display}

    def run_built(self, *arguments: str) -> str:
        """Run the built command line and return what it printed."""
        return run_command([str(self.command), *arguments], environment=self.environment(), folder=self.nothing)

    def run_source(self, *arguments: str) -> str:
        """The same with the source tree."""
        return run_command([sys.executable, "-m", "fvae_studio", *arguments], environment=dict(os.environ), folder=ROOT)


def run_command(command: Sequence[str], *, folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run to the end in a folder; without an environment, in this one's.

    Raises:
        SmokeError: it failed or took too long; the message holds what it said.
    """
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SmokeError(f"{' '.join(command)} did not end within {TIMEOUT_S} s.") from error
    if done.returncode:
        raise SmokeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """(height, width, channels) of a PNG."""
    with Image.open(path) as image:
        return np.asarray(image)


@contextlib.contextmanager
def screen(offscreen: bool) -> Iterator[dict[str, str]]:
    """A screen for the window, as environment variables.

    Raises:
        SmokeError: there is none and no Xvfb.
    """
    if offscreen:
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    if platform.system() != "Linux":
        yield {}
        return
    if os.environ.get("DISPLAY"):
        yield {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY") if name in os.environ}
        return
    if shutil.which("Xvfb") is None:
        raise SmokeError(
            "there is no screen and no Xvfb; on Debian and Ubuntu: sudo apt install xvfb. Or say --offscreen."
        )
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise SmokeError("Xvfb did not start.")
        yield {"DISPLAY": f":{number}"}
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
