"""The properties of the things of each class, counted, in terms of VoID and its extension for datatypes.

Source of the extension: http://ldf.fi/void-ext, as the editor and the assistant of the SIB read it.
"""

from hashlib import md5

from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import DCAT
from whatworks.publish.statements import Statements
from whatworks.results import Table
from whatworks.terms import RDF_TYPE, Iri, Quad


def dataset_of(kg: KnowledgeGraph) -> Iri:
    """Return the data set that a collection says it is."""
    found = kg.collection.store.match(predicate=RDF_TYPE, value=Iri(DCAT + "Dataset"))
    named = (quad.subject for quad in found if isinstance(quad.subject, Iri))
    return min(named, default=Iri(kg.settings.base + "dataset"))


def partitions(kg: KnowledgeGraph, dataset: Iri) -> list[Quad]:
    """Return the property partitions of the class partitions that the query `publish/void` makes."""
    answer = kg.collection.store.query(kg.catalogue.get("publish/partitions").bind({}))
    assert isinstance(answer, Table)  # noqa: S101 - the tool's own query is a SELECT query, tested as such
    found = Statements()
    for of_class, prop, value_class, datatype, uses in answer:
        if not isinstance(of_class, Iri) or not isinstance(prop, Iri) or uses is None:
            continue  # a class without an IRI is of no use to who asks
        of_class_here = Iri(f"{dataset}#class-{_mark(of_class)}")
        here = Iri(f"{of_class_here}-{_mark(prop)}")
        value = value_class or datatype
        if value is None:
            found.say(of_class_here, "void:propertyPartition", here)
            found.say(here, "void:property", prop)
            found.say(here, "void:triples", uses)
            continue
        part = Iri(f"{here}-{_mark(str(value))}")
        found.say(here, "void:classPartition" if value_class else "void-ext:datatypePartition", part)
        found.say(part, "void:class" if value_class else "void-ext:datatype", value)
        found.say(part, "void:triples", uses)
    return found.quads


def _mark(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
