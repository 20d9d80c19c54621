from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from charrnn.cli.writing_options import read_lines, writing_options
from charrnn.config import SamplingConfig
from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FormConfig


def received(*arguments: str) -> tuple[dict[str, Any], Result]:
    """What a command with these options receives."""
    values: dict[str, Any] = {}

    @click.command(context_settings={"auto_envvar_prefix": "TRY"})
    @writing_options
    def command(**given: Any) -> None:
        values.update(given)

    return values, CliRunner().invoke(command, arguments)


def test_a_command_receives_two_configurations() -> None:
    values, _ = received()
    assert values == {"sampling_config": SamplingConfig(), "form_config": FormConfig()}
    values, _ = received("--top-k", "4", "--form", "haiku", "--must", "moon", "--must", "of rain")
    assert values == {
        "sampling_config": SamplingConfig(top_k=4),
        "form_config": FormConfig(form="haiku", must=("moon", "of", "rain")),
    }


def test_lines_are_of_either() -> None:
    values, _ = received("--lines", "any")
    assert values["sampling_config"].lines == "any"
    values, _ = received("--lines", "4", "--characters", "7")
    assert values["form_config"] == FormConfig(lines=4, characters="7")
    assert values["sampling_config"] == SamplingConfig()


@pytest.mark.parametrize("text", ["", "4.5", "-1", "0", "all", "Corpus"])
def test_what_is_no_number_of_lines_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_lines(text)
    assert str(refusal.value) == (
        "it must be one of corpus, any, or a whole number at least 1. Received: " + text + "."
    )
    _, result = received("--lines", text)
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--form", "haiku", "--lines", "3"), "the form haiku has its own lines."),
        (("--acrostic", "abc"), "acrostic goes with a form of verse"),
        (("--form", "haiku", "--particles", "many"), "it must be a whole number from 1 to 1,024"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(
    arguments: tuple[str, ...], sentence: str
) -> None:
    _, result = received(*arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_the_help_tells_of_lines_once() -> None:
    _, result = received("--help")
    assert result.output.count("--lines ") == 1
    assert "--lines corpus|any|N" in result.output
