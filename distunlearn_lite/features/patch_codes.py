"""From images to features: patches, distances to filters, codes, and their sums by quadrant."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..matrices import is_sparse, sample_matrix
from ..validation import FloatArray, count

# Added to the variance of a patch, for pixels from 0 to 255: as in the paper.
CONTRAST = 10.0


def checked_images(
    images: Any, shape: tuple[int, int, int], patch: int, stride: int
) -> NDArray[Any]:
    """Return the rows where they are images of that shape, in which patches have room."""
    if is_sparse(images):
        raise TypeError("X must be a dense array of pixels, got a sparse one")
    rows: NDArray[Any] = sample_matrix("X", images)
    if not (isinstance(shape, tuple) and len(shape) == 3):
        raise ValueError(f"shape must be (channels, height, width), got {shape!r}")
    for name, length in zip(("channels", "height", "width"), shape, strict=True):
        count(f"shape's {name}", length, least=1)
    size = int(np.prod(shape))
    if rows.shape[1] != size:
        raise ValueError(
            f"X must have {' x '.join(map(str, shape))} = {size} columns, as shape says, got "
            f"{rows.shape[1]}; pass shape=(channels, height, width) of the images"
        )
    least = count("patch", patch, least=2) + count("stride", stride, least=1)
    if least > min(shape[1:]):
        raise ValueError(
            f"patch={patch} at stride={stride} needs images of {least} x {least} pixels or more, "
            f"two positions each way, got {shape[1]} x {shape[2]}; pass a smaller patch or stride"
        )
    return rows


class Encoder:
    """The numbers that a block of images is taken through, as ``PatchFeatures`` learnt them."""

    def __init__(
        self,
        filters: FloatArray,
        mean: FloatArray,
        whitening: FloatArray,
        *,
        patch: int,
        stride: int,
        shape: tuple[int, int, int],
        mirror: bool,
    ) -> None:
        rows, columns = (
            np.array_split(np.arange(0, size - patch + 1, stride), 2) for size in shape[1:]
        )
        width, pixels = shape[2], top_left(shape, patch)
        corners = [np.add.outer(down * width, right).ravel() for down in rows for right in columns]
        ends = np.cumsum([0, *map(len, corners)])
        self.quadrants = [slice(*pair) for pair in itertools.pairwise(ends)]
        self.positions, self.size = int(ends[-1]), pixels.size
        wanted = np.concatenate(corners)[:, None] + pixels
        mirrored = np.arange(np.prod(shape)).reshape(shape)[..., ::-1].ravel()
        self.views = [wanted.ravel(), mirrored[wanted].ravel()][: 1 + mirror]
        self.whitening = whitening.astype(np.float32)
        self.shift = (mean @ whitening).astype(np.float32)
        norms = np.einsum("kp,kp->k", filters, filters)
        # One product of (w, |w|^2, 1) with this table gives all squared distances.
        table = np.vstack([-2 * filters.T, np.ones(len(filters)), norms])
        self.table = table.astype(np.float32)

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Features (n, 4 K) of images (n, d)."""
        images = images.astype(np.float32)
        codes = self.codes(images.take(self.views[0], axis=1))
        for view in self.views[1:]:
            codes += self.codes(images.take(view, axis=1))
        return np.maximum(codes, 0, out=codes)  # a sum of zeros may round to below it

    def codes(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sums of the codes over the quadrants, of patches ordered by quadrant."""
        n, k = len(raw), self.table.shape[1]
        patches = normalised(raw.reshape(-1, self.size))
        white = np.empty((len(patches), self.size + 2), np.float32)
        white[:, :-2] = patches @ self.whitening
        white[:, :-2] -= self.shift
        np.einsum("ij,ij->i", white[:, :-2], white[:, :-2], out=white[:, -2])
        white[:, -1] = 1
        z = white @ self.table
        np.sqrt(np.abs(z, out=z), out=z)
        mean = z @ np.full((k, 1), 1 / k, np.float32)
        # The sum of max(0, mean - z) as that of mean - min(z, mean): one pass less.
        np.minimum(z, mean, out=z)
        z, mean = z.reshape(n, -1, k), mean.reshape(n, -1, 1)
        sums = [mean[:, part].sum(axis=1) - z[:, part].sum(axis=1) for part in self.quadrants]
        return np.concatenate(sums, axis=1)


def top_left(shape: tuple[int, int, int], patch: int) -> NDArray[np.intp]:
    """Columns of the top left patch of an image, shape (p,)."""
    within = np.indices((shape[0], patch, patch)).reshape(3, -1)
    return np.asarray(np.ravel_multi_index(tuple(within), shape))


def normalised(patches: NDArray[Any]) -> NDArray[Any]:
    """Brightness and contrast taken out of each row, in place."""
    patches -= patches.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", patches, patches) / patches.shape[1]
    patches /= np.sqrt(variance + patches.dtype.type(CONTRAST))[:, None]
    return patches
