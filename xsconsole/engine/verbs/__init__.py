"""What is done to a configuration where it stands: power, restore points, names, members."""
