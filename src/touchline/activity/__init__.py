"""Activity: product events, a partition a day, behind a gate (design 002)."""
