"""The catalogue: the data set, its releases with their files, and the services, in terms of DCAT 3 and DCAT-AP 3."""

from whatworks.errors import UnknownThing
from whatworks.publish.dumps import File, files_of
from whatworks.publish.edition import Edition
from whatworks.publish.statements import Statements, term
from whatworks.release import Release
from whatworks.terms import RDF_TYPE, XSD, Iri, Literal, Node, Quad, Term

_MEDIA = "https://www.iana.org/assignments/media-types/"
_FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
_PROTOCOL = Iri("https://www.w3.org/TR/sparql11-protocol/")
# DCAT-AP keeps this property for data sets of catalogues; pages are what a data set was derived from.
# What leads from a release to other data sets.
_BESIDE = (term("dcat:isVersionOf"), term("dcat:previousVersion"))
_ADDRESSES = tuple(map(term, ("dcat:accessURL", "dcat:downloadURL", "dcat:endpointURL", "dcat:endpointDescription")))
_WITHOUT = "The data set and its releases."
_SOURCE, _DERIVED = term("dcterms:source"), term("prov:wasDerivedFrom")


def catalogue(edition: Edition, home: str, *, answers: bool = True) -> list[Quad]:
    """Return the catalogue.

    Args:
        edition: What is published.
        home: The address of the site, with a slash at its end.
        answers: Whether queries are answered there; else it names no services.
    """
    return _Writer(edition, home).catalogue(answers=answers)


def release(edition: Edition, home: str, name: str) -> list[Quad]:
    """Return what the catalogue says of one release and its files.

    Raises:
        UnknownThing: There is no such release.
    """
    writer, here = _Writer(edition, home), iri_of(edition, name)
    if not any(each.name == name for each in writer.releases):
        raise UnknownThing(f"There is no release {name[:80]!r} here.", hint="They are listed at /dumps/.")
    about: dict[Node, list[Quad]] = {}
    for quad in writer.catalogue():
        about.setdefault(quad.subject, []).append(quad)
    found, waiting, seen = list[Quad](), [here], {here}
    while waiting:
        for quad in about.get(waiting.pop(), ()):
            found.append(quad)
            value = quad.object
            if isinstance(value, Iri) and quad.predicate not in _BESIDE and value not in seen:
                seen.add(value)
                waiting.append(value)
    return found


def iri_of(edition: Edition, name: str) -> Iri:
    """Return the IRI of a release."""
    return edition.kg.collection.space.thing("release", name)


class _Writer:
    """Writes the catalogue of one edition at one address."""

    def __init__(self, edition: Edition, home: str) -> None:
        self.edition, self.home = edition, home
        self.facts = edition.facts
        self.releases = edition.releases()
        self.found = Statements()
        self.here = Iri(f"{edition.base}catalog")
        self.say = self.found.say

    def catalogue(self, *, answers: bool = True) -> list[Quad]:
        """Return all of it."""
        facts, here = self.facts, self.here
        self.say(here, "a", term("dcat:Catalog"))
        self.say(here, "dcterms:title", self._text(f"Catalogue: {facts.title}"))
        held = "The data set, its releases and the services that answer from it." if answers else _WITHOUT
        self.say(here, "dcterms:description", self._text(f"{held} {facts.description}".strip()))
        self.say(here, "foaf:homepage", Iri(self.home))
        self.say(here, "dcat:dataset", facts.iri, *(iri_of(self.edition, each.name) for each in self.releases))
        self._common(here)
        self._dataset()
        if answers:
            self._access()
        for before, each in zip([None, *self.releases], self.releases, strict=False):
            self._release(each, before)
        if answers:
            self._services()
        self.say(Iri(self.home), "a", term("foaf:Document"))
        return self._named()

    def _common(self, here: Iri) -> None:
        """Say who publishes something, and under which licence."""
        for agent in self.facts.publishers:
            self.say(here, "dcterms:publisher", agent.iri)
        if self.facts.licence:
            self.say(here, "dcterms:license", Iri(self.facts.licence))
            self.say(Iri(self.facts.licence), "a", term("dcterms:LicenseDocument"))

    def _dataset(self) -> None:
        """Say what the data says of the data set, and which releases there are of it."""
        here = self.facts.iri
        self.found.quads += [
            quad._replace(predicate=_DERIVED) if quad.predicate == _SOURCE else quad for quad in self.edition.stated
        ]
        self.say(here, "a", term("dcat:Dataset"))
        if not self.edition.values(here, "dcterms:title"):
            self.say(here, "dcterms:title", self._text(self.facts.title))
        if not self.facts.description:
            self.say(here, "dcterms:description", self._text(f"What whatworks publishes of {self.edition.base}."))
        self.say(here, "dcat:landingPage", Iri(self.home))
        for each in self.releases:
            self.say(here, "dcat:hasVersion", iri_of(self.edition, each.name))
            if each.name == self.edition.name:
                self.say(here, "dcat:hasCurrentVersion", iri_of(self.edition, each.name))
                self.say(
                    here,
                    "dcat:distribution",
                    *(self._distribution_iri(each, file) for file in files_of(self.edition, each)),
                )

    def _access(self) -> None:
        """Say that the data set can be had by asking for it."""
        here = self.facts.iri
        access = Iri(f"{here}#sparql")
        self.say(here, "dcat:distribution", access)
        self.say(access, "a", term("dcat:Distribution"))
        self.say(access, "dcterms:title", Literal.text("Queries in SPARQL", "en"))
        self.say(access, "dcat:accessURL", Iri(f"{self.home}sparql"))
        self.say(access, "dcat:accessService", Iri(f"{self.here}#sparql"))
        self._licensed(access)

    def _release(self, release: Release, before: Release | None) -> None:
        here = iri_of(self.edition, release.name)
        versions = release.manifest["versions"].get(str(self.facts.iri), [])
        self.say(here, "a", term("dcat:Dataset"))
        self.say(here, "dcterms:title", self._text(f"{self.facts.title}: release {release.name}"))
        statements = release.manifest["statements"]
        said = f"The state of the data set that has the checksum {release.name}: {statements} statements."
        self.say(here, "dcterms:description", Literal.text(said, "en"))
        self.say(here, "dcterms:identifier", Literal(release.name))
        self.say(here, "dcat:version", Literal("+".join([*versions[:1], release.name])))
        self.say(here, "void:triples", Literal.integer(statements))
        self.say(here, "dcat:isVersionOf", self.facts.iri)
        self.say(here, "dcat:landingPage", Iri(f"{self.home}dumps/{release.name}/"))
        self.say(Iri(f"{self.home}dumps/{release.name}/"), "a", term("foaf:Document"))
        if before is not None:
            self.say(here, "dcat:previousVersion", iri_of(self.edition, before.name))
        for agent in self.facts.publishers:
            self.say(here, "dcterms:publisher", agent.iri)
        self._licensed(here, release)
        for file in files_of(self.edition, release):
            self._file(release, file)

    def _distribution_iri(self, release: Release, file: File) -> Iri:
        return Iri(f"{iri_of(self.edition, release.name)}#{file.name}")

    def _file(self, release: Release, file: File) -> None:
        here, address = self._distribution_iri(release, file), Iri(f"{self.home}dumps/{release.name}/{file.name}")
        media, checksum = Iri(_MEDIA + file.inner_type), Iri(f"{here}-sha256")
        self.say(iri_of(self.edition, release.name), "dcat:distribution", here)
        self.say(here, "a", term("dcat:Distribution"))
        self.say(here, "dcterms:title", Literal.text(file.title, "en"))
        self.say(here, "dcat:accessURL", address)
        self.say(here, "dcat:downloadURL", address)
        self.say(here, "dcat:mediaType", media)
        self.say(media, "a", term("dcterms:MediaType"))
        if file.is_packed:
            self.say(here, "dcat:compressFormat", Iri(_MEDIA + file.media_type))
            self.say(Iri(_MEDIA + file.media_type), "a", term("dcterms:MediaType"))
        if file.file_type:
            self.say(here, "dcterms:format", Iri(_FILE_TYPE + file.file_type))
            self.say(Iri(_FILE_TYPE + file.file_type), "a", term("dcterms:MediaTypeOrExtent"))
        self.say(here, "dcat:byteSize", Literal(str(file.bytes), "", Iri(f"{XSD}nonNegativeInteger")))
        self.say(here, "spdx:checksum", checksum)
        self.say(checksum, "a", term("spdx:Checksum"))
        algorithm = term("spdx:checksumAlgorithm_sha256")
        self.say(checksum, "spdx:algorithm", algorithm)
        self.say(algorithm, "a", term("spdx:ChecksumAlgorithm"))
        self.say(checksum, "spdx:checksumValue", Literal(file.sha256, "", Iri(f"{XSD}hexBinary")))
        if file.codebook:
            page = Iri(f"{self.home}dumps/{release.name}/{file.codebook}")
            self.say(here, "foaf:page", page)
            self.say(page, "a", term("foaf:Document"))
        self._licensed(here, release)

    def _licensed(self, here: Iri, release: Release | None = None) -> None:
        """State the licence: the one that the release stated, else that of the data set."""
        stated = release.manifest["licences"].get(str(self.facts.iri), []) if release is not None else []
        for licence in stated[:1] or [self.facts.licence]:
            if licence:
                self.say(here, "dcterms:license", Iri(licence))
                self.say(Iri(licence), "a", term("dcterms:LicenseDocument"))

    def _services(self) -> None:
        services = (
            ("sparql", "SPARQL endpoint", f"{self.home}sparql", f"{self.home}sparql?format=turtle"),
            ("api", "Stored queries", f"{self.home}api/queries", f"{self.home}openapi.json"),
        )
        for name, title, address, description in services:
            here = Iri(f"{self.here}#{name}")
            self.say(self.here, "dcat:service", here)
            self.say(here, "a", term("dcat:DataService"))
            self.say(here, "dcterms:title", Literal.text(title, "en"))
            self.say(here, "dcat:endpointURL", Iri(address))
            self.say(here, "dcat:endpointDescription", Iri(description))
            self.say(here, "dcat:servesDataset", self.facts.iri)
            self._common(here)
        self.say(Iri(f"{self.here}#sparql"), "dcterms:conformsTo", _PROTOCOL)
        self.say(_PROTOCOL, "a", term("dcterms:Standard"))

    def _named(self) -> list[Quad]:
        """Add what agents are and are called, nothing else of them; and that what stands at an address is a resource.

        The shapes of DCAT-AP ask for that, though everything is one.
        """
        addressed = [quad.object for quad in self.found.quads if quad.predicate in _ADDRESSES]
        for address in dict.fromkeys(addressed):
            if isinstance(address, Iri):
                self.say(address, "a", term("rdfs:Resource"))
        for agent in dict.fromkeys(each.iri for each in (*self.facts.creators, *self.facts.publishers)):
            self.say(agent, "a", term("foaf:Agent"))
            self.found.quads += [
                quad._replace(graph=None)
                for prop in (RDF_TYPE, term("foaf:name"))
                for quad in self.edition.kg.collection.store.match(agent, prop)
            ]
        return list(dict.fromkeys(self.found.quads))

    def _text(self, text: str) -> Term:
        return Literal.text(text, self.facts.language) if self.facts.language else Literal(text)
