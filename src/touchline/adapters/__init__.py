"""One file per technology; knows no domain."""
