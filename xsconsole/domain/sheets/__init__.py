"""What is known of one object, as lines to read, copy and follow."""
