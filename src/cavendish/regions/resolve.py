"""From a region expression to pixels, at most one network run a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.region import Box, Region
from cavendish.regions.lettering import TextNetwork, find_text_boxes
from cavendish.regions.people import FaceNetwork, find_faces
from cavendish.regions.salient import SaliencyNetwork, find_salient

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

CONFIDENT = 0.5
"""Below this a picture is taken to have no subject."""


def _not_installed() -> None:
    return None


@dataclass(frozen=True)
class Networks:
    """Functions that open a network when it is first asked for, or return None where its weights are not installed."""

    saliency: Callable[[], SaliencyNetwork | None] = _not_installed
    faces: Callable[[], FaceNetwork | None] = _not_installed
    lettering: Callable[[], TextNetwork | None] = _not_installed


class RegionResolver:
    """Finds regions in the pictures of one request and remembers them.

    Args:
        networks: What to look with; each runs at most once a picture.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self.guessed = False
        """Whether a subject was found without the network."""
        self._subjects: dict[int, tuple[Image, Region]] = {}
        self._details: dict[int, tuple[Image, tuple[Box, ...]]] = {}

    def subject(self, image: Image) -> Region:
        """The picture's main subject, with a matted edge.

        Raises:
            UnsupportedEdit: Nothing in the picture stands out.
        """
        known = self._subjects.get(id(image))
        if known is None:
            network = self._networks.saliency() if image.alpha is None else None
            found = find_salient(image, network)
            self.guessed = self.guessed or (network is None and image.alpha is None)
            if found.confidence >= CONFIDENT and image.alpha is None:
                alpha = refine_alpha(EncodedRGB(image.rgb), found.alpha)
                found = Region(alpha, found.confidence, found.label)
            known = self._subjects[id(image)] = (image, found)  # keeping the picture keeps its id unique
        region = known[1]
        if region.confidence < CONFIDENT or region.box is None:
            raise UnsupportedEdit("no clear subject was found")
        return region

    def details(self, image: Image) -> tuple[Box, ...]:
        """Boxes of the faces and the lettering in a picture: what a crop must not cut, whatever the subject is."""
        known = self._details.get(id(image))
        if known is None:
            faces = tuple(face.box for face in find_faces(image, self._networks.faces()))
            known = (image, faces + find_text_boxes(image, self._networks.lettering()))
            self._details[id(image)] = known
        return known[1]
