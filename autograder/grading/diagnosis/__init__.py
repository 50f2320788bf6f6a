"""What was misunderstood, where a function is wrong."""
