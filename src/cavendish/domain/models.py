"""The model ids this server answers to, and the rules each brings."""

from __future__ import annotations

from dataclasses import dataclass

from cavendish.domain.sizes import NEAREST


@dataclass(frozen=True)
class ModelCard:
    """Facts about one model id; its wire shape lives in the dialect, its price in `accounts.pricing`.

    Args:
        id: The id in requests and answers.
        name: For people.
        description: One sentence.
        default_ratio: Used where the request and the sentence name none; a table ratio or `nearest`.
        max_images: Most input pictures; 0 where the model takes none.
        images_required: Whether a request without pictures is malformed (rather than merely not doable here).
        released_at: ISO date.
        edits: False for a text-to-image id, which needs a generative engine.
    """

    id: str
    name: str
    description: str
    default_ratio: str
    max_images: int
    images_required: bool
    released_at: str
    edits: bool = True


MODELS: dict[str, ModelCard] = {
    card.id: card
    for card in (
        ModelCard(
            id="google/gemini-2.5-flash-image-edit",
            name="Gemini 2.5 Flash Image Edit (Nano Banana)",
            description="Takes one or more pictures and a sentence that says how they are edited or combined.",
            default_ratio="1:1",
            max_images=14,
            images_required=True,
            released_at="2025-08-26",
        ),
        ModelCard(
            id="google/nano-banana-edit",
            name="Nano Banana Edit",
            description="As the edit id, with up to three pictures and the first picture's own ratio by default.",
            default_ratio=NEAREST,
            max_images=3,
            images_required=False,
            released_at="2026-08-14",
        ),
        ModelCard(
            id="google/gemini-2.5-flash-image",
            name="Gemini 2.5 Flash Image (Nano Banana)",
            description="Makes a picture from words alone; needs a generative engine.",
            default_ratio="1:1",
            max_images=0,
            images_required=False,
            released_at="2025-08-26",
            edits=False,
        ),
    )
}
