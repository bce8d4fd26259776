"""A picture of two curves: lines and words on a plane, for whoever draws them.

Point … ─▶ Drawing (plain shapes) ─▶ SVG text, or pixels
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from xml.sax.saxutils import escape

from watcher.core.unlocks import Point
from watcher.core.wording import whole_text

WIDTH, HEIGHT = 960, 480
LEFT, RIGHT, TOP, BOTTOM = 110, 30, 60, 50

PERFORMANCE, TIME, INK, FAINT = "#0b6e4f", "#b85c00", "#222222", "#d8d8d8"
"""Colours: told apart by those who do not see red from green, too."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, in pixels from the upper left corner."""

    points: tuple[tuple[int, int], ...]
    colour: str
    width: int = 1


@dataclass(frozen=True, slots=True)
class Words:
    """Words at a place; `anchor` says which end stands there."""

    at: tuple[int, int]
    text: str
    colour: str = INK
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes in the order in which they are drawn."""

    lines: tuple[Line, ...]
    words: tuple[Words, ...]


def draw(points: Sequence[Point], symbol: str, *, now: int) -> Drawing:
    """Draw what performance has unlocked, in steps and until `now`, against what time unlocks."""
    first, last = points[0].at, max(points[-1].at, points[0].at + 1)
    ticks = _ticks(max(max(point.by_performance, point.by_time) for point in points) or Fraction(1))
    top = ticks[-1]

    def place(at: int, amount: Fraction) -> tuple[int, int]:
        across = LEFT + round(Fraction(at - first, last - first) * (WIDTH - LEFT - RIGHT))
        return across, round(HEIGHT - BOTTOM - amount / top * (HEIGHT - TOP - BOTTOM))

    lines, words = [], []
    for amount in ticks:
        (left, down), (right, _) = place(first, amount), place(last, amount)
        lines.append(Line(((left, down), (right, down)), FAINT))
        words.append(Words((left - 8, down + 4), short(amount), anchor="end"))
    for part in range(5):
        at = first + (last - first) * part // 4
        across, down = place(at, Fraction(0))
        anchor = ("start", "middle", "middle", "middle", "end")[part]
        words.append(Words((across, down + 24), _day(at), anchor=anchor))
    known = [point for point in points if point.at <= now]
    stairs: list[tuple[int, int]] = []
    for point in known:
        if stairs:
            stairs.append((place(point.at, point.by_performance)[0], stairs[-1][1]))
        stairs.append(place(point.at, point.by_performance))
    upright = [
        place(point.at, amount) for point in points for amount in (point.by_time_before, point.by_time)
    ]
    lines.append(Line(tuple(dict.fromkeys(upright)), TIME, 2))
    if stairs:
        lines.append(Line(tuple(stairs), PERFORMANCE, 3))
    by_performance = known[-1].by_performance if known else Fraction(0)
    by_time = known[-1].by_time if known else Fraction(0)
    until, in_all = f"{symbol} by {_day(now)}", whole_text(points[-1].by_time)
    words.append(
        Words((LEFT, 24), f"unlocked by performance: {whole_text(by_performance)} {until}", PERFORMANCE)
    )
    words.append(
        Words((LEFT, 44), f"unlocked by time: {whole_text(by_time)} {until}, {in_all} in the end", TIME)
    )
    return Drawing(tuple(lines), tuple(words))


def _ticks(top: Fraction) -> list[Fraction]:
    """Give round amounts from zero to the first at or above `top`, six at most."""
    unit = Fraction(10) ** (len(str(int(top))) - 2)
    step = next(unit * size for size in (2, 5, 10, 20) if unit * size * 5 >= top)
    return [step * place for place in range(-(-top // step) + 1)]


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def short(amount: Fraction) -> str:
    """Write an amount in at most a few digits: 1.2B, 350M, 12k."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if amount >= size:
            return f"{float(amount / size):.3g}{letter}"
    return f"{float(amount):.3g}"


def svg(drawing: Drawing) -> str:
    """Write a drawing as SVG."""
    shapes = [
        f'<polyline fill="none" stroke="{line.colour}" stroke-width="{line.width}" '
        f'points="{" ".join(f"{x},{y}" for x, y in line.points)}"/>'
        for line in drawing.lines
    ]
    shapes += [
        f'<text x="{word.at[0]}" y="{word.at[1]}" fill="{word.colour}" text-anchor="{word.anchor}">'
        f"{escape(word.text)}</text>"
        for word in drawing.words
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="14">'
    )
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *shapes, "</svg>", ""])
