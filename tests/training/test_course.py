import pytest

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.learning_rate import LearningRateSchedule
from charrnn.training.schedule import EVALUATIONS, FEWEST_EVALUATIONS, TrainingSchedule
from charrnn.training.state import TrainerState


@pytest.mark.parametrize(
    ("read", "evaluations"), [(1_000, EVALUATIONS), (150_000, FEWEST_EVALUATIONS), (10**6, 1)]
)
def test_a_run_is_measured_as_often_as_what_is_read_allows(read: int, evaluations: int) -> None:
    state = TrainerState(
        learning_rate_schedule=LearningRateSchedule(peak=0.1, total=1_000), next_evaluation=None
    )
    schedule = TrainingSchedule(
        state,
        TrainingConfig(steps=1_000),
        step_characters=2_000,
        evaluation_characters=read,
        clock=lambda: 0.0,
    )
    schedule.begin()
    assert state.next_evaluation == 1_000 // evaluations
