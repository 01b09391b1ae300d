"""What can be asked of a list: a language, from text to a plain function."""
