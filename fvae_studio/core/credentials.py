"""Content Credentials (C2PA): a signed record inside the file that tells what it was made from and what was done.

The certificate is made on this computer and names nobody. It proves that a file was not changed since the export, not
who exported it: readers show the issuer as unknown. Nothing is sent, no time stamp is asked for, and the record holds
no picture: the original is named by its hash.

Specification: https://spec.c2pa.org (2.x); the library, `c2pa-python`, is optional.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from fvae_studio.core.edit_note import DIGITAL_SOURCE_TYPE
from fvae_studio.core.photo_io.atomic import atomic_write, make_folder
from fvae_studio.core.program import program_version
from fvae_studio.core.types import Photo
from fvae_studio.errors import CredentialsError

MIME_TYPES: Final = {
    "JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp", "HEIF": "image/heic",
    "AVIF": "image/avif",
}  # fmt: skip

_FILE: Final = "local-certificate.pem"
_ORGANISATION: Final = "FVAE Studio, a certificate of one computer"
_DAYS: Final = 3650
_END_OF_KEY: Final = b"-----END PRIVATE KEY-----\n"

_SETTINGS: Final = {
    # A thumbnail of the original would show the face before the edit.
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}


@dataclass(frozen=True)
class LocalCertificate:
    """What files are signed with.

    Attributes:
        key: private, PEM.
        chain: the certificate and the one that vouches for it, PEM.
    """

    key: bytes
    chain: bytes


def has_credentials() -> bool:
    """Whether the library is installed."""
    return importlib.util.find_spec("c2pa") is not None


def load_certificate(folder: Path) -> LocalCertificate:
    """This computer's certificate; made at the first time, and again when it ends soon or cannot be read.

    Args:
        folder: only its owner may look into it; made if it is not there.

    Raises:
        CredentialsError: the library is not installed.
        PhotoWriteError: the certificate could not be kept.
    """
    _require_library()
    path = folder / _FILE
    try:
        found = _split(path.read_bytes())
    except (OSError, ValueError):
        found = None
    if found is not None:
        return found
    made = _make_certificate()
    make_folder(folder)
    # Before the file is there.
    folder.chmod(0o700)
    with atomic_write(path) as file:
        file.write(made.key + made.chain)
    return made


def signing(
    certificate: LocalCertificate, source: Photo | None, *, what: str = "facial expression"
) -> Callable[[bytes, str], bytes]:
    """What `WriteOptions.sign` takes.

    Args:
        certificate: to sign with.
        source: the photo as read: its file, if it is still there, is named as what was edited, together with the
            credentials that it has itself.
        what: was done, for people.
    """

    def sign(content: bytes, format_name: str) -> bytes:
        return add_credentials(content, format_name, certificate, source=source, what=what)

    return sign


def add_credentials(
    content: bytes, format_name: str, certificate: LocalCertificate, *, source: Photo | None, what: str
) -> bytes:
    """The file with a signed record in it.

    Args:
        content: a whole file.
        format_name: of it, see `PhotoMetadata.format`.
        certificate: to sign with.
        source: see `signing`.
        what: was done.

    Raises:
        CredentialsError: the library is not installed, or fails.
    """
    c2pa = _require_library()
    action = {
        "action": "c2pa.edited",
        "digitalSourceType": DIGITAL_SOURCE_TYPE,
        "description": what,
        "softwareAgent": {"name": "FVAE Studio", "version": program_version()},
    }
    manifest = {
        "claim_generator_info": [{"name": "FVAE Studio", "version": program_version()}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    try:
        context = c2pa.Context(settings=c2pa.Settings.from_dict(_SETTINGS))
        info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, certificate.chain, certificate.key, None)
        builder = c2pa.Builder(manifest, context=context)
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        parent = _content_of(source)
        if source is not None and parent is not None:
            builder.add_ingredient({"relationship": "parentOf"}, MIME_TYPES[source.metadata.format], io.BytesIO(parent))
        signed = io.BytesIO()
        builder.sign(c2pa.Signer.from_info(info), MIME_TYPES[format_name], io.BytesIO(content), signed)
    except (c2pa.C2paError, OSError, ValueError, KeyError) as error:
        raise CredentialsError(
            f"Content Credentials could not be added ({error}). Export without them, or in another format."
        ) from error
    return signed.getvalue()


def _require_library() -> Any:
    try:
        import c2pa
        import cryptography  # noqa: F401 (comes with it)
    except ImportError as error:
        raise CredentialsError(
            "Content Credentials need the library c2pa-python, which is not installed. Install it with: "
            'pip install "fvae-studio[credentials]"'
        ) from error
    return c2pa


def _content_of(source: Photo | None) -> bytes | None:
    if source is None or source.path is None or source.metadata.format not in MIME_TYPES:
        return None
    try:
        return source.path.read_bytes()
    except OSError:
        return None


def _split(content: bytes) -> LocalCertificate | None:
    """From the file's content; None where the certificate ends soon.

    Raises:
        ValueError: it makes no sense.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    end = content.index(_END_OF_KEY) + len(_END_OF_KEY)
    key, chain = content[:end], content[end:]
    load_pem_private_key(key, None)
    leaf = x509.load_pem_x509_certificates(chain)[0]
    ends_soon = leaf.not_valid_after_utc < datetime.now(UTC) + timedelta(days=30)
    return None if ends_soon else LocalCertificate(key, chain)


def _make_certificate() -> LocalCertificate:
    """A certificate that may sign, and another one that vouches for it: C2PA takes none that vouches for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def name(common: str) -> Any:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    def certificate(common: str, public_key: Any, *, is_root: bool) -> bytes:
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only"), False,
        )  # fmt: skip
        usage |= {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root}
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(name("FVAE Studio local root"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            # Clocks of other computers may be behind.
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=_DAYS))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )
        if not is_root:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purpose, critical=False)
        pem: bytes = builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return pem

    chain = certificate("FVAE Studio export", key.public_key(), is_root=False)
    # The root's key is not kept: nothing else will ever be signed with it.
    chain += certificate("FVAE Studio local root", root_key.public_key(), is_root=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return LocalCertificate(private, chain)
