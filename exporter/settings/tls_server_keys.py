"""The keys of `tls_server_config` in Prometheus' web configuration: TLS towards clients."""

from __future__ import annotations

import ssl
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BeforeValidator, SecretStr, field_validator, model_validator

from exporter.settings.certificates import check_key_pair, has_certificate, read_pem_file
from exporter.settings.ciphers import check_cipher_suite, openssl_names
from exporter.settings.model import Keys
from exporter.settings.web_config import TlsVersion

if TYPE_CHECKING:
    from pydantic import ValidationInfo

_PLACE = "tls_server_config"
_TOO_OLD = ("TLS10", "TLS11")
_WITHOUT_VERIFYING = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
# Go's names, and OpenSSL's.
_CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
    "X25519MLKEM768": "X25519MLKEM768",
}
_ALL_CURVES = frozenset({"CurveP256", "CurveP384", "CurveP521", "X25519"})


class ClientAuthType(StrEnum):
    """Go's names of what is demanded of clients, as far as Python's TLS supports it."""

    NONE = "NoClientCert"
    IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRED = "RequireAndVerifyClientCert"


def _check_client_auth(value: object) -> object:
    if value in _WITHOUT_VERIFYING:
        raise ValueError("asks for certificates without verifying them, which Python's TLS does not support")
    return ClientAuthType.NONE.value if value == "" else value


def _check_version(value: object) -> object:
    if value in _TOO_OLD:
        raise ValueError("is insecure: only TLS12 and TLS13 are supported")
    return value


def _check_curve(name: str) -> str:
    if name not in _CURVES:
        raise ValueError(f"is no known curve; there are {', '.join(_CURVES)}")
    return name


def _check_curves(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > 1 and not _ALL_CURVES.issubset(names):
        raise ValueError(
            f"Python's TLS supports one curve or all of them: give one entry, or {', '.join(sorted(_ALL_CURVES))}"
        )
    curve = openssl_curve(names)
    try:
        if curve:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ecdh_curve(curve)
    except (ValueError, ssl.SSLError):
        raise ValueError(f"{names[0]} alone is not supported by {ssl.OPENSSL_VERSION}") from None
    return names


def openssl_curve(names: tuple[str, ...]) -> str:
    """Return what OpenSSL calls the only curve of a list; empty if there are several or none."""
    return _CURVES[names[0]] if len(names) == 1 else ""


def _check_authorities(pem: str) -> str:
    if pem and not has_certificate(pem):
        raise ValueError("has no certificate in PEM format")
    return pem


# The content of a file, in place of its name.
PemFile = Annotated[str, AfterValidator(read_pem_file)]
Version = Annotated[TlsVersion, BeforeValidator(_check_version)]


class TlsServerConfig(Keys):
    """TLS towards clients. After validation the keys of files hold their contents."""

    cert: str = ""
    cert_file: PemFile = ""
    key: SecretStr = SecretStr("")
    key_file: PemFile = ""
    client_auth_type: Annotated[ClientAuthType, BeforeValidator(_check_client_auth)] = ClientAuthType.NONE
    client_ca: Annotated[str, AfterValidator(_check_authorities)] = ""
    client_ca_file: Annotated[str, AfterValidator(read_pem_file), AfterValidator(_check_authorities)] = ""
    client_allowed_sans: tuple[str, ...] | None = None
    min_version: Version = TlsVersion.TLS12
    max_version: Version = TlsVersion.TLS13
    cipher_suites: tuple[Annotated[str, AfterValidator(check_cipher_suite)], ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: Annotated[
        tuple[Annotated[str, AfterValidator(_check_curve)], ...], AfterValidator(_check_curves)
    ] = ()

    @property
    def certificate_pem(self) -> str:
        """Return the certificate with its chain."""
        return self.cert or self.cert_file

    @property
    def key_pem(self) -> str:
        """Return the key of the certificate."""
        return self.key.get_secret_value() or self.key_file

    @property
    def client_ca_pem(self) -> str:
        """Return the authorities of clients; empty: those of the system."""
        return self.client_ca or self.client_ca_file

    @field_validator("cert_file", "key_file", "client_ca_file")
    @classmethod
    def _instead_of_inline(cls, content: str, info: ValidationInfo) -> str:
        inline = (info.field_name or "").removesuffix("_file")
        if content and info.data.get(inline):
            raise ValueError(f"{inline} is set, too; give only one of them")
        return content

    @field_validator("key_file")
    @classmethod
    def _key_of_certificate(cls, key: str, info: ValidationInfo) -> str:
        certificate = info.data.get("cert") or info.data.get("cert_file")
        if certificate and "cert_file" in info.data:
            check_key_pair(certificate, key, _PLACE)
        return key

    @field_validator("max_version")
    @classmethod
    def _not_below(cls, highest: TlsVersion, info: ValidationInfo) -> TlsVersion:
        if highest < info.data.get("min_version", highest):
            raise ValueError("is lower than min_version")
        return highest

    @field_validator("cipher_suites")
    @classmethod
    def _usable(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if names and not openssl_names(names) and info.data.get("max_version") is TlsVersion.TLS12:
            raise ValueError("has no suite of TLS 1.2, which is the only version allowed by max_version")
        return names

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if not self.certificate_pem:
            raise ValueError("needs cert_file or cert: the certificate of the exporter")
        if not self.key_pem:
            raise ValueError("needs key_file or key: the key of the certificate")
        if not self.key_file:
            check_key_pair(self.certificate_pem, self.key_pem, _PLACE)
        return self

    @model_validator(mode="after")
    def _clients_are_verified(self) -> Self:
        if self.client_ca_pem and self.client_auth_type is ClientAuthType.NONE:
            raise ValueError(
                "client_ca_file has no effect without a client_auth_type that verifies certificates"
            )
        if self.client_allowed_sans is not None and self.client_auth_type is not ClientAuthType.REQUIRED:
            raise ValueError("client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert")
        return self
