"""The shared machinery: knows no domain and no service."""
