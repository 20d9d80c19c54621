"""`charrnn generate`: write poems, shown as they come into being."""

import dataclasses
import io
import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from charrnn.checkpoint import Checkpoint, find_checkpoint
from charrnn.cli.failures import INTERRUPTED
from charrnn.cli.options import (
    SettingType,
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    json_option,
)
from charrnn.config import SamplingConfig, Setting, seed_after

if TYPE_CHECKING:
    from collections.abc import Iterable

    from charrnn.generation.writer import Draft, Poem, TextGenerator

COUNT: Final = Setting(help="Poems to write, each with a seed one higher.", minimum=1, kind=int)


@click.command(
    epilog=examples(
        ("charrnn generate", "a poem by the newest network"),
        ("charrnn generate quatrains --count 4", "four poems by one of your choice"),
        ("charrnn generate --prompt 'The moon'", "a poem that begins so"),
        ("charrnn generate --seed 7 --temperature 0.5", "plainer; the same each time"),
        ("charrnn generate --prompt-file - < poem.txt", "go on with a text"),
        ("charrnn generate --count 9 --json", "with all there is to know"),
    ),
)
@checkpoint_argument
@click.option("--prompt", metavar="TEXT", help="How the poem begins.")
@click.option(
    "--prompt-file",
    type=click.File("rb"),
    metavar="FILE",
    help="Read how the poem begins from a file, without its last line end; - is standard input.",
)
@config_options(SamplingConfig)
@click.option(
    "--count",
    type=SettingType(COUNT),
    default=1,
    help=f"{COUNT.help}  [default: 1; {COUNT.range()}]",
)
@checkpoints_option
@json_option
def generate(
    *,
    checkpoint: str | None,
    prompt: str | None,
    prompt_file: IO[bytes] | None,
    sampling_config: SamplingConfig,
    count: int,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Write poems.

    CHECKPOINT is the name or path of a trained network; without it, the newest one writes. A
    poem ends where the network ends it, or at --length. Characters of the prompt that the
    network has never seen are read as others that it has, and you are told.
    """
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    from charrnn.generation.prompts import describe_substitution
    from charrnn.generation.writer import TextGenerator, with_seed

    text = _beginning(prompt, prompt_file)
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    generator = TextGenerator.open(opened)
    first = with_seed(sampling_config)
    settings = (
        dataclasses.replace(first, seed=seed_after(first.seed or 0, number))
        for number in range(count)
    )
    start = generator.begin(text)
    for substitution in start.substitutions:
        click.echo(describe_substitution(substitution), err=True)
    if as_json:
        _print_json(opened, [generator.write(text, one) for one in settings])
    else:
        _print_poems(generator, start, settings)


def _print_poems(
    generator: "TextGenerator", start: "Draft", settings: "Iterable[SamplingConfig]"
) -> None:
    """Show poems a blank line apart, each character as soon as it is written."""
    for number, one in enumerate(settings):
        if number > 0:
            click.echo()
        try:
            _print_poem(generator, start, one)
        except KeyboardInterrupt:
            click.echo()
            raise click.exceptions.Exit(INTERRUPTED) from None


def _print_poem(generator: "TextGenerator", start: "Draft", settings: SamplingConfig) -> None:
    """Show one poem; white space waits for what follows it, so that none ends the poem."""
    shown = start.text.rstrip()
    waiting = start.text[len(shown) :]
    click.echo(shown, nl=False)
    for step in generator.stream(start, settings):
        waiting += step.character
        if step.character.strip():
            click.echo(waiting, nl=False)
            waiting = ""
    click.echo()


def _print_json(checkpoint: Checkpoint, poems: "list[Poem]") -> None:
    document = {
        "checkpoint": str(checkpoint.directory),
        "model": checkpoint.model.sha256,
        "poems": [_facts(poem) for poem in poems],
    }
    click.echo(json.dumps(document, ensure_ascii=False))


def _facts(poem: "Poem") -> dict[str, Any]:
    rounded = [round(value, 6) for value in poem.log_probabilities]
    return {"seed": poem.seed} | dataclasses.asdict(poem) | {"log_probabilities": rounded}


def _beginning(prompt: str | None, file: IO[bytes] | None) -> str:
    """The prompt, typed or in a file; a file's last line end is not part of it."""
    from charrnn.corpus.encoding import decoded, find_encoding

    if prompt is not None and file is not None:
        raise click.UsageError("--prompt and --prompt-file exclude each other; give one of them.")
    if file is None:
        return _printable(prompt or "")
    data = io.BytesIO(file.read())
    name = getattr(file, "name", "<stdin>")
    encoding = find_encoding(data, "standard input" if name == "<stdin>" else name)
    if encoding.note is not None:
        click.echo(encoding.note, err=True)
    text = "".join(decoded(data, encoding))
    return text.removesuffix("\n").removesuffix("\r")


def _printable(argument: str) -> str:
    """An argument of the command line; bytes that are no characters become U+FFFD."""
    return argument.encode(errors="surrogateescape").decode(errors="replace")
