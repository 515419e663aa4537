"""Scores of many millions of rows: one Parquet file a shard, by any number of processes."""
