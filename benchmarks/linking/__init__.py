"""How good links are: a judged set on the shipped collection, and families of interventions planted on purpose."""
