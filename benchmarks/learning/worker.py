"""A process in which one contestant learns; reads its task from standard input, as JSON."""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def charrnn(task: dict[str, Any], began: float) -> dict[str, Any]:
    """The default recipe, or what a task asks for, by the clock.

    The minutes of a run count from its first step. What this process has spent before is taken off,
    as the others count it too.
    """
    from benchmarks.protocols import Windows, validation_part, whole_pass, window_loss
    from charrnn.checkpoint.directory import Checkpoint
    from charrnn.decoding.writer import TextGenerator
    from charrnn.settings.configuration import TrainingConfig
    from charrnn.training.run import train

    with tempfile.TemporaryDirectory() as temporary:
        outcome = train(
            task["text"],
            name=f"{task['minutes']:g}-minutes",
            checkpoints=task["keep"] or temporary,
            training=TrainingConfig(minutes=task["minutes"] - (time.monotonic() - began) / 60),
            overwrite=True,
        )
        opened = Checkpoint.open(outcome.directory)
        model = TextGenerator.open(opened).model
    ids = validation_part(opened)
    sizes, training = opened.record.architecture, opened.record.training
    return {
        "title": f"charrnn, LSTM {sizes.layers} x {sizes.units}, dropout {sizes.dropout:g}, "
        f"weight dropout {training.weight_dropout:g}",
        "readings": outcome.epochs,
        "whole": whole_pass(model, ids, None)[0] / (len(ids) - 1),
        "windows": window_loss(model, ids, Windows(50, 64, 256), 0),
        "recipe": {
            "units": sizes.units,
            "dropout": sizes.dropout,
            "rate": training.learning_rate,
        },
    }


def main() -> None:
    """Learn, and print what came of it as the last line."""
    began = time.monotonic()
    task = json.load(sys.stdin)
    seconds = 60 * task["minutes"]
    if task["name"] == "charrnn":
        result = charrnn(task, began)
    else:
        from benchmarks.learning.text import Text

        text = Text.read(Path(task["text"]))
        if task["name"] == "PyTorch LSTM":
            from benchmarks.learning import pytorch_lstm

            recipe = task["recipe"] or {"units": 1024, "dropout": 0.3, "rate": 0.004}
            result = pytorch_lstm.learn(text, began, seconds, **recipe)
        else:
            from benchmarks.learning import gpt

            result = gpt.learn(task["name"], text, began, seconds, autocast=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
