"""Plans against labels: instructions in our own words, labelled by a writer who did not know the rules."""

import pytest

from tests.unit.planning.labelled import labelled, wrong

pytestmark = pytest.mark.long


def test_at_least_92_of_100_plans_are_right():
    faults = {label["text"]: fault for label in labelled() if (fault := wrong(label))}
    share = 1 - len(faults) / len(labelled())
    assert len(labelled()) >= 500
    assert share >= 0.92, "\n".join(f"{text}\n    {fault}" for text, fault in list(faults.items())[:20])
