"""A visit: from the moment somebody comes in until they leave."""
