"""What can be read and edited in a draft, as one tree: shown as a tree by the outline, as forms by the inspector."""
