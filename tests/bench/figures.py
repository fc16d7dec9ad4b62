# SPDX-License-Identifier: MIT
"""Figures as text: tables, spreads and slopes."""
import statistics


def table(head, rows):
    """The first column to the left, the others to the right."""
    text = [[str(cell) for cell in row] for row in [head] + list(rows)]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) if i else cell.ljust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in text)


def spread(values, form="%.1f"):
    """minimum/median/maximum"""
    return "/".join(form % one for one in (min(values), statistics.median(values), max(values)))


def slopes(points):
    """From each (x, y) to the next: what one more x costs. Growing slopes are worse than linear."""
    return [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in zip(points, points[1:])]
