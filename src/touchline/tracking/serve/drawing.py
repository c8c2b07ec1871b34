"""A figure of the plotting library -> SVG that lives in the page: its colours, its font, its names.

Figures are drawn at 72 dots per inch, so that a point, a pixel and a unit of the SVG are the same.
Words from outside never pass through the plotting library (it would read `$` as mathematics and
measure them in a font that may lack their letters): they are laid over its drawing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from touchline.core.markup import Child, Markup, markup, tag, written

# Colours that stand for the page's own (`--ink`, ...), which differ by day, night and in print.
INK, MUTED, LINE, PAPER = "#f10001", "#f10002", "#f10003", "#f10004"
GRASS, CHALK = "#f10005", "#f10006"
HOME, AWAY, ACCENT = "#f10007", "#f10008", "#f10009"
WITH_BALL, WITHOUT_BALL, DEAD_BALL = "#f1000a", "#f1000b", "#f1000c"
_VARIABLES = {
    INK: "ink", MUTED: "muted", LINE: "line", PAPER: "card", GRASS: "grass", CHALK: "chalk",
    HOME: "home", AWAY: "away", ACCENT: "accent",
    WITH_BALL: "with-ball", WITHOUT_BALL: "without-ball", DEAD_BALL: "dead-ball",
}  # fmt: skip
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "touchline",
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
_DPI = 72
_DROPPED = (
    re.compile(r"^.*?(?=<svg )", re.DOTALL),
    re.compile(r"<metadata>.*?</metadata>", re.DOTALL),
    re.compile(r"<defs>\s*<style.*?</defs>", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"; font-family: [^;\"]+"),
    re.compile(r' transform="rotate\(-0 [^"]*"'),
    re.compile(r' xmlns(:xlink)?="[^"]*"| version="[^"]*"| width="[^"]*pt"| height="[^"]*pt"'),
    re.compile(r'<g id="[^"]*"/>'),
)
_GROUP = re.compile(r'<g id="([^"]+)">')
_OUTLINE = re.compile(r' d="([^"]*)"')
_DECIMALS = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True)
class Mark:
    """What a group of the drawing stands for: a text on hover, and attributes to find it by."""

    title: str = ""
    attributes: Mapping[str, str | int | bool | None] = field(default_factory=dict)


def canvas(width: float, height: float) -> Figure:
    """An empty, see-through figure of that many pixels."""
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    figure.patch.set_visible(False)
    return figure


def whole(figure: Figure, per_px: float = 1.0) -> Axes:
    """Axes over the whole figure, origin in its middle, y upward, `per_px` units a pixel."""
    width, height = figure.get_size_inches() * _DPI * per_px / 2
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-width, width)
    axes.set_ylim(-height, height)
    axes.set_axis_off()
    return axes


def svg(
    figure: Figure, label: str, *, marks: Mapping[str, Mark], words: Sequence[Markup] = ()
) -> Markup:
    """The figure as inline SVG.

    Args:
        figure: What the plotting library drew, in the colours named above.
        label: What the picture shows, for those who do not see it.
        marks: By `gid`, what the drawn groups stand for.
        words: SVG elements laid over the drawing, in pixels from the top left.

    Nothing is clipped: clips are found by ids, which the pictures of a page would share.
    """
    for artist in figure.findobj():
        artist.set_clip_on(False)
    out = StringIO()
    with rc_context(_STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    for pattern in _DROPPED:
        text = pattern.sub("", text)
    text = re.sub(r">\s+<", "><", _OUTLINE.sub(_rounded, text))
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    head, _, body = text.strip().removesuffix("</svg>").partition(">")
    body = _GROUP.sub(lambda found: _opened(found, marks), body)
    said = written({"role": "img", "aria_label": label})
    return Markup(f"{head}{said}>{body}{markup(words).text}</svg>")


def _opened(found: re.Match[str], marks: Mapping[str, Mark]) -> str:
    mark = marks.get(found[1], Mark())
    title = tag("title", mark.title).text if mark.title else ""
    return f"<g{written(dict(mark.attributes))}>{title}"


def _rounded(found: re.Match[str]) -> str:
    """An outline to a tenth of a pixel, on one line."""
    short = _DECIMALS.sub(lambda n: f"{float(n[0]):.1f}".removesuffix(".0"), found[1])
    return f' d="{" ".join(short.split())}"'


def word(x: float, y: float, *said: Child, **attributes: str | int | None) -> Markup:
    """A text of the page over a drawing; (x, y) in pixels from the top left, on its base line."""
    return tag("text", *said, x=f"{x:.1f}", y=f"{y:.1f}", **attributes)
