# SPDX-License-Identifier: MIT
"""
plot.py - draws the results of bench.py as one SVG, with nothing but text.

Four panels: starts as bars in units of the bare start; added time over the number of rules, both
axes logarithmic, so that linear growth is a line at 45 degrees; added time over mounts; time over the
memory of the process that starts. Colours are chosen to be told apart in grey, too.
"""
import math
from xml.sax.saxutils import escape

COLOURS = ["#1b6e53", "#b4531f", "#4a5a8a"]
BAR, PEER, BARE = "#1b6e53", "#b4531f", "#8a8a8a"
WIDTH = 980


def text(x, y, words, size=12, anchor="start", weight="normal", colour="#222"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
            f'fill="{colour}" stroke="white" stroke-width="3" paint-order="stroke">{escape(words)}</text>')


def line(x1, y1, x2, y2, colour="#ccc", width=1.0):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def bars(results, left, top, width):
    """Horizontal bars, one a variant; those beyond the scale are cut and say their number."""
    label_width, step = 300, 24
    room = width - label_width - 70
    names = [name for name in results if name != "bare again"]
    limit = min(8.0, max(results[name]["ratio"] for name in names))
    out = [text(left, top, "Start of /bin/true, against the bare start", 15, weight="bold")]
    bottom = top + 18 + step * len(names)
    x0 = left + label_width
    for mark in range(0, int(limit) + 1):
        x = x0 + room * mark / limit
        out.append(line(x, top + 14, x, bottom))
        out.append(text(x, bottom + 15, str(mark), 11, "middle", colour="#555"))
    x = x0 + room * 1.3 / limit
    out.append(f'<line x1="{x:.1f}" y1="{top + 12}" x2="{x:.1f}" y2="{bottom}" stroke="#a00" stroke-dasharray="4 3"/>')
    out.append(text(x + 3, top + 12, "budget 1.3", 11, colour="#a00"))
    y = top + 18
    for name in names:
        ratio = results[name]["ratio"]
        is_plain = name in ("bare", "a launcher that only executes")
        colour = BARE if is_plain else BAR if name.startswith("croft") else PEER
        length = room * min(ratio, limit) / limit
        out.append(f'<rect x="{x0}" y="{y}" width="{length:.1f}" height="{step - 8}" fill="{colour}"/>')
        out.append(text(x0 - 8, y + 13, name, 12, "end"))
        out.append(text(x0 + length + 6, y + 13, f"{ratio:.2f}" + (" (cut)" if ratio > limit else ""), 12))
        y += step
    return out, bottom + 30


class Axis:
    """Numbers to pixels, linear from 0 or logarithmic."""

    def __init__(self, values, start, end, is_log):
        self.is_log, self.start, self.end = is_log, start, end
        high = max(values)
        if is_log:
            self.low = math.floor(math.log10(min(values)))
            self.high = max(self.low + 1, math.ceil(math.log10(high)))
        else:
            self.low, self.high = 0, nice(high)

    def at(self, value):
        number = math.log10(value) if self.is_log else value
        return self.start + (self.end - self.start) * (number - self.low) / (self.high - self.low)

    def marks(self):
        if self.is_log:
            return [10 ** n for n in range(self.low, self.high + 1)]
        return [self.high * n / 4 for n in range(5)]


def nice(value):
    """The next round number: 1, 2, 4 or 8 with noughts."""
    power = 10 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 4, 8, 10) if n * power >= value)


def number(value):
    if value >= 1000:
        return f"{value / 1000:g} ms"
    return f"{value:g} µs"


def curves(title, x_title, series, box, logs):
    """Lines with points; the name stands at the last point of each line."""
    left, top, width, height = box
    xs = [x for points in series.values() for x, _ in points]
    ys = [max(y, 1) for points in series.values() for _, y in points]
    x_axis = Axis(xs, left + 58, left + width - 110, logs[0])
    y_axis = Axis(ys, top + height - 40, top + 24, logs[1])
    out = [text(left, top, title, 15, weight="bold")]
    for mark in y_axis.marks():
        y = y_axis.at(mark)
        out += [line(x_axis.start, y, x_axis.end, y),
                text(x_axis.start - 6, y + 4, number(mark), 11, "end", colour="#555")]
    for mark in (x_axis.marks() if logs[0] else sorted(set(xs))):
        x = x_axis.at(mark)
        out += [line(x, y_axis.start, x, y_axis.start + 4, "#555"),
                text(x, y_axis.start + 17, f"{mark:,}", 11, "middle", colour="#555")]
    out.append(text((x_axis.start + x_axis.end) / 2, y_axis.start + 34, x_title, 12, "middle", colour="#555"))
    for colour, (name, points) in zip(COLOURS, series.items()):
        places = [(x_axis.at(x), y_axis.at(max(y, 1))) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        out.append(text(places[-1][0] + 8, places[-1][1] + 4, name, 12, colour=colour))
    return out


def draw(start, rules, mounts, memory):
    """The whole picture as SVG text."""
    body, below = bars(start, 30, 40, WIDTH - 60)
    height = 290
    half = (WIDTH - 60) // 2
    body += curves("Added by rules (Landlock only)", "grants, each on its own directory", {"croft": rules},
                   (30, below + 20, half, height), (True, True))
    body += curves("Start out of a process with memory", "MiB touched", memory,
                   (30 + half, below + 20, half, height), (True, True))
    bottom = below + 20 + height
    if mounts:
        body += curves("Added, by mounts of the host", "mounts more than the host has", mounts,
                       (30, bottom + 20, half, height), (False, False))
        bottom += 20 + height
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom:.0f}" '
            f'viewBox="0 0 {WIDTH} {bottom:.0f}" font-family="Helvetica, Arial, sans-serif">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n")
