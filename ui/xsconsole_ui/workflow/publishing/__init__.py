"""The sheet from which a draft is published: what it would do, shown live, and then what it did."""
