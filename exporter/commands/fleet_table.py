"""The table that `fleet` prints: one line for each cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One cluster of the table. None is what is not known; `diagnosis` is empty for one that was not polled."""

    name: str
    domain: str
    version: str
    compatible: bool | None
    online: bool | None
    connected: bool | None
    diagnosis: str
    proxy: bool | None
    direct: bool | None
    certificate_days: int | None
    note: str = ""


def write_table(rows: Iterable[Row]) -> str:
    """Return the rows as aligned columns, with a line of headings."""
    heads = (
        "NAME",
        "DOMAIN",
        "VERSION",
        "COMPATIBLE",
        "ONLINE",
        "CONNECTED",
        "DIAGNOSIS",
        "PROXY",
        "DIRECT",
        "CERT",
        "NOTE",
    )
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    days = "-" if row.certificate_days is None else f"{row.certificate_days}d"
    facts = (row.compatible, row.online, row.connected)
    paths = tuple("-" if each is None else "up" if each else "down" for each in (row.proxy, row.direct))
    return (
        row.name,
        row.domain or "-",
        row.version or "-",
        *("-" if each is None else "yes" if each else "no" for each in facts),
        row.diagnosis or "-",
        *paths,
        days,
        row.note,
    )
