"""Charts as SVG, drawn by hand: lines with bands, bars, and points with whiskers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from txtal.text import clean, count, decimals, percent
from txtal.types import Bin


@dataclass(frozen=True, slots=True)
class Level:
    """A measure after so many labels, with the range it is in."""

    labels: int
    mean: float
    low: float
    high: float


COLOURS = 8
"""That lines and bars have in turn; see :mod:`txtal.reports.page`."""

_WIDTH, _HEIGHT = 560, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 12, 34


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to the chart's coordinates."""

    most: float
    low: float
    high: float

    def x(self, labels: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * labels / self.most, 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share, 1)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most about ``most`` round numbers that span ``low`` to ``high``."""
    rough = max(high - low, 1e-9) / most
    power = 10.0 ** floor(log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(step * number, 10) for number in range(first, last + 1)]


def curves(
    drawn: Sequence[Sequence[Level]],
    title: str,
    *,
    classes: Sequence[str] = (),
    rules: Sequence[tuple[float, str]] = (),
) -> str:
    """Lines with bands against labels, and level lines with their names.

    ``classes`` are what a line has besides its own, such as `` dashed``.
    """
    values = [v for curve in drawn for level in curve for v in (level.low, level.high)]
    values += [value for value, _ in rules]
    rows = ticks(min(values), max(values), 8)
    if len(rows) == 1:
        rows = [rows[0] - 0.1, rows[0]]
    most = max(level.labels for curve in drawn for level in curve)
    scale = _Scale(most, rows[0], rows[-1])
    parts = [
        *_grid(scale, rows, [tick for tick in ticks(0, most, 8) if tick <= most]),
        *[_rule(scale, value, name, above=value == max(rules)[0]) for value, name in rules],
        *[_band(scale, number, curve) for number, curve in enumerate(drawn)],
        *[
            _line(scale, number, curve, classes[number] if classes else "")
            for number, curve in enumerate(drawn)
        ],
    ]
    return _svg(title, parts)


def bars(heights: Sequence[tuple[float, float]], title: str, unit: str) -> str:
    """Bars (end, height) that begin where the one before ends, the first at 0; a histogram."""
    rows = ticks(0, max(1.0, max(height for _, height in heights)), 6)
    most = heights[-1][0]
    scale = _Scale(most, rows[0], rows[-1])
    columns = [tick for tick in ticks(0, most, 8) if tick <= most]
    parts = list(_grid(scale, rows, columns, whole=True))
    begin = 0.0
    for end, height in heights:
        told = f"{begin:g} to {end:g} {unit}: {height:,.0f}"
        parts.append(_bar(scale, begin, end, 0, height, 0, told))
        begin = end
    return _svg(title, parts)


def stacks(
    ends: Sequence[int], shares: Sequence[Sequence[float]], names: Sequence[str], title: str
) -> str:
    """For each stretch of labels up to its end, shares on top of one another that add up to 1."""
    scale = _Scale(ends[-1], 0, 1)
    columns = [tick for tick in ticks(0, ends[-1], 8) if tick <= ends[-1]]
    parts = list(_grid(scale, ticks(0, 1, 5), columns))
    begin = 0
    for end, column in zip(ends, shares, strict=True):
        floor_ = 0.0
        for number, (share, name) in enumerate(zip(column, names, strict=True)):
            told = f"{name}: {percent(share, 0)} of answers {begin + 1:,} to {end:,}"
            if share:
                parts.append(_bar(scale, begin, end, floor_, floor_ + share, number, told))
            floor_ += share
        begin = end
    return _svg(title, parts)


def calibration(bins: Sequence[Bin], title: str) -> str:
    """How often decisions of each confidence were right, beside the line where both are alike."""
    scale = _Scale(1, 0, 1)
    fifths = ticks(0, 1, 5)
    alike = f"M{scale.x(0)} {scale.y(0)}L{scale.x(1)} {scale.y(1)}"
    parts = [*_grid(scale, fifths, fifths), f'<path class="rule" d="{alike}"/>']
    for one in bins:
        x = scale.x(one.confidence)
        right, sure = decimals(one.right, 2), decimals(one.confidence, 2)
        told = f"{count(one.n, 'decision')}: {right} right at {sure}"
        parts.append(
            f'<g class="k0"><path class="whisker" d="M{x} {scale.y(one.low)}V{scale.y(one.high)}"/>'
            f"{marker(0, x, scale.y(one.right), told)}</g>"
        )
    return _svg(title, parts)


def _svg(title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_said(title)}">'
        + "".join(parts)
        + "</svg>"
    )


def _said(text: str) -> str:
    return escape(clean(text))


def _bar(
    scale: _Scale, begin: float, end: float, low: float, high: float, number: int, told: str
) -> str:
    left, right, top, bottom = scale.x(begin), scale.x(end), scale.y(high), scale.y(low)
    return (
        f'<path class="bars k{number % COLOURS}" d="M{left + 0.5} {bottom}V{top}H{right - 0.5}'
        f'V{bottom}Z"><title>{_said(told)}</title></path>'
    )


def _grid(
    scale: _Scale,
    rows: Sequence[float],
    columns: Sequence[float],
    *,
    whole: bool = False,
) -> Iterator[str]:
    """Lines and numbers; rows have at least two places, or none where they are ``whole``."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    places = 0 if whole else max(2, _places(rows))
    across = _places(columns)
    for row in rows:
        y = scale.y(row)
        yield f'<path class="grid" d="M{_LEFT} {y}H{right}"/>'
        yield f'<text class="end" x="{_LEFT - 8}" y="{y + 4}">{row:,.{places}f}</text>'
    for column in columns:
        x = scale.x(column)
        yield f'<path class="tick" d="M{x} {bottom}v4"/>'
        yield f'<text class="middle" x="{x}" y="{bottom + 18}">{column:,.{across}f}</text>'
    yield f'<path class="axis" d="M{_LEFT} {bottom}H{right}"/>'


def _places(values: Sequence[float]) -> int:
    """Return how many decimal places tell round numbers apart, at most three."""
    return next((n for n in range(3) if all(round(value, n) == value for value in values)), 3)


def _rule(scale: _Scale, value: float, name: str, *, above: bool) -> str:
    y = scale.y(value)
    baseline = round(y + (-5 if above else 14), 1)
    return (
        f'<path class="rule" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
        f'<text class="name" x="{_LEFT + 6}" y="{baseline}">{_said(name)} {decimals(value)}</text>'
    )


def _band(scale: _Scale, number: int, curve: Sequence[Level]) -> str:
    if all(level.low == level.high for level in curve):
        return ""
    if len(curve) == 1:
        x, low, high = _alone(scale, number, curve[0]), curve[0].low, curve[0].high
        whisker = f"M{x} {scale.y(low)}V{scale.y(high)}"
        return f'<path class="whisker k{number % COLOURS}" d="{whisker}"/>'
    there = [f"{scale.x(level.labels)} {scale.y(level.high)}" for level in curve]
    back = [f"{scale.x(level.labels)} {scale.y(level.low)}" for level in reversed(curve)]
    return f'<path class="band k{number % COLOURS}" d="M{"L".join(there + back)}Z"/>'


def _alone(scale: _Scale, number: int, level: Level) -> float:
    """Return where the only point of a curve stands: beside those of the other curves."""
    return round(scale.x(level.labels) - 9.0 * number, 1)


def _line(scale: _Scale, number: int, curve: Sequence[Level], dashed: str) -> str:
    places = [(scale.x(level.labels), scale.y(level.mean)) for level in curve]
    if len(curve) == 1:
        places = [(_alone(scale, number, curve[0]), scale.y(curve[0].mean))]
    line = "L".join(f"{x} {y}" for x, y in places)
    marks = "".join(
        marker(number, x, y, f"{count(level.labels, 'label')}: {decimals(level.mean)}")
        for (x, y), level in zip(places, curve, strict=True)
    )
    return f'<g class="k{number % COLOURS}"><path class="line{dashed}" d="M{line}"/>{marks}</g>'


_MARKERS = ("M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0", "M-3 -3H3V3H-3Z",
            "M0 -4.2L4 3H-4Z", "M0 -4.4L4.4 0L0 4.4L-4.4 0Z", "M0 4.2L4 -3H-4Z")  # fmt: skip
"""Circle, square, triangles and diamond: five against eight colours, so that pairs repeat late."""


def marker(number: int, x: float, y: float, told: str = "") -> str:
    """Return the marker of a line, with the text that appears under the pointer."""
    title = f"<title>{_said(told)}</title>" if told else ""
    shape = _MARKERS[number % len(_MARKERS)]
    return f'<path class="marker" transform="translate({x} {y})" d="{shape}">{title}</path>'
