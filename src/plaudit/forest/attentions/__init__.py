"""Ways to compute a forest's attention, each a value: one call a segment, two calls a layer, one masked call."""
