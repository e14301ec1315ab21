"""The diagnosis of a target as a badge for other pages: an SVG image without style sheets or scripts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from exporter.web.badges import badge_in
from exporter.web.status import TargetStatus

_HEIGHT, _MARGIN, _CHARACTER_WIDTH = 20, 8, 7
_LONGEST_NAME = 40
# Each has a contrast of at least 4.5 to white.
_COLOURS: Mapping[str, str] = {"good": "#18794e", "warn": "#8a5300", "bad": "#b3261e", "idle": "#5a6573"}
_SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" aria-label="{text}">'
    "<title>{text}</title>"
    '<rect width="{width}" height="{height}" rx="3" fill="#3d4652"/>'
    '<path d="M{left} 0h{right_flat}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right_flat}z" fill="{colour}"/>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
    '<text x="{name_at}" y="14" textLength="{name_width}" lengthAdjust="spacingAndGlyphs">{name}</text>'
    '<text x="{word_at}" y="14" textLength="{word_width}" lengthAdjust="spacingAndGlyphs">{word}</text>'
    "</g></svg>"
)


def badge_svg(target: TargetStatus) -> str:
    """Return the image; its text is the name of the target and its diagnosis."""
    shown = badge_in(target, target.diagnosis)
    name = target.name if len(target.name) <= _LONGEST_NAME else f"{target.name[: _LONGEST_NAME - 1]}…"
    name_width, word_width = _CHARACTER_WIDTH * len(name), _CHARACTER_WIDTH * len(shown.word)
    left, right = name_width + 2 * _MARGIN, word_width + 2 * _MARGIN
    return str(
        _SVG.format(
            width=left + right,
            height=_HEIGHT,
            left=left,
            right_flat=right - 3,
            colour=_COLOURS[shown.tone],
            text=f"{target.name}: {shown.word}",
            name=name,
            word=shown.word,
            name_at=left // 2,
            word_at=left + right // 2,
            name_width=name_width,
            word_width=word_width,
        )
    )
