"""The dynamic events of a simulated match, one module for each kind of event."""
