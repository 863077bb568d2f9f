"""What the frozen program consists of: a software bill of materials (CycloneDX) and the text of all licences.

Both are made from the files that PyInstaller collected, so they list what is inside and nothing else.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT: Final = Path(__file__).resolve().parents[1]

BILL_NAME: Final = "sbom.cdx.json"
TEXT_NAME: Final = "third-party-licences.txt"

_LICENCE_NAMES: Final = ("licen", "copying", "notice", "copyright", "authors")


_SOURCES: Final = """\
Some of these libraries are under the GNU GPL or LGPL: Qt and PySide6, FFmpeg, x264, x265, libheif, libde265. They lie
in the program's folder as files of their own and may be replaced by other builds. x264 and x265 are under the GPL, so
whoever passes on the folder as a whole does so under the terms of the GPL; FVAE Studio's own source is MIT. The wheels
of the versions below went in unchanged but for symbols that only a debugger reads; their makers offer their source.
"""


@dataclass(frozen=True)
class Part:
    """Something that is inside, with its own makers.

    Attributes:
        name, version: as its makers call it.
        licence: as its makers state it; "" where they only give a text.
        purl: a package URL such as "pkg:pypi/numpy@1.26.4".
        texts: its licence files.
    """

    name: str
    version: str
    licence: str
    purl: str
    texts: tuple[Path, ...] = ()


def write(files: Iterable[str], folder: Path, *, version: str) -> None:
    """Write both files.

    Args:
        files: everything that was collected, as paths on this machine.
        folder: where to.
        version: of the program.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = find_parts(Path(file) for file in files)
    (folder / TEXT_NAME).write_text(licence_text(parts), encoding="utf-8")
    (folder / BILL_NAME).write_text(bill_of_materials(parts, version), encoding="utf-8")


def find_parts(files: Iterable[Path]) -> list[Part]:
    """The makers of these files: Python, packages, what their wheels say that they hold, the system's libraries."""
    python = Part("Python", platform.python_version(), "PSF-2.0", _purl("generic", "python", platform.python_version()))
    text = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    parts = {
        python.purl: Part(python.name, python.version, python.licence, python.purl, (text,) if text.is_file() else ())
    }
    owners = _owners_of_files()
    packages: dict[str, Distribution] = {}
    system: set[Path] = set()
    for file in files:
        owner = owners.get(str(file))
        if owner is not None:
            packages[str(owner.metadata["Name"])] = owner
        elif ".so" in file.name and file.resolve().is_relative_to("/usr"):
            system.add(file.resolve())
    for owner in packages.values():
        for part in _parts_of(owner):
            parts.setdefault(part.purl, part)
    for part in _system_parts(system):
        parts.setdefault(part.purl, part)
    return sorted(parts.values(), key=lambda part: (part.name.lower(), part.version))


def bill_of_materials(parts: Iterable[Part], version: str) -> str:
    """CycloneDX 1.6 as JSON; the same parts give the same bytes."""
    bom = Bom()
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    bom.serial_number = uuid5(NAMESPACE_URL, f"fvae-studio {version} {sorted(part.purl for part in parts)}")
    bom.metadata.component = Component(
        name="fvae-studio", version=version, type=ComponentType.APPLICATION, bom_ref=f"fvae-studio@{version}"
    )
    for part in parts:
        component = Component(
            name=part.name,
            version=part.version,
            type=ComponentType.LIBRARY,
            bom_ref=part.purl,
            purl=PackageURL.from_string(part.purl),
        )
        if part.licence:
            is_expression = " " not in part.licence.replace(" AND ", "").replace(" OR ", "").replace(" WITH ", "")
            kind: Any = LicenseExpression if is_expression else DisjunctiveLicense
            component.licenses.add(kind(part.licence) if is_expression else kind(name=part.licence))
        bom.components.add(component)
        bom.register_dependency(bom.metadata.component, [component])
    text: str = JsonV1Dot6(bom).output_as_string(indent=1)
    return text


def licence_text(parts: Iterable[Part]) -> str:
    """The project's own NOTICE, a table of all parts, and the text of each licence, each text once."""
    parts = list(parts)
    lines = [(ROOT / "NOTICE").read_text(encoding="utf-8"), _SOURCES, "What is inside:", ""]
    lines += [f"  {part.name} {part.version}: {part.licence or 'see below'}" for part in parts]
    general = tuple(sorted((ROOT / "packaging" / "licence_texts").iterdir()))
    parts.append(Part("Named above", "", "", "", general))
    seen: dict[str, str] = {}
    for part in parts:
        for file in part.texts:
            text = file.read_text(encoding="utf-8", errors="replace").strip()
            title = f"{part.name} {part.version}".strip() + f": {file.name}"
            lines += ["", "=" * 100, title, "=" * 100, ""]
            lines.append(f"The same text as that of {seen[text]}." if text in seen else text)
            seen.setdefault(text, title)
    return "\n".join(lines) + "\n"


def _owners_of_files() -> dict[str, Distribution]:
    """By path, as PyInstaller names the files; what was made smaller has its original's place."""
    owners: dict[str, Distribution] = {}
    for folder in (str(ROOT / "build" / "instead"), *sys.path):
        for owner in distributions(path=[folder]):
            for file in owner.files or []:
                owners.setdefault(f"{folder}/{file}", owner)
                owners.setdefault(f"{ROOT}/build/stripped/{file}", owner)
    return owners


def _parts_of(owner: Distribution) -> list[Part]:
    """The package itself, and what its wheel's own bills of materials name."""
    facts = owner.metadata
    if facts["Name"] == "fvae-studio":
        return []
    licence = next((text for key in ("License-Expression", "License") for text in facts.get_all(key) or []), "").strip()
    if not licence or "\n" in licence or len(licence) > 80:
        kinds = [one for one in facts.get_all("Classifier") or [] if one.startswith("License ::")]
        licence = kinds[0].rsplit("::", 1)[-1].strip() if kinds else ""
    files = sorted((file for file in owner.files or [] if ".dist-info" in file.parts[0]), key=str)
    texts = tuple(
        Path(str(owner.locate_file(file)))
        for file in files
        if file.suffix != ".py" and file.suffix != ".pyc" and file.name.lower().startswith(_LICENCE_NAMES)
    )
    purl = _purl("pypi", str(facts["Name"]).lower(), owner.version)
    found = [Part(str(facts["Name"]), owner.version, licence, purl, texts)]
    for file in files:
        if "sboms" in file.parts and file.suffix == ".json":
            told = json.loads(Path(str(owner.locate_file(file))).read_text(encoding="utf-8"))
            found += [
                Part(one["name"], one.get("version", ""), "", one["purl"])
                for one in told.get("components", [])
                if one.get("purl") and not one["purl"].startswith("pkg:pypi/")
            ]
    return found


def _system_parts(files: Iterable[Path]) -> list[Part]:
    """The Debian packages that libraries of the build machine come from; nothing where dpkg is not."""
    if shutil.which("dpkg-query") is None:
        return []
    names = set()
    for file in sorted(files):
        for spelling in (file, Path("/", *file.parts[2:])):
            found = subprocess.run(["dpkg-query", "-S", str(spelling)], capture_output=True, text=True, check=False)
            if found.returncode == 0:
                names.add(found.stdout.partition(":")[0])
                break
    parts = []
    for name in sorted(names):
        shown = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}\n", name], capture_output=True, text=True, check=False
        )
        version = shown.stdout.partition("\n")[0]
        text = Path("/usr/share/doc") / name / "copyright"
        parts.append(Part(name, version, "", _purl("deb/debian", name, version), (text,) if text.is_file() else ()))
    return parts


def _purl(kind: str, name: str, version: str) -> str:
    kind, _, namespace = kind.partition("/")
    return str(PackageURL(kind, namespace or None, name, version).to_string())
