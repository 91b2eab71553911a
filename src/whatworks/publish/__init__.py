"""What is published of a collection besides its statements: the same bytes from the server and in files.

`edition` says what is published and what the data set says of itself. Of that `dcat` makes the catalogue, `void` the
description of data set and service, `examples` the stored queries as RDF, `schemaorg` the block for search engines,
`citations` what reference managers read, `dumps` the files of a release, `sitemap` the lists for robots. `offers` is
the one table of formats; the server negotiates with it, and `redirects` makes rules for other servers of it.

Nothing here knows HTTP; addresses are made from the address of the site, which is given.
"""
