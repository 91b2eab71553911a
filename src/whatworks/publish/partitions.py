"""The properties of the things of each class, counted, in terms of VoID and its extension for datatypes.

Source of the extension: http://ldf.fi/void-ext, as the editor and the assistant of the SIB read it.
"""

from whatworks.kg import KnowledgeGraph
from whatworks.publish.statements import Statements
from whatworks.release.counted import class_partition, mark
from whatworks.terms import Iri, Quad


def partitions(kg: KnowledgeGraph, dataset: Iri) -> list[Quad]:
    """Return the property partitions of the class partitions in what `as_void` says."""
    found = Statements()
    for of_class, prop, value_class, datatype, uses in kg.catalogue.rows(kg.collection.store, "publish/partitions"):
        if not isinstance(of_class, Iri) or not isinstance(prop, Iri) or uses is None:
            continue  # a class without an IRI is of no use to who asks
        of_class_here = class_partition(dataset, of_class)
        here = Iri(f"{of_class_here}-{mark(prop)}")
        value = value_class or datatype
        if value is None:
            found.say(of_class_here, "void:propertyPartition", here)
            found.say(here, "void:property", prop)
            found.say(here, "void:triples", uses)
            continue
        part = Iri(f"{here}-{mark(str(value))}")
        found.say(here, "void:classPartition" if value_class else "void-ext:datatypePartition", part)
        found.say(part, "void:class" if value_class else "void-ext:datatype", value)
        found.say(part, "void:triples", uses)
    return found.quads
