import pytest
import tensorflow as tf

from charrnn.model.kernel_config import KernelConfig
from charrnn.settings.configuration import Precision


@pytest.mark.parametrize(
    ("precision", "units", "batch_size", "shard_axis", "batch_first"),
    [
        ("bfloat16", 256, 32, "units", False),
        ("bfloat16", 255, 32, "batch", False),
        ("bfloat16", 512, 128, "batch", False),
        ("bfloat16", 1024, 32, "units", False),
        ("float32", 256, 4, "batch", True),
        ("float32", 257, 32, "units", False),
        ("float32", 512, 128, "batch", True),
        ("float32", 1024, 32, "units", False),
    ],
)
def test_the_cores_share_the_batch_where_it_is_large_beside_the_units(
    precision: Precision, units: int, batch_size: int, shard_axis: str, batch_first: bool
) -> None:
    config = KernelConfig.fastest(precision, units, batch_size, cores=3)
    assert (config.dtype, config.shards) == (tf.as_dtype(precision), 3)
    assert config.shard_axis == shard_axis
    assert {config.batch_shards, config.unit_shards} == {1, 3}
    assert (config.batch_shards == 3) == (shard_axis == "batch")
    assert config.layout.axis == int(batch_first)
