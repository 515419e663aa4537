"""What a training run would compute and hold, told before anything is loaded."""
