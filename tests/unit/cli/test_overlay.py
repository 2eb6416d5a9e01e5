"""What `cavendish plan --overlay` draws, with regions the tests make up."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from cavendish.cli.overlay import DIM, Finding, draw_overlay, find_regions, report_lines
from cavendish.domain.plan import EditPlan, Step
from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from tests.support.pictures import scene

WIDTH, HEIGHT = 640, 480


def step(op: str = "adjust_brightness", query: str = "cup", **fields) -> Step:
    return Step(op, "tone", target=query, region=RegionQuery(query), **fields)


def disc(center: tuple[int, int], radius: int = 60) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.clip(radius + 0.5 - np.hypot(x - center[0], y - center[1]), 0, 1).astype(np.float32)


def found(center: tuple[int, int], query: str = "cup", op: str = "adjust_brightness") -> Finding:
    return Finding(step(op, query), Region(disc(center)))


def inside(center: tuple[int, int]) -> np.ndarray:
    """Well inside the outline of a disc, below its label."""
    return disc(center, 50) > 0


def colors_of(picture: np.ndarray, place: np.ndarray) -> set[tuple[int, ...]]:
    """Bright colors the picture does not have, somewhere in a place."""
    colors = np.unique(picture[place], axis=0).astype(int)
    vivid = (colors.max(-1) == 255) & (np.ptp(colors, axis=-1) > 120)
    return {tuple(color) for color in colors[vivid].tolist()}


def rim(center: tuple[int, int]) -> np.ndarray:
    return np.abs(np.hypot(*(np.mgrid[:HEIGHT, :WIDTH] - np.reshape(center[::-1], (2, 1, 1)))) - 60) < 3


def test_regions_stay_as_they_are_and_all_else_is_dimmed():
    pixels = scene(WIDTH, HEIGHT)
    drawn = np.asarray(draw_overlay(Image(pixels), [found((200, 200)), found((450, 300), "saucer")]))
    assert drawn.shape == pixels.shape
    for center in ((200, 200), (450, 300)):
        assert np.array_equal(drawn[inside(center)], pixels[inside(center)])
    far = cv2.dilate(np.maximum(disc((200, 200)), disc((450, 300))), np.ones((81, 81))) == 0
    assert np.abs(drawn[far] - DIM * pixels[far]).max() <= 1


def test_each_thing_has_an_outline_of_its_own_color():
    drawn = np.asarray(draw_overlay(Image(scene(WIDTH, HEIGHT)), [found((200, 200)), found((450, 300), "saucer")]))
    one, other = colors_of(drawn, rim((200, 200))), colors_of(drawn, rim((450, 300)))
    assert one
    assert other
    assert not one & other


def test_steps_on_the_same_thing_share_an_outline():
    alone = [found((200, 200))]
    shared = [*alone, found((200, 200), op="adjust_contrast")]
    picture = Image(scene(WIDTH, HEIGHT))
    below = rim((200, 200)) & (np.mgrid[:HEIGHT, :WIDTH][0] > 200)
    once, twice = (np.asarray(draw_overlay(picture, findings)) for findings in (alone, shared))
    assert np.array_equal(once[below], twice[below])
    assert not np.array_equal(once, twice), "the label names both"


@pytest.mark.parametrize("center", [(0, 0), (639, 0), (0, 479), (639, 479), (320, 240)])
def test_labels_stay_in_the_picture_and_off_each_other(center):
    """Three things in one place: each label's patch of color is whole."""
    findings = [found(center, query) for query in ("cup", "mug", "saucer")]
    drawn = np.asarray(draw_overlay(Image(np.full((HEIGHT, WIDTH, 3), 60, np.uint8)), findings))
    patches = {color: (drawn == color).all(-1) for color in colors_of(drawn, np.ones((HEIGHT, WIDTH), bool))}
    labels = [np.argwhere(patch) for patch in patches.values() if patch.sum() > 800]
    assert len(labels) == 3
    tops = sorted(int(np.median(label[:, 0])) for label in labels)
    assert all(lower - upper > 12 for upper, lower in pairwise(tops))


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (30, 400), (3000, 20)])
def test_any_size_can_be_drawn_on(size):
    image = Image(np.full((size[1], size[0], 3), 99, np.uint8))
    whole = Finding(step(query="an uncommonly long name of a thing"), Region(np.ones((size[1], size[0]), np.float32)))
    assert draw_overlay(image, [whole]).size == size


def test_lines_grow_with_the_picture():
    def line_px(scale: int) -> int:
        size = (HEIGHT * scale, WIDTH * scale)
        alpha = np.zeros(size, np.float32)
        alpha[size[0] // 2 :] = 1
        image = Image(np.full((*size, 3), 90, np.uint8))
        column = np.asarray(draw_overlay(image, [Finding(step(), Region(alpha))]))[:, -50]
        return int((np.ptp(column.astype(int), axis=1) > 120).sum())

    assert line_px(4) >= 2 * line_px(1) > 0


def test_what_is_transparent_is_shown_over_white():
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[:, :320] = (10, 20, 30, 255)
    drawn = np.asarray(draw_overlay(Image(pixels), [found((200, 200)), found((450, 300), "saucer")]))
    assert drawn[200, 200].tolist() == [10, 20, 30]
    assert drawn[300, 450].tolist() == [255, 255, 255]


# --- finding and saying


def lookup(image, query):
    if query.query == "dragon":
        raise UnsupportedEdit("no dragon was found")
    return Region(disc((200, 200)), 0.75, doubt="it may be a bowl")


def test_every_step_that_names_something_is_looked_for():
    plan = EditPlan((step(), Step("flip", "geometry"), step(query="dragon"), step("place_subject", "mug", image=1)))
    cup, flip, dragon, mug = find_regions(plan, Image(scene(WIDTH, HEIGHT)), lookup)
    assert flip is None
    assert list(report_lines(cup)) == [
        "found: cup, box 140, 140, 261, 261 px, 3.68% of the picture, confidence 0.75",
        "in doubt: it may be a bowl",
    ]
    assert list(report_lines(dragon)) == ["not found: no dragon was found"]
    assert list(report_lines(mug)) == ["not found: mug is looked for in picture 2"]
