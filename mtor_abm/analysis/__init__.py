"""From finished runs to estimates: reads tables, never the model."""
