"""What a Tryton needs so that Branch Lobby can keep its records in step: five fields and the rule that guards them."""
