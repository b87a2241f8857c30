"""Telling the bank's other systems what happens in a branch: signed, in order, again until it is heard."""
