"""The running example of the book's first part: two kinds of handwritten digit in a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..theory.gaussian import Gaussian
from ..validation import FloatArray, count


@dataclass(frozen=True, eq=False)
class DigitPair:
    """Points and images of two digits, and the Gaussians that describe them.

    Attributes
    ----------
    S1, S2
        Points of the unwanted and of the retained digit, shapes (n1, 2) and (n2, 2).
    images1, images2
        Their images, 8 x 8 pixels from 0 to 16; row i belongs to point i.
    p1, p2
        Gaussians with the means of S1 and S2 and one covariance, pooled within the two.
    """

    S1: FloatArray
    S2: FloatArray
    images1: FloatArray
    images2: FloatArray
    p1: Gaussian
    p2: Gaussian


def load_digit_pair(unwanted: int = 8, retained: int = 1) -> DigitPair:
    r"""Two of scikit-learn's handwritten digits, as points of one plane.

    The plane is that of the two leading principal components of all ten digits, so that it was
    not chosen to tell the two apart. Its axes point so that their largest loading is positive.

    Parameters
    ----------
    unwanted, retained : int
        Two different digits from 0 to 9.

    Returns
    -------
    DigitPair
        Some 180 points and images of each; the shared covariance is
        :math:`\Sigma = (n_1\hat\Sigma_1 + n_2\hat\Sigma_2)/(n_1 + n_2)`.

    Raises
    ------
    TypeError
        Where a digit is no whole number.
    ValueError
        Where a digit is not between 0 and 9, or both are the same.

    Notes
    -----
    Source: chapter 1. The images come with scikit-learn: no download, no file.

    Examples
    --------
    >>> from distunlearn_lite import kl_divergence, load_digit_pair
    >>> digits = load_digit_pair()
    >>> digits.S1.shape, digits.images2.shape
    ((174, 2), (182, 8, 8))
    >>> round(kl_divergence(digits.p1, digits.p2), 2)
    0.74
    """
    from sklearn.datasets import load_digits

    first = count("unwanted", unwanted, most=9)
    second = count("retained", retained, most=9)
    if first == second:
        raise ValueError(f"unwanted and retained must be two different digits, both are {first}")
    pixels, labels = load_digits(return_X_y=True)
    centred = pixels - pixels.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    axes *= np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    points = centred @ axes.T
    S1, S2 = points[labels == first], points[labels == second]
    spread = np.concatenate([S1 - S1.mean(axis=0), S2 - S2.mean(axis=0)])
    shared = spread.T @ spread / len(spread)
    return DigitPair(
        S1,
        S2,
        pixels[labels == first].reshape(-1, 8, 8),
        pixels[labels == second].reshape(-1, 8, 8),
        Gaussian(S1.mean(axis=0), shared),
        Gaussian(S2.mean(axis=0), shared),
    )
