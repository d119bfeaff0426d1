"""Measures speed and memory of the platform against its goals. Changes nothing outside a temporary folder.

`bench/run` is the command; docs/benchmarks.md says how to read its table. Each module named in `__main__` measures one
thing: `measure(quick) -> list[Row]`, with small sizes when `quick`.
"""
