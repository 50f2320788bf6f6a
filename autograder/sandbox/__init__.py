"""Where students' code runs: one confined process, and the bytes that cross."""
