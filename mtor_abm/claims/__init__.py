"""The review made executable: each claim a virtual experiment with a verdict."""
