"""Playing matches."""
