import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charrnn.training.data import TrainingStreams


def streams(length: int = 103, batch_size: int = 4, window: int = 5, seed: int = 0):
    return TrainingStreams(np.arange(length, dtype=np.uint8), batch_size, window, seed)


def test_targets_are_the_characters_after_the_inputs() -> None:
    batch = streams().batch(3)
    np.testing.assert_array_equal(batch.targets, (batch.inputs + 1) % 103)


def test_each_step_reads_on_where_the_one_before_ended() -> None:
    text = streams()
    for step in range(1, text.steps_per_epoch):
        before, after = text.batch(step - 1), text.batch(step)
        np.testing.assert_array_equal(before.targets[:, -1], after.inputs[:, 0])


def test_only_the_first_step_of_an_epoch_begins_anew() -> None:
    text = streams()
    assert text.steps_per_epoch == 5
    assert [text.batch(step).begins for step in range(11)] == [step % 5 == 0 for step in range(11)]


@given(
    length=st.integers(50, 255),
    batch_size=st.integers(1, 5),
    window=st.integers(2, 10),
    seed=st.integers(0, 2**63 - 1),
)
def test_an_epoch_reads_no_character_twice(
    length: int, batch_size: int, window: int, seed: int
) -> None:
    text = streams(length, batch_size, window, seed)
    read = np.concatenate([text.batch(step).inputs.ravel() for step in range(text.steps_per_epoch)])
    assert len(read) == len(set(read.tolist()))
    assert len(read) > length - batch_size * (window + 1)


def test_epochs_are_cut_at_different_places() -> None:
    text = streams()
    first = [text.batch(epoch * text.steps_per_epoch).inputs[0, 0] for epoch in range(8)]
    assert len(set(first)) > 4


def test_a_step_depends_on_seed_and_number_alone() -> None:
    read_in_order = [streams(seed=7).batch(step) for step in range(12)]
    for step in (11, 2, 7):
        np.testing.assert_array_equal(
            streams(seed=7).batch(step).inputs, read_in_order[step].inputs
        )
    assert (streams(seed=8).batch(0).inputs != read_in_order[0].inputs).any()
