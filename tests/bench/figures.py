# SPDX-License-Identifier: MIT
"""Figures as text: tables, spreads and slopes; and for programs."""
import collections
import json
import statistics

# What a bench found. name: "BENCH: what"; goal: the most that value may be, or None.
Figure = collections.namedtuple("Figure", "name value unit goal", defaults=(None,))


def save(path, figures):
    """A JSON list of objects with the members of Figure, unless there is no path."""
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump([one._asdict() for one in figures], file, indent=1)
            file.write("\n")


def table(head, rows):
    """The first column to the left, the others to the right."""
    text = [[str(cell) for cell in row] for row in [head] + list(rows)]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) if i else cell.ljust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in text)


def against_goals(figures):
    """Those that have a goal, and whether they keep to it."""
    return table(("goals", "found", "at most", ""), [
        (one.name, "%.4g %s" % (one.value, one.unit), "%.4g" % one.goal, "kept" if one.value <= one.goal else "MISSED")
        for one in figures if one.goal is not None])


def spread(values, form="%.1f"):
    """minimum/median/maximum"""
    return "/".join(form % one for one in (min(values), statistics.median(values), max(values)))


def trend(points, noise):
    """(what one more x costs, from the first to the last; its name). noise: what of y tells nothing, as a share of it."""
    (first, low), (middle, _), (last, high) = points[0], points[len(points) // 2], points[-1]
    slope = (high - low) / (last - first)
    if abs(high - low) <= noise * low:
        return slope, "constant"
    expected = low + slope * (middle - first)  # on the line between both ends; a curve that bends upwards lies below it
    return slope, "worse than linear" if points[len(points) // 2][1] < expected * (1 - noise) else "linear or better"
