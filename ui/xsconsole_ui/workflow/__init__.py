"""The designer: the release process drawn as a graph. Everything that changes the draft goes through its desk."""
