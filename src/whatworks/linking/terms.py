"""The IRIs of links and of what they say."""

from whatworks.namespaces import (
    DCAT,
    DCTERMS,
    LINK_FROM,
    LINK_TO,
    MAPPING_FROM,
    MAPPING_TO,
    PROV,
    SCORE,
    TITLE,
    VOC,
    WW,
)
from whatworks.terms import XSD_DECIMAL, Iri
from whatworks.trig import Order

# By what links are found; a new version gives other scores, a new method other links.
METHOD, VERSION = "shared-features", "2"

LINK = Iri(WW + "Link")
MAPPING = Iri(WW + "Mapping")
MAPPING_RELATION = Iri(WW + "mappingRelation")
CONTRIBUTION = Iri(WW + "Contribution")
TYPE = Iri(WW + "linkType")
EXPLANATION = Iri(WW + "explanation")
STATUS = Iri(WW + "reviewStatus")
SHARED = Iri(WW + "sharedFeature")
HAS_CONTRIBUTION = Iri(WW + "hasContribution")
FEATURE = Iri(WW + "feature")
SHARED_WORDS = Iri(WW + "sharedWords")
VALUE = Iri(WW + "contribution")
BY, ON, NOTE = Iri(WW + "reviewedBy"), Iri(WW + "reviewedOn"), Iri(WW + "reviewNote")
MADE_BY, USED = Iri(PROV + "wasGeneratedBy"), Iri(PROV + "used")
ENDED = Iri(PROV + "endedAtTime")
ACTIVITY, PLAN = Iri(PROV + "Activity"), Iri(PROV + "Plan")
VERSION_INFO = Iri(DCAT + "version")
DESCRIPTION = Iri(DCTERMS + "description")

# The order in which the files under data/links/ name the properties of a link.
FILE_ORDER = Order(
    [
        *(MAPPING_FROM, MAPPING_TO, MAPPING_RELATION),
        *(LINK_FROM, LINK_TO, TYPE, EXPLANATION, STATUS, BY, ON, NOTE, SCORE, SHARED, HAS_CONTRIBUTION),
        *(FEATURE, SHARED_WORDS, VALUE, TITLE, DESCRIPTION),
    ]
)
# What a link says, by the words in which the writer speaks of it.
BASICS = {
    **{"link": LINK, "from": LINK_FROM, "to": LINK_TO, "type": TYPE, "explanation": EXPLANATION, "status": STATUS},
    **{"score": SCORE, "shared": SHARED, "has contribution": HAS_CONTRIBUTION, "made by": MADE_BY},
    **{"contribution": CONTRIBUTION, "feature": FEATURE, "words": SHARED_WORDS, "value": VALUE},
    "decimal": XSD_DECIMAL,
}
COMPUTED = "Made by whatworks link; what is edited here is lost with the next run. Decide about links in reviewed.ttl."
REVIEWED = "What people decided about computed links. Written by whatworks link --review, and to be edited."


def status_iri(code: str) -> Iri:
    """Return a review status."""
    return Iri(f"{VOC}review-status/{code}")


def type_iri(code: str) -> Iri:
    """Return a type of link."""
    return Iri(f"{VOC}link-type/{code}")
