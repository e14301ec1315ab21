"""The address of the status page: which targets it shows, in which order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote, urlencode

from exporter.diagnosis.rules import Diagnosis

ROWS_PER_PAGE = 50
BAD = "bad"
ZONE = "zone"
_LONGEST_VALUE = 200
_MOST_LABELS = 10
_PAGE = re.compile("[0-9]{1,5}")
RESERVED = frozenset({"state", "q", "group", "kind", "zone", "sort", "page"})


class Sort(StrEnum):
    """The order of the targets."""

    URGENCY = "urgency"
    NAME = "name"
    SINCE = "since"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True)
class Query:
    """What a request selects; an empty value selects everything. `page` counts from 1."""

    state: str = ""
    text: str = ""
    kind: str = ""
    zone: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    group: str = ""
    sort: Sort = Sort.URGENCY
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Return whether some targets may be left out."""
        return bool(self.state or self.text or self.kind or self.zone or self.labels)

    def label(self, name: str) -> str:
        """Return the value that a label must have; empty for any."""
        return dict(self.labels).get(name, "")

    def with_state(self, state: str) -> str:
        """Return the address of the first page of another state."""
        return replace(self, state=state, page=1).address()

    def with_page(self, page: int) -> str:
        """Return the address of another page."""
        return replace(self, page=page).address()

    def address(self) -> str:
        """Return what follows the path of the status page."""
        pairs = [
            ("state", self.state),
            ("q", self.text),
            ("kind", self.kind),
            ("zone", self.zone),
            *self.labels,
            ("group", self.group),
            ("sort", "" if self.sort is Sort.URGENCY else self.sort.value),
            ("page", "" if self.page == 1 else str(self.page)),
        ]
        text = urlencode([pair for pair in pairs if pair[1]], quote_via=quote, errors="replace")
        return f"?{text}" if text else "?"


def parse_query(pairs: Mapping[str, str]) -> Query:
    """Return the query of a request. What is not understood selects everything."""
    given = {name: value.strip()[:_LONGEST_VALUE] for name, value in pairs.items() if value.strip()}
    labels = sorted((name, value) for name, value in given.items() if name not in RESERVED)[:_MOST_LABELS]
    state, sort, page = given.get("state", ""), given.get("sort", ""), given.get("page", "")
    return Query(
        state=state if state in {BAD, *Diagnosis} else "",
        text=given.get("q", ""),
        kind=given.get("kind", ""),
        zone=given.get("zone", ""),
        labels=tuple(labels),
        group=given.get("group", ""),
        sort=Sort(sort) if sort in set(Sort) else Sort.URGENCY,
        page=max(1, int(page)) if _PAGE.fullmatch(page) else 1,
    )


def page_numbers(pages: int, current: int) -> Iterable[int]:
    """Return the pages that are linked: the first, the last, and those around the current one."""
    return sorted({1, pages, *range(max(1, current - 2), min(pages, current + 2) + 1)})
