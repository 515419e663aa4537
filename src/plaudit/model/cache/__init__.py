"""What a frozen part of a network makes of responses, computed once."""
