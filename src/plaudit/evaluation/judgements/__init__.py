"""What people said, flattened once to arrays that every measurement reads."""
