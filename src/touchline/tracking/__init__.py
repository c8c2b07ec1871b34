"""Provider tracking files -> frames, events, phases -> sprints, runs, pressing."""
