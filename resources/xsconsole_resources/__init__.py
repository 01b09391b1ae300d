"""Fonts, icons and templates that ship with the program."""
