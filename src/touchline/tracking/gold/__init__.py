"""Silver -> gold: metrics that people ask for, one module or SQL file per table or topic."""
