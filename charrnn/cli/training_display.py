"""What the user sees during training: a live display, or plain lines."""

import contextlib
import math
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn.checkpoint.lookup import spoken_name
from charrnn.cli.tables import WIDEST_SPARKLINE, bits, labelled_baselines, sparkline
from charrnn.settings.architecture import CELL_NAMES
from charrnn.training.observer import (
    Evaluation,
    Progress,
    TrainingObserver,
    TrainingPlan,
    TrainingResult,
)
from charrnn.wording import counted, listed

LONGEST_SAMPLE_LINES = 12

LONGER = 3
"""How much longer a run is advised to be that learned too little."""


def clock_time(seconds: float) -> str:
    """A duration as a clock shows it: "2:05", "1:02:05"."""
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def describe_plan(plan: TrainingPlan) -> list[str]:
    """Sentences about a run that is about to start."""
    network = plan.architecture
    layers = f"{counted(network.layers, 'layer')} of {network.units:,} units"
    baselines = (f"{label} {loss:.3f} nats" for label, loss in labelled_baselines(plan.baselines))
    if plan.steps is not None:
        epochs = plan.steps / plan.steps_per_epoch
        budget = f"{counted(plan.steps, 'step')} ({counted(epochs, 'epoch')})"
    else:
        assert plan.minutes is not None, "steps or a clock decide"
        budget = f"{counted(plan.minutes, 'minute')} of training"
    resumed = f"resumed at step {plan.begins_at:,} of " if plan.begins_at else ""
    text = (
        f"{counted(plan.training_characters, 'character')} to learn, "
        f"{plan.validation_characters:,} held out for validation"
    )
    return [
        f"{plan.directory.name}: {text}, {network.vocabulary_size:,} tokens.",
        f"{CELL_NAMES[network.cell]}, {layers}, {network.parameters:,} parameters, on {plan.device}.",
        f"Baselines: {', '.join(baselines)} per character.",
        f"Budget: {resumed}{budget}, {plan.batch_size} x {plan.window} characters per step.",
    ]


class PlainDisplay(TrainingObserver):
    """Prints one line per evaluation with `show`, for logs and pipes."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._progress: Progress | None = None

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Print nothing while TensorFlow is loaded."""
        yield

    def noted(self, sentence: str) -> None:
        """Print it."""
        self._show(sentence)

    def started(self, plan: TrainingPlan) -> None:
        """Print the plan."""
        for sentence in describe_plan(plan):
            self._show(sentence)

    def stepped(self, progress: Progress) -> None:
        """Keep it for the next line."""
        self._progress = progress

    def evaluated(self, evaluation: Evaluation) -> None:
        """Print a line."""
        steps = self._progress.steps if self._progress is not None else None
        of = f"/{steps:,}" if steps is not None else ""
        self._show(
            f"step {evaluation.step:,}{of}  epoch {evaluation.epoch:.2f}  "
            f"training {evaluation.training_loss:.4f}  "
            f"validation {evaluation.validation_loss:.4f} nats "
            f"({bits(evaluation.validation_loss):.3f} bits)"
            f"{'  best' if evaluation.best else ''}  clipped {evaluation.clipped:.0%}  "
            f"{evaluation.characters_per_second:,.0f} characters/s  "
            f"{clock_time(evaluation.seconds)}"
        )

    def finished(self, result: TrainingResult) -> None:
        """Print the result."""
        self.close()
        for sentence in describe_result(result):
            self._show(sentence)

    def close(self) -> None:
        """Stop drawing; lines need no end."""


class LiveDisplay(PlainDisplay):
    """A display on a console, redrawn during training."""

    def __init__(self, console: Console) -> None:
        super().__init__(lambda sentence: console.print(Text(sentence)))
        self._console = console
        self._plan: TrainingPlan | None = None
        self._loss: float | None = None
        self._evaluations: list[Evaluation] = []
        self._live = Live(console=console, get_renderable=self.render, refresh_per_second=4)

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Show that TensorFlow is being loaded, which takes seconds."""
        with self._console.status("Loading TensorFlow ..."):
            yield

    def noted(self, sentence: str) -> None:
        """Print it above the display."""
        self._console.print(Text(sentence, style="dim"))

    def started(self, plan: TrainingPlan) -> None:
        """Print the plan and start to draw."""
        super().started(plan)
        self._plan = plan
        self._live.start()

    def stepped(self, progress: Progress) -> None:
        """Update the step and the moving average of the loss."""
        super().stepped(progress)
        average = self._loss if self._loss is not None else progress.loss
        self._loss = 0.95 * average + 0.05 * progress.loss

    def evaluated(self, evaluation: Evaluation) -> None:
        """Update the validation loss and the sample."""
        self._evaluations.append(evaluation)

    def close(self) -> None:
        """Stop drawing; what was drawn stays."""
        self._live.stop()

    def render(self) -> RenderableType:
        """The display as it is now."""
        if self._progress is None:
            return Text("Compiling the network ...", style="dim")
        parts: list[RenderableType] = [self._bar(self._progress), Text(), self._losses()]
        sample = self._evaluations[-1].sample if self._evaluations else None
        if sample:
            lines = Text("\n".join(sample.strip("\n").split("\n")[:LONGEST_SAMPLE_LINES]))
            title = f"written at step {self._evaluations[-1].step:,}"
            parts.append(Panel(lines, title=title, title_align="left", border_style="dim"))
        return Group(*parts)

    def _bar(self, progress: Progress) -> RenderableType:
        assert self._plan is not None
        share = progress.step / progress.steps if progress.steps else 0.0
        left = "measuring the speed"
        if progress.seconds_left is not None:
            left = f"{clock_time(progress.seconds_left)} left"
        row = Table.grid(padding=(0, 2), expand=True)
        row.add_column(ratio=1)
        for _ in range(4):
            row.add_column(no_wrap=True, justify="right")
        row.add_row(
            ProgressBar(total=1.0, completed=min(1.0, share)),
            f"{min(1.0, share):.0%}",
            f"epoch {progress.epoch:.1f}",
            f"{progress.characters_per_second:,.0f} characters/s",
            left,
        )
        return row

    def _losses(self) -> RenderableType:
        assert self._plan is not None
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("loss per character")
        table.add_column("nats", justify="right")
        table.add_column("bits", justify="right")
        table.add_column()
        if self._loss is not None:
            table.add_row("training", f"{self._loss:.3f}", f"{bits(self._loss):.3f}")
        if self._evaluations:
            last = self._evaluations[-1]
            losses = [evaluation.validation_loss for evaluation in self._evaluations]
            remark = "best so far" if last.best else f"best was {min(losses):.3f}"
            if last.clipped > 0.5:
                remark += f", gradients clipped in {last.clipped:.0%} of the steps"
            history = f"{sparkline(losses[-WIDEST_SPARKLINE:])}  {remark}"
            row = ("validation", f"{losses[-1]:.3f}", f"{bits(losses[-1]):.3f}", history)
            table.add_row(*row, style="bold")
        for label, loss in labelled_baselines(self._plan.baselines):
            table.add_row(label, f"{loss:.3f}", f"{bits(loss):.3f}", style="dim")
        return table


def describe_result(result: TrainingResult) -> list[str]:
    """Sentences about how a run ended, and what to do next."""
    ended = {
        "finished": "Finished",
        "stopped early": "Stopped early, because the validation loss no longer fell",
        "stopped by a callback": "Stopped by a callback",
    }[result.ending]
    spent = f"{counted(result.epochs, 'epoch')}, {clock_time(result.seconds)} of training"
    loss = f"{result.validation_loss:.4f} nats ({bits(result.validation_loss):.3f} bits)"
    name = spoken_name(result.directory)
    sentences = [
        f"{ended}: {counted(result.steps, 'step')}, {spent}.",
        f"Kept the network of step {result.best_step:,}: validation {loss} per character.",
    ]
    worse_than = [
        f"{label} ({baseline:.3f} nats)"
        for label, baseline in labelled_baselines(result.baselines)
        if baseline <= result.validation_loss
    ]
    if not worse_than:
        return [*sentences, f"Saved in {result.directory}. Write with it: charrnn generate {name}"]
    minutes = max(2, math.ceil(LONGER * result.seconds / 60))
    advice = (
        "Train it again with a lower --learning-rate, under another --name or with --overwrite."
        if result.ending == "stopped early"
        else "Train it longer, with other programs closed: "
        f"charrnn train --resume --name {name} --minutes {minutes}"
    )
    remarks = f"worse than {listed(worse_than)}: it has learned too little to write well"
    return [*sentences, f"Saved in {result.directory}, but it is {remarks}.", advice]
