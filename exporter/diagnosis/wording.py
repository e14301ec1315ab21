"""The words for places and options that differ between a page and the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """How a text names what its reader has at hand; each field is a placeholder of the templates."""

    place: str
    evidence: str
    trust: str
    server_name: str
    only_proxy: str
    direct_url: str
    kind: str

    def fill(self, template: str) -> str:
        """Return a template with its placeholders replaced."""
        return template.format_map(asdict(self))


# On pages, in alerts and in the documents.
PAGE = Wording(
    place="the target's page",
    evidence="on the target's page",
    trust="with `tls.ca_file`",
    server_name="set `tls.server_name`",
    only_proxy="set `paths: [proxy]`",
    direct_url="check `direct_url`",
    kind="`kind` is wrong",
)
# On the command line, with a target of the configuration file.
COMMAND = Wording(
    place="`--explain`",
    evidence="with `--explain`",
    trust="with `tls.ca_file` in the configuration file",
    server_name="set `tls.server_name` in the configuration file",
    only_proxy="set `paths: [proxy]` in the configuration file",
    direct_url="check `direct_url` in the configuration file",
    kind="`kind` in the configuration file is wrong",
)
# On the command line, with a URL.
COMMAND_WITH_URL = Wording(
    place="`--explain`",
    evidence="with `--explain`",
    trust="with `--tls.ca-file`",
    server_name="use a configuration file, with `tls.server_name`",
    only_proxy="use a configuration file, with `paths: [proxy]`",
    direct_url="check `--direct-url`",
    kind="the URL is wrong",
)
