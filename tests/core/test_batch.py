from __future__ import annotations

import csv
import io
from pathlib import Path

from fvae_studio.core.batch import BatchRow, list_photos, report_csv, write_report


def test_photos_are_listed_by_name_without_hidden_ones_and_outputs(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "sub/c.heic", "edited/a-edited.png", ".trash/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    names = [path.name for path in list_photos(tmp_path)]
    deep = [path.name for path in list_photos(tmp_path, recursive=True, leave_out=tmp_path / "edited")]

    assert names == ["a.png", "b.JPG"]
    assert deep == ["a.png", "b.JPG", "c.heic"]


def test_every_kind_of_photo_that_is_read_is_listed(tmp_path: Path) -> None:
    # As `READABLE` tells people, and the other names of these files.
    names = ["a.avif", "a.bmp", "a.gif", "a.heic", "a.heif", "a.hif", "a.jfif", "a.jpe", "a.jpeg", "a.jpg", "a.png",
             "a.tif", "a.tiff", "a.webp"]  # fmt: skip
    for name in names:
        (tmp_path / name).touch()

    assert [path.name for path in list_photos(tmp_path)] == names


def test_outputs_in_the_same_folder_do_not_hide_the_photos(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()

    assert [path.name for path in list_photos(tmp_path, leave_out=tmp_path)] == ["a.png"]


def test_report_can_be_read_back(tmp_path: Path) -> None:
    rows = [
        BatchRow(Path("a,b.jpg"), "done", "", Path("out/a.jpg"), 2, 1.234),
        BatchRow(Path("c.jpg"), "skipped", 'No "face" was found.'),
    ]
    write_report(rows, tmp_path / "report.csv")
    read = list(csv.reader(io.StringIO((tmp_path / "report.csv").read_text(encoding="utf-8-sig"))))

    assert read[1] == ["a,b.jpg", "done", "2", str(Path("out/a.jpg")), "1.23", ""]
    assert read[2] == ["c.jpg", "skipped", "0", "", "0.00", 'No "face" was found.']


def test_a_file_name_cannot_become_a_formula() -> None:
    assert "'=1+1.jpg" in report_csv([BatchRow(Path("=1+1.jpg"), "done")])
