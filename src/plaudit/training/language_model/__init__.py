"""Language models: pretraining and supervised fine-tuning."""
