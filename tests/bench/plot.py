# SPDX-License-Identifier: MIT
"""Bars of several clients as an SVG: a panel for each figure, a bar to the median, a line from minimum to maximum."""

import html
import math
import statistics

WIDTH, NAMES, RIGHT = 900, 210, 90  # px: of the picture; for names; for the value behind a bar
HEAD, TITLE, ROW, AXIS, GAP = 54, 30, 22, 22, 18
TICKS = 6  # about so many on an axis
STYLE = ("text{font:12px sans-serif;fill:#333}.h{font-size:17px;font-weight:bold}.t{font-size:14px;font-weight:bold}"
         ".n{text-anchor:end}.x{text-anchor:middle}.grid{stroke:#ddd}.range{stroke:#333}.own{fill:#2a6fb0}.other{fill:#d9822b}")


def tick_of(highest):
    """1, 2 or 5 times a power of ten, so that there are about TICKS of them."""
    raw = highest / TICKS
    power = 10 ** math.floor(math.log10(raw))
    return next(step * power for step in (1, 2, 5, 10) if raw <= step * power)


def _text(x, y, kind, words):
    return '<text x="%.1f" y="%.1f" class="%s">%s</text>' % (x, y, kind, html.escape(words))


def _panel(top, title, rows):
    highest = max(max(values) for _, values in rows)
    scale, tick = (WIDTH - NAMES - RIGHT) / highest, tick_of(highest)
    bottom = top + TITLE + ROW * len(rows)
    yield _text(NAMES, top + 16, "t", title)
    for number in range(int(highest / tick) + 1):
        x = NAMES + number * tick * scale
        yield '<path d="M%.1f %dV%d" class="grid"/>' % (x, top + TITLE - 4, bottom)
        yield _text(x, bottom + 14, "x", "%.10g" % (number * tick))
    for number, (name, values) in enumerate(rows):
        y, median = top + TITLE + ROW * number, statistics.median(values)
        kind = "own" if name.startswith(("signet", "same")) else "other"
        yield _text(NAMES - 8, y + 13, "n", name)
        yield '<rect x="%d" y="%d" width="%.1f" height="%d" class="%s"/>' % (NAMES, y + 2, median * scale, ROW - 6, kind)
        if len(values) > 1:
            low, high = (NAMES + value * scale for value in (min(values), max(values)))
            yield '<path d="M%.1f %dH%.1fM%.1f %dv8M%.1f %dv8" class="range"/>' % (low, y + 10, high, low, y + 6, high, y + 6)
        yield _text(NAMES + max(values) * scale + 6, y + 13, "v", "%.4g" % median)


def write(path, title, panels):
    """panels: (title, [(name, values)]); a client without values is left out."""
    parts, top = [], HEAD
    for words, rows in panels:
        rows = [(name, values) for name, values in rows if values]
        if rows:
            parts += _panel(top, words, rows)
            top += TITLE + ROW * len(rows) + AXIS + GAP
    with open(path, "w", encoding="utf-8") as file:
        file.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">\n<style>%s</style>\n'
                   '<rect width="100%%" height="100%%" fill="#fff"/>\n' % (WIDTH, top, WIDTH, top, STYLE))
        file.write("\n".join([_text(NAMES, 28, "h", title), *parts]) + "\n</svg>\n")
