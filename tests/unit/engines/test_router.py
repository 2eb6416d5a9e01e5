"""The router: the first engine that can, before anything costs; otherwise a refusal that helps."""

import pytest

from cavendish.domain.models import MODELS
from cavendish.domain.plan import EditPlan, Step, Unsupported
from cavendish.domain.request import EditRequest
from cavendish.engines.catalog import ENGINES
from cavendish.engines.router import WHAT_WORKS, Router
from cavendish.errors import ModelUnavailable, UnsupportedEdit

EDIT = "google/gemini-2.5-flash-image-edit"
SEPIA = Step("sepia", "tone", span="sepia")
POSE = Step("change_pose", "generate", exact=False, available=False, span="sitting")
SIZING = Step("reframe", "geometry", parameters={"ratio": "1:1"})


class Fixed:
    """An engine that can do the named ops."""

    def __init__(self, *ops):
        self.name = "fixed"
        self.ops = ops

    def can_run(self, plan):
        return any(step.op in self.ops for step in plan.steps)


def request(**fields):
    return EditRequest(**({"model": EDIT, "prompt": "words", "images": ("x",)} | fields))


def test_the_first_engine_that_can_is_taken():
    unable, able, later = Fixed("flip"), Fixed("sepia"), Fixed("sepia")
    assert Router([unable, able, later]).open(request(), EditPlan((SEPIA,))).engine is able


def test_nothing_doable_says_what_was_not_and_what_works():
    with pytest.raises(UnsupportedEdit) as refused:
        Router([Fixed("sepia")]).open(request(), EditPlan((POSE, SIZING), (Unsupported("juggle", "none"),)))
    assert "“sitting”" in refused.value.public_message
    assert "“juggle”" in refused.value.public_message
    assert WHAT_WORKS in refused.value.public_message
    assert refused.value.param == "prompt"


def test_an_empty_plan_names_no_edit():
    with pytest.raises(UnsupportedEdit, match="it names no edit"):
        Router([Fixed("reframe")]).open(request(), EditPlan((SIZING,)))


def test_a_partial_plan_is_done_unless_refused():
    plan = EditPlan((SEPIA, POSE))
    router = Router([Fixed("sepia")])
    assert router.open(request(), plan)
    with pytest.raises(UnsupportedEdit, match="Not everything can be done here: “sitting”"):
        router.open(request(partial="refuse"), plan)
    assert router.open(request(partial="refuse"), EditPlan((SEPIA, SIZING)))


def test_unread_words_count_as_partial():
    with pytest.raises(UnsupportedEdit, match="juggle"):
        Router([Fixed("sepia")]).open(
            request(partial="refuse"), EditPlan((SEPIA,), (Unsupported("juggle", "no operation"),))
        )


def test_pictures_from_words_alone_need_a_generative_engine():
    with pytest.raises(ModelUnavailable) as no_picture:
        Router([Fixed("sepia")]).open(request(model="google/nano-banana-edit", images=()), EditPlan((SEPIA,)))
    assert no_picture.value.param == "image_urls"
    with pytest.raises(ModelUnavailable) as text_only:
        Router([Fixed("sepia")]).open(request(model="google/gemini-2.5-flash-image"), EditPlan((SEPIA,)))
    assert text_only.value.param == "model"


def test_long_prompts_do_not_make_long_messages():
    many = tuple(Unsupported("x" * 5000, "no operation") for _ in range(50))
    with pytest.raises(UnsupportedEdit) as refused:
        Router([]).open(request(), EditPlan((), many))
    assert len(refused.value.public_message) < 1500


@pytest.mark.parametrize("row", ENGINES.values(), ids=lambda row: row.name)
def test_every_engine_of_the_catalog_loads_by_its_name(row):
    engine = row.load()
    assert engine.name == row.name
    assert row.summary


def test_every_model_card_is_complete():
    for name, card in MODELS.items():
        assert card.id == name
        assert card.description.endswith(".")
        assert card.edits == (card.max_images > 0)
