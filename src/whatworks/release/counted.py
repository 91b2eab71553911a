"""How many things of each class a data set has, and statements with each property, in terms of VoID."""

from collections.abc import Iterable
from hashlib import md5

from whatworks.collection import Collection
from whatworks.namespaces import DCAT, VOID
from whatworks.results import Row
from whatworks.terms import RDF_TYPE, Iri, Quad, Term


def dataset_of(collection: Collection) -> Iri:
    """Return the data set that a collection says it is."""
    found = collection.store.match(predicate=RDF_TYPE, value=Iri(DCAT + "Dataset"))
    named = (quad.subject for quad in found if isinstance(quad.subject, Iri))
    return min(named, default=Iri(collection.settings.base + "dataset"))


def as_void(dataset: Iri, rows: Iterable[Row]) -> list[Quad]:
    """Return what the query `publish/void` counted as statements; what has no IRI is of no use to who asks."""
    found = [Quad(dataset, RDF_TYPE, Iri(VOID + "Dataset"))]

    def say(subject: Iri, name: str, value: Term | None) -> None:
        if value is not None:
            found.append(Quad(subject, Iri(VOID + name), value))

    for of_class, prop, entities, triples in rows:
        part = dataset
        if isinstance(of_class, Iri):
            part = class_partition(dataset, of_class)
            say(dataset, "classPartition", part)
            say(part, "class", of_class)
        elif isinstance(prop, Iri):
            part = Iri(f"{dataset}#property-{mark(prop)}")
            say(dataset, "propertyPartition", part)
            say(part, "property", prop)
        elif of_class is not None:
            continue
        say(part, "entities", entities)
        say(part, "triples", triples)
    return found


def class_partition(dataset: Iri, of_class: Iri) -> Iri:
    """Return the IRI of what a data set has of a class."""
    return Iri(f"{dataset}#class-{mark(of_class)}")


def mark(text: str) -> str:
    """Return what stands for a text in the IRI of a partition."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()
