"""What a search knows of English, French and German: endings of words, and words that tell nothing; folded."""

# What English, French and German words end with when they are bent.
ENDINGS = frozenset((
    "ungen", "ments", "tions", "ings", "ment", "tion", "ions", "ness", "eurs", "euse",
    "ung", "ing", "ers", "ies", "ern", "est", "ion", "eur", "ees",
    "er", "es", "ed", "en", "em", "et", "ee", "ie", "s", "e", "n", "y",
))  # fmt: skip

# Words that say little about what is sought; they count only where nothing else is asked.
_ENGLISH = """
a about above after again all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each few for from further had has have having he her here hers him his how i if in
into is it its just me more most my no nor not of off on once only or other our ours out over own same she should so
some such than that the their theirs them then there these they this those through to too under until up very was we
were what when where which while who whom whose why will with would you your yours
"""
_FRENCH = """
au aux avec ce ces cet cette c d dans de des du elle elles en entre est et etre eux il ils j je l la le les leur leurs
lui m ma mais me meme mes moi mon n ne nos notre nous on ont ou par pas plus pour qu que quel quelle qui s sa sans se
ses si son sont sous sur t ta te tes ton tu un une vers vos votre vous y
"""
_GERMAN = """
aber alle als am an andere auch auf aus bei beim bis da das dass dem den der des die dies diese dieser dieses doch
durch ein eine einem einen einer eines er es fur gegen haben hat hier ich ihm ihn ihr ihre im in ist jede jeder kann
kein keine man mein mich mir mit nach nicht noch nun nur ob oder ohne sehr sein seine sich sie sind so sondern uber um
und uns unser unter vom von vor war was weil welche wenn wer werden wie wir wird wo zu zum zur zwischen
"""
STOP = frozenset(f"{_ENGLISH} {_FRENCH} {_GERMAN}".split())
