"""From scenarios and seeds to finished runs on disk."""
