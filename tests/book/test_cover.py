"""The cover in README and on the front page is what the library draws."""

import io

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np

from distunlearn_lite import plots
from tools.cover import COVER, store


def test_the_stored_cover_is_the_drawn_one():
    drawn = io.BytesIO()
    with plt.rc_context():
        plots.use_style()
        store(drawn)
    drawn.seek(0)
    fresh, stored = matplotlib.image.imread(drawn), matplotlib.image.imread(COVER)
    assert fresh.shape == stored.shape
    # Rasterisers of different versions differ in a few edge pixels only.
    assert np.abs(fresh - stored).mean() < 0.01, "run: python tasks.py cover"
