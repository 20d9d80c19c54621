"""`charrnn repl`: write with a network turn by turn, at a terminal or from a script of lines."""

import functools
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.directory import networks_in
from charrnn.cli.conversation import MARKS, Conversation, whole_text
from charrnn.cli.failures import failure_sentence
from charrnn.cli.networks import Networks, find_named, find_networks, networks_options
from charrnn.cli.options import checkpoint_argument, checkpoints_option, config_options, examples
from charrnn.cli.session_settings import SessionSettings
from charrnn.cli.startup import use_idle_cores
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from charrnn.decoding.scoring import TokenScore
    from charrnn.decoding.writer import TextGenerator
    from charrnn.forms.core.form import Judgement
    from charrnn.forms.core.writer import FormWriter


@click.command(
    epilog=examples(
        ("charrnn repl", "with the newest network"),
        ("charrnn repl quatrains --temperature 0.6", "with one of your choice, playing safe"),
        ("charrnn repl quatrains --form sonnet", "in a form of verse"),
        ("charrnn repl < lines.txt > transcript.txt", "a script of lines in, a transcript out"),
    ),
)
@checkpoint_argument
@config_options(SamplingConfig)
@config_options(FormConfig)
@networks_options
@checkpoints_option
def repl(
    *,
    checkpoint: str | None,
    sampling_config: SamplingConfig,
    form_config: FormConfig,
    blend: str | None,
    unlike: str | None,
    strength: float | None,
    checkpoints: Path,
) -> None:
    """Write with a network, turn by turn.

    You type how a poem begins, the network goes on; then you let it try again, go further, or
    take it back. /help inside tells what else can be typed. CHECKPOINT is a name or a path;
    without it, the newest network writes.
    """
    networks = find_networks(checkpoint, checkpoints, blend=blend, unlike=unlike, strength=strength)
    if form_config.form is not None:
        from charrnn.forms.core.known_forms import requested_form

        requested_form(form_config)  # A name that is mistyped is told at once.
    settings = SessionSettings(sampling_config, form_config)
    if sys.stdin.isatty() and sys.stdout.isatty():
        _converse(networks, checkpoints, settings)
    else:
        _transcribe(networks, checkpoints, settings)


def _converse(networks: Networks, checkpoints: Path, settings: SessionSettings) -> None:
    """Prompt at a terminal; the network is opened while the first line is typed."""
    from charrnn.cli.terminal import Background, Prompt

    writer = Background(functools.partial(_open, networks))
    conversation = _conversation(writer.result, checkpoints, settings)
    prompt = Prompt(conversation.completions, when_shown=writer.start)
    writes = "write" if len(networks.weights) > 1 else "writes"
    click.echo(f"{networks.name} {writes} with you. /help tells how; Ctrl-D ends.", err=True)
    while not conversation.over:
        try:
            _answer(conversation, whole_text(prompt.read))
        except KeyboardInterrupt:
            continue
        except EOFError:
            break


def _transcribe(networks: Networks, checkpoints: Path, settings: SessionSettings) -> None:
    """Answer the lines of a script; lines and answers make up a transcript."""
    generator = _open(networks)
    conversation = _conversation(lambda: generator, checkpoints, settings)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")

    def read(going_on: bool) -> str:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        line = line.removesuffix("\n")
        click.echo(MARKS[going_on] + line)
        return line

    while not conversation.over:
        try:
            text = whole_text(read)
        except EOFError:
            break
        _answer(conversation, text)


def _conversation(
    writer: "Callable[[], TextGenerator]", checkpoints: Path, settings: SessionSettings
) -> Conversation:
    return Conversation(
        writer=writer,
        open_writer=lambda name: _open(find_named(name, checkpoints)),
        names=lambda: [path.name for path in networks_in(checkpoints)],
        settings=settings,
        compile_form=_compile_form,
        write=functools.partial(click.echo, nl=False),
        tell=click.echo,
        note=functools.partial(click.echo, err=True),
        explain=_explain,
        show_scansion=_show_scansion,
    )


def _explain(begun: str, scores: "Sequence[TokenScore]") -> None:
    from charrnn.cli.explanation import print_explained

    print_explained(begun, scores)
    click.echo()


def _compile_form(
    writer: "TextGenerator", form: FormConfig, sampling: SamplingConfig
) -> "FormWriter":
    from charrnn.forms.core.compile import compile_form

    return compile_form(writer, form, sampling)


def _show_scansion(judgement: "Judgement") -> None:
    from rich.console import Console

    from charrnn.cli.scansion import show_judgement

    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    show_judgement(console, judgement, None)
    console.print()


def _answer(conversation: Conversation, text: str) -> None:
    """Do what was typed; what goes wrong is a sentence, and the conversation goes on."""
    try:
        conversation.answer(text)
    except BrokenPipeError:
        raise
    except Exception as error:
        context = click.get_current_context(silent=True)
        if context is not None and context.find_root().params["debug"]:
            raise
        click.echo(failure_sentence(error), err=True)


def _open(networks: Networks) -> "TextGenerator":
    use_idle_cores()
    return networks.open().writer
