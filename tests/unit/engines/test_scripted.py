"""The scripted engine: flat pictures, on a signal where one is given."""

import asyncio

import numpy as np
import pytest

from cavendish.domain.context import EditContext
from cavendish.domain.plan import EditPlan, Status, Step
from cavendish.domain.request import EditRequest
from cavendish.engines.base import EngineInput
from cavendish.engines.scripted import ScriptedEngine
from cavendish.errors import Cancelled
from cavendish.imaging.image import Image

PLAN = EditPlan((Step("sepia", "tone"), Step("flip", "geometry")))


def asked(**fields):
    values = {"model": "google/nano-banana-edit", "prompt": "x", "images": ("x",)} | fields
    return EngineInput((Image(np.zeros((30, 50, 3), np.uint8)),), PLAN, EditRequest(**values))


def test_it_delivers_what_was_asked():
    result = asyncio.run(ScriptedEngine().edit(asked(num_images=3, aspect_ratio="16:9"), EditContext(1e12)))
    assert [picture.size for picture in result.pictures] == [(1344, 768)] * 3
    assert len({int(picture.pixels[0, 0, 0]) for picture in result.pictures}) == 3
    assert [outcome.status for outcome in result.outcomes] == [Status.DONE] * 2


def test_auto_is_the_pictures_own_size():
    result = asyncio.run(ScriptedEngine().edit(asked(aspect_ratio="auto"), EditContext(1e12)))
    assert result.pictures[0].size == (50, 30)


def test_it_waits_for_its_gate_and_notices_that_the_caller_left():
    async def story():
        gate = asyncio.Event()
        engine, context = ScriptedEngine(gate), EditContext(1e12)
        task = asyncio.create_task(engine.edit(asked(), context))
        await asyncio.sleep(0)
        assert engine.started == 1
        assert not task.done()
        context.cancel()
        gate.set()
        await task

    with pytest.raises(Cancelled):
        asyncio.run(story())


def test_a_plan_without_steps_is_not_for_it():
    assert not ScriptedEngine().can_run(EditPlan(()))
    assert ScriptedEngine().can_run(PLAN)
