"""The edit's context: time, cancellation, chance."""

import threading

import numpy as np
import pytest

from cavendish.domain.context import EditContext
from cavendish.errors import Cancelled, DeadlineExceeded


def test_time_left_is_read_from_the_given_clock():
    now = [10.0]
    context = EditContext(12.5, clock=lambda: now[0])
    assert context.remaining_s == 2.5
    context.check_cancelled()
    now[0] = 12.5
    with pytest.raises(DeadlineExceeded):
        context.check_cancelled()


def test_cancelling_wins_over_the_deadline_and_is_seen_from_other_threads():
    context = EditContext(0.0, clock=lambda: 99.0)
    leaver = threading.Thread(target=context.cancel)
    leaver.start()
    leaver.join()
    assert context.cancelled
    with pytest.raises(Cancelled):
        context.check_cancelled()


def test_contexts_do_not_share_their_cancellation():
    one, other = EditContext(1.0), EditContext(1.0)
    one.cancel()
    assert not other.cancelled


def test_chance_depends_on_seed_and_output_and_nothing_else():
    def draw(seed, output):
        return EditContext(1.0, seed=seed).random(output).random(4)

    assert np.array_equal(draw(7, 1), draw(7, 1))
    assert not np.array_equal(draw(7, 1), draw(7, 2))
    assert not np.array_equal(draw(7, 1), draw(8, 1))
    assert np.isfinite(draw(4_294_967_295, 3)).all()


def test_asking_twice_gives_the_same_chance_again():
    context = EditContext(1.0, seed=3)
    assert context.random(0).random() == context.random(0).random()
