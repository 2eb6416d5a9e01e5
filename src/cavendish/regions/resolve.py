"""From a region expression to pixels, at most one network run a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB
from cavendish.pixels.matte import refine_alpha
from cavendish.pixels.region import Region
from cavendish.regions.salient import SaliencyNetwork, find_salient

if TYPE_CHECKING:
    from cavendish.imaging.image import Image

CONFIDENT = 0.5
"""Below this a picture is taken to have no subject."""


class RegionResolver:
    """Finds regions in the pictures of one request and remembers them.

    Args:
        network: The saliency network, or None for the weight-free fallback.
    """

    def __init__(self, network: SaliencyNetwork | None) -> None:
        self._network = network
        self.guessed = False
        """Whether a subject was found without the network."""
        self._subjects: dict[int, tuple[Image, Region]] = {}

    def subject(self, image: Image) -> Region:
        """The picture's main subject, with a matted edge.

        Raises:
            UnsupportedEdit: Nothing in the picture stands out.
        """
        known = self._subjects.get(id(image))
        if known is None:
            found = find_salient(image, self._network)
            self.guessed = self.guessed or (self._network is None and image.alpha is None)
            if found.confidence >= CONFIDENT and image.alpha is None:
                alpha = refine_alpha(EncodedRGB(image.rgb), found.alpha)
                found = Region(alpha, found.confidence, found.label)
            known = self._subjects[id(image)] = (image, found)  # keeping the picture keeps its id unique
        region = known[1]
        if region.confidence < CONFIDENT or region.box is None:
            raise UnsupportedEdit("no clear subject was found")
        return region
