import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from charrnn.cli.training_display import (
    LiveDisplay,
    PlainDisplay,
    clock_time,
    describe_result,
)
from charrnn.settings.architecture import Architecture
from charrnn.training.observer import Evaluation, Progress, TrainingPlan, TrainingResult

PLAN = TrainingPlan(
    directory=Path("checkpoints/moons"),
    architecture=Architecture(
        cell="lstm",
        vocabulary_size=60,
        embedding=64,
        layers=1,
        units=256,
        dropout=0.3,
        activation="tanh",
    ),
    device="2 CPU cores (x86_64)",
    training_characters=114_000,
    validation_characters=14_000,
    batch_size=32,
    window=64,
    steps=1000,
    steps_per_epoch=55,
    minutes=None,
    baselines={"unigram": 2.98, "xz": 2.11},
    begins_at=0,
)
PROGRESS = Progress(
    step=500,
    steps=1000,
    epoch=9.09,
    loss=1.5,
    characters_per_second=40_000.0,
    seconds=30.0,
    seconds_left=31.0,
)
EVALUATION = Evaluation(
    step=500,
    epoch=9.0909,
    seconds=30.4,
    training_loss=1.5235,
    validation_loss=1.61803,
    learning_rate=0.0025,
    gradient_norm=0.3,
    clipped=0.02,
    characters_per_second=40_123.4,
    best=True,
    sample="Slow tides\ncreep up",
)
RESULT = TrainingResult(
    directory=Path("checkpoints/moons"),
    ending="finished",
    steps=1000,
    epochs=18.1818,
    seconds=61.2,
    best_step=950,
    validation_loss=1.5556,
    baselines=PLAN.baselines,
)


def test_plain_lines_of_a_run() -> None:
    lines: list[str] = []
    display = PlainDisplay(lines.append)
    display.noted("Read as blocks.")
    display.started(PLAN)
    display.stepped(PROGRESS)
    display.evaluated(EVALUATION)
    display.finished(RESULT)
    assert lines == [
        "Read as blocks.",
        "moons: 114,000 characters to learn, 14,000 held out for validation, 60 tokens.",
        "LSTM, 1 layer of 256 units, 347,964 parameters, on 2 CPU cores (x86_64).",
        "Baselines: xz -9 2.110 nats, guessing by frequency 2.980 nats per character.",
        "Budget: 1,000 steps (18.2 epochs), 32 x 64 characters per step.",
        (
            "step 500/1,000  epoch 9.09  training 1.5235  validation 1.6180 nats (2.334 bits)"
            "  best  clipped 2%  40,123 characters/s  0:30"
        ),
        "Finished: 1,000 steps, 18.2 epochs, 1:01 of training.",
        "Kept the network of step 950: validation 1.5556 nats (2.244 bits) per character.",
        "Saved in checkpoints/moons. Write with it: charrnn generate moons",
    ]


def picture(display: LiveDisplay, width: int = 80) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as captured:
        console.print(display.render())
    return [line.rstrip() for line in captured.get().splitlines()]


def live_display() -> LiveDisplay:
    display = LiveDisplay(Console(width=80, file=io.StringIO()))
    display.started(PLAN)
    display.close()
    return display


def test_the_picture_before_the_first_step() -> None:
    assert picture(live_display()) == ["Compiling the network ..."]


def test_the_picture_of_a_run() -> None:
    display = live_display()
    display.stepped(PROGRESS)
    display.evaluated(EVALUATION)
    bar, blank, *losses = picture(display)
    assert bar.endswith("50%  epoch 9.1  40,000 characters/s  0:31 left")
    assert blank == ""
    assert losses == [
        "loss per character      nats   bits",
        "training               1.500  2.164",
        "validation             1.618  2.334  ▁  best so far",
        "xz -9                  2.110  3.044",
        "guessing by frequency  2.980  4.299",
        "╭─ written at step 500 ────────────────────────────────────────────────────────╮",
        "│ Slow tides                                                                   │",
        "│ creep up                                                                     │",
        "╰──────────────────────────────────────────────────────────────────────────────╯",
    ]


def test_the_picture_warns_of_gradients_that_explode() -> None:
    display = live_display()
    display.stepped(PROGRESS)
    display.evaluated(dataclasses.replace(EVALUATION, clipped=0.9, best=False))
    assert "gradients clipped in 90% of the steps" in "\n".join(picture(display, width=110))


def test_a_run_by_the_clock_measures_its_speed_first() -> None:
    display = LiveDisplay(Console(width=80, file=io.StringIO()))
    display.started(dataclasses.replace(PLAN, steps=None, minutes=2.0))
    display.close()
    display.stepped(dataclasses.replace(PROGRESS, steps=None, seconds_left=None))
    assert "0%" in picture(display)[0]
    assert "measuring the speed" in picture(display)[0]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (59.6, "1:00"), (125, "2:05"), (3725, "1:02:05")]
)
def test_times_as_a_clock_shows_them(seconds: float, expected: str) -> None:
    assert clock_time(seconds) == expected


def test_an_early_stop_says_why() -> None:
    sentences = describe_result(dataclasses.replace(RESULT, ending="stopped early"))
    assert sentences[0].startswith("Stopped early, because the validation loss no longer fell: ")


def test_a_run_that_learned_too_little_says_so_and_what_to_do() -> None:
    worse = dataclasses.replace(RESULT, steps=1, seconds=12.0, validation_loss=4.12)
    first, _, learned, advice = describe_result(worse)
    assert first == "Finished: 1 step, 18.2 epochs, 0:12 of training."
    assert "worse than xz -9 (2.110 nats) and guessing by frequency (2.980 nats)" in learned
    assert advice.endswith("programs closed: charrnn train --resume --name moons --minutes 2")
    between = describe_result(dataclasses.replace(worse, validation_loss=2.5, seconds=300.0))
    assert "worse than xz -9 (2.110 nats):" in between[2]
    assert between[3].endswith("--minutes 15")
    stopped = describe_result(dataclasses.replace(worse, ending="stopped early"))
    assert stopped[3].startswith("Train it again with a lower --learning-rate")
