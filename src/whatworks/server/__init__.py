"""The server: a release over HTTP, for other people's tools (the extra `serve`).

`app` puts the parts together: `resources` for linked data, `protocol` for SPARQL, `api` for the stored queries. What is
served stands in `served`; `guard` bounds what comes in and marks what goes out; `run` starts it all.
starlette is known to this package, and each other library to one module: mimeparse to `negotiation`, Jinja2 to
`pages`, prometheus-client to `metrics`, uvicorn to `run`.
"""
