"""What colors a thing has, learned from a few of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cavendish.imaging.color import OklabImage

    Floats = npt.NDArray[np.float32]

_MOST_SAMPLES = 4000
_LEAST_PER_CLUSTER = 20
_LEAST_SPREAD = 0.02
"""Standard deviation that each cluster is allowed in Oklab: a photograph's grain and what was not among the samples."""
_STEPS = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1e-3)


@dataclass(frozen=True)
class ColorModel:
    """A mixture of Gaussians in Oklab.

    Args:
        whiteners: k×3×4, affine maps that turn each cluster into a unit ball around 0.
        log_weights: k values; shares of the samples over the clusters' volumes.
    """

    whiteners: Floats
    log_weights: Floats

    def log_density(self, oklab: OklabImage | Floats) -> Floats:
        """Logarithm of how often the thing has each color, up to the same constant for every model.

        Args:
            oklab: …×3.
        """
        flat = np.ascontiguousarray(oklab, np.float32).reshape(-1, 1, 3)
        best = np.full(len(flat), -np.inf, np.float32)
        for whitener, weight in zip(self.whiteners, self.log_weights, strict=True):
            off = np.asarray(cv2.transform(flat, whitener), np.float32).reshape(-1, 3)
            np.maximum(best, weight - 0.5 * np.einsum("nc,nc->n", off, off), out=best)
        return best.reshape(oklab.shape[:-1])


def color_model(samples: Floats, *, clusters: int) -> ColorModel | None:
    """Learn the colors of some pixels; equal samples give equal models.

    Args:
        samples: n×3, Oklab.
        clusters: How many Gaussians at most.

    Returns:
        The model, or None for fewer than 20 samples.
    """
    chosen = np.ascontiguousarray(samples[:: max(1, len(samples) // _MOST_SAMPLES)], np.float32)
    count = min(clusters, len(chosen) // _LEAST_PER_CLUSTER)
    if count == 0:
        return None
    cv2.setRNGSeed(0)  # k-means draws from OpenCV's per-thread generator
    start = np.zeros((len(chosen), 1), np.int32)
    labels = np.asarray(cv2.kmeans(chosen, count, start, _STEPS, 1, cv2.KMEANS_PP_CENTERS)[1]).ravel()
    groups = [chosen[labels == k] for k in range(count) if np.count_nonzero(labels == k) > 1]
    fitted = [_fitted(group, len(chosen)) for group in groups]
    return ColorModel(*(np.stack(values).astype(np.float32) for values in zip(*fitted, strict=True)))


def _fitted(group: Floats, total: int) -> tuple[npt.NDArray[np.float64], float]:
    """A cluster's whitener and logarithmic weight."""
    covariance = np.cov(group.T) + _LEAST_SPREAD**2 * np.eye(3)
    root = np.linalg.cholesky(np.linalg.inv(covariance)).T
    whitener = np.column_stack([root, -root @ group.mean(axis=0)])
    return whitener, float(np.log(len(group) / total) + np.log(np.diag(root)).sum())
