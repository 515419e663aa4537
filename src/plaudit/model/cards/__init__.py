"""Model cards: the README.md of a model folder, a Markdown template for each kind."""
