"""Writes named graphs at a service that speaks the SPARQL 1.1 Graph Store HTTP Protocol."""

from urllib.parse import urlencode

from whatworks.errors import StoreAddress
from whatworks.store.address import Address, Login
from whatworks.store.connection import Reply
from whatworks.store.endpoint import Endpoint, Request
from whatworks.terms import Iri

# Where engines take graphs, by the end of the address at which they answer queries.
_BESIDE = (("/query", "/store"), ("/sparql", "/sparql-graph-crud-auth"))


class GraphStore:
    """Named graphs that can be written.

    Whatever is sent may be sent twice without harm, as it replaces a graph or adds statements without blank nodes.
    Still a busy service is not asked again: who writes begins anew, and only what is missing is sent.

    Args:
        url: The address, to which `?graph=` is added.
        timeout: So many seconds may be spent waiting for each answer.

    Raises:
        StoreAddress: The address cannot be asked.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        self.address = Address.parse(url)
        self._endpoint = Endpoint(self.address, login=Login.from_environment(), timeout=timeout)

    @classmethod
    def beside(cls, query: Address, *, timeout: float) -> "GraphStore":
        """Return the graph store of the engine that answers queries at an address.

        Raises:
            StoreAddress: That is not known.
        """
        for end, instead in _BESIDE:
            if query.path.endswith(end):
                parameters = f"?{urlencode(query.parameters)}" if query.parameters else ""
                return cls(query.origin + query.path.removesuffix(end) + instead + parameters, timeout=timeout)
        raise StoreAddress(
            f"Where {query} takes graphs is not known.",
            hint="Give the address of its SPARQL Graph Store Protocol: --graphs URL.",
        )

    def knock(self, graph: Iri) -> None:
        """Ask for a graph, so that it is known whether anybody is there and how one says who asks.

        Raises:
            EndpointUnreachable, EndpointTimeout, EndpointRedirect, EndpointRefused: As they say.
        """
        reply = self._send("GET", graph)
        try:
            # Whether a graph is not there or a service, cannot be told apart.
            if reply.status not in (200, 204, 404):
                raise self._endpoint.refused(reply)
        finally:
            reply.close()

    def put(self, graph: Iri, ntriples: bytes) -> None:
        """Put statements in place of those of a graph."""
        self._done(self._send("PUT", graph, ntriples))

    def add(self, graph: Iri, ntriples: bytes) -> None:
        """Add statements to a graph."""
        self._done(self._send("POST", graph, ntriples))

    def remove(self, graph: Iri) -> None:
        """Remove a graph."""
        self._done(self._send("DELETE", graph))

    def _send(self, method: str, graph: Iri, ntriples: bytes | None = None) -> Reply:
        url = f"{self.address}?{urlencode([*self.address.parameters, ('graph', graph)])}"
        headers = {"Accept": "application/n-triples, text/turtle;q=0.9, */*;q=0.1"}
        if ntriples is not None:
            headers["Content-Type"] = "application/n-triples"
        return self._endpoint.send(Request(method, url, headers, ntriples), again=method == "GET")

    def _done(self, reply: Reply) -> None:
        if not 200 <= reply.status < 300:
            try:
                raise self._endpoint.refused(reply)
            finally:
                reply.close()
        while reply.read(1 << 16):  # to its end, so that the connection can be used again
            pass
