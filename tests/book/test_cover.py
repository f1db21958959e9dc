"""The cover in README and on the front page is what the library draws."""

import io
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np

from distunlearn_lite import plots
from tools.cover import plot_cover

COVER = Path(__file__).resolve().parents[2] / "book" / "_static" / "cover.png"


def test_the_stored_cover_is_the_drawn_one():
    with plt.rc_context():
        plots.use_style()
        figure, drawn = plot_cover(), io.BytesIO()
    figure.savefig(drawn, dpi=130, format="png")
    plt.close(figure)
    drawn.seek(0)
    fresh, stored = matplotlib.image.imread(drawn), matplotlib.image.imread(COVER)
    assert fresh.shape == stored.shape
    # Rasterisers of different versions differ in a few edge pixels only.
    assert np.abs(fresh - stored).mean() < 0.01, "save plot_cover() with dpi=130 as the cover"
