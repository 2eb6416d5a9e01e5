"""Names of colors as ranges: what a sentence means by a color, and borders without kinks."""

import numpy as np
import pytest

from cavendish.pixels.color_range import color_range, range_meant


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("#E02020", "red"), ("#F97316", "orange"), ("#FACC15", "yellow"), ("#2E9E3F", "green"), ("#2563EB", "blue"),
        ("#7E3AF2", "purple"), ("#F472B6", "pink"), ("#7C4A21", "brown"), ("#06B6D4", "cyan"), ("#D946EF", "magenta"),
        ("#000080", "navy"), ("#FFFFFF", "white"), ("#808080", "gray"), ("#000000", "black"), ("#87CEEB", "sky blue"),
    ],
)  # fmt: skip
def test_a_color_means_all_colors_of_its_name(code, name):
    assert range_meant(code) == color_range(name)


@pytest.mark.parametrize("softness", [1, 2])
def test_borders_widen_with_softness(softness):
    blue = color_range("blue")
    low = blue.hue_deg[0]
    hues = np.radians(np.array([low + 1, low - 6 * softness, low - 12 * softness - 0.1]))
    lab = np.stack([np.full(3, 0.5), 0.1 * np.cos(hues), 0.1 * np.sin(hues)], -1).astype(np.float32)
    assert blue.likeness(lab, softness=softness) == pytest.approx([1, 0.5, 0], abs=0.01)
