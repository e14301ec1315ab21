"""The mappings of keys within a target: certificates, credentials, pace, maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from exporter.settings.certificates import check_ca_file, check_key_pair, check_readable, read_pem_file
from exporter.settings.model import Keys
from exporter.settings.values import (
    NO_SECRET,
    Host,
    LabelValue,
    OwnDuration,
    SecretFile,
    SecretText,
    Timestamp,
    TypeName,
)

if TYPE_CHECKING:
    from pydantic import ValidationInfo, ValidatorFunctionWrapHandler


class Tls(Keys):
    """How a target's certificate is verified, and the exporter's own certificate.

    File names are relative to the directory of the configuration file.
    """

    ca_file: Annotated[str, AfterValidator(check_ca_file), TypeName("file")] = Field(
        "",
        description="PEM file of the certificate authorities to trust; default: those of the system",
    )
    server_name: Host = Field(
        "", description="name that the certificate must be for; default: the host of the URL"
    )
    cert_file: Annotated[str, AfterValidator(check_readable), TypeName("file")] = Field(
        "", description="PEM file with the exporter's own certificate, for servers that ask for one"
    )
    key_file: Annotated[str, AfterValidator(check_readable), TypeName("file")] = Field(
        "", description="PEM file with the key of `cert_file`, without a passphrase"
    )
    insecure_skip_verify: bool = Field(
        default=False, description="do not verify the certificate; for experiments only"
    )

    @field_validator("key_file")
    @classmethod
    def _key_of_certificate(cls, key_file: str, info: ValidationInfo) -> str:
        cert_file = info.data.get("cert_file")
        if cert_file == "":
            raise ValueError("needs tls.cert_file, too")
        if cert_file:
            check_key_pair(read_pem_file(cert_file), read_pem_file(key_file))
        return key_file

    @model_validator(mode="after")
    def _certificate_has_key(self) -> Self:
        if self.cert_file and not self.key_file:
            raise ValueError("cert_file needs key_file, too")
        return self


class Auth(Keys):
    """The credentials of a target: an access token, the emergency passphrase, or both.

    Files are read again when they change.
    """

    token: SecretText = Field(NO_SECRET, description="access token")
    token_file: SecretFile = Field("", description="file with the access token, instead of `token`")
    passphrase: SecretText = Field(NO_SECRET, description="emergency passphrase of Onepanel")
    passphrase_file: SecretFile = Field("", description="file with the passphrase, instead of `passphrase`")

    @field_validator("token_file", "passphrase_file", mode="wrap")
    @classmethod
    def _instead_of_inline(
        cls, value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> object:
        inline = (info.field_name or "").removesuffix("_file")
        if not info.data.get(inline):
            return check(value)
        too = f"auth.{inline} is set, too; give only one of them"
        try:
            check(value)
        except ValidationError as error:
            reason = error.errors()[0].get("ctx", {}).get("error")
            raise ValueError(f"{reason}; {too}" if reason else too) from None
        raise ValueError(too)

    @property
    def is_given(self) -> bool:
        """Whether there are any credentials."""
        return any((self.token, self.token_file, self.passphrase, self.passphrase_file))


class TargetPoll(Keys):
    """The pace of a single target. What is left out is that of the top-level `poll`."""

    interval: OwnDuration = Field(
        None, description="time between two rounds of the public operations; at least 1s"
    )
    details_interval: OwnDuration = Field(
        None,
        description="time between two rounds of what needs credentials; not shorter than the interval. "
        "Default: that of `poll`, or the interval where that is longer",
    )
    timeout: OwnDuration = Field(
        None,
        description="limit of one request; not longer than the interval. "
        "Default: that of `poll`, or the interval where that is shorter",
    )


class Maintenance(Keys):
    """A maintenance window of a target. Polling continues; alerts are suppressed."""

    start: Timestamp = Field(description="when it begins, with the time zone: `2026-12-01T20:00:00Z`")
    end: Timestamp = Field(description="when it ends, after `start`")
    reason: LabelValue = Field("", description="what is done, for people")

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: float, info: ValidationInfo) -> float:
        if end <= info.data.get("start", float("-inf")):
            raise ValueError("must be later than the start")
        return end
