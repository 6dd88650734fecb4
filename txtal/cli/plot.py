"""Curves drawn in the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from txtal.cli.output import put

if TYPE_CHECKING:
    from txtal.simulation.runs import Config

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_COLOURS = ("cyan", "orange", "magenta", "green", "red", "blue")


def draw(
    curves: Mapping[Config, Mapping[int, float]], names: Mapping[Config, str], measure: str
) -> None:
    """The measure against labels: a letter at every point, so that no colour is needed."""
    from shutil import get_terminal_size

    import plotext

    from txtal.reports.charts import ticks

    plain = not _says("⠿│")
    colours = _in_colour()
    figure = plotext.figure
    figure.clear()
    figure.theme("simple" if colours else "colorless")
    pens = {
        config: (_LETTERS[number % len(_LETTERS)], _COLOURS[number % len(_COLOURS)])
        for number, config in enumerate(curves)
    }
    for markers in ("lines", "letters"):  # letters last: they lie on top
        for config, curve in curves.items():
            letter, colour = pens[config]
            symbol = letter if markers == "letters" else "." if plain else "braille"
            marker = plotext.marker(symbol, colour) if colours else symbol
            signal = figure.signal(list(curve), list(curve.values()), marker=marker)
            figure.draw(signal.lines() if markers == "lines" else signal)
    values = [value for curve in curves.values() for value in curve.values()]
    most = max(labels for curve in curves.values() for labels in curve)
    figure.ruler("x").ticks([tick for tick in ticks(0, most, 8) if tick <= most])
    figure.ruler("x").lim(0, most)
    rows = ticks(min(values), max(values), 5)
    figure.ruler("y").ticks(rows)
    figure.ruler("y").lim(rows[0], rows[-1])
    width = min(100, get_terminal_size().columns)
    figure.plot_size(width, max(12, min(22, width // 4)))
    figure.title(f"{measure} on the test file against labels")
    drawn = str(figure.build())
    if not colours:
        drawn = plotext.uncolorize(drawn)
    for line in drawn.rstrip().splitlines():
        click.echo(line.translate(_ASCII) if plain else line, color=colours)
    put("   ".join(f"{letter} {names[config]}" for config, (letter, _) in pens.items()))


_ASCII = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def _says(text: str) -> bool:
    """Whether standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _in_colour() -> bool:
    environ = os.environ
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
