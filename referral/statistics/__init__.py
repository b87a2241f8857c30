"""What the branch head may know of the branch: figures with their uncertainty, never a verdict on a person."""
