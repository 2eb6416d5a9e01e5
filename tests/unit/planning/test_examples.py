"""Every op of the table: sentences that ask for it, and sentences that only look like it."""

import tomllib
from pathlib import Path

import pytest

from cavendish.ops.catalog import catalog
from cavendish.planning.planner import PhrasePlanner

FOLDER = Path(__file__).with_name("examples")
EXAMPLES = {
    op: lists for file in sorted(FOLDER.glob("*.toml")) for op, lists in tomllib.loads(file.read_text("utf-8")).items()
}


def _ops(sentence: str) -> set[str]:
    """Ops planned for a sentence; “2: …” comes with two pictures."""
    count, colon, rest = sentence.partition(": ")
    images, text = (int(count), rest) if colon and count.isdigit() else (1, sentence)
    return {step.op for step in PhrasePlanner().read(text, images=images)[0]}


@pytest.mark.parametrize("op", catalog())
def test_every_op_has_five_examples_and_three_near_misses(op):
    assert len(EXAMPLES[op]["examples"]) >= 5
    assert len(EXAMPLES[op]["near"]) >= 3


@pytest.mark.parametrize("op", EXAMPLES)
def test_examples_ask_for_the_op_and_near_misses_do_not(op):
    missed = [text for text in EXAMPLES[op]["examples"] if op not in _ops(text)]
    wrong = [text for text in EXAMPLES[op]["near"] if op in _ops(text)]
    assert not missed
    assert not wrong
