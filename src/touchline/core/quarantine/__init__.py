"""Rows that broke a promise: found, mended or let go, and run again."""
