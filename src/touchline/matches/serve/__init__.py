"""What applications post and ask, whatever carries it: HTTP, a function of a cloud, a test."""
