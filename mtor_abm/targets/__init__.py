"""Published numbers the model was fitted to, and what the model gives for each."""
