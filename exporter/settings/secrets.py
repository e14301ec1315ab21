"""Whether secrets can be used: checked before anything starts, and without ever repeating what is written.

Not even the name of a file is repeated: it may be the secret itself, under the wrong key.
"""

from __future__ import annotations

from pydantic import SecretStr

from exporter.credentials import Secret
from exporter.files import read_secret


def check_secret(value: SecretStr) -> SecretStr:
    """Accept a secret that is written in the configuration itself.

    Raises:
        ValueError: it is empty, too long, or cannot be sent in a header.
    """
    read_secret(Secret(value.get_secret_value()))
    return value


def check_secret_file(file: str) -> str:
    """Accept a file with a secret.

    Raises:
        ValueError: it cannot be read, or holds no secret that could be used.
    """
    if not file:
        raise ValueError("must name a file")
    if not file.isprintable():
        raise ValueError("is no file name")
    try:
        read_secret(Secret(file=file))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"the secret in it {error}") from None
    return file


def to_secret(value: SecretStr, file: str) -> Secret | None:
    """Return the secret that two keys mean; None when neither is set."""
    return Secret(value.get_secret_value(), file) if value or file else None
