"""One score, in whatever company and by whatever way it is computed."""
