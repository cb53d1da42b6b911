"""How every figure looks: its style, the looks of its lines, and files with the same bytes for the same figure."""

import textwrap
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter

from recrec.storage import atomic_write

matplotlib.use("Agg")

MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
DASHES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1.5, 1.2, 1.5, 1.2, 1.5))]
#: From dark to light in steps that can be told apart in grey, and of hues that the colour-blind can tell apart.
COLOURS = ["#150b35", "#7a1230", "#a8329a", "#ea6072", "#7cc3e8"]
#: Lengths in inches: a line of text, and the edge beside the labels.
LINE, EDGE = 0.17, 0.08


def style(font_scale=1.1):
    """Set the look that all figures share."""
    sns.set_theme(context="paper", style="whitegrid", font_scale=font_scale, rc={"figure.dpi": 160})


def palette(number):
    """Colours in order of lightness, so that they stay apart in grey and for the colour-blind.

    Parameters
    ----------
    number : int

    Returns
    -------
    list of colours
    """
    if number <= len(COLOURS):
        return [COLOURS[round(place)] for place in np.linspace(0, len(COLOURS) - 1, number)]
    return list(LinearSegmentedColormap.from_list("recrec", COLOURS)(np.linspace(0, 1, number)))


def looks_of(labels):
    """Label, colour, marker and dashes of each line. No two have the same marker and dashes.

    Parameters
    ----------
    labels : dict
        What each line is called, in order.

    Returns
    -------
    dict of dict
    """
    return {
        level: {
            "label": label,
            "color": colour,
            "marker": MARKERS[number % len(MARKERS)],
            "linestyle": DASHES[number % len(DASHES)],
        }
        for number, ((level, label), colour) in enumerate(zip(labels.items(), palette(len(labels)), strict=True))
    }


def broken(text, characters):
    """Text of lines that are at most so many characters long."""
    return "\n".join(textwrap.fill(line, int(characters)) for line in text.split("\n"))


def plain_numbers():
    """Labels of a logarithmic axis as 0.1 and 20,000, not as powers of ten."""
    return FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1000 else f"{value:g}")


def save(figure, paths):
    """Write a figure to every path, by suffix: .png or .pdf. The same figure gives the same bytes: no date is in it."""
    for path in paths:
        # Of the canvases, because `savefig` draws everything twice.
        with atomic_write(path) as temporary:
            if Path(path).suffix == ".pdf":
                FigureCanvasPdf(figure).print_pdf(temporary, metadata={"CreationDate": None})
            else:
                FigureCanvasAgg(figure).print_png(temporary)
        # What has been arranged need not be arranged again for the next file.
        figure.set_layout_engine("none")
    plt.close(figure)
