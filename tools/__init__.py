"""What builds the book and is not installed."""
