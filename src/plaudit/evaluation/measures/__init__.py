"""From flat judgements and scores to figures, each with its interval."""
