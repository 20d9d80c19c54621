import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.forms.core.known_forms import find_form, form_from_toml, known_forms


def forms(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["forms", *arguments])


def test_the_forms_are_listed_with_an_example_each(golden: Callable[[str, str], None]) -> None:
    result = forms()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == forms("list").stdout
    golden("forms.txt", result.stdout)


def test_the_list_is_there_for_programs() -> None:
    document = json.loads(forms("list", "--json").stdout)
    assert [entry["name"] for entry in document] == list(known_forms())
    assert document[1] == {
        "name": "qijue",
        "aliases": ["七绝", "七言绝句"],
        "title": "七绝 (7-character quatrain)",
        "language": "chinese",
        "lines": 4,
        "variants": ["平起首句不入韵", "平起首句入韵", "仄起首句不入韵", "仄起首句入韵"],
        "example": "朝辞白帝彩云间，千里江陵一日还。\n两岸猿声啼不住，轻舟已过万重山。",
        "source": "Rules: 近体诗 as taught since 王力, 诗词格律 (1962). "
        "Example: 李白, 早发白帝城 (759).",
    }


def test_a_form_is_shown_as_a_file_that_can_be_read(golden: Callable[[str, str], None]) -> None:
    result = forms("show", "如梦令")
    assert (result.exit_code, result.stderr) == (0, "")
    assert form_from_toml(result.stdout, "x") == find_form("rumengling")
    golden("forms_show.txt", result.stdout)
    golden("forms_show.json", forms("show", "如梦令", "--json").stdout)


@pytest.mark.parametrize("name", known_forms())
def test_every_form_can_be_shown(name: str, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(forms("show", name).stdout, encoding="utf-8")
    assert forms("show", str(path)).stdout == path.read_text(encoding="utf-8")


def test_an_unknown_form_is_told() -> None:
    result = forms("show", "sonet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Did you mean sonnet?" in result.stderr
