"""A certificate authority of the test's own, made with openssl, and one certificate it has signed."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_DAYS = "7"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: the authority that clients must trust, and what the server shows."""

    authority: Path
    certificate: Path
    key: Path

    def client_context(self) -> ssl.SSLContext:
        """TLS for a client that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.authority))


def make_certificates(folder: Path, *names: str) -> Certificates:
    """An authority in `folder`, and a certificate for these host names."""
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key, request, extensions = folder / "authority.key", folder / "server.csr", folder / "extensions"
    extensions.write_text(f"subjectAltName = {', '.join(f'DNS:{name}' for name in names)}\n")
    subject = ("-subj", f"/CN={names[0]}")
    _openssl(
        "req", "-x509", *_KEY, "-keyout", authority_key, "-out", made.authority, "-days", _DAYS, "-subj", "/CN=Test"
    )
    _openssl("req", *_KEY, "-keyout", made.key, "-out", request, *subject)
    signing = ("-CA", made.authority, "-CAkey", authority_key, "-CAcreateserial", "-extfile", extensions)
    _openssl("x509", "-req", "-in", request, "-out", made.certificate, "-days", _DAYS, *signing)
    return made


def _openssl(*arguments: object) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
