"""Benchmarks: how fast and how right the product is, printed as tables."""
