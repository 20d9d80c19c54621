"""Measurements that anyone can run; docs/benchmarks.md holds what they gave."""
