"""The board: stages as columns, configurations as cards."""
