"""How well the search answers questions whose right answers are known."""
