"""The draft as a tree in which everything can be read and edited by keyboard and screen reader."""
