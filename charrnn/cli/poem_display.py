"""How poems are printed: while they are written, when they are complete, and as JSON."""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.appearance import Appearance, GradualText
from charrnn.cli.networks import CUT, DEAD_END
from charrnn.cli.process import INTERRUPTED, print_json, tell
from charrnn.errors import FormGivenUpError

if TYPE_CHECKING:
    from charrnn.decoding.hypothesis import Hypothesis, Poem
    from charrnn.decoding.ranking import HypothesisScore
    from charrnn.decoding.scoring import TokenScore
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.form import Judgement
    from charrnn.forms.core.smc_decoder import WrittenLine
    from charrnn.forms.core.writer import FormWriter
    from charrnn.settings.configuration import SamplingConfig


def stream_characters(
    writer: "TextGenerator", start: "Hypothesis", sampling: "SamplingConfig"
) -> None:
    """Print a poem character by character while it is written, after its prompt `start`."""
    end = start
    with _output(Appearance.of(writer, sampling)) as show:
        show(start.text)
        for step in writer.stream(start, sampling):
            end = step.hypothesis
            show(step.character)
    if end.dead_end:
        tell(DEAD_END)
    elif is_cut(end, sampling, writer):
        tell(CUT)


def stream_lines(form: "FormWriter", prompt: str, sampling: "SamplingConfig") -> None:
    """Print a poem in a form line by line, each as soon as it is final.

    A pipe gets the poem when it is complete, so that no program reads a part of one.
    """
    lines: Iterable[WrittenLine] = form.stream(prompt, sampling)
    length = 0
    with _output(Appearance.of(form.network, sampling)) as show:
        for line in lines if sys.stdout.isatty() else list(lines):
            text = line.hypothesis.text
            show(text[length:])
            length = len(text)
        if not length:  # The prompt is the whole poem.
            show(prompt)


def is_cut(end: "Hypothesis | Poem", sampling: "SamplingConfig", writer: "TextGenerator") -> bool:
    """Whether a poem was stopped because it grew too long, though no length was asked for."""
    stopped = not end.ended and not end.dead_end
    return stopped and sampling.length is None and writer.layout != "text"


@contextlib.contextmanager
def _output(appearance: Appearance) -> Iterator[Callable[[str], None]]:
    """Give a function that prints text, but holds back white space until more text follows.

    So a poem ends in one line end. Ctrl-C ends the command.
    """
    waiting, length = "", 0
    gradual = GradualText(appearance)

    def show(text: str) -> None:
        nonlocal waiting, length
        length += len(text)
        waiting += text
        shown = waiting.rstrip()
        if shown:
            click.echo(gradual.add(shown), nl=False)
            waiting = waiting[len(shown) :]

    try:
        yield show
    except KeyboardInterrupt:
        click.echo(gradual.rest())
        raise click.exceptions.Exit(INTERRUPTED) from None
    except Exception:
        if length:
            click.echo(gradual.rest())
        raise
    click.echo(gradual.rest())


@dataclass(frozen=True, kw_only=True, slots=True)
class PoemReport:
    """A poem and what the user asked to see of it; None for what was not asked for.

    Attributes:
        cut: Whether it was stopped because it grew too long.
        scores: Scores of its drafts, its own first.
        command: The command line that writes it again.
        explanation: What the network predicted at each character.
        judgement: What the verifier of the form says.
    """

    poem: "Poem"
    cut: bool = False
    scores: "Sequence[HypothesisScore]" = ()
    command: str | None = None
    explanation: "Sequence[TokenScore] | None" = None
    form: "FormWriter | None" = None
    judgement: "Judgement | None" = None


def print_poems(
    reports: Iterable[PoemReport], *, blank_lines: int = 1, appearance: Appearance
) -> None:
    """Print poems with blank lines between them; Ctrl-C keeps those that are complete.

    `appearance` says how they look.
    """
    try:
        for number, report in enumerate(reports):
            if number > 0:
                click.echo("\n" * blank_lines, nl=False)
            elif report.explanation is not None:
                from charrnn.cli.explanation import print_legend

                print_legend()
            _print_poem(report, appearance)
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


def print_poems_as_json(networks: dict[str, Any], reports: Iterable[PoemReport]) -> None:
    """Print poems and what is known of their networks as one JSON document.

    Ctrl-C and FormGivenUpError keep the poems that are complete.
    """
    poems: list[dict[str, Any]] = []
    end: BaseException | None = None
    try:
        poems.extend(_poem_facts(report) for report in reports)
    except KeyboardInterrupt:
        end = click.exceptions.Exit(INTERRUPTED)
    except FormGivenUpError as error:
        if not poems:
            raise
        end = error
    print_json(networks | {"poems": poems}, indent=None)
    if end is not None:
        raise end


def token_facts(score: "TokenScore") -> dict[str, Any]:
    """Return the score of a character for JSON."""
    return {
        "character": score.character,
        "log_probability": round(score.log_probability, 6),
        "rank": score.rank,
        "runners_up": [
            {"character": other.character, "log_probability": round(other.log_probability, 6)}
            for other in score.runners_up
        ],
    }


def _print_poem(report: PoemReport, appearance: Appearance) -> None:
    poem = report.poem
    if report.explanation is None:
        click.echo(appearance.shown((poem.prompt + poem.text).rstrip()))
    else:
        from charrnn.cli.explanation import print_explained

        print_explained(poem.prompt, report.explanation)
    if poem.dead_end:
        tell(DEAD_END)
    elif report.cut:
        tell(CUT)
    if report.scores:
        tell(_scores_in_words(poem, report.scores))
    if report.judgement is not None:
        from charrnn.cli.scansion import print_judgement

        click.echo(err=True)
        print_judgement(report.judgement, stderr=True)
    if report.command is not None:
        click.echo(report.command, err=True)


def _poem_facts(report: PoemReport) -> dict[str, Any]:
    poem = report.poem
    rounded = [round(value, 6) for value in poem.log_probabilities]
    facts = {"seed": poem.seed} | dataclasses.asdict(poem) | {"log_probabilities": rounded}
    if poem.settings.script is not None:
        facts["shown"] = str(poem)
    # JSON has no infinity, so a draft without characters has no score.
    facts["scores"] = [
        {"score": None if score.log_probability is None else score.total}
        | dataclasses.asdict(score)
        for score in report.scores
    ]
    if report.command is not None:
        facts["command"] = report.command
    if report.explanation is not None:
        facts["explanation"] = list(map(token_facts, report.explanation))
    if report.form is not None:
        facts["form"] = dataclasses.asdict(report.form.settings)
    if report.judgement is not None:
        facts["judgement"] = report.judgement.as_json()
    return facts


def _scores_in_words(poem: "Poem", scores: "Sequence[HypothesisScore]") -> str:
    """Return "Seed 7 scores -1.31 (...); its 15 other drafts -1.35 to -1.80."."""
    best, *others = scores
    if best.log_probability is None:
        return f"Seed {poem.seed} has no score, because nothing was written."
    told = (
        f"Seed {poem.seed} scores {best.total:.3f} (log-probability {best.log_probability:.3f}, "
        f"repeated {best.repeated:.1%}, copied {best.copied:.1%})"
    )
    if not others:
        return f"{told}."
    drafts = "other draft" if len(others) == 1 else f"{len(others)} other drafts"
    span = " to ".join(dict.fromkeys(f"{one.total:.3f}" for one in (others[0], others[-1])))
    return f"{told}; its {drafts} {span}."
