"""The folder of a model: what stands where, read, written, opened and linked."""
