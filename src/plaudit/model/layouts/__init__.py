"""How trees become forward passes of a backbone: a forest in one row, or padded batches."""
