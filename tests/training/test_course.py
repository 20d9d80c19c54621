import pytest

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.course import Course
from charrnn.training.pace import EVALUATIONS, FEWEST_EVALUATIONS
from charrnn.training.resume import Position
from charrnn.training.schedule import Schedule


@pytest.mark.parametrize(
    ("read", "evaluations"), [(1_000, EVALUATIONS), (150_000, FEWEST_EVALUATIONS), (10**6, 1)]
)
def test_a_run_is_measured_as_often_as_what_is_read_allows(read: int, evaluations: int) -> None:
    position = Position(schedule=Schedule(peak=0.1, total=1_000), next_evaluation=None)
    course = Course(
        position,
        TrainingConfig(steps=1_000),
        step_characters=2_000,
        evaluation_characters=read,
        pace=None,
    )
    course.begin()
    assert position.next_evaluation == 1_000 // evaluations
