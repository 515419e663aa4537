"""Two models on the same judgements."""
