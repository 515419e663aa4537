"""One file a section of the page: figures -> blocks, or None where there is nothing to show."""
