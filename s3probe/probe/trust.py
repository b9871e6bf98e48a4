"""Which certificate authorities are trusted: those that Mastodon's OpenSSL would trust.

Order: the file that the settings name (``AWS_CA_BUNDLE``), else ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the
places that this Python's OpenSSL was built for, else where the distributions keep theirs; certifi's list only
where nothing else is there.
"""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from s3probe.hindrance import hindrance
from s3probe.probe.bounds import BoundedTlsSocket
from s3probe.records import dataclass

PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine with ca-certificates
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL, Fedora
    "/etc/pki/tls/certs/ca-bundle.crt",  # older RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS, the BSDs
    "/opt/homebrew/etc/ca-certificates/cert.pem",
    "/usr/local/etc/openssl@3/cert.pem",
)


class TrustError(OSError):
    """The file of certificate authorities cannot be used. Its text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Where the trusted authorities come from: a file or folder, or ``None`` for OpenSSL's own way."""

    file: str | None
    source: str = ""
    read_by_openssl: tuple[str, ...] = ()
    """Paths that the environment names."""


def choose(
    ca_file: str | None, environ: Mapping[str, str], built_in: ssl.DefaultVerifyPaths, exists: Callable[[str], bool]
) -> Trust:
    """Decides by the order above. ``exists`` says whether a path is there. Pure apart from it."""
    if ca_file and ca_file != environ.get("SSL_CERT_FILE"):
        return Trust(ca_file, source="settings")
    named = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    if named:
        # OpenSSL reads both by itself and takes its own default for the one that is not set
        paths = (environ.get("SSL_CERT_FILE"), *environ.get("SSL_CERT_DIR", "").split(os.pathsep))
        return Trust(None, " and ".join(named), tuple(filter(None, paths)))
    if any(path and exists(path) for path in (built_in.openssl_cafile, built_in.openssl_capath)):
        return Trust(None, source="openssl")
    place = next((place for place in PLACES if exists(place)), None)
    return Trust(place, source="system") if place else Trust(None, source="certifi")


def has_certificates(path: str) -> bool:
    """Whether ``path`` is a file with something in it, or a folder that is not empty."""
    place = Path(path)
    try:
        return any(place.iterdir()) if place.is_dir() else place.stat().st_size > 0
    except OSError as error:
        if hindrance(error):
            raise
        return False


def context_for(trust: Trust) -> ssl.SSLContext:
    """A context that demands a certificate from one of ``trust``'s authorities. Raises :class:`TrustError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # urllib3 compares the name itself when ssl does not, and then can say for which names the certificate is
    context.check_hostname = False
    context.sslsocket_class = BoundedTlsSocket
    file = trust.file
    for path in (*filter(None, [file]), *trust.read_by_openssl):
        _demand_file_or_folder(path)
    if trust.source == "certifi":
        import certifi

        file = certifi.where()
    if file is None:
        context.set_default_verify_paths()
    else:
        _load(context, file)
    return context


def _demand_file_or_folder(path: str) -> None:
    """OpenSSL waits for a pipe without end. What cannot be looked at, it finds out by itself."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise TrustError(f"the CA file {path} is neither a file nor a folder")


def _load(context: ssl.SSLContext, path: str) -> None:
    try:
        if Path(path).is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise TrustError(f"the CA file {path} holds no certificate that can be read") from None
    except OSError as error:
        raise TrustError(f"the CA file {path} cannot be read: {error.strerror}") from None
