"""The collection as a site of files that any host can serve, with the bytes that the server sends.

`contents` knows what a site holds and makes it, `folder` writes it beside the old one and changes the two, `hosts` has
the files by which hosts know what our server does by itself, `finder` the search in the browser, `writing` puts them
together. Pages and statements come from `pages` and `publish`, as those of the server do.
"""
