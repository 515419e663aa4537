"""People compare answers in a web page, and what they say goes straight into training."""
