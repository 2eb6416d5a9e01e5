"""What the networks saw in one picture: each looks at most once, and only when somebody asks.

The networks see no more than a few hundred pixels, so all this is done on a view of at most two megapixels; boxes and
masks are in its pixels, and only what is chosen in the end is lifted to the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from cavendish.imaging.color import EncodedRGB, luma
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.region import Region
from cavendish.regions.completion import completed
from cavendish.regions.cutouts import cut_out
from cavendish.regions.landmarks import find_landmarks
from cavendish.regions.lettering import find_text_boxes
from cavendish.regions.objects import FloatBox, detect_objects, inside, shared
from cavendish.regions.people import find_faces
from cavendish.regions.reading import read_lettering
from cavendish.regions.recognition import recognize
from cavendish.regions.salient import find_salient

if TYPE_CHECKING:
    from cavendish.imaging.color import Plane
    from cavendish.imaging.image import Image
    from cavendish.pixels.region import Box
    from cavendish.regions.landmarks import Landmarks
    from cavendish.regions.networks import LabelledNetwork, Networks
    from cavendish.regions.objects import Detection
    from cavendish.regions.people import Face
    from cavendish.regions.reading import Line

_VIEW_PIXELS = 2e6
_UNSURE = (0.3, 0.95)
"""Confidences of the small saliency network between which the large one is asked."""
_LEAST_PART = 0.002
"""Of the picture: smaller parts of a salient map are specks."""
_SAME_AS_SUBJECT = 0.7
_SURFACES = {"dining table", "bed", "couch", "bench"}
"""Classes of the detector that other things stand or lie on, so that a box of one holds much of theirs."""
_HELD = 0.7
"""Share of a thing in a box from which it is in it."""
_MARGIN = 0.08
_SURE, _LIKELY = 0.6, 0.5
_MUCH = 0.25
_PLAIN = np.array([124, 116, 104], np.float32)
"""The middle of what the recognizer was trained with."""
_SURROUNDINGS = 0.2
"""What is looked at around a mask, of the sides of its box."""
_LEAST_REST = 0.05


class Evidence:
    """What is known of one picture, gathered when it is needed and kept.

    Args:
        image: The picture.
        networks: What to look with.
    """

    def __init__(self, image: Image, networks: Networks) -> None:
        self.image = image
        self.view = _view(image)
        """The picture, or a smaller copy of a large one."""
        self.networks = networks
        self.guessed = False
        """Whether a subject was found without a network."""
        self._recognized: dict[tuple[Box, bool], npt.NDArray[np.float32]] = {}
        self._masks: dict[FloatBox, _Kept] = {}
        self._landmarks: dict[Face, Landmarks | None] = {}

    @cached_property
    def detector(self) -> LabelledNetwork | None:
        """The object detector, where it is installed."""
        return self.networks.objects()

    @cached_property
    def recognizer(self) -> LabelledNetwork | None:
        """The recognizer, where it is installed."""
        return self.networks.recognizer()

    @cached_property
    def lightness(self) -> Plane:
        """Luma of the view, 0–1."""
        return luma(EncodedRGB(np.ascontiguousarray(self.view.rgb)))

    @cached_property
    def salient(self) -> Region:
        """The subject as the network drew it, its edge not yet refined; see `find_salient`."""
        network = self.networks.saliency() if self.view.alpha is None else None
        found = find_salient(self.view, network)
        self.guessed = network is None and self.view.alpha is None
        if network is not None and _UNSURE[0] <= found.confidence < _UNSURE[1]:
            large = self.networks.saliency_large()
            other = find_salient(self.view, large) if large else found
            # The large one tells whether there is a subject; which of two answers is clearer they tell themselves.
            found = found if _LIKELY <= other.confidence < found.confidence else other
            found = completed(self.view.rgb, found)
        return found

    @cached_property
    def salient_boxes(self) -> tuple[FloatBox, ...]:
        """Boxes of the parts of the salient map, the largest first; none where nothing stands out."""
        if self.salient.confidence < 0.5:
            return ()
        solid = (self.salient.alpha > 0.5).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
        parts = sorted((row for row in stats[1:] if row[4] > _LEAST_PART * solid.size), key=lambda row: -row[4])
        return tuple((float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in parts)

    @cached_property
    def objects(self) -> tuple[Detection, ...]:
        """What the object detector found."""
        return detect_objects(self.view, self.detector)

    @property
    def solid_boxes(self) -> tuple[FloatBox, ...]:
        """Boxes of what the detector is sure of, nothing stands or lies on and holds no several things."""
        return tuple(
            d.box
            for d in self.objects
            if d.score >= _LIKELY
            and d.label not in _SURFACES
            and sum(inside(part, d.box) >= _HELD for part in self.salient_boxes) < 2
        )

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The faces, surest first."""
        return find_faces(self.image, self.networks.faces())

    @cached_property
    def text_boxes(self) -> tuple[Box, ...]:
        """Boxes of the lines of lettering, not read."""
        return find_text_boxes(self.image, self.networks.lettering())

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of lettering, read."""
        reader = self.networks.reading()
        if reader is None:
            return read_lettering(self.image, self.networks.lettering(), None, ())
        run = reader.run
        return read_lettering(self.image, self.networks.lettering(), lambda strip: run(strip)[0], reader.labels)

    @property
    def face_boxes(self) -> tuple[FloatBox, ...]:
        """Boxes of the heads, in the order of `faces`."""
        scale = self.view.size[0] / self.image.size[0]
        return tuple((a * scale, b * scale, c * scale, d * scale) for a, b, c, d in (face.box for face in self.faces))

    def landmarks(self, face: Face) -> Landmarks | None:
        """The points of one of the faces; None where the network is missing or denies that it is one."""
        if face not in self._landmarks:
            network = self.networks.landmarks()
            self._landmarks[face] = find_landmarks(self.image, face, network) if network else None
        return self._landmarks[face]

    def recognized(self, box: FloatBox, *, alone: bool = False) -> npt.NDArray[np.float32]:
        """The recognizer's probabilities for what is in a box; only where there is a recognizer.

        Args:
            box: In pixels of the view.
            alone: Show it on plain gray, without what is around it. That tells more, and needs its mask.
        """
        assert self.recognizer is not None, "asked only where it is installed"
        width, height = self.view.size
        across, down = _MARGIN * (box[2] - box[0]), _MARGIN * (box[3] - box[1])
        left, top = max(0, int(box[0] - across)), max(0, int(box[1] - down))
        right, bottom = min(width, int(box[2] + across) + 1), min(height, int(box[3] + down) + 1)
        place = (left, top, max(right, left + 1), max(bottom, top + 1))
        if (place, alone) not in self._recognized:
            part = slice(place[1], place[3]), slice(place[0], place[2])
            crop = self.view.rgb[part]
            if alone:
                opacity = self._shape(box)[part][..., np.newaxis]
                crop = (crop * opacity + _PLAIN * (1 - opacity)).astype(np.uint8)
            self._recognized[place, alone] = recognize(np.ascontiguousarray(crop), self.recognizer)
        return self._recognized[place, alone]

    def _shape(self, box: FloatBox) -> Plane:
        """What stands out in a box; its mask where that is little."""
        left, top, right, bottom = (round(edge) for edge in box)
        part = self.salient.alpha[top:bottom, left:right]
        clear = self.salient.confidence >= _LIKELY and part.size > 0 and part.mean() >= _MUCH
        return self.salient.alpha if clear else self.mask(box).alpha

    def mask(self, box: FloatBox, others: Sequence[FloatBox] = ()) -> Region:
        """The pixels of the thing in a box, its edge not yet refined; `others` are boxes of its neighbors."""
        if box not in self._masks:
            near = [other for other in dict.fromkeys((*others, *self.solid_boxes)) if _is_beside(other, box)]
            self._masks[box] = _Kept.of(self._cut_out(box, near))
        return self._masks[box].region()

    def lifted(self, alpha: Plane) -> Plane:
        """A mask of the view as one of the picture, its edge refined by the picture's own colors.

        Only the surroundings of the mask are looked at: the refinement's lengths are in proportion to what it sees.
        """
        large = alpha if self.view is self.image else np.asarray(cv2.resize(alpha, self.image.size), np.float32)
        box = Region(large).box
        if box is None or self.image.alpha is not None:
            return large
        across, down = (round(_SURROUNDINGS * (box[k + 2] - box[k])) for k in (0, 1))
        around = (
            slice(max(0, box[1] - down), min(large.shape[0], box[3] + down)),
            slice(max(0, box[0] - across), min(large.shape[1], box[2] + across)),
        )
        refined = np.zeros_like(large)
        crop = EncodedRGB(np.ascontiguousarray(self.image.rgb[around]))
        refined[around] = refine_alpha(crop, np.ascontiguousarray(large[around]))
        return refined

    def lowered(self, region: Region) -> Region:
        """A region of the picture as one of the view."""
        if self.view is self.image:
            return region
        return replace(region, alpha=np.asarray(cv2.resize(region.alpha, self.view.size, interpolation=cv2.INTER_AREA)))

    def _cut_out(self, box: FloatBox, others: Sequence[FloatBox]) -> Region:
        alone = not any(shared(box, other) > 0 for other in others)
        if alone and len(self.salient_boxes) == 1 and shared(box, self.salient_boxes[0]) > _SAME_AS_SUBJECT:
            return self.salient
        return cut_out(self.view, box, (self.networks.saliency, self.networks.saliency_large), others=others)

    def without_people(self, box: FloatBox, mask: Region) -> Region:
        """A mask of a thing that is no person, without the people in the same box."""
        people = [d.box for d in self.objects if d.label == "person" and d.score >= _SURE and shared(d.box, box) > 0]
        alpha = mask.alpha
        for person in people:
            alpha = np.clip(alpha - self.mask(person).alpha, 0, 1)
        return replace(mask, alpha=alpha) if (alpha > 0.5).sum() > _LEAST_REST * (mask.alpha > 0.5).sum() else mask


def _is_beside(other: FloatBox, box: FloatBox) -> bool:
    """Whether a box is of another thing, rather than the same, a part of it or what it stands in."""
    return max(inside(other, box), inside(box, other)) < _SAME_AS_SUBJECT


@dataclass(frozen=True)
class _Kept:
    """A mask as it is kept: only the part that is not empty, in bytes."""

    shape: tuple[int, int]
    corner: tuple[int, int]
    part: npt.NDArray[np.uint8]
    confidence: float

    @classmethod
    def of(cls, region: Region) -> _Kept:
        rows, columns = (np.flatnonzero((region.alpha > 0).any(axis=axis)) for axis in (1, 0))
        corner = (int(rows[0]), int(columns[0])) if rows.size else (0, 0)
        part = region.alpha[corner[0] : rows[-1] + 1, corner[1] : columns[-1] + 1] if rows.size else np.empty((0, 0))
        height, width = region.alpha.shape
        return cls((height, width), corner, np.rint(part * 255).astype(np.uint8), region.confidence)

    def region(self) -> Region:
        alpha = np.zeros(self.shape, np.float32)
        (top, left), (height, width) = self.corner, self.part.shape
        alpha[top : top + height, left : left + width] = self.part / np.float32(255)
        return Region(alpha, self.confidence)


def _view(image: Image) -> Image:
    shrink = (_VIEW_PIXELS / (image.size[0] * image.size[1])) ** 0.5
    if shrink >= 1:
        return image
    size = (max(1, round(image.size[0] * shrink)), max(1, round(image.size[1] * shrink)))
    return image.with_pixels(np.asarray(cv2.resize(image.pixels, size, interpolation=cv2.INTER_AREA), np.uint8))
