"""What every training run shares: its folder, split, trainer, progress and warnings."""
