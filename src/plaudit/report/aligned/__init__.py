"""The page of an alignment run. Plain data in: the run's record, its lines of `curves.jsonl` and `samples.jsonl`."""
