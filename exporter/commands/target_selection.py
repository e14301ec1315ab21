"""Which cluster a command is about: a configured target by its name, or a URL; and with which credentials."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from exporter.commands.discovered import NoListError, discovered_targets
from exporter.credentials import Auth, Secret
from exporter.files import cause, read_secret
from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.loading import load
from exporter.targets import Target

_COMMAND_LINE = "command line"
# Whichever share of the targets an exporter polls on this host, a command knows all of them.
_ALL_SHARES = {"shard": "0/1"}


def select_target(
    arguments: argparse.Namespace, *, name: str | None, url: str | None, timeout: float | None = None
) -> Target:
    """Return the named target, the target at a URL, or the only target; `timeout` (seconds) limits a request.

    Raises:
        ConfigurationError: there is no such target, or the configuration or a credential cannot be used.
    """
    if url is None:
        for option, given in (("--direct-url", arguments.direct_url), ("--tls.ca-file", arguments.ca_file)):
            if given is not None:
                raise _error(f"{option} goes with a URL; a configured target has its own")
        target = named(configured(arguments.config_file), name)
    else:
        flags = {**_ALL_SHARES, "targets": [_keys(arguments, url)]}
        target = load(arguments.config_file, flags).targets[0]
    return _with_timeout(_with_credentials(target, arguments), timeout or arguments.timeout)


def select_targets(arguments: argparse.Namespace) -> tuple[Target, ...]:
    """Return every configured target.

    Raises:
        ConfigurationError: the configuration cannot be used, or an option goes with a single target.
    """
    for option, given in (
        ("--direct-url", arguments.direct_url),
        ("--tls.ca-file", arguments.ca_file),
        ("--token-file", arguments.token_file),
        ("--passphrase-file", arguments.passphrase_file),
    ):
        if given is not None:
            raise _error(f"{option} goes with a single target; configured targets have their own")
    return tuple(_with_timeout(target, arguments.timeout) for target in configured(arguments.config_file))


def _keys(arguments: argparse.Namespace, url: str) -> dict[str, object]:
    keys: dict[str, object] = {"url": url}
    if arguments.direct_url is not None:
        keys["direct_url"] = arguments.direct_url
    if arguments.ca_file is not None:
        keys["tls"] = {"ca_file": str(arguments.ca_file)}
    return keys


def configured(config_file: Path | None) -> tuple[Target, ...]:
    """Return the configured targets.

    Raises:
        ConfigurationError: the configuration cannot be used, or there is none.
    """
    try:
        return load(config_file, _ALL_SHARES).targets
    except ConfigurationError as error:
        if config_file is None and [fault.key_path for fault in error.faults] == ["targets"]:
            raise _error("no target is configured: give a URL, or --config.file") from None
        raise


def named(targets: tuple[Target, ...], name: str | None) -> Target:
    """Return the target of a name, or the only one there is; raise ConfigurationError when there is none."""
    names = ", ".join(target.name for target in targets)
    if name is None:
        if len(targets) > 1:
            raise _error(f"which target? name it with --target; there are: {names}")
        return targets[0]
    found = next((target for target in targets if target.name == name), None)
    return found or _discovered(targets, name)


def _discovered(targets: tuple[Target, ...], name: str) -> Target:
    """Return the target of a name that a zone lists."""
    names = [target.name for target in targets]
    try:
        listed = discovered_targets(targets)
    except NoListError as error:
        raise _error(f"no target has this name; there are: {', '.join(names)}; {error}") from None
    found = next((target for target in listed if target.name == name), None)
    if found is None:
        raise _error(
            f"no target has this name; there are: {', '.join([*names, *(each.name for each in listed)])}"
        )
    return found


def _with_credentials(target: Target, arguments: argparse.Namespace) -> Target:
    """Return the target, with the credentials of the command line, if any, in place of its own."""
    token, passphrase = _secret(arguments.token_file), _secret(arguments.passphrase_file)
    if token is None and passphrase is None:
        return target
    plain = any(url.startswith("http:") for url in (target.proxy_url, target.direct_url))
    if plain or target.tls.insecure_skip_verify:
        raise _error(
            "credentials are not sent to a server whose certificate is not verified: "
            "set tls.ca_file in place of insecure_skip_verify, and use https"
        )
    return replace(target, auth=Auth(token, passphrase))


def _secret(file: Path | None) -> Secret | None:
    if file is None:
        return None
    secret = Secret(file=str(file))
    try:
        read_secret(secret)
    except (OSError, ValueError) as error:
        raise _error(f"{file}: {cause(error)}") from None
    return secret


def _with_timeout(target: Target, seconds: float | None) -> Target:
    if seconds is None:
        return target
    schedule = target.schedule
    interval = max(schedule.interval, 2 * seconds)
    details_interval = max(schedule.details_interval, 4 * seconds)
    return replace(
        target,
        schedule=replace(schedule, timeout=seconds, interval=interval, details_interval=details_interval),
    )


def _error(message: str) -> ConfigurationError:
    return ConfigurationError([ConfigError(_COMMAND_LINE, "", message)])
