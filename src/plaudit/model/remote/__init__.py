"""A scorer that computes elsewhere: a server's URL in a model's place."""
