"""The words in which findings are told, in each language; texts of the shapes come in theirs."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rdflib import Graph
from rdflib.term import Literal
from rdflib.term import Node as RdflibNode

LANGUAGES = ("en", "fr", "de")

# By what is said in English: French, German.
TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # what is there
        "a thing": ("une chose", "ein Ding"),
        "Class": ("Classe", "Klasse"),
        "the thing itself": ("la chose elle-même", "das Ding selbst"),
        "nothing": ("rien", "nichts"),
        "one value": ("une valeur", "ein Wert"),
        "{n} values": ("{n} valeurs", "{n} Werte"),
        "values that do not fit together": ("des valeurs qui ne vont pas ensemble", "Werte, die nicht zusammenpassen"),
        "values of {thing} that do not fit together": (
            "des valeurs de {thing} qui ne vont pas ensemble",
            "Werte von {thing}, die nicht zusammenpassen",
        ),
        "a thing without an IRI": ("une chose sans IRI", "ein Ding ohne IRI"),
        "{term}, which is no property of the model": (
            "{term}, qui n’est pas une propriété du modèle",
            "{term}, keine Eigenschaft des Modells",
        ),
        "{term}, which is no property of its vocabulary": (
            "{term}, qui n’est pas une propriété de son vocabulaire",
            "{term}, keine Eigenschaft seines Vokabulars",
        ),
        "{term}, which is no class of the model": (
            "{term}, qui n’est pas une classe du modèle",
            "{term}, keine Klasse des Modells",
        ),
        "{term}, which is no class of its vocabulary": (
            "{term}, qui n’est pas une classe de son vocabulaire",
            "{term}, keine Klasse seines Vokabulars",
        ),
        "a value of the type {type}": ("une valeur du type {type}", "ein Wert vom Typ {type}"),
        "{value}, which is marked as {sort} and is none": (
            "{value}, marqué comme {sort}, ce que ce n’est pas",
            "{value}, ausgezeichnet als {sort}, was es nicht ist",
        ),
        "{value}, {sort}": ("{value}, {sort}", "{value}, {sort}"),
        "a text": ("un texte", "ein Text"),
        "{thing}, which is not described": ("{thing}, qui n’est pas décrit ici", "{thing}, hier nicht beschrieben"),
        "{count} texts in {language} ({texts})": (
            "{count} textes en {language} ({texts})",
            "{count} Texte in der Sprache {language} ({texts})",
        ),
        # what should be there
        "{count} that is {sort}": ("{count} qui soit {sort}", "{count}, und zwar {sort}"),
        "at least one value": ("au moins une valeur", "mindestens ein Wert"),
        "at least {n} values": ("au moins {n} valeurs", "mindestens {n} Werte"),
        "at most one value": ("au plus une valeur", "höchstens ein Wert"),
        "at most {n} values": ("au plus {n} valeurs", "höchstens {n} Werte"),
        "at least one character": ("au moins un caractère", "mindestens ein Zeichen"),
        "at least {n} characters": ("au moins {n} caractères", "mindestens {n} Zeichen"),
        "at most one character": ("au plus un caractère", "höchstens ein Zeichen"),
        "at most {n} characters": ("au plus {n} caractères", "höchstens {n} Zeichen"),
        "a whole number": ("un nombre entier", "eine ganze Zahl"),
        "a decimal number, such as 0.5": (
            "un nombre décimal, par exemple 0.5",
            "eine Dezimalzahl, zum Beispiel 0.5",
        ),
        "a decimal number": ("un nombre décimal", "eine Dezimalzahl"),
        "true or false": ("true ou false", "true oder false"),
        "a truth value": ("une valeur de vérité", "ein Wahrheitswert"),
        "a text without a language tag": ("un texte sans étiquette de langue", "ein Text ohne Sprachkennung"),
        "a text with a language tag, such as @en": (
            "un texte avec une étiquette de langue, par exemple @en",
            "ein Text mit Sprachkennung, zum Beispiel @en",
        ),
        "a text with a language tag": ("un texte avec une étiquette de langue", "ein Text mit Sprachkennung"),
        "a date and time, such as 2026-01-31T12:00:00Z": (
            "une date et une heure, par exemple 2026-01-31T12:00:00Z",
            "Datum und Uhrzeit, zum Beispiel 2026-01-31T12:00:00Z",
        ),
        "a date and time": ("une date et une heure", "Datum und Uhrzeit"),
        "a date, such as 2026-01-31": ("une date, par exemple 2026-01-31", "ein Datum, zum Beispiel 2026-01-31"),
        "a date": ("une date", "ein Datum"),
        "an IRI": ("un IRI", "eine IRI"),
        "a text or number": ("un texte ou un nombre", "ein Text oder eine Zahl"),
        "another kind of value": ("une autre sorte de valeur", "eine andere Art von Wert"),
        "a thing of the class {name}": ("une chose de la classe {name}", "ein Ding der Klasse {name}"),
        "a text of another form (pattern {pattern})": (
            "un texte d’une autre forme (motif {pattern})",
            "ein Text von anderer Form (Muster {pattern})",
        ),
        "{number} or more": ("{number} ou plus", "{number} oder mehr"),
        "{number} or less": ("{number} ou moins", "{number} oder weniger"),
        "more than {number}": ("plus de {number}", "mehr als {number}"),
        "less than {number}": ("moins de {number}", "weniger als {number}"),
        "one text for each language": ("un texte par langue", "ein Text je Sprache"),
        "a text in another language": ("un texte dans une autre langue", "ein Text in einer anderen Sprache"),
        "{thing} among them": ("parmi elles {thing}", "darunter {thing}"),
        "another value": ("une autre valeur", "ein anderer Wert"),
        "no more than the {other}": ("pas plus que : {other}", "nicht mehr als: {other}"),
        "less than the {other}": ("moins que : {other}", "weniger als: {other}"),
        "a value that is not also given as '{other}'": (
            "une valeur qui ne soit pas aussi donnée comme « {other} »",
            "ein Wert, der nicht auch als „{other}“ angegeben ist",
        ),
        "nothing that {sort}": ("rien de ce que décrit « {sort} »", "nichts, was unter „{sort}“ fällt"),
        "a property of the model": ("une propriété du modèle", "eine Eigenschaft des Modells"),
        "a property of its vocabulary": ("une propriété de son vocabulaire", "eine Eigenschaft seines Vokabulars"),
        "a class of the model": ("une classe du modèle", "eine Klasse des Modells"),
        "a class of its vocabulary": ("une classe de son vocabulaire", "eine Klasse seines Vokabulars"),
        "a class of the model, such as ww:Practice": (
            "une classe du modèle, par exemple ww:Practice",
            "eine Klasse des Modells, zum Beispiel ww:Practice",
        ),
        "what the rule {rule} asks for": ("ce que demande la règle {rule}", "was die Regel {rule} verlangt"),
        "a concept of the scheme {scheme}": ("un concept du schéma {scheme}", "ein Konzept des Schemas {scheme}"),
        "a text in {languages}": ("un texte en {languages}", "ein Text in der Sprache {languages}"),
        " or ": (" ou ", " oder "),
        ", or ": (", ou ", ", oder "),
        "; nearest is {near}": (" ; le plus proche est {near}", "; am nächsten liegt {near}"),
        # the report
        "violation": ("infraction", "Verstoß"),
        "violations": ("infractions", "Verstöße"),
        "warning": ("avertissement", "Warnung"),
        "warnings": ("avertissements", "Warnungen"),
        "info": ("remarque", "Hinweis"),
        "note": ("remarque", "Hinweis"),
        "notes": ("remarques", "Hinweise"),
        " (line {n})": (" (ligne {n})", " (Zeile {n})"),
        " (without an IRI)": (" (sans IRI)", " (ohne IRI)"),
        "found {found}; expected {expected}.": (
            "trouvé : {found} ; attendu : {expected}.",
            "gefunden: {found}; erwartet: {expected}.",
        ),
        "Profile {profile}: {counts} in {n} statements.": (
            "Profil {profile} : {counts} dans {n} énoncés.",
            "Profil {profile}: {counts} in {n} Aussagen.",
        ),
        "Since release {name}: {trend}.": ("Depuis la version {name} : {trend}.", "Seit der Ausgabe {name}: {trend}."),
        "Report of a check": ("Rapport d’un contrôle", "Bericht einer Prüfung"),
        "Nothing was found.": ("Rien n’a été trouvé.", "Es wurde nichts gefunden."),
        "By severity": ("Par gravité", "Nach Schwere"),
        "By rule": ("Par règle", "Nach Regel"),
        "By record": ("Par fiche", "Nach Eintrag"),
        "severity": ("gravité", "Schwere"),
        "findings": ("constats", "Funde"),
        "records": ("fiches", "Einträge"),
        "release {name}": ("version {name}", "Ausgabe {name}"),
        "change": ("changement", "Änderung"),
        "rule": ("règle", "Regel"),
        "field": ("champ", "Feld"),
        "how to mend it": ("comment corriger", "Abhilfe"),
        "found": ("trouvé", "gefunden"),
        "expected": ("attendu", "erwartet"),
        "place": ("endroit", "Stelle"),
        "what to do": ("que faire", "was zu tun ist"),
        "without an IRI": ("sans IRI", "ohne IRI"),
        "The name of a rule leads to its documentation, the number of its findings to the first of them.": (
            "Le nom d’une règle mène à sa documentation, le nombre de ses constats au premier d’entre eux.",
            "Der Name einer Regel führt zu ihrer Beschreibung, die Zahl ihrer Funde zum ersten.",
        ),
        # what the checks themselves advise
        "Correct the spelling, or declare the property with a label in a file in ontology/.": (
            "Corrigez l’orthographe, ou déclarez la propriété avec un libellé dans un fichier de ontology/.",
            "Berichtigen Sie die Schreibung, oder deklarieren Sie die Eigenschaft mit Bezeichnung in ontology/.",
        ),
        "Correct the spelling, or declare the class with a label in a file in ontology/.": (
            "Corrigez l’orthographe, ou déclarez la classe avec un libellé dans un fichier de ontology/.",
            "Berichtigen Sie die Schreibung, oder deklarieren Sie die Klasse mit Bezeichnung in ontology/.",
        ),
        "Say of which class the thing is, so that the shapes of the class check it.": (
            "Dites de quelle classe est la chose, pour que les formes de la classe la contrôlent.",
            "Sagen Sie, von welcher Klasse das Ding ist, damit die Shapes der Klasse es prüfen.",
        ),
        "Take the e-mail address or telephone number out of the text.": (
            "Retirez du texte l’adresse électronique ou le numéro de téléphone.",
            "Nehmen Sie die E-Mail-Adresse oder Telefonnummer aus dem Text heraus.",
        ),
    }
)


class Phrases:
    """The words of one language.

    Args:
        language: One of `LANGUAGES`.
    """

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._column = LANGUAGES.index(language) - 1

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in the language, with values where it has their names in braces."""
        found = text if self._column < 0 else TEXTS[text][self._column]
        return found.format(**values) if values else found

    def pick(self, texts: Sequence[RdflibNode]) -> str:
        """Return the text in the language, else the English one, else the first; empty where there is none."""
        return str(min(texts, key=self._rank)) if texts else ""

    def text(self, graph: Graph, node: RdflibNode | None, predicate: RdflibNode) -> str:
        """Return what a graph says of a node with a property, in the language that fits best."""
        found = graph.objects(node, predicate) if node is not None else ()
        return self.pick([each for each in found if isinstance(each, Literal)])

    def _rank(self, text: RdflibNode) -> tuple[bool, bool, str]:
        tag = getattr(text, "language", "")
        return tag != self.language, tag != "en", str(text)
