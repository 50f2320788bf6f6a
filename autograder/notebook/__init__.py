"""From what was handed in to what runs of it."""
