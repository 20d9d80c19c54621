from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    given_settings,
    json_option,
    named_checkpoint_argument,
    origin_option,
)
from charrnn.settings.configuration import (
    CorpusConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
)
from charrnn.settings.setting import Configuration, settings_of
from tests.fakes import write_run


def _received(
    arguments: list[str], *decorators: Any, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """What a command with these options receives."""
    received: dict[str, Any] = {}

    def command(**values: Any) -> None:
        received.update(values)

    for decorator in decorators:
        command = decorator(command)
    built = click.command("try", context_settings={"auto_envvar_prefix": "CHARRNN_TRY"})(command)
    result = CliRunner().invoke(built, arguments, env=environment)
    if result.exit_code != 0:
        raise click.UsageError(result.output)
    return received


@pytest.mark.parametrize(
    ("configuration", "keyword"),
    [
        (CorpusConfig, "corpus_config"),
        (ModelConfig, "model_config"),
        (TrainingConfig, "training_config"),
        (SamplingConfig, "sampling_config"),
    ],
)
def test_a_command_receives_one_object(configuration: type[Configuration], keyword: str) -> None:
    assert _received([], config_options(configuration)) == {keyword: configuration()}


def test_options_are_named_and_typed_after_the_settings() -> None:
    received = _received(
        ["--top-k", "5", "--temperature", "0", "--min-p", "0.25"], config_options(SamplingConfig)
    )
    assert received["sampling_config"] == SamplingConfig(top_k=5, temperature=0.0, min_p=0.25)


def test_auto_leaves_a_setting_to_charrnn() -> None:
    received = _received(["--layers", "auto"], config_options(ModelConfig))
    assert received["model_config"].layers is None


def test_only_some_settings_may_be_offered() -> None:
    one = config_options(TrainingConfig, only={"seed"})
    assert _received(["--seed", "3"], one)["training_config"] == TrainingConfig(seed=3)
    with pytest.raises(click.UsageError, match="No such option"):
        _received(["--window", "3"], one)


def test_two_configurations_share_a_command() -> None:
    received = _received(
        ["--units", "9", "--window", "8"],
        config_options(ModelConfig),
        config_options(TrainingConfig),
    )
    assert received == {
        "model_config": ModelConfig(units=9),
        "training_config": TrainingConfig(window=8),
    }


@pytest.mark.parametrize(
    ("configuration", "arguments", "sentence"),
    [
        (
            SamplingConfig,
            ["--temperature", "-1"],
            (
                "Invalid value for '--temperature': it must be a number at least 0, or two as in "
                "1.0:0.6. Received: -1."
            ),
        ),
        (
            SamplingConfig,
            ["--top-k", "many"],
            "Invalid value for '--top-k': it must be a whole number at least 1. Received: many.",
        ),
        (
            ModelConfig,
            ["--cell", "transformer"],
            (
                "Invalid value for '--cell': it must be one of lstm, gru, simple_rnn, "
                "peephole_lstm. Received: transformer."
            ),
        ),
        (
            ModelConfig,
            ["--cell", "gru", "--activation", "relu"],
            "activation relu needs cell simple_rnn. Received: cell gru.",
        ),
    ],
)
def test_a_wrong_value_is_a_usage_error_that_names_the_option(
    configuration: type[Configuration], arguments: list[str], sentence: str
) -> None:
    command = click.command("try")(config_options(configuration)(lambda **_: None))
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert f"Error: {sentence}\n" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "configuration", [CorpusConfig, ModelConfig, TrainingConfig, SamplingConfig]
)
def test_help_tells_every_default_and_range(configuration: type[Configuration]) -> None:
    command = click.command("try")(config_options(configuration)(lambda **_: None))
    text = " ".join(CliRunner().invoke(command, ["--help"], terminal_width=80).output.split())
    for name, setting in settings_of(configuration).items():
        default = setting.spelled(getattr(configuration(), name))
        limits = f"; {setting.range()}" if setting.range() else ""
        assert f"--{name.replace('_', '-')} " in text
        assert f"{setting.help} [default: {default}{limits}]" in text


def test_the_environment_sets_what_the_command_line_leaves() -> None:
    environment = {"CHARRNN_TRY_TOP_K": "4", "CHARRNN_TRY_SEED": "1", "CHARRNN_TRY_JSON": "1"}
    received = _received(
        ["--seed", "2"], config_options(SamplingConfig), json_option, environment=environment
    )
    assert received == {"sampling_config": SamplingConfig(top_k=4, seed=2), "as_json": True}


def test_settings_that_the_user_gave_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARRNN_TRY_WINDOW", "64")
    given: list[set[str]] = []

    @click.command("try", context_settings={"auto_envvar_prefix": "CHARRNN_TRY"})
    @config_options(TrainingConfig)
    @config_options(ModelConfig, only=("units",))
    @click.pass_context
    def command(context: click.Context, **_: Any) -> None:
        given.extend(given_settings(context, kind) for kind in (TrainingConfig, ModelConfig))

    assert CliRunner().invoke(command, ["--seed", "0", "--steps", "auto"]).exit_code == 0
    assert given == [{"seed", "steps", "window"}, set()]


@pytest.mark.parametrize(
    ("arguments", "environment", "directory"),
    [
        ([], {}, "checkpoints"),
        ([], {"CHARRNN_CHECKPOINTS": "shared"}, "shared"),
        ([], {"CHARRNN_TRY_CHECKPOINTS": "own"}, "own"),
        (["--checkpoints", "here"], {"CHARRNN_CHECKPOINTS": "shared"}, "here"),
    ],
)
def test_runs_are_kept_where_the_user_says(
    arguments: list[str], environment: dict[str, str], directory: str
) -> None:
    received = _received(arguments, checkpoints_option, environment=environment)
    assert received == {"checkpoints": Path(directory)}


def test_json_is_asked_for_by_a_flag() -> None:
    assert _received([], json_option) == {"as_json": False}
    assert _received(["--json"], json_option) == {"as_json": True}


def test_a_network_to_begin_with_is_named_on_the_command_line_or_in_the_environment() -> None:
    assert _received([], origin_option) == {"origin": None}
    assert _received(["--from", "tang"], origin_option) == {"origin": "tang"}
    environment = {"CHARRNN_TRY_FROM": "moons"}
    assert _received([], origin_option, environment=environment) == {"origin": "moons"}


def test_a_checkpoint_that_must_be_named_is_asked_for() -> None:
    assert _received(["tang"], named_checkpoint_argument) == {"checkpoint": "tang"}
    with pytest.raises(click.UsageError, match="Missing argument 'CHECKPOINT'"):
        _received([], named_checkpoint_argument)


def test_shells_complete_names_of_runs_and_choices(tmp_path: Path, bundled: Path) -> None:
    for name in ("moons", "rivers", "moonless"):
        write_run(tmp_path / name)
    write_run(bundled / "tang")

    @click.command("try")
    @checkpoint_argument
    @config_options(ModelConfig, only=("cell",))
    @checkpoints_option
    def command(**_: Any) -> None: ...

    context = command.make_context("try", ["--checkpoints", str(tmp_path)])
    by_name = {parameter.name: parameter for parameter in command.params}
    names = by_name["checkpoint"].shell_complete(context, "moon")
    assert {item.value for item in names} == {"moons", "moonless"}
    bundled_names = by_name["checkpoint"].shell_complete(context, "ta")
    assert [item.value for item in bundled_names] == ["tang"]
    assert [item.value for item in by_name["cell"].shell_complete(context, "g")] == ["gru"]


def test_examples_too_wide_for_columns_stand_on_two_lines() -> None:
    assert examples(("charrnn a", "one"), ("charrnn b", "x" * 66)) == (
        f"\b\nExamples:\n  charrnn a\n      one\n  charrnn b\n      {'x' * 66}"
    )


def test_examples_stand_in_columns() -> None:
    assert examples(("charrnn a", "one"), ("charrnn bc", "two")) == (
        "\b\nExamples:\n  charrnn a   one\n  charrnn bc  two"
    )
