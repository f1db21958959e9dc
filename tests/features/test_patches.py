"""Patch features: against loops over patches, in every shape, and with every bad input."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from distunlearn_lite.features import patches
from distunlearn_lite.features.patches import PatchFeatures


def photographs(n=12, shape=(3, 10, 11)):
    """Random images with some smoothness, so that patches differ in brightness and contrast."""
    rng = np.random.default_rng(1)
    rough = rng.integers(256, size=(n, *shape)).astype(float)
    smooth = (rough + np.roll(rough, 1, axis=2) + np.roll(rough, 1, axis=3)) / 3
    return smooth.astype(np.uint8).reshape(n, -1)


FITTED = PatchFeatures(6, patch=4, shape=(3, 10, 11), n_patches=300).fit(photographs())


def by_loops(image, fitted):
    """Features of one image, one patch at a time, in double precision, as the docstring says."""
    _, height, width = fitted.shape
    tall = range(0, height - fitted.patch + 1, fitted.stride)
    wide = range(0, width - fitted.patch + 1, fitted.stride)
    views = [image.reshape(fitted.shape).astype(float)]
    if fitted.mirror:
        views.append(views[0][:, :, ::-1])
    total = np.zeros((2, 2, fitted.n_filters))
    for view in views:
        for i, down in enumerate(tall):
            for j, right in enumerate(wide):
                x = view[:, down : down + fitted.patch, right : right + fitted.patch].ravel()
                n = (x - x.mean()) / np.sqrt(x.var() + 10)
                w = fitted.whitening_ @ (n - fitted.mean_)
                z = np.array([np.linalg.norm(w - c) for c in fitted.filters_])
                # The middle one of an odd number of positions counts as upper and as left.
                quadrant = int(2 * i >= len(tall)), int(2 * j >= len(wide))
                total[quadrant] += np.maximum(0, z.mean() - z)
    return total.ravel()


@pytest.mark.parametrize("mirror", [True, False])
@pytest.mark.parametrize(
    ("shape", "patch", "stride"),
    [((3, 10, 11), 4, 1), ((3, 10, 11), 4, 2), ((3, 11, 10), 6, 3), ((1, 8, 8), 3, 2)],
)
def test_features_are_those_of_plain_loops(shape, patch, stride, mirror):
    images = photographs(shape=shape)
    features = PatchFeatures(
        7, patch=patch, stride=stride, shape=shape, n_patches=400, mirror=mirror
    ).fit(images)
    images[0] = 7  # flat: no contrast to divide by
    found = features.transform(images)
    assert (found.dtype, found.shape) == (np.float32, (12, 28))
    expected = np.array([by_loops(image, features) for image in images])
    # Single precision: squared distances are off by 1e-7 of about 100, so that a distance of zero,
    # of a patch that is itself a filter, comes out as a few thousandths.
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=5e-3)
    assert np.median(np.abs(found - expected)) < 1e-5
    assert found.min() >= 0
    assert np.median(found) > 0.1


def test_what_is_learnt_is_what_the_docstring_says():
    images = photographs(200)
    features = PatchFeatures(5, patch=4, shape=(3, 10, 11), n_patches=20_000).fit(images)
    # All patches instead of a draw: mean and covariance agree as far as a sample can.
    stack = images.reshape(-1, 3, 10, 11).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(stack, (4, 4), axis=(2, 3))
    every = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 48)
    every = (every - every.mean(1, keepdims=True)) / np.sqrt(every.var(1, keepdims=True) + 10)
    assert np.abs(features.mean_ - every.mean(0)).max() < 5 / np.sqrt(20_000)
    assert np.abs(features.mean_.mean()) < 1e-12
    white = (every - features.mean_) @ features.whitening_
    spread = np.linalg.eigvalsh(np.cov(every.T))
    # Whitened variances are v / (v + 0.1); the direction of brightness has none.
    whitened = np.sort(np.linalg.eigvalsh(np.cov(white.T)))
    np.testing.assert_allclose(whitened, np.sort(spread / (spread + 0.1)), atol=0.05)
    np.testing.assert_allclose(features.whitening_, features.whitening_.T, atol=1e-12)
    # Centres of k-means: each is nearly the mean of the patches nearest to it.
    nearest = ((white[:, None] - features.filters_) ** 2).sum(2).argmin(1)
    for k in range(5):
        share = (nearest == k).mean()
        assert 0.05 < share < 0.5
        gap = np.linalg.norm(white[nearest == k].mean(0) - features.filters_[k])
        assert gap < 0.35 * np.linalg.norm(features.filters_[k])


def test_blocks_threads_and_input_types_do_not_change_the_values(monkeypatch):
    images = photographs(50)
    features = clone(FITTED).fit(images)
    whole = features.transform(images)
    assert sum(map(len, features.blocks(images))) == 50
    monkeypatch.setattr(patches, "ENTRIES", 1)
    one_by_one = list(features.blocks(images))
    assert [block.shape for block in one_by_one] == [(1, 24)] * 50
    np.testing.assert_allclose(np.concatenate(one_by_one), whole, rtol=1e-4, atol=1e-4)
    monkeypatch.undo()
    assert np.array_equal(features.set_params(n_jobs=2).transform(images), whole)
    assert np.array_equal(features.transform(images.astype(float)), whole)
    for given in (images, images.astype(float)):
        before = given.copy()
        assert np.array_equal(clone(features).fit(given).filters_, features.filters_)
        assert np.array_equal(given, before)


def test_the_seed_decides():
    same = clone(FITTED).fit(photographs())
    other = clone(FITTED).set_params(random_state=1).fit(photographs())
    assert np.array_equal(FITTED.filters_, same.filters_)
    assert not np.array_equal(FITTED.filters_, other.filters_)


def test_the_numbers_are_these():
    """Where this changes on purpose, METHOD in patch_cache.py is to be raised."""
    found = clone(FITTED).fit_transform(photographs())
    expected = [1.525, 0.025, 0.321, 1.790]
    np.testing.assert_allclose(found[0, [0, 7, 13, 23]], expected, atol=0.005)
    assert found.mean() == pytest.approx(0.8253, abs=0.0005)


BAD = [
    ({"n_filters": 1}, "n_filters must be at least 2"),
    ({"n_patches": 5}, "n_patches must be at least 6"),
    ({"patch": 1}, "patch must be at least 2"),
    ({"patch": 9}, "images of 11 x 11 pixels or more, two positions each way, got 10 x 11"),
    ({"stride": 0}, "stride must be at least 1"),
    ({"shape": (3, 32, 32)}, "3 x 32 x 32 = 3072 columns, as shape says, got 330"),
    ({"shape": (330,)}, r"shape must be \(channels, height, width\)"),
    ({"shape": None}, r"shape must be \(channels, height, width\)"),
    ({"shape": (3, -10, -11)}, "shape's height must be at least 1"),
    ({"random_state": -1}, "random_state must be at least 0"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_parameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        clone(FITTED).set_params(**change).fit(photographs())


def test_bad_images_are_refused():
    features = clone(FITTED)
    with pytest.raises(NotFittedError):
        features.transform(photographs())
    with pytest.raises(TypeError, match="dense array of pixels, got a sparse one"):
        features.fit(sparse.csr_array(photographs()))
    with pytest.raises(ValueError, match="must be finite, got 1 NaN"):
        features.fit(np.where(np.arange(660) == 7, np.nan, 1.0).reshape(2, 330))
    with pytest.raises(ValueError, match=r"300 patches drawn differ too little for 6 filters"):
        features.fit(np.full((3, 330), 7, np.uint8))
    with pytest.raises(ValueError, match="330 columns, as shape says, got 64"):
        FITTED.transform(np.ones((2, 64)))
