from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from cavendish.domain.queries import RegionQuery
from cavendish.domain.request import Pointing
from cavendish.errors import UnsupportedEdit
from cavendish.imaging.image import Image
from cavendish.pixels.region import Region
from cavendish.regions.networks import Networks
from cavendish.regions.resolve import RegionResolver
from tests.support.pictures import scene
from tests.support.region_networks import (
    BLUE,
    GREEN,
    PURPLE,
    ColorDetector,
    ColorfulNetwork,
    disc_in,
    drawn,
    inside_of,
    overlap,
    real_networks,
    rounded,
)

SIZE = (600, 400)
LEFT, RIGHT = (40, 120, 200, 300), (380, 100, 560, 320)
PICTURE = Image(rounded(SIZE, (GREEN, LEFT), (BLUE, RIGHT)))
"""A dog on the left and a cup on the right."""
SUBJECT, LEFT_HALF, TOP_HALF = RegionQuery("subject"), RegionQuery("left half"), RegionQuery("upper half")
DOG, CUP = RegionQuery("dog"), RegionQuery("cup")


class Counted:
    """Stand-ins that know green dogs and blue cups, and count their runs."""

    def __init__(self) -> None:
        self.detector = ColorDetector({"dog": (GREEN, 0.9), "cup": (BLUE, 0.9)})
        self.saliency = ColorfulNetwork()
        self.networks = Networks(saliency=lambda: self.saliency, objects=self.detector.opened)

    def resolver(self) -> RegionResolver:
        return RegionResolver(self.networks)


@pytest.fixture
def resolver() -> RegionResolver:
    return Counted().resolver()


def find(resolver: RegionResolver, query: RegionQuery | str, picture: Image = PICTURE) -> Region:
    return resolver.find(picture, RegionQuery(query) if isinstance(query, str) else query)


class TestWhoKnowsTheWords:
    def test_things(self, resolver):
        for noun, box in [("dog", LEFT), ("small green puppy", LEFT), ("mug", RIGHT)]:
            assert overlap(find(resolver, noun).alpha, disc_in(box, SIZE)) > 0.93

    @pytest.mark.parametrize("noun", ["subject", "main subject", "Subject", "product", "it"])
    def test_the_subject(self, resolver, noun):
        assert overlap(find(resolver, noun).alpha, disc_in(LEFT, SIZE) | disc_in(RIGHT, SIZE)) > 0.93

    def test_the_subject_is_what_subject_answers(self, resolver):
        assert resolver.subject(PICTURE) is find(resolver, "subject")

    @pytest.mark.parametrize("noun", ["", "picture", "image", "everything", "Photo"])
    def test_the_whole_picture(self, resolver, noun):
        found = find(resolver, noun)
        assert found.alpha.shape == (400, 600)
        assert found.alpha.min() == 1

    def test_places(self, resolver):
        assert find(resolver, "left half").box == (0, 0, 300, 400)
        assert find(resolver, RegionQuery("half", side="top")).box == (0, 0, 600, 200)
        assert find(resolver, RegionQuery("picture", side="left")).box == (0, 0, 300, 400)

    def test_scenery(self, resolver):
        sky = find(resolver, "sky", Image(scene(400, 300)))
        assert sky.alpha[:150].mean() > 0.9
        assert sky.alpha[220:].max() < 0.1
        left = find(resolver, RegionQuery("sky", side="left"), Image(scene(400, 300)))
        assert left.alpha[:150, :190].mean() > 0.9
        assert left.alpha[:, 200:].max() == 0

    def test_a_shadow_is_the_shadow_of_something(self, resolver):
        with pytest.raises(UnsupportedEdit, match="no cat was found"):
            find(resolver, RegionQuery("shadow", of="cat"))
        with pytest.raises(UnsupportedEdit, match="no shadow was found"):
            find(resolver, RegionQuery("shadow", of="dog"))

    def test_parts_of_people_need_people(self, resolver):
        for noun in ("hair", "lips", "jacket"):
            with pytest.raises(UnsupportedEdit, match=f"no person was found whose {noun} it could be"):
                find(resolver, noun)


class TestBackground:
    def test_it_is_everything_but_the_subject(self, resolver):
        front, back = find(resolver, "subject"), find(resolver, "background")
        assert np.allclose(back.alpha, 1 - front.alpha)
        assert back.label == "background"

    def test_it_may_be_everything_but_something_else(self, resolver):
        back = find(resolver, RegionQuery("background", none_of=(DOG,)))
        assert np.allclose(back.alpha, 1 - find(resolver, DOG).alpha)

    def test_without_a_subject_there_is_none(self, resolver):
        with pytest.raises(UnsupportedEdit, match="no clear subject was found"):
            find(resolver, "background", Image(drawn(SIZE)))


class TestSets:
    def test_and_is_the_minimum(self, resolver):
        both = find(resolver, RegionQuery(all_of=(SUBJECT, LEFT_HALF, TOP_HALF)))
        parts = [find(resolver, part).alpha for part in (SUBJECT, LEFT_HALF, TOP_HALF)]
        assert np.array_equal(both.alpha, np.minimum.reduce(parts))

    def test_or_is_the_maximum(self, resolver):
        either = find(resolver, RegionQuery(any_of=(DOG, CUP, TOP_HALF)))
        assert np.array_equal(either.alpha, np.maximum.reduce([find(resolver, q).alpha for q in (DOG, CUP, TOP_HALF)]))

    def test_not_is_the_rest_of_the_picture(self, resolver):
        rest = find(resolver, RegionQuery("everything", none_of=(DOG, TOP_HALF)))
        dog, top = find(resolver, DOG).alpha, find(resolver, TOP_HALF).alpha
        assert np.allclose(rest.alpha, np.minimum(1 - dog, 1 - top))

    def test_not_takes_from_and_and_from_or(self, resolver):
        for key in ("all_of", "any_of"):
            found = find(resolver, RegionQuery(none_of=(TOP_HALF,), **{key: (SUBJECT,)}))
            expected = np.minimum(find(resolver, SUBJECT).alpha, 1 - find(resolver, TOP_HALF).alpha)
            assert np.allclose(found.alpha, expected)

    def test_they_nest(self, resolver):
        query = RegionQuery(any_of=(CUP, RegionQuery(all_of=(DOG, TOP_HALF))))
        expected = np.maximum(
            find(resolver, CUP).alpha, np.minimum(find(resolver, DOG).alpha, find(resolver, TOP_HALF).alpha)
        )
        assert np.array_equal(find(resolver, query).alpha, expected)

    def test_the_least_sure_part_counts(self, resolver):
        found = find(resolver, RegionQuery(any_of=(DOG, TOP_HALF)))
        assert found.confidence == find(resolver, DOG).confidence < 1

    @pytest.mark.parametrize("key", ["all_of", "any_of"])
    def test_every_part_must_be_there(self, resolver, key):
        with pytest.raises(UnsupportedEdit, match="no cat was found"):
            find(resolver, RegionQuery(**{key: (DOG, RegionQuery("cat"))}))

    @pytest.mark.parametrize("spared", ["all_of", "everything"])
    def test_what_is_spared_must_be_there(self, resolver, spared):
        query = RegionQuery("everything") if spared == "everything" else RegionQuery(all_of=(DOG,))
        with pytest.raises(UnsupportedEdit, match="no cat was found"):
            find(resolver, type(query)(query.query, all_of=query.all_of, none_of=(RegionQuery("cat"),)))

    def test_nothing_in_common_is_nothing_found(self, resolver):
        with pytest.raises(UnsupportedEdit, match="was found"):
            find(resolver, RegionQuery(all_of=(DOG, CUP)))

    def test_doubts_of_all_parts_are_carried(self, resolver):
        picture = Image(rounded(SIZE, (PURPLE, LEFT)))
        gizmo = find(resolver, "gizmo", picture)
        assert "gizmo" in gizmo.doubt
        for query in (
            RegionQuery(all_of=(RegionQuery("gizmo"), LEFT_HALF)),
            RegionQuery(any_of=(TOP_HALF, RegionQuery("gizmo"))),
            RegionQuery("everything", none_of=(RegionQuery("gizmo"),)),
            RegionQuery("background", none_of=(RegionQuery("gizmo"),)),
        ):
            assert find(resolver, query, picture).doubt == gizmo.doubt


class TestNotThere:
    @pytest.mark.parametrize(
        ("query", "said"),
        [
            (RegionQuery("cat"), "no cat was found"),
            (RegionQuery("person"), "no person was found"),
            (RegionQuery("car", color="red"), "nothing red stands out that could be the car"),
            (RegionQuery("red car"), "nothing red stands out that could be the car"),
            (RegionQuery("gizmo"), "no gizmo was found"),
            (RegionQuery("xyzzy of the frobnicator"), "no xyzzy of the frobnicator was found"),
            (RegionQuery("text"), "no text was found"),
            (RegionQuery("sky"), "no sky was found"),
            (RegionQuery("dog", count=2), "only 1 of 2 were found"),
            (RegionQuery("dog", side="right"), "no dog was found on the right"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_it_is_said_by_name(self, resolver, query, said):
        with pytest.raises(UnsupportedEdit, match=said):
            find(resolver, query)

    @pytest.mark.parametrize("noun", ["gizmo", "dog house keys", "12 %"])
    def test_an_unknown_word_is_never_the_whole_picture(self, noun):
        half = (300, 200)
        for pixels in (PICTURE.pixels[::2, ::2], drawn(half), scene(*half), drawn(half, backdrop=PURPLE)):
            for networks in (Counted().networks, Networks()):
                try:
                    found = RegionResolver(networks).find(Image(np.ascontiguousarray(pixels)), RegionQuery(noun))
                except UnsupportedEdit:
                    continue
                assert found.share < 0.7

    def test_a_picture_of_one_pixel_holds_nothing(self, resolver):
        for noun in ("dog", "subject", "sky", "text", "gizmo"):
            with pytest.raises(UnsupportedEdit):
                find(resolver, noun, Image(drawn((1, 1))))
        assert find(resolver, "picture", Image(drawn((1, 1)))).alpha.tolist() == [[1]]


class TestKept:
    def test_what_was_found_is_kept_per_expression(self):
        counted = Counted()
        resolver = counted.resolver()
        first = find(resolver, DOG)
        runs = counted.saliency.calls
        assert find(resolver, RegionQuery("dog")) is first
        assert (counted.detector.calls, counted.saliency.calls) == (1, runs)
        assert find(resolver, CUP) is not first
        assert counted.detector.calls == 1

    def test_pictures_are_kept_apart(self):
        counted = Counted()
        resolver = counted.resolver()
        other = Image(rounded(SIZE, (GREEN, RIGHT)))
        assert overlap(find(resolver, DOG).alpha, disc_in(LEFT, SIZE)) > 0.93
        assert overlap(find(resolver, DOG, other).alpha, disc_in(RIGHT, SIZE)) > 0.93
        assert counted.detector.calls == 2
        with pytest.raises(UnsupportedEdit):
            find(resolver, CUP, other)

    def test_requests_are_kept_apart(self):
        counted = Counted()
        assert find(counted.resolver(), DOG) is not find(counted.resolver(), DOG)
        assert counted.detector.calls == 2

    def test_it_is_called_by_its_name(self, resolver):
        assert find(resolver, RegionQuery("dog", color="green")).label == "green dog"
        assert find(resolver, "dog").label == "dog"

    def test_a_subject_without_a_network_is_a_guess(self):
        resolver = RegionResolver(Networks())
        assert not resolver.guessed
        noisy = (PICTURE.pixels + np.random.default_rng(0).normal(0, 3, PICTURE.pixels.shape)).clip(0, 255)
        picture = Image(rounded(SIZE, (GREEN, (200, 100, 400, 300)), backdrop=(int(noisy[0, 0, 0]),) * 3))
        find(resolver, "subject", picture)
        assert resolver.guessed

    def test_nothing_is_guessed_with_one(self, resolver):
        find(resolver, "subject")
        assert not resolver.guessed


class TestPointed:
    def test_it_is_found_once(self):
        counted = Counted()
        resolver = counted.resolver()
        pointing = Pointing(points=((120 / 600, 210 / 400),))
        found = resolver.pointed(PICTURE, pointing, None)
        assert overlap(found.alpha, disc_in(LEFT, SIZE)) > 0.9
        runs = counted.saliency.calls
        assert resolver.pointed(PICTURE, pointing, None) is found
        assert counted.saliency.calls == runs

    def test_a_mask_is_taken_as_it_is(self, resolver):
        mask = Image(drawn(SIZE, ((255, 255, 255), (10, 20, 110, 120)), backdrop=(0, 0, 0)))
        found = resolver.pointed(PICTURE, Pointing(mask="/files/m"), mask)
        assert np.array_equal(found.alpha, inside_of((10, 20, 110, 120), SIZE).astype(np.float32))


def test_details_are_empty_without_networks(resolver):
    assert resolver.details(PICTURE) == ()


class TestWithTheRealNetworks:
    def test_a_cup_of_coffee(self):
        resolver, picture = RegionResolver(real_networks()), Image(skimage.data.coffee())
        cup = find(resolver, "cup", picture)
        assert cup.alpha.shape == (400, 600)
        assert cup.box == pytest.approx((165, 40, 440, 300), abs=75)
        assert cup.alpha[150, 300] > 0.9
        assert cup.alpha[20, 20] == cup.alpha[380, 580] == 0
        for absent in ("dog", "man", "hair"):
            with pytest.raises(UnsupportedEdit):
                find(resolver, absent, picture)

    def test_a_cat(self):
        resolver, picture = RegionResolver(real_networks()), Image(skimage.data.chelsea())
        cat = find(resolver, "cat", picture)
        assert cat.share > 0.4
        assert cat.alpha[120, 130] > 0.9
        with pytest.raises(UnsupportedEdit, match="no dog was found"):
            find(resolver, "dog", picture)

    @pytest.mark.long
    def test_parts_of_the_astronaut(self):
        resolver, picture = RegionResolver(real_networks()), Image(skimage.data.astronaut())
        person = find(resolver, "woman", picture).alpha
        parts = {noun: find(resolver, noun, picture) for noun in ("her lips", "hair", "orange jacket", "face")}
        for noun, part in parts.items():
            assert part.alpha.shape == (512, 512), noun
            assert np.minimum(part.alpha, person).sum() > 0.85 * part.alpha.sum(), noun
        lips, hair, jacket, face = (part.alpha > 0.5 for part in parts.values())
        assert 50 < lips.sum() < 1500
        assert face[lips].mean() > 0.9
        rows = {
            name: np.argwhere(mask)[:, 0].mean() for name, mask in [("lips", lips), ("hair", hair), ("jacket", jacket)]
        }
        assert rows["hair"] < rows["lips"] < rows["jacket"]
        assert np.count_nonzero(hair & jacket) < 0.02 * hair.sum()
        (head,) = [box for box in resolver.details(picture) if box[3] - box[1] > 100]
        left, top, right, bottom = head
        assert lips[top:bottom, left:right].sum() == lips.sum()

    def test_a_sign_says_sale(self):
        sheet = PillowImage.new("RGB", (600, 400), (180, 170, 160))
        draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=80)
        draw.rectangle((150, 110, 450, 260), fill=(190, 30, 30))
        draw.text((200, 135), "SALE", fill=(255, 255, 255), font=font)
        left, top, right, bottom = (round(edge) for edge in draw.textbbox((200, 135), "SALE", font=font))
        resolver, picture = RegionResolver(real_networks()), Image(np.asarray(sheet).copy())
        for noun in ("text", "word SALE", "SALE"):
            found = find(resolver, noun, picture)
            around = inside_of((left - 8, top - 8, right + 8, bottom + 8), (600, 400))
            assert found.alpha[~around].max() < 0.5
            assert found.alpha[(picture.rgb.min(axis=-1) > 200) & around].mean() > 0.9
        with pytest.raises(UnsupportedEdit):
            find(resolver, "word OPEN", picture)
