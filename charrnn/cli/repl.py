"""`charrnn repl`: write with a network turn by turn, at a terminal or from a script of lines."""

import functools
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.lookup import networks_in
from charrnn.cli.conversation import MARKS, Conversation, whole_text
from charrnn.cli.networks import Networks, find_named, find_networks, networks_options
from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    given_settings,
)
from charrnn.cli.process import failure_sentence, tell, use_idle_cores
from charrnn.cli.session import SessionSettings
from charrnn.cli.writing_defaults import Writing, check_writing, settled_writing
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from charrnn.decoding.writer import TextGenerator


@click.command(
    epilog=examples(
        ("charrnn repl", "with the newest network"),
        ("charrnn repl quatrains --temperature 0.6", "with another one, playing safe"),
        ("charrnn repl quatrains --form sonnet", "in a form of verse"),
        ("charrnn repl < lines.txt > transcript.txt", "answer a script of lines"),
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

    You type the first words of a poem, and the network continues. Then it can try again, write
    more, or take its turn back. Type /help to see all commands. CHECKPOINT is a name or a path;
    without it, the newest network writes.
    """
    networks = find_networks(checkpoint, checkpoints, blend=blend, unlike=unlike, strength=strength)
    if form_config.form is not None:
        from charrnn.forms.core.known_forms import requested_form

        requested_form(form_config)  # Refuses a form that does not exist.
    context = click.get_current_context()
    given = given_settings(context, SamplingConfig) | given_settings(context, FormConfig)
    writing = settled_writing(networks.writing, sampling_config, form_config, given)
    own = check_writing(networks.writing)
    settings = SessionSettings(writing.sampling, writing.form, own)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from charrnn.cli.terminal import at_terminal

        with at_terminal():
            _converse(networks, checkpoints, settings)
    else:
        _transcribe(networks, checkpoints, settings)


def _converse(networks: Networks, checkpoints: Path, settings: SessionSettings) -> None:
    """Read lines at a terminal; the network is opened while the user types the first one."""
    from charrnn.cli.terminal import Prompt

    worker = ThreadPoolExecutor(1)
    opening = functools.cache(lambda: worker.submit(_open, networks))
    conversation = _conversation(lambda: opening().result(), checkpoints, settings)
    prompt = Prompt(conversation.completions, when_shown=opening)
    writes = "write" if len(networks.weights) > 1 else "writes"
    tell(f"{networks.name} {writes} with you. /help for help; Ctrl-D to end.")
    while not conversation.over:
        try:
            _answer(conversation, whole_text(prompt.read))
        except KeyboardInterrupt:
            continue
        except EOFError:
            break


def _transcribe(networks: Networks, checkpoints: Path, settings: SessionSettings) -> None:
    """Answer the lines of a script, and print them with their answers."""
    generator = _open(networks)
    conversation = _conversation(lambda: generator, checkpoints, settings)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")

    def read(continues: bool) -> str:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        line = line.removesuffix("\n")
        click.echo(MARKS[continues] + line)
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
        open_writer=lambda name: _opened(find_named(name, checkpoints)),
        names=lambda: [path.name for path in networks_in(checkpoints)],
        settings=settings,
    )


def _answer(conversation: Conversation, text: str) -> None:
    """Answer what was typed; an error is printed, and the session continues."""
    try:
        conversation.answer(text)
    except BrokenPipeError:
        raise
    except Exception as error:
        context = click.get_current_context(silent=True)
        if context is not None and context.find_root().params["debug"]:
            raise
        tell(failure_sentence(error))


def _opened(networks: Networks) -> "tuple[TextGenerator, Writing]":
    """Another network, and the settings that it brings along."""
    return _open(networks), check_writing(networks.writing)


def _open(networks: Networks) -> "TextGenerator":
    use_idle_cores()
    return networks.open().writer
