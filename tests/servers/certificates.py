"""Certificates for servers that speak TLS, made with openssl: signed by themselves, or by an authority of their own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_DAYS = "7"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server shows, and its key: two PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class SignedCertificate(Certificate):
    """With the file of the authority that clients must trust."""

    authority: Path


def make_certificate(folder: Path) -> Certificate:
    """A certificate for localhost and 127.0.0.1, signed by itself."""
    made = Certificate(folder / "server.crt", folder / "server.key")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    _openssl("req", "-x509", *_KEY, "-keyout", made.key, "-out", made.certificate, "-days", _DAYS, *names)
    return made


def make_signed_certificate(folder: Path, *names: str) -> SignedCertificate:
    """A certificate for these host names, signed by an authority of its own."""
    made = SignedCertificate(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    authority_key, request, extensions = folder / "authority.key", folder / "server.csr", folder / "extensions"
    extensions.write_text(f"subjectAltName = {', '.join(f'DNS:{name}' for name in names)}\n")
    authority = ("-keyout", authority_key, "-out", made.authority, "-days", _DAYS, "-subj", "/CN=Test")
    _openssl("req", "-x509", *_KEY, *authority)
    _openssl("req", *_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={names[0]}")
    signing = ("-CA", made.authority, "-CAkey", authority_key, "-CAcreateserial", "-extfile", extensions)
    _openssl("x509", "-req", "-in", request, "-out", made.certificate, "-days", _DAYS, *signing)
    return made


def _openssl(*arguments: object) -> None:
    argv = ["openssl", *map(str, arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
