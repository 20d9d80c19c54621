from pathlib import Path

import pytest

from charrnn.checkpoint.atomic_files import replacing, write_text


def test_a_file_and_its_directories_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "poem.txt", "月\r\n")
    assert (tmp_path / "new" / "poem.txt").read_bytes() == "月\r\n".encode()


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    write_text(path, "a longer text")
    write_text(path, "short")
    assert path.read_text() == "short"


def test_the_temporary_file_has_the_suffix_and_lies_on_the_same_disk(tmp_path: Path) -> None:
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.name == "model.keras"
        assert temporary.parent.parent == tmp_path
        assert not temporary.exists()
        temporary.write_bytes(b"1")


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, failure: BaseException
) -> None:
    path = tmp_path / "poem.txt"
    write_text(path, "old")

    def fail_halfway() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise failure

    with pytest.raises(type(failure)):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "poem.txt"
    seen: list[bool] = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append(path.exists()))
    write_text(path, "text")
    assert seen == [False, True]
