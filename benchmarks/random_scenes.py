"""Scenes of two to four different things set down by chance, and plain sentences about them.

`python -m benchmarks.regions --random SEED` examines with them: what was tuned on the sentences of `regions.toml` is
held against pictures nobody chose. A seed always gives the same scenes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from benchmarks.scenes import Scene, Thing

SCENES = 30
_SIZES = ((900, 600), (1248, 832), (1600, 1066))
_GROUNDS = (
    *("table", "room", "yard", "lawn"),
    *("compose/road.jpg", "gt/rm-dog-farm_target.png", "reference/landscape.jpg"),
)
_NAMES: Mapping[str, Sequence[str]] = {
    "vase": ("vase",),
    "duck": ("rubber duck", "toy duck", "duck"),
    "candle": ("candle",),
    "sneaker": ("sneaker", "shoe"),
    "rccar": ("toy car", "car"),
    "plushie": ("teddy bear", "bear", "plush toy"),
    "mug": ("mug", "cup"),
    "coffee": ("coffee cup", "cup of coffee"),
    "mushroom": ("mushroom", "toadstool"),
    "dinosaur": ("dinosaur", "t-rex"),
    "toycar": ("toy car", "car"),
    "cat": ("cat",),
    "lemur": ("lemur",),
    "corgi": ("dog", "puppy"),
    "browndog": ("dog",),
    "teddy": ("teddy", "teddy bear"),
    "man": ("man", "person"),
    "skater": ("girl", "person"),
    "backpacker": ("person",),
    "presenter": ("woman", "person"),
}
_OF_A_KIND = (
    *({"man", "skater", "backpacker", "presenter"}, {"corgi", "browndog"}, {"plushie", "teddy"}),
    *({"mug", "coffee"}, {"rccar", "toycar"}),
)
_ABSENT = (
    *("giraffe", "umbrella", "laptop", "pizza", "bicycle", "bottle", "hat", "guitar", "horse", "bird", "chair"),
    *("phone", "banana", "elephant", "sunglasses", "balloon", "flag", "lamp", "kayak", "trumpet", "ladder", "snake"),
)


def scene_at_random(seed: int, number: int) -> tuple[Scene, list[tuple[str, str]], list[str]]:
    """One scene.

    Returns:
        The scene; (id of a thing, a name for it) for each; two names of what is not there.
    """
    chance = random.Random(f"{seed}-{number}")
    cuts = _different(chance, chance.choice((2, 2, 3, 3, 4)))
    places = [(k + 0.5) / len(cuts) for k in range(len(cuts))]
    chance.shuffle(places)
    things = tuple(
        Thing(
            id=cut,
            cut=cut,
            x=place + chance.uniform(-0.06, 0.06),
            foot=chance.uniform(0.82, 0.97),
            tall=min(0.75, chance.uniform(0.25, 0.5) * (1.3 if cut in _OF_A_KIND[0] else 1)),
            flip=chance.random() < 0.5,
        )
        for cut, place in zip(cuts, places, strict=True)
    )
    scene = Scene(f"scene {number} of {seed}", chance.choice(_GROUNDS), chance.choice(_SIZES), things)
    return scene, [(cut, chance.choice(_NAMES[cut])) for cut in cuts], chance.sample(_ABSENT, 2)


def _different(chance: random.Random, count: int) -> list[str]:
    """Things of which no two answer to the same name."""
    cuts: list[str] = []
    for cut in chance.sample(list(_NAMES), len(_NAMES)):
        if not any({cut, other} <= kind for other in cuts for kind in _OF_A_KIND):
            cuts.append(cut)
    return cuts[:count]
