"""Measurements of the wallet job beside its peers, on one real broker.

python -m benchmarks.ledger     throughput, CPU and memory of every engine
python -m benchmarks.latency    from produce to result
python -m benchmarks.scaling    workers, accounts, partitions, hot accounts
python -m benchmarks.profile    where the time goes in a worker
python -m benchmarks.page       writes the tables of docs/benchmarks.md from what was measured
"""
