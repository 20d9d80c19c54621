"""What a person sees while a network learns: a live picture, or plain lines."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn.checkpoint.lookup import spoken_name
from charrnn.cli.losses import bits, labelled_baselines, sparkline
from charrnn.settings.architecture import CELL_NAMES
from charrnn.training.observer import Evaluation, Progress, TrainingPlan, TrainingResult
from charrnn.wording import counted

LONGEST_SAMPLE_LINES = 12


def clock_time(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes and seconds: "2:05", "1:02:05"."""
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def describe_plan(plan: TrainingPlan) -> list[str]:
    """Sentences that tell what is about to happen."""
    network = plan.architecture
    layers = f"{counted(network.layers, 'layer')} of {network.units:,}"
    text = (
        f"{plan.training_characters:,} characters to learn, "
        f"{plan.validation_characters:,} held out for validation, {network.vocabulary_size:,} tokens"
    )
    sentences = [
        f"{plan.directory.name}: {text}.",
        f"{CELL_NAMES[network.cell]}, {layers} units, {network.parameters:,} weights, on {plan.device}.",
    ]
    baselines = (f"{label} {loss:.3f} nats" for label, loss in labelled_baselines(plan.baselines))
    sentences.append(f"Baselines: {', '.join(baselines)} per character.")
    if plan.steps is not None:
        epochs = plan.steps / plan.steps_per_epoch
        budget = f"{plan.steps:,} steps ({epochs:.3g} readings of the text)"
    else:
        budget = f"{plan.minutes:g} minute{'' if plan.minutes == 1 else 's'} by the clock"
    begins = f"goes on from step {plan.begins_at:,}: " if plan.begins_at else ""
    sentences.append(
        f"Budget: {begins}{budget}, {plan.batch_size} x {plan.window} characters to a step."
    )
    return sentences


class PlainDisplay:
    """A line for each evaluation, for logs and pipes.

    Args:
        show: Prints a line.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._progress: Progress | None = None

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Say nothing while TensorFlow is loaded."""
        yield

    def close(self) -> None:
        """There is nothing to end."""

    def noted(self, sentence: str) -> None:
        """Show it."""
        self._show(sentence)

    def started(self, plan: TrainingPlan) -> None:
        """Tell the plan."""
        for sentence in describe_plan(plan):
            self._show(sentence)

    def stepped(self, progress: Progress) -> None:
        """Remember it for the next line."""
        self._progress = progress

    def evaluated(self, evaluation: Evaluation) -> None:
        """Show a line."""
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

    def finished(self, outcome: TrainingResult) -> None:
        """Tell how it ended."""
        for sentence in describe_outcome(outcome):
            self._show(sentence)


class LiveDisplay:
    """A picture that is drawn again as training goes on.

    Args:
        console: Where it is drawn.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._plan: TrainingPlan | None = None
        self._progress: Progress | None = None
        self._loss: float | None = None
        self._evaluations: list[Evaluation] = []
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=4)

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Say that TensorFlow is being loaded, which takes seconds."""
        with self._console.status("Loading TensorFlow ..."):
            yield

    def noted(self, sentence: str) -> None:
        """Show it above the picture."""
        self._console.print(Text(sentence, style="dim"))

    def started(self, plan: TrainingPlan) -> None:
        """Tell the plan and begin to draw."""
        for sentence in describe_plan(plan):
            self._console.print(Text(sentence))
        self._plan = plan
        self._live.start()

    def stepped(self, progress: Progress) -> None:
        """Take it into the picture."""
        self._progress = progress
        before = self._loss if self._loss is not None else progress.loss
        self._loss = 0.95 * before + 0.05 * progress.loss

    def evaluated(self, evaluation: Evaluation) -> None:
        """Take it into the picture."""
        self._evaluations.append(evaluation)

    def finished(self, outcome: TrainingResult) -> None:
        """Leave the last picture and tell how it ended."""
        self.close()
        for sentence in describe_outcome(outcome):
            self._console.print(Text(sentence))

    def close(self) -> None:
        """Stop drawing; the last picture stays."""
        self._live.stop()

    def _picture(self) -> RenderableType:
        if self._progress is None:
            return Text("Compiling the network ...", style="dim")
        parts: list[RenderableType] = [self._bar(self._progress), Text(), self._losses()]
        sample = self._evaluations[-1].sample if self._evaluations else None
        if sample:
            lines = sample.strip("\n").split("\n")[:LONGEST_SAMPLE_LINES]
            parts.append(
                Panel(
                    Text("\n".join(lines)),
                    title=f"written at step {self._evaluations[-1].step:,}",
                    title_align="left",
                    border_style="dim",
                )
            )
        return Group(*parts)

    def _bar(self, progress: Progress) -> RenderableType:
        assert self._plan is not None
        share = progress.step / progress.steps if progress.steps else 0.0
        left = (
            f"{clock_time(progress.seconds_left)} left"
            if progress.seconds_left is not None
            else "measuring the speed"
        )
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
            self._validation_row(table)
        for label, loss in labelled_baselines(self._plan.baselines):
            table.add_row(label, f"{loss:.3f}", f"{bits(loss):.3f}", style="dim")
        return table

    def _validation_row(self, table: Table) -> None:
        last = self._evaluations[-1]
        losses = [evaluation.validation_loss for evaluation in self._evaluations]
        remark = "best so far" if last.best else f"best was {min(losses):.3f}"
        if last.clipped > 0.5:
            remark += f", gradients clipped in {last.clipped:.0%} of the steps"
        table.add_row(
            "validation",
            f"{last.validation_loss:.3f}",
            f"{bits(last.validation_loss):.3f}",
            f"{sparkline(losses[-40:])}  {remark}",
            style="bold",
        )


def describe_outcome(outcome: TrainingResult) -> list[str]:
    """Sentences that tell how a run ended, and what to do next."""
    ended = {
        "finished": "Finished",
        "stopped early": "Stopped early, as the validation loss no longer fell",
        "stopped by a callback": "Stopped by a callback",
    }[outcome.ending]
    spent = f"{outcome.epochs:.3g} readings of the text, {clock_time(outcome.seconds)}"
    loss = f"{outcome.validation_loss:.4f} nats ({bits(outcome.validation_loss):.3f} bits)"
    advice = f"charrnn generate {spoken_name(outcome.directory)}"
    return [
        f"{ended}: {outcome.steps:,} steps, {spent}.",
        f"Kept the network of step {outcome.best_step:,}: validation {loss} per character.",
        f"Saved in {outcome.directory}. Write with it: {advice}",
    ]
