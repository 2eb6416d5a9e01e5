from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from cavendish.domain.queries import RegionQuery
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.color import EncodedRGB, luma
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.colors import color_likeness
from cavendish.regions.instances import Instance
from cavendish.regions.referring import Choice, Scene, choose
from cavendish.regions.things import Thing, thing_called
from tests.support.region_networks import BLACK, BLUE, GREEN, RED, WHITE, YELLOW, drawn, inside_of

SIZE = (600, 400)
DOG, PERSON = thing_called("dog"), thing_called("person")

Box = tuple[int, int, int, int]


def instance(box: Box, confidence: float = 0.9) -> Instance:
    return Instance(tuple(map(float, box)), confidence)


LEFT, MIDDLE, RIGHT = instance((20, 150, 120, 250)), instance((250, 140, 350, 240)), instance((480, 160, 580, 260))
ROW = (MIDDLE, RIGHT, LEFT)
"""Three of about the same size, the surest of which is in the middle."""
HIGH, LOW = instance((250, 10, 350, 110)), instance((250, 290, 350, 390))


class Drawing:
    """A scene of colored boxes; other things are found where `others` says they are.

    Args:
        pixels: The picture, h×w×3.
        others: Boxes of other things by their nouns, "color noun" where a color is asked for as well.
    """

    def __init__(self, pixels: np.ndarray | None = None, others: Mapping[str, Box] | None = None) -> None:
        self.image = Image(drawn(SIZE) if pixels is None else pixels)
        self.others = others or {}
        self.asked: list[RegionQuery] = []

    def scene(self) -> Scene:
        return Scene(
            SIZE,
            mask=self._mask,
            likeness=lambda color: color_likeness(self.image, color),
            lightness=luma(EncodedRGB(self.image.rgb)),
            find=self._find,
        )

    @staticmethod
    def _mask(thing: Instance) -> Region:
        left, top, right, bottom = (round(edge) for edge in thing.box)
        return Region(inside_of((left, top, right, bottom), SIZE).astype(np.float32))

    def _find(self, query: RegionQuery) -> Region:
        self.asked.append(query)
        name = f"{query.color} {query.query}".strip()
        if name not in self.others:
            raise UnsupportedEdit(f"no {name} was found")
        return Region(inside_of(self.others[name], SIZE).astype(np.float32))


def chosen(instances, thing: Thing = DOG, drawing: Drawing | None = None, noun: str = "", **fields) -> set[Instance]:
    query = RegionQuery(noun or thing.name, **fields)
    return set(choose(instances, query, thing, (drawing or Drawing()).scene()).chosen)


class TestOne:
    def test_the_only_one_is_meant(self):
        assert choose([LEFT], RegionQuery("dog"), DOG, Drawing().scene()) == Choice((LEFT,))

    def test_one_of_several_alike_is_not_guessed(self):
        with pytest.raises(
            UnsupportedEdit, match="there are 3 of that kind; say which one, such as “the one on the left”"
        ):
            chosen(ROW)

    def test_the_most_prominent_is_taken_where_it_is_so_by_far_and_said_to_be(self):
        large = instance((150, 60, 450, 360))
        choice = choose([LEFT, large], RegionQuery("dog"), DOG, Drawing().scene())
        assert choice.chosen == (large,)
        assert "taken to be the most prominent of 2" in choice.doubt

    def test_prominence_is_size_place_and_sureness(self):
        unsure = [dataclasses.replace(i, confidence=0.3) for i in (LEFT, RIGHT)]
        assert chosen([*unsure, MIDDLE]) == {MIDDLE}

    def test_the_other_one_is_the_less_prominent_of_two(self):
        large = instance((150, 60, 450, 360))
        choice = choose([large, LEFT], RegionQuery("other dog"), DOG, Drawing().scene())
        assert choice.chosen == (LEFT,)
        assert choice.doubt

    def test_the_other_of_three_is_not_guessed(self):
        with pytest.raises(UnsupportedEdit, match="there are 3"):
            chosen(ROW, noun="other dog")


class TestSides:
    @pytest.mark.parametrize(("side", "expected"), [("left", LEFT), ("right", RIGHT), ("center", MIDDLE)])
    def test_across(self, side, expected):
        assert chosen(ROW, side=side) == {expected}

    @pytest.mark.parametrize(("side", "expected"), [("top", HIGH), ("bottom", LOW)])
    def test_down(self, side, expected):
        assert chosen([LOW, MIDDLE, HIGH], side=side) == {expected}

    def test_a_corner_is_both(self):
        corners = {f"{v}-{h}": instance((x, y, x + 90, y + 90)) for v, y in [("top", 10), ("bottom", 300)]
                   for h, x in [("left", 10), ("right", 500)]}  # fmt: skip
        for side, expected in corners.items():
            assert chosen(list(corners.values()), side=side) == {expected}

    def test_all_on_a_side_are_those_in_its_half(self):
        near_left = instance((160, 100, 240, 200))
        assert chosen([*ROW, near_left], side="left", every=True) == {LEFT, near_left}
        assert chosen([*ROW, near_left], side="left", count=2) == {LEFT, near_left}

    def test_a_count_on_a_side_is_no_more_than_that(self):
        near_left, nearer = instance((160, 100, 240, 200)), instance((130, 300, 200, 380))
        assert chosen([*ROW, near_left, nearer], side="left", count=2) == {LEFT, nearer}

    def test_the_only_one_must_not_be_on_the_other_side(self):
        with pytest.raises(UnsupportedEdit, match="no dog was found on the left"):
            chosen([RIGHT], side="left")
        with pytest.raises(UnsupportedEdit, match="on the bottom"):
            chosen([HIGH], side="bottom")
        assert chosen([MIDDLE], side="left") == {MIDDLE}


class TestOrder:
    @pytest.mark.parametrize(
        ("order", "side", "expected"),
        [
            (1, "", LEFT),
            (2, "", MIDDLE),
            (3, "left", RIGHT),
            (-1, "", RIGHT),
            (-3, "", LEFT),
            (1, "right", RIGHT),
            (2, "right", MIDDLE),
            (-1, "right", LEFT),
        ],
    )
    def test_counted_across(self, order, side, expected):
        assert chosen(ROW, order=order, side=side) == {expected}

    @pytest.mark.parametrize(("order", "side", "expected"), [(1, "top", HIGH), (1, "bottom", LOW), (-1, "top", LOW)])
    def test_counted_down(self, order, side, expected):
        assert chosen([MIDDLE, LOW, HIGH], order=order, side=side) == {expected}

    @pytest.mark.parametrize("order", [4, -4])
    def test_there_must_be_so_many(self, order):
        with pytest.raises(UnsupportedEdit, match="only 3"):
            chosen(ROW, order=order)

    def test_only_those_that_fit_are_counted(self):
        pixels = drawn(SIZE, (RED, (20, 150, 120, 250)), (RED, (480, 160, 580, 260)), (BLUE, (250, 140, 350, 240)))
        assert chosen(ROW, drawing=Drawing(pixels), order=2, color="red") == {RIGHT}


class TestCounts:
    def test_every_one(self):
        assert chosen(ROW, every=True) == set(ROW)
        assert chosen([LEFT], every=True) == {LEFT}

    def test_so_many_of_the_most_prominent(self):
        small = instance((10, 10, 40, 40))
        assert chosen([small, *ROW], count=3) == set(ROW)

    @pytest.mark.parametrize("every", [False, True])
    def test_there_must_be_so_many(self, every):
        with pytest.raises(UnsupportedEdit, match="only 3 of 4"):
            chosen(ROW, count=4, every=every)

    def test_one_is_no_count(self):
        with pytest.raises(UnsupportedEdit, match="there are 3"):
            chosen(ROW, count=1)


class TestSizes:
    SMALL, LARGE = instance((10, 10, 60, 60)), instance((150, 60, 350, 260))

    def test_the_largest_and_the_smallest(self):
        assert chosen([MIDDLE, self.SMALL, self.LARGE], size="largest") == {self.LARGE}
        assert chosen([MIDDLE, self.SMALL, self.LARGE], size="smallest") == {self.SMALL}


class TestColors:
    PIXELS = drawn(SIZE, (RED, (20, 150, 120, 250)), (BLUE, (250, 140, 350, 240)), (WHITE, (480, 160, 580, 260)))

    @pytest.mark.parametrize(("color", "expected"), [("red", LEFT), ("blue", MIDDLE), ("white", RIGHT)])
    def test_the_one_of_that_color(self, color, expected):
        assert chosen(ROW, drawing=Drawing(self.PIXELS), color=color) == {expected}

    def test_two_of_a_color_are_two(self):
        pixels = self.PIXELS.copy()
        pixels[160:260, 480:580] = RED
        with pytest.raises(UnsupportedEdit, match="there are 2"):
            chosen(ROW, drawing=Drawing(pixels), color="red")
        assert chosen(ROW, drawing=Drawing(pixels), color="red", every=True) == {LEFT, RIGHT}

    def test_a_trace_of_it_is_not_enough_beside_one_that_has_it_all(self):
        pixels = self.PIXELS.copy()
        pixels[140:170, 250:350] = RED
        assert chosen(ROW, drawing=Drawing(pixels), color="red") == {LEFT}

    def test_none_of_that_color(self):
        with pytest.raises(UnsupportedEdit, match="dog"):
            chosen(ROW, drawing=Drawing(self.PIXELS), color="yellow")

    def test_an_unknown_color(self):
        with pytest.raises(UnsupportedEdit, match="the color “plaid” is not known"):
            chosen(ROW, color="plaid")

    def test_a_shade_chooses_among_those_of_the_color(self):
        light, middle = (105, 150, 240), (60, 110, 235)
        pixels = drawn(SIZE, (light, (20, 150, 120, 250)), (middle, (250, 140, 350, 240)), (RED, (480, 160, 580, 260)))
        assert chosen(ROW, drawing=Drawing(pixels), color="dark blue") == {MIDDLE}
        assert chosen(ROW, drawing=Drawing(pixels), color="light blue", every=True) >= {LEFT}


class TestHaving:
    PEOPLE = instance((50, 40, 150, 390)), instance((250, 40, 350, 390)), instance((450, 40, 550, 390))

    def dressed(self, *clothes: tuple[int, tuple[int, int, int], tuple[int, int, int]]) -> Drawing:
        """People with a face, and with something of one color above and of another below the waist."""
        pixels = drawn(SIZE)
        for k, upper, lower in clothes:
            pixels[40:90, 50 + 200 * k : 150 + 200 * k] = (224, 172, 145)
            pixels[90:225, 50 + 200 * k : 150 + 200 * k] = upper
            pixels[225:390, 50 + 200 * k : 150 + 200 * k] = lower
        return Drawing(
            pixels, {"dog": (160, 300, 200, 380), "red umbrella": (555, 60, 590, 200), "kite": (5, 1, 25, 9)}
        )

    def test_clothes_are_told_by_their_color(self):
        drawing = self.dressed((0, RED, BLUE), (1, GREEN, BLACK), (2, YELLOW, RED))
        first, second, third = self.PEOPLE
        assert chosen(self.PEOPLE, PERSON, drawing, having="green shirt") == {second}
        assert chosen(self.PEOPLE, PERSON, drawing, having="a yellow jacket") == {third}
        assert chosen(self.PEOPLE, PERSON, drawing, having="blue jeans") == {first}
        assert chosen(self.PEOPLE, PERSON, drawing, having="red pants") == {third}
        assert chosen(self.PEOPLE, PERSON, drawing, having="black") == {second}

    def test_what_is_worn_may_be_said_as_being_near(self):
        drawing = self.dressed((0, RED, BLUE), (1, GREEN, BLACK), (2, YELLOW, RED))
        assert chosen(self.PEOPLE, PERSON, drawing, near="the green shirt") == {self.PEOPLE[1]}

    def test_hair_is_not_worn(self):
        drawing = self.dressed((0, RED, BLUE), (1, GREEN, BLACK), (2, YELLOW, RED))
        drawing.image.pixels[40:85, 50:150] = GREEN
        assert chosen(self.PEOPLE, PERSON, drawing, having="green clothes") == {self.PEOPLE[1]}

    def test_nobody_wears_it(self):
        with pytest.raises(UnsupportedEdit, match="person"):
            chosen(self.PEOPLE, PERSON, self.dressed((0, RED, BLUE)), having="white dress")

    def test_what_is_held_is_nearest_to_whom_it_belongs(self):
        drawing = self.dressed((0, RED, BLUE), (1, GREEN, BLACK), (2, YELLOW, RED))
        assert chosen(self.PEOPLE, PERSON, drawing, having="a dog") == {self.PEOPLE[0]}
        assert chosen(self.PEOPLE, PERSON, drawing, having="red umbrella") == {self.PEOPLE[2]}

    def test_what_is_far_from_everybody_is_held_by_nobody(self):
        short = [instance((450, 300, 500, 390)), instance((530, 300, 580, 390))]
        with pytest.raises(UnsupportedEdit, match="person"):
            chosen(short, PERSON, self.dressed(), having="a kite")

    def test_what_cannot_be_told_is_said_to_be(self):
        with pytest.raises(UnsupportedEdit, match="which one has “a nice smile” cannot be told"):
            chosen(self.PEOPLE, PERSON, having="a nice smile")
        with pytest.raises(UnsupportedEdit, match="cannot be told"):
            chosen(self.PEOPLE, PERSON, having="shirt")
        assert chosen(self.PEOPLE[:1], PERSON, having="a nice smile") == {self.PEOPLE[0]}

    def test_what_is_not_there_is_held_by_nobody(self):
        with pytest.raises(UnsupportedEdit, match="no guitar"):
            chosen(self.PEOPLE, PERSON, having="a guitar")


OTHERS = {"cat": (380, 180, 420, 220), "red car": (20, 300, 60, 340), "tree": (200, 100, 240, 300)}


class TestNear:
    def test_the_nearest_to_another_thing(self):
        drawing = Drawing(others=OTHERS)
        assert chosen(ROW, drawing=drawing, near="the cat") == {MIDDLE}
        assert chosen(ROW, drawing=drawing, near="a red car") == {LEFT}
        assert drawing.asked[-1] == RegionQuery("car", color="red")

    @pytest.mark.parametrize(
        ("side", "near", "expected"), [("right", "cat", RIGHT), ("left", "cat", MIDDLE), ("left", "tree", LEFT)]
    )
    def test_on_one_side_of_it(self, side, near, expected):
        assert chosen(ROW, drawing=Drawing(others=OTHERS), near=near, side=side) == {expected}

    def test_above_and_below_it(self):
        drawing = Drawing(others={"cat": (280, 180, 320, 220)})
        assert chosen([HIGH, LOW], drawing=drawing, near="cat", side="top") == {HIGH}
        assert chosen([HIGH, LOW], drawing=drawing, near="cat", side="bottom") == {LOW}

    def test_nothing_on_that_side(self):
        with pytest.raises(UnsupportedEdit, match="dog"):
            chosen([RIGHT], drawing=Drawing(others=OTHERS), near="cat", side="left")

    def test_a_thing_is_not_near_itself(self):
        drawing = Drawing(others={"animal": (250, 140, 350, 240)})
        assert chosen([MIDDLE, RIGHT], drawing=drawing, near="animal") == {RIGHT}

    def test_what_is_not_there_tells_nothing(self):
        with pytest.raises(UnsupportedEdit, match="the boat to tell it by was not found"):
            chosen(ROW, near="the boat")
        assert chosen([LEFT], near="the boat") == {LEFT}

    def test_the_picture_tells_nothing(self):
        assert chosen([LEFT], near="the picture") == {LEFT}
        assert chosen(ROW, near="the image", order=1) == {LEFT}

    def test_between_two_of_another_kind(self):
        drawing = Drawing(others={"two cats": (200, 180, 420, 220)})
        assert chosen(ROW, drawing=drawing, near="two cats") == {MIDDLE}
        assert drawing.asked[-1].every

    def test_between_two_of_its_own_kind(self):
        assert chosen(ROW, near="two dogs") == {MIDDLE}


class TestDepth:
    FRONT, BEHIND, BACK = instance((20, 100, 180, 390)), instance((260, 80, 310, 200)), instance((400, 100, 440, 180))
    ALL = BEHIND, FRONT, BACK

    @pytest.mark.parametrize("near", ["the foreground", "the front", "the camera"])
    def test_the_one_in_front_stands_lowest(self, near):
        assert chosen(self.ALL, near=near) == {self.FRONT}

    @pytest.mark.parametrize("near", ["the background", "the back", "the distance"])
    def test_the_one_behind_stands_highest(self, near):
        assert chosen(self.ALL, near=near) == {self.BACK}

    def test_all_of_them(self):
        assert chosen(self.ALL, near="the background", every=True) == {self.BEHIND, self.BACK}
        assert chosen(self.ALL, near="the foreground", every=True) == {self.FRONT}

    def test_nobody_is_behind_where_all_are_of_a_size(self):
        with pytest.raises(UnsupportedEdit, match="dog"):
            chosen(ROW, near="the background", every=True)

    def test_a_side_chooses_among_those(self):
        assert chosen(self.ALL, near="the background", side="left", every=True) == {self.BEHIND}


class TestExcept:
    def test_everyone_but_one_on_a_side(self):
        assert chosen(ROW, every=True, none_of=(RegionQuery("one", side="left"),)) == {MIDDLE, RIGHT}
        assert chosen(ROW, every=True, none_of=(RegionQuery("", order=-1),)) == {LEFT, MIDDLE}

    def test_everyone_but_another_expression(self):
        drawing = Drawing(others={"woman": (245, 130, 355, 245)})
        assert chosen(ROW, PERSON, drawing, every=True, none_of=(RegionQuery("woman"),)) == {LEFT, RIGHT}

    def test_a_mere_touch_does_not_spare_anybody(self):
        drawing = Drawing(others={"cat": (80, 150, 300, 250)})
        assert chosen(ROW, drawing=drawing, every=True, none_of=(RegionQuery("cat"),)) == set(ROW)

    def test_nobody_is_left(self):
        with pytest.raises(UnsupportedEdit, match="nobody and nothing else"):
            chosen([LEFT], every=True, none_of=(RegionQuery("one", side="left"),))

    def test_who_is_spared_must_be_there(self):
        with pytest.raises(UnsupportedEdit, match="no woman"):
            chosen(ROW, PERSON, every=True, none_of=(RegionQuery("woman"),))


class TestWords:
    ADULT, TALLER = instance((50, 40, 150, 390)), instance((200, 20, 300, 390))
    CHILD = instance((350, 220, 420, 390))
    FAMILY = ADULT, TALLER, CHILD

    @pytest.mark.parametrize("noun", ["child", "little boy's kid", "kids", "baby"])
    def test_the_young_are_smaller(self, noun):
        assert chosen(self.FAMILY, PERSON, noun=noun) == {self.CHILD}

    def test_puppies_are_smaller_dogs(self):
        assert chosen(self.FAMILY, DOG, noun="puppies", every=True) == {self.CHILD}

    def test_the_largest_of_children_is_sought_among_all(self):
        assert chosen([self.ADULT, self.CHILD], PERSON, noun="child", size="largest") == {self.ADULT}

    def test_children_of_a_size_are_all_young(self):
        assert chosen(ROW, PERSON, noun="children", every=True) == set(ROW)

    def test_a_photobomber_is_not_whom_the_picture_is_of(self):
        main, aside = instance((200, 40, 400, 390)), instance((520, 100, 590, 300))
        choice = choose([main, aside], RegionQuery("photobomber"), PERSON, Drawing().scene())
        assert choice.chosen == (aside,)

    def test_the_least_prominent_of_several_strangers_is_meant_and_said_to_be(self):
        main, aside, edge = (
            instance((200, 40, 400, 390)),
            instance((420, 100, 500, 300)),
            instance((560, 100, 600, 200)),
        )
        choice = choose([main, aside, edge], RegionQuery("stranger"), PERSON, Drawing().scene())
        assert choice.chosen == (edge,)
        assert "taken to be the least prominent person" in choice.doubt
        assert chosen([main, aside, edge], PERSON, noun="strangers", count=2) == {aside, edge}

    def test_a_bride_wears_white_and_a_groom_black(self):
        pixels = drawn(SIZE, (BLACK, (50, 40, 150, 390)), (WHITE, (200, 20, 300, 390)), (RED, (350, 220, 420, 390)))
        assert chosen(self.FAMILY, PERSON, Drawing(pixels), noun="bride") == {self.TALLER}
        assert chosen(self.FAMILY, PERSON, Drawing(pixels), noun="groom") == {self.ADULT}

    def test_words_for_people_tell_nothing_of_other_things(self):
        with pytest.raises(UnsupportedEdit, match="there are 3"):
            chosen(ROW, DOG, noun="bride")


def test_nothing_is_asked_for_that_is_not_needed():
    def fail(*_args):
        raise AssertionError

    scene = Scene(SIZE, mask=fail, likeness=fail, lightness=np.zeros(SIZE[::-1], np.float32), find=fail)
    assert choose(ROW, RegionQuery("dog", side="left"), DOG, scene).chosen == (LEFT,)
    assert choose(ROW, RegionQuery("dog", order=2), DOG, scene).chosen == (MIDDLE,)
    assert choose([LEFT], RegionQuery("dog"), DOG, scene).chosen == (LEFT,)


def test_the_order_of_the_instances_does_not_matter():
    for fields in [{"side": "left"}, {"order": -1}, {"near": "the foreground"}, {"every": True}]:
        assert chosen(ROW, **fields) == chosen(ROW[::-1], **fields)


def test_a_side_of_the_picture_is_a_side():
    assert chosen(ROW, near="the picture", side="left") == {LEFT}


def test_of_several_brown_ones_the_darkest_is_dark_brown():
    brown = ((165, 115, 75), (250, 140, 350, 240)), ((120, 80, 50), (480, 160, 580, 260))
    assert chosen(ROW, drawing=Drawing(drawn(SIZE, *brown, (BLUE, (20, 150, 120, 250)))), color="dark brown") == {RIGHT}
