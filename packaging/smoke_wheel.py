"""Installs the built wheel into an environment of its own, far from the source tree, and edits a photo with it.

    python packaging/smoke_wheel.py [--own-libraries]

The libraries are those of the environment that runs this, added by a path file, which takes seconds; with
`--own-libraries`, pip brings all of them anew, as it does for a user (it takes minutes).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from smoke_test import ROOT, SAMPLES, SmokeError, read_pixels, run_command


def main() -> int:
    """Install and try; the exit code is 1 where something fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--own-libraries", action="store_true", help="install every library anew")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="fvae-wheel-") as folder:
            try_wheel(newest_wheel(), Path(folder), own_libraries=arguments.own_libraries)
    except SmokeError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print("passed")
    return 0


def newest_wheel() -> Path:
    """The wheel that was built last."""
    wheels = sorted((ROOT / "dist").glob("fvae_studio-*.whl"), key=lambda file: file.stat().st_mtime)
    if not wheels:
        raise SmokeError("there is no wheel in dist/; build it with `make wheel`.")
    return wheels[-1]


def try_wheel(wheel: Path, folder: Path, *, own_libraries: bool) -> None:
    """Install it and compare its edit with the source tree's."""
    home = folder / "environment"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(scripts / "python")
    if not own_libraries:
        site = run_command([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder=folder)
        (Path(site.strip()) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *([] if own_libraries else ["--no-deps"]), str(wheel)], check=True)
    place = run_command([python, "-c", "import fvae_studio; print(fvae_studio.__file__)"], folder=folder)
    if not Path(place.strip()).is_relative_to(home.resolve()):
        raise SmokeError(f"the environment imports {place.strip()}, not the wheel.")
    command = str(scripts / "fvae-studio")
    print(run_command([command, "--version"], folder=folder).strip())
    ours, theirs = folder / "ours.png", folder / "theirs.png"
    edit = ["edit", str(SAMPLES / "ada_neutral.jpg"), "--set", "big_smile=0.8", "--mouth", "built-in", "-o"]
    run_command([command, *edit, str(theirs)], folder=folder)
    run_command([sys.executable, "-m", "fvae_studio", *edit, str(ours)], folder=ROOT)
    if not (read_pixels(ours) == read_pixels(theirs)).all():
        raise SmokeError("the installed program's picture differs from the source tree's.")
    print("edit: every pixel equals the source tree's")
    inside = Path(place.strip()).parent / "resources"
    wanted = {file.relative_to(ROOT / "resources") for file in (ROOT / "resources").rglob("*") if file.is_file()}
    missing = [
        str(file) for file in sorted(wanted) if file.suffix not in {".ts", ".md"} and not (inside / file).is_file()
    ]
    if missing:
        raise SmokeError(f"the wheel lacks {', '.join(missing)}.")
    print(
        f"resources: all {len([file for file in wanted if file.suffix not in {'.ts', '.md'}])} files are in the wheel"
    )


if __name__ == "__main__":
    sys.exit(main())
