"""Builds what is handed to people: the frozen program, its archive and, on Linux, a Debian package; with their sums.

    python packaging/build.py [--preset 6] [--only freeze|pack]

Everything goes into `build/` and `dist/`. The same source, libraries and Python give the same archives, byte by byte:
dates are the last commit's (or SOURCE_DATE_EPOCH), names are sorted, owners are root.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import artwork
import contents

ROOT: Final = Path(__file__).resolve().parents[1]
DIST: Final = ROOT / "dist"
PROGRAM: Final = DIST / "fvae-studio"

OPENCV: Final = "opencv-contrib-python-headless==4.11.0.86"
"""The same OpenCV without its windows, which need a second Qt of 30 MB and whole X libraries."""

DEPENDS: Final = (
    "libc6 (>= 2.28), libstdc++6, libgcc-s1, libgl1, libegl1, libglib2.0-0t64 | libglib2.0-0, libdbus-1-3,"
    " libfontconfig1, libfreetype6, libx11-6, libxcb1"
)
"""What the frozen program takes from the system: see `trimming`."""


def main() -> int:
    """Build; the exit code is 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", type=int, default=6, choices=range(10), help="of xz: 9 is smallest and slowest")
    parser.add_argument("--only", choices=("freeze", "pack"), help="one of the two steps")
    arguments = parser.parse_args()
    epoch = source_date()
    os.environ["SOURCE_DATE_EPOCH"], os.environ["PYTHONHASHSEED"] = str(epoch), "0"
    began = time.perf_counter()
    if arguments.only != "pack":
        freeze()
        print(f"frozen in {time.perf_counter() - began:.0f} s")
    made = pack(epoch, arguments.preset) if arguments.only != "freeze" else []
    write_sums(made)
    print_sizes(made)
    return 0


def source_date() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, else the last commit's date, else 1980 (a zip holds nothing older)."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told:
        return int(told)
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    found = subprocess.run(git, capture_output=True, text=True, check=False) if shutil.which("git") else None
    return int(found.stdout) if found is not None and found.returncode == 0 else 315532800


def freeze() -> None:
    """Run PyInstaller on the spec file."""
    instead = ROOT / "build" / "instead"
    if platform.system() == "Linux" and not instead.is_dir():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--target", str(instead), OPENCV], check=True)
    command = [sys.executable, "-m", "PyInstaller", str(ROOT / "packaging" / "fvae-studio.spec"), "--noconfirm"]
    folders = ["--distpath", str(DIST), "--workpath", str(ROOT / "build" / "pyinstaller")]
    subprocess.run([*command, *folders, "--log-level", "WARN"], check=True, cwd=ROOT)


def pack(epoch: int, preset: int) -> list[Path]:
    """Archive the frozen program as this system's people expect it, and return the files."""
    version = contents.version_of(ROOT)
    machine = platform.machine().lower()
    if platform.system() != "Linux":
        # Installers are made by Inno Setup and hdiutil: .github/workflows/package.yml.
        return []
    staged = stage_linux(ROOT / "build" / "linux", version, epoch)
    name = f"fvae-studio-{version}-linux-{machine}"
    archive = DIST / f"{name}.tar.xz"
    write_archive(archive, [(PROGRAM, name), (staged / "usr" / "share", f"{name}/share")], epoch, preset)
    return [archive, *build_deb(staged, version, epoch, preset)]


def stage_linux(folder: Path, version: str, epoch: int) -> Path:
    """What a Linux system wants beside the program: menu entry, file types, icons, manual, metainfo."""
    import man_pages

    shutil.rmtree(folder, ignore_errors=True)
    share = folder / "usr" / "share"
    source = ROOT / "packaging" / "linux"
    for name, place in (
        ("fvae-studio.desktop", "applications/fvae-studio.desktop"),
        ("fvae-studio.mime.xml", "mime/packages/fvae-studio.xml"),
        ("org.fvae_studio.Studio.metainfo.xml", "metainfo/org.fvae_studio.Studio.metainfo.xml"),
    ):
        text = (source / name).read_text(encoding="utf-8")
        date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
        _write(share / place, text.replace("@VERSION@", version).replace("@DATE@", date))
    icons, theme = ROOT / "resources" / "icons", share / "icons" / "hicolor"
    for svg, place in (("fvae-studio", "apps/fvae-studio"), ("fvae-project", "mimetypes/application-x-fvae-project")):
        for size in artwork.PNG_SIZES:
            artwork.make_png(icons / f"{svg}.svg", theme / f"{size}x{size}" / f"{place}.png", size)
        _write(theme / "scalable" / f"{place}.svg", (icons / f"{svg}.svg").read_text(encoding="utf-8"))
    man_pages.write(share / "man" / "man1", epoch=epoch)
    licence, notice = ((ROOT / name).read_text(encoding="utf-8") for name in ("LICENSE", "NOTICE"))
    _write(share / "doc" / "fvae-studio" / "copyright", f"{licence}\n{notice}")
    return folder


def build_deb(staged: Path, version: str, epoch: int, preset: int) -> Iterator[Path]:
    """A Debian package that puts the program into /opt and its two commands into /usr/bin."""
    if shutil.which("dpkg-deb") is None:
        print("no .deb: dpkg-deb is not here (apt install dpkg)")
        return
    machine = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    root = ROOT / "build" / "deb"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(staged, root, symlinks=True)
    shutil.copytree(PROGRAM, root / "opt" / "fvae-studio", symlinks=True, copy_function=_link)
    (root / "usr" / "bin").mkdir(parents=True)
    for name in ("fvae-studio", "fvae-studio-window"):
        (root / "usr" / "bin" / name).symlink_to(f"/opt/fvae-studio/{name}")
    size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file() and not file.is_symlink()) // 1024
    fields = {
        "Package": "fvae-studio",
        "Version": version,
        "Architecture": machine,
        "Maintainer": "The FVAE Studio authors <fvae-studio@localhost>",
        "Installed-Size": str(size),
        "Depends": DEPENDS,
        "Section": "graphics",
        "Priority": "optional",
        "Description": "change the expression of faces with the photo's own pixels\n"
        " FVAE Studio moves the pixels of a face so that it smiles a little more, lifts\n"
        " its brows or opens its eyes, at the photo's own resolution. It works offline.",
    }
    _write(root / "DEBIAN" / "control", "".join(f"{name}: {value}\n" for name, value in fields.items()))
    package = DIST / f"fvae-studio_{version}_{machine}.deb"
    for file in root.rglob("*"):
        os.utime(file, (epoch, epoch), follow_symlinks=False)
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{preset}", "--build", str(root), str(package)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)})
    yield package


def write_archive(archive: Path, folders: list[tuple[Path, str]], epoch: int, preset: int) -> None:
    """A tar.xz that depends on names and content only.

    Args:
        archive: is replaced.
        folders: a folder and its name in the archive.
        epoch: date of everything in it.
        preset: of xz.
    """

    def settle(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = epoch, 0, 0, "", ""
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    # Blocks of one size make the result the same for any number of threads from two on.
    threads = max(2, os.cpu_count() or 2)
    command = ["xz", f"-{preset}", f"--threads={threads}", "--block-size=64MiB", "--stdout"]
    with archive.open("wb") as file, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file) as xz:
        assert xz.stdin is not None
        with tarfile.open(fileobj=xz.stdin, mode="w|") as tar:
            for folder, name in folders:
                for entry in sorted(folder.rglob("*")):
                    tar.add(entry, f"{name}/{entry.relative_to(folder)}", recursive=False, filter=settle)
        xz.stdin.close()
    if xz.returncode:
        raise SystemExit(f"xz could not write {archive}: it ended with {xz.returncode}.")


def write_sums(files: list[Path]) -> None:
    """`SHA256SUMS` beside the files, as `sha256sum --check` reads it."""
    if not files:
        return
    lines = []
    for file in sorted(files):
        with file.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {file.name}\n")
    (DIST / "SHA256SUMS").write_text("".join(lines), encoding="ascii", newline="\n")
    print("".join(lines), end="")


def print_sizes(files: list[Path]) -> None:
    """How large everything is, the program's parts from the largest on."""
    inside = PROGRAM / "_internal"
    sizes: Counter[str] = Counter()
    for file in PROGRAM.rglob("*"):
        if file.is_file() and not file.is_symlink():
            place = file.relative_to(inside if file.is_relative_to(inside) else PROGRAM)
            part = place.parts[0].removesuffix(".libs") if len(place.parts) > 1 else "libraries and programs beside"
            sizes[part] += file.stat().st_size
    print(f"{sum(sizes.values()) / 1e6:8.1f} MB  on disk")
    for part, size in sizes.most_common(16):
        print(f"{size / 1e6:8.1f} MB    {part}")
    for file in files:
        print(f"{file.stat().st_size / 1e6:8.1f} MB  {file.name}")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def _link(source: str, target: str) -> str:
    # A second name in place of a second gigabyte.
    os.link(source, target, follow_symlinks=False)
    return target


if __name__ == "__main__":
    sys.exit(main())
