"""Patch features: against loops over patches, in every shape, and with every bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from distunlearn_lite import load_standin
from distunlearn_lite.features import patches
from distunlearn_lite.features.patches import PatchFeatures

DIGITS = {"patch": 3, "stride": 1, "shape": (1, 8, 8), "mirror": False, "n_patches": 3000}


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
                quadrant = int(2 * i >= len(tall) + 1), int(2 * j >= len(wide) + 1)
                if len(tall) % 2 == 0:
                    quadrant = int(i >= len(tall) // 2), quadrant[1]
                if len(wide) % 2 == 0:
                    quadrant = quadrant[0], int(j >= len(wide) // 2)
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


@given(
    gain=st.floats(0.2, 1.0), offset=st.floats(0, 60), flat=st.integers(0, 255), seed=st.integers(0)
)
def test_brightness_does_not_matter_and_flat_images_are_safe(gain, offset, flat, seed):
    images, features = photographs()[:3].astype(float), FITTED
    np.testing.assert_allclose(
        features.transform(images + offset), features.transform(images), rtol=1e-3, atol=5e-3
    )
    dull = np.full((1, 330), float(flat))
    assert np.isfinite(features.transform(dull)).all()
    # Contrast is divided out, up to the 10 that is added to the variance.
    faint, strong = features.transform(gain * images), features.transform(images)
    assert np.abs(faint - strong).max() < 0.2 * strong.max()


def test_mirror_images_have_the_same_features_only_where_asked():
    images = photographs(shape=(3, 10, 10))
    flipped = images.reshape(-1, 3, 10, 10)[..., ::-1].reshape(12, -1)
    options = {"patch": 4, "stride": 2, "shape": (3, 10, 10), "n_patches": 300}
    both = PatchFeatures(6, mirror=True, **options).fit(images)
    np.testing.assert_allclose(both.transform(images), both.transform(flipped), rtol=1e-4)
    one = PatchFeatures(6, mirror=False, **options).fit(images)
    assert np.abs(one.transform(images) - one.transform(flipped)).max() > 1
    np.testing.assert_allclose(
        both.transform(images), one.transform(images) + one.transform(flipped), rtol=1e-4
    )


def test_blocks_threads_and_input_types_do_not_change_the_values(monkeypatch):
    images = photographs(50)
    features = PatchFeatures(6, patch=4, shape=(3, 10, 11), n_patches=300).fit(images)
    whole = features.transform(images)
    assert sum(map(len, features.blocks(images))) == 50
    monkeypatch.setattr(patches, "ENTRIES", 1)
    one_by_one = list(features.blocks(images))
    assert [block.shape for block in one_by_one] == [(1, 24)] * 50
    np.testing.assert_allclose(np.concatenate(one_by_one), whole, rtol=1e-4, atol=1e-4)
    monkeypatch.undo()
    assert np.array_equal(features.set_params(n_jobs=2).transform(images), whole)
    assert np.array_equal(features.transform(images.astype(float)), whole)
    for before, after in ((images, images.copy()), (images.astype(float),) * 2):
        again = clone(features).fit(before)
        assert np.array_equal(again.filters_, features.filters_)
        assert np.array_equal(before, after)


def test_the_seed_decides():
    images = photographs()
    options = {"patch": 4, "shape": (3, 10, 11), "n_patches": 300}
    first, same, other = (
        PatchFeatures(6, random_state=s, **options).fit(images) for s in (1, 1, 2)
    )
    assert np.array_equal(first.filters_, same.filters_)
    assert not np.array_equal(first.filters_, other.filters_)


def test_digits_are_told_apart_better_than_by_pixels():
    task = load_standin("images")
    train, test = task.split(0)
    labels = {}
    for name, steps in (("pixels", []), ("patches", [PatchFeatures(100, **DIGITS)])):
        model = make_pipeline(*steps, RidgeClassifier(1.0)).fit(train.X, train.y)
        labels[name] = (model.predict(test.X) == test.y).mean()
    assert labels["patches"] > 0.97 > 0.95 > labels["pixels"]


def test_the_numbers_are_these():
    """Where this changes on purpose, METHOD in feature_cache.py is to be raised."""
    features = PatchFeatures(6, patch=4, shape=(3, 10, 11), n_patches=300)
    found = features.fit_transform(photographs())
    expected = [1.525, 0.025, 0.321, 1.790]
    np.testing.assert_allclose(found[0, [0, 7, 13, 23]], expected, atol=0.005)
    assert found.mean() == pytest.approx(0.8253, abs=0.0005)


BAD = [
    ({"n_filters": 1}, ValueError, "n_filters must be at least 2, got 1"),
    ({"n_filters": 2.5}, TypeError, "n_filters must be a whole number"),
    ({"n_patches": 5}, ValueError, "n_patches must be at least 6, got 5"),
    ({"n_patches": 1e5}, TypeError, "n_patches must be a whole number"),
    ({"patch": 1}, ValueError, "patch must be at least 2"),
    ({"patch": 11}, ValueError, r"needs images of 13 x 13 pixels or more.*got 10 x 11; pass a sm"),
    ({"patch": 9}, ValueError, r"two positions each way, got 10 x 11"),
    ({"patch": "4"}, TypeError, "patch must be a whole number"),
    ({"stride": 0}, ValueError, "stride must be at least 1"),
    ({"shape": (3, 32, 32)}, ValueError, r"3 x 32 x 32 = 3072 columns, as shape says, got 330"),
    ({"shape": (330,)}, ValueError, r"shape must be \(channels, height, width\), got \(330,\)"),
    ({"shape": None}, ValueError, r"shape must be \(channels, height, width\), got None"),
    ({"shape": (3, -10, -11)}, ValueError, "shape's height must be at least 1"),
    ({"shape": (3.0, 10, 11)}, TypeError, "shape's channels must be a whole number"),
    ({"random_state": None}, TypeError, "random_state must be a whole number"),
    ({"random_state": -1}, ValueError, "random_state must be at least 0"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD)
def test_bad_parameters_are_refused(change, error, message):
    options = {"n_filters": 6, "patch": 4, "shape": (3, 10, 11), "n_patches": 300} | change
    with pytest.raises(error, match=message):
        PatchFeatures(**options).fit(photographs())


def test_bad_images_are_refused():
    features = PatchFeatures(6, patch=4, shape=(3, 10, 11), n_patches=300)
    with pytest.raises(NotFittedError):
        features.transform(photographs())
    with pytest.raises(TypeError, match="dense array of pixels, got a sparse one"):
        features.fit(sparse.csr_array(photographs()))
    with pytest.raises(TypeError, match="must hold real numbers"):
        features.fit(np.full((2, 330), "x", dtype=object))
    with pytest.raises(ValueError, match="must be finite, got 1 NaN"):
        features.fit(np.where(np.arange(660) == 7, np.nan, 1.0).reshape(2, 330))
    with pytest.raises(ValueError, match=r"300 patches drawn differ too little for 6 filters, onl"):
        features.fit(np.full((3, 330), 7, np.uint8))
    features.fit(photographs())
    with pytest.raises(ValueError, match="330 columns, as shape says, got 64"):
        features.transform(np.ones((2, 64)))
