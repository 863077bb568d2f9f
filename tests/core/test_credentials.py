"""Content Credentials, verified with the library's own reader."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fvae_studio import paths
from fvae_studio.core.credentials import MIME_TYPES, has_credentials, load_certificate, signing
from fvae_studio.core.edit_note import DIGITAL_SOURCE_TYPE
from fvae_studio.core.photo_io import WriteOptions, read_photo, write_photo
from fvae_studio.core.types import Photo
from fvae_studio.errors import CredentialsError
from tests.helpers import photo_files as files

needs_library = pytest.mark.skipif(
    not has_credentials(), reason="c2pa-python is not installed: pip install fvae-studio[credentials]"
)
VALID = files.valid_files()


def told(path: Path, format_name: str) -> tuple[dict[str, Any], str]:
    """The active record and whether it holds, as the library's reader sees them."""
    import c2pa

    with c2pa.Reader(MIME_TYPES[format_name], io.BytesIO(path.read_bytes())) as reader:
        store = json.loads(reader.json())
        return store["manifests"][store["active_manifest"]], reader.get_validation_state()


def export(tmp_path: Path, format_name: str, source: Photo) -> Path:
    sign = signing(load_certificate(tmp_path / "credentials"), source)
    changed = source.with_pixels(source.pixels ^ np.uint8(1))
    options = WriteOptions(format=format_name, sign=sign, overwrite=True)
    return write_photo(changed, tmp_path / "out", options=options, source=source)


@needs_library
@pytest.mark.parametrize("format_name", sorted(MIME_TYPES))
def test_record_of_every_format_holds_and_tells_what_was_done(tmp_path: Path, format_name: str) -> None:
    source = read_photo(files.put(tmp_path, "source.jpg", VALID["jpeg"]))
    path = export(tmp_path, format_name, source)
    record, state = told(path, format_name)
    (actions,) = [one["data"]["actions"] for one in record["assertions"] if one["label"].startswith("c2pa.actions")]

    assert state == "Valid"
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"] == DIGITAL_SOURCE_TYPE
    assert [one["relationship"] for one in record["ingredients"]] == ["parentOf"]
    # No picture of the face before the edit, and no name of a file.
    assert "thumbnail" not in json.dumps(record)
    assert b"source.jpg" not in path.read_bytes()
    assert read_photo(path).pixels.shape == source.pixels.shape


@needs_library
def test_file_that_was_changed_afterwards_does_not_hold(tmp_path: Path) -> None:
    path = export(tmp_path, "PNG", read_photo(files.put(tmp_path, "source.png", VALID["png"])))
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(content)

    assert told(path, "PNG")[1] == "Invalid"


@needs_library
def test_edit_of_an_edit_keeps_the_first_record(tmp_path: Path) -> None:
    first = export(tmp_path, "JPEG", read_photo(files.put(tmp_path, "source.jpg", VALID["jpeg"])))
    again = first.rename(tmp_path / "first.jpg")
    record, state = told(export(tmp_path, "JPEG", read_photo(again)), "JPEG")

    assert state == "Valid"
    assert record["ingredients"][0]["active_manifest"]


@needs_library
def test_certificate_is_made_once_names_nobody_and_is_its_owners_alone(tmp_path: Path) -> None:
    from cryptography import x509

    first, second = load_certificate(tmp_path / "own"), load_certificate(tmp_path / "own")
    names = [one.subject.rfc4514_string() for one in x509.load_pem_x509_certificates(first.chain)]

    assert first == second
    assert all(name.endswith("O=FVAE Studio\\, a certificate of one computer") for name in names)
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
    (tmp_path / "own" / "local-certificate.pem").write_bytes(b"damaged")
    assert load_certificate(tmp_path / "own") != first


@pytest.mark.skipif(has_credentials(), reason="the library is installed")
def test_without_the_library_a_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"pip install \"fvae-studio\[credentials\]\""):
        load_certificate(tmp_path)


def test_failure_to_sign_leaves_no_file(tmp_path: Path) -> None:
    def fail(_content: bytes, _format_name: str) -> bytes:
        raise CredentialsError("no")

    with pytest.raises(CredentialsError):
        write_photo(Photo(files.colours()), tmp_path / "a.png", options=WriteOptions(sign=fail))
    assert list(tmp_path.iterdir()) == []


def test_certificate_lies_with_the_users_own_files() -> None:
    assert paths.credentials_dir().name == "credentials"
