"""The running example: two digits of scikit-learn in the plane of all ten."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from distunlearn_lite import Gaussian, kl_divergence, load_digit_pair


def test_the_plane_is_that_of_the_principal_components_of_all_ten():
    pixels, labels = load_digits(return_X_y=True)
    points = PCA(2, svd_solver="full").fit_transform(pixels)
    pair = load_digit_pair(3, 9)
    for ours, images, digit in ((pair.S1, pair.images1, 3), (pair.S2, pair.images2, 9)):
        np.testing.assert_allclose(np.abs(ours), np.abs(points[labels == digit]), atol=1e-8)
        np.testing.assert_array_equal(images.reshape(-1, 64), pixels[labels == digit])


def test_the_shared_covariance_is_pooled_within_the_two():
    pair = load_digit_pair()
    n1, n2 = len(pair.S1), len(pair.S2)
    own = [Gaussian.fit(points).cov for points in (pair.S1, pair.S2)]
    pooled = (n1 * own[0] + n2 * own[1]) / (n1 + n2)
    for gaussian, points in ((pair.p1, pair.S1), (pair.p2, pair.S2)):
        np.testing.assert_allclose(gaussian.cov, pooled)
        np.testing.assert_allclose(gaussian.mean, points.mean(axis=0))


def test_exchanging_the_two_exchanges_everything():
    there, back = load_digit_pair(8, 1), load_digit_pair(1, 8)
    np.testing.assert_array_equal(there.S1, back.S2)
    np.testing.assert_array_equal(there.images2, back.images1)
    assert np.isclose(kl_divergence(there.p1, there.p2), kl_divergence(back.p1, back.p2))


@pytest.mark.parametrize(
    ("digits", "error", "says"),
    [
        ((8, 8), ValueError, "two different digits, both are 8"),
        ((10, 1), ValueError, "unwanted must be at least 0 and at most 9, got 10"),
        ((8, -1), ValueError, "retained must be at least 0 and at most 9, got -1"),
        (("8", 1), TypeError, "unwanted must be a whole number"),
    ],
)
def test_bad_digits(digits, error, says):
    with pytest.raises(error, match=says):
        load_digit_pair(*digits)
