import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from charrnn.errors import ConfigurationError, DeviceError
from charrnn.model import device
from charrnn.model.device import choose_device, has_bfloat16

NO_GPU = pytest.mark.skipif(
    bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU"
)


@pytest.mark.parametrize("name", ["tpu", "gpu:", "gpu:x", "GPU", ""])
def test_a_name_that_is_no_device_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="auto, cpu, gpu or gpu:N"):
        choose_device(name)


@NO_GPU
@pytest.mark.parametrize("name", ["gpu", "gpu:0"])
def test_asking_for_a_gpu_that_is_not_there_never_trains_on_the_cpu(name: str) -> None:
    with pytest.raises(DeviceError, match="finds no GPU"):
        choose_device(name)


@NO_GPU
def test_auto_takes_the_cpu_and_says_so() -> None:
    chosen = choose_device("auto")
    assert "CPU" in chosen.description
    assert chosen.strategy.num_replicas_in_sync == 1


def test_the_cpu_can_be_chosen_again_and_again() -> None:
    assert choose_device("cpu") == choose_device("cpu")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two GPUs as TensorFlow would list them; what is made visible is returned."""
    gpus = ["GPU:0", "GPU:1"]
    visible: list[str] = []

    def show(devices: list[str], kind: str) -> None:
        assert kind == "GPU"
        visible[:] = devices

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: list(gpus))
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda _: list(visible))
    monkeypatch.setattr(tf.config, "set_visible_devices", show)
    experimental = tf.config.experimental
    monkeypatch.setattr(experimental, "set_memory_growth", lambda *_, **__: None)
    monkeypatch.setattr(
        experimental, "get_device_details", lambda gpu: {"device_name": f"Card {gpu}"}
    )
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: "mirrored")
    return visible


def test_one_of_several_gpus_can_be_named(two_gpus: list[str]) -> None:
    assert choose_device("gpu:1").description == "Card GPU:1"
    assert two_gpus == ["GPU:1"]


@pytest.mark.parametrize("name", ["auto", "gpu"])
def test_several_gpus_share_each_batch(name: str, two_gpus: list[str]) -> None:
    chosen = choose_device(name)
    assert (chosen.description, chosen.strategy) == ("2 GPUs (Card GPU:0)", "mirrored")
    assert (chosen.gpus, chosen.cores, chosen.kind) == (2, 0, "2 GPUs")
    assert two_gpus == ["GPU:0", "GPU:1"]


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_with_too_high_a_number_is_refused() -> None:
    with pytest.raises(DeviceError, match="no GPU 2; TensorFlow finds 2"):
        choose_device("gpu:2")


def test_the_cpu_hides_the_gpus(two_gpus: list[str]) -> None:
    two_gpus[:] = ["GPU:0", "GPU:1"]
    choose_device("cpu")
    assert two_gpus == []


THREADS = """
import tensorflow as tf
from charrnn.model import device

device.available_cores = lambda: 3
BEFORE
chosen = device.choose_device("cpu")
threading = tf.config.threading
assert float(tf.reduce_sum(tf.ones(2))) == 2
print(
    chosen.cores,
    threading.get_intra_op_parallelism_threads(),
    threading.get_inter_op_parallelism_threads(),
)
"""


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("", "3 1 3"),
        ("tf.constant(1.0)", "3 0 0"),
        ("tf.config.threading.set_inter_op_parallelism_threads(5); tf.constant(1.0)", "3 0 5"),
    ],
    ids=["fresh", "running", "running with threads of its own"],
)
def test_the_cpu_gives_an_operation_one_thread_unless_tensorflow_runs_already(
    before: str, found: str
) -> None:
    program = THREADS.replace("BEFORE", before)
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.strip() == found


@NO_GPU
def test_the_cpu_says_how_many_cores_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, words in ((1, "1 CPU core ("), (3, "3 CPU cores (")):
        monkeypatch.setattr(device, "available_cores", lambda cores=cores: cores)
        chosen = choose_device("cpu")
        assert (chosen.cores, chosen.gpus, chosen.kind) == (cores, 0, "the CPU")
        assert chosen.description.startswith(words)


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 amx_tile", True),
        ("flags\t\t: fpu amx_bf16\nbugs\t\t: spectre", True),
        ("flags\t\t: fpu avx2 avx512f", False),
        ("flags\t\t: fpu not_amx_bf16", False),
        (None, False),
    ],
)
def test_the_flags_of_the_processor_say_whether_it_has_bfloat16(
    flags: str | None, has: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(device, "_PROCESSOR", path)
    if flags is not None:
        path.write_text(f"processor\t: 0\n{flags}\n", encoding="utf-8")
    assert has_bfloat16() is has
