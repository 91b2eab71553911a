"""Words that two texts may share and that tell nobody what the texts are about: they count, and are not quoted."""

_ENGLISH = """
one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand first third
half thirds fifths several many much less least
day days daily week weeks weekly month months monthly year years yearly year-olds aged time times past later now since
act acts acting become becomes bring brings brought close come comes cut cuts face faces find finds found get gets give
gives given giving go goes going gone help helps helped helping hold holds keep keeps kept know knows known lead leads
led let lets look looks looked looking make makes made making may might must move moves moved offer offers offered put
puts run runs running say says said see sees seen set sets show shows shown take takes taken taking took tell tells
told tie tied try tries tried turn turns use uses used using want wants work works worked
across against along another back clear either even every good high iii ii iv vi like long low mind new next open
part parts place places point points real short small still together way ways well whether within without
"""
_FRENCH = """
deux trois quatre cinq six sept huit neuf dix cent mille premier premiere plusieurs chaque
an annee annees ans jour jours mois semaine semaines temps
aider avoir donner donne etre faire fait fois mettre peut peuvent prendre tenir trouver venir voir
autre autres bien bon bonne grand grande lieu meme nouveau nouvelle partie petit petite point tout toute tous toutes
"""
_GERMAN = """
zwei drei vier funf sechs sieben acht neun zehn hundert tausend erste ersten mehrere
jahr jahre jahren jahrige monat monate monaten tag tage tagen woche wochen zeit
bringen finden geben gibt gehen haben halten helfen kommen konnen lassen machen nehmen sehen stehen tun werden
alles ganz gross grosse gut gute klein kleine neu neue neuen ort teil teile viel viele weg
"""
QUIET = frozenset(f"{_ENGLISH} {_FRENCH} {_GERMAN}".split())
