"""Poems as they are printed, with what is told of them."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.failures import INTERRUPTED
from charrnn.cli.networks import DEAD_END
from charrnn.errors import FormGivenUpError

if TYPE_CHECKING:
    from charrnn.decoding.hypothesis import Poem
    from charrnn.decoding.ranking import HypothesisScore
    from charrnn.decoding.scoring import TokenScore
    from charrnn.forms.core.form import Judgement
    from charrnn.forms.core.writer import FormWriter


@dataclass(frozen=True, slots=True)
class Told:
    """A poem and what is told of it.

    Attributes:
        poem: The poem.
        scores: Those of its drafts, its own first; none when they are not told.
        command: The command line that writes it again; None when that is not told.
        explanation: What the network predicted; None when that is not told.
        form: The form that it keeps; None where it keeps none.
        judgement: What the verifier says of it; None when that is not told.
    """

    poem: "Poem"
    scores: "Sequence[HypothesisScore]" = ()
    command: str | None = None
    explanation: "Sequence[TokenScore] | None" = None
    form: "FormWriter | None" = None
    judgement: "Judgement | None" = None


def print_poems(poems: Iterable[Told]) -> None:
    """Print poems a blank line apart; after Ctrl-C, those that are done."""
    try:
        for number, told in enumerate(poems):
            if number > 0:
                click.echo()
            elif told.explanation is not None:
                from charrnn.cli.explanation import print_legend

                print_legend()
            _print_poem(told)
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


def print_json(networks: dict[str, Any], poems: Iterable[Told]) -> None:
    """Print a document of poems; after Ctrl-C, or when one is given up, of those that are done.

    Args:
        networks: Which networks write them.
        poems: The poems, which may be written only when they are asked for.
    """
    facts: list[dict[str, Any]] = []
    end: BaseException | None = None
    try:
        facts.extend(_facts(told) for told in poems)
    except KeyboardInterrupt:
        end = click.exceptions.Exit(INTERRUPTED)
    except FormGivenUpError as error:
        if not facts:
            raise
        end = error
    click.echo(json.dumps(networks | {"poems": facts}, ensure_ascii=False))
    if end is not None:
        raise end


def token_facts(score: "TokenScore") -> dict[str, Any]:
    """A character and what the network predicted in its place, for JSON."""
    return {
        "character": score.character,
        "log_probability": round(score.log_probability, 6),
        "rank": score.rank,
        "runners_up": [
            {"character": other.character, "log_probability": round(other.log_probability, 6)}
            for other in score.runners_up
        ],
    }


def _print_poem(told: Told) -> None:
    poem = told.poem
    if told.explanation is None:
        click.echo(str(poem))
    else:
        from charrnn.cli.explanation import print_explained

        print_explained(poem.prompt, told.explanation)
    if poem.dead_end:
        click.echo(DEAD_END, err=True)
    if told.scores:
        click.echo(_judgement(poem, told.scores), err=True)
    if told.judgement is not None:
        _print_scansion(told.judgement)
    if told.command is not None:
        click.echo(told.command, err=True)


def _print_scansion(judgement: "Judgement") -> None:
    """Draw how a poem keeps its form on standard error."""
    from rich.console import Console

    from charrnn.cli.scansion import show_judgement

    console = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)
    console.print()
    show_judgement(console, judgement, None)


def _facts(told: Told) -> dict[str, Any]:
    poem = told.poem
    rounded = [round(value, 6) for value in poem.log_probabilities]
    facts = {"seed": poem.seed} | dataclasses.asdict(poem) | {"log_probabilities": rounded}
    facts["scores"] = [_score_facts(score) for score in told.scores]
    if told.command is not None:
        facts["command"] = told.command
    if told.explanation is not None:
        facts["explanation"] = list(map(token_facts, told.explanation))
    if told.form is not None:
        facts["form"] = dataclasses.asdict(told.form.settings)
    if told.judgement is not None:
        facts["judgement"] = told.judgement.as_json()
    return facts


def _score_facts(score: "HypothesisScore") -> dict[str, Any]:
    """A score for JSON, which has no infinity: a draft without a character has none."""
    total = None if score.log_probability is None else score.total
    return {"score": total} | dataclasses.asdict(score)


def _judgement(poem: "Poem", scores: "Sequence[HypothesisScore]") -> str:
    """The scores in words: "Seed 7 scores -1.31 (...); its 15 other drafts -1.35 to -1.80."."""
    best, *others = scores
    if best.log_probability is None:
        return f"Seed {poem.seed} has no score, as nothing was written."
    judged = (
        f"Seed {poem.seed} scores {best.total:.3f} (log-probability {best.log_probability:.3f}, "
        f"repeated {best.repeated:.1%}, copied {best.copied:.1%})"
    )
    if not others:
        return f"{judged}."
    drafts = "other draft" if len(others) == 1 else f"{len(others)} other drafts"
    span = " to ".join(dict.fromkeys(f"{one.total:.3f}" for one in (others[0], others[-1])))
    return f"{judged}; its {drafts} {span}."
