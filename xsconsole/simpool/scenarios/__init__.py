"""What a pool begins with."""
