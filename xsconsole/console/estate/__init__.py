"""Several pools as one: each question and command goes to the console of its pool."""
