"""The family of errors, the one place where a way of failing gets its code, exit status and HTTP status.

Error:
    ├── UsageError            exit 2   what was asked for does not exist or is badly put
    │   ├── UnknownQuery, UnknownParameter, MissingParameter, UnknownValue, InvalidValue, AmbiguousValue
    │   ├── UnknownThing, UnknownFormat
    │   └── StoreAddress, NotRemote
    ├── CheckFailed           exit 1   the data has violations
    └── InputError            exit 3   a file, a query text, the store or the system is at fault
        ├── SyntaxFault, EncodingFault, RemoteContext, XmlEntities, WorkbookFault, UnknownFileType, MissingFile,
        ├── LinkRefused
        ├── QueryHeader, QuerySyntax, QueryRefused, UpdateRefused, QueryStopped, Busy, TooMany, TooLarge, AddressFault
        ├── MissingExtra
        ├── MappingFault, ImportRefused, ShapeFault, GitFault, SettingsFault, Unwritable, InvalidTerm
        ├── DamagedRelease, NewerRelease, Locked, SourcesChanged
        ├── ForeignFiles, UnusableName
        └── EndpointUnreachable, EndpointTimeout, EndpointRedirect, EndpointRefused, EndpointAnswer

Each code is an anchor of docs/errors.md. Neither the command line nor a web framework is known here: each door maps
an `Error` once, with `exit_status` or `http_status`.
"""

from typing import NamedTuple


class Place(NamedTuple):
    """Where something is wrong: a file, and in it a line and column (both from 1), or a cell, and its sheet if any."""

    file: str
    line: int | None = None
    column: int | None = None
    cell: str = ""
    sheet: str = ""

    def __str__(self) -> str:
        if self.sheet or self.cell:
            return f"{self.file}, {'!'.join(filter(None, (self.sheet, self.cell)))}"
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class Error(Exception):
    """Something that a person can understand and mend.

    Attributes:
        message: What is wrong, in one sentence.
        hint: How to mend it; empty when the message says it.
        where: The place, if there is one.
    """

    code = "error"
    exit_status = 3
    http_status = 500

    def __init__(self, message: str, *, hint: str = "", where: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n{self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"


class UsageError(Error):
    """What was asked for does not exist or is badly put."""

    code = "usage"
    exit_status = 2
    http_status = 400


class UnknownQuery(UsageError):
    """No stored query has this name."""

    code = "unknown-query"
    http_status = 404


class UnknownParameter(UsageError):
    """The stored query has no parameter of this name."""

    code = "unknown-parameter"


class MissingParameter(UsageError):
    """A required parameter was not given."""

    code = "missing-parameter"


class UnknownValue(UsageError):
    """The value names nothing in the graph."""

    code = "unknown-value"


class AmbiguousValue(UsageError):
    """The value names more than one thing."""

    code = "ambiguous-value"


class InvalidValue(UsageError):
    """The value is not of the parameter's type."""

    code = "invalid-value"


class UnknownThing(UsageError):
    """Nothing in the graph has this key or IRI."""

    code = "unknown-thing"
    http_status = 404


class UnknownFormat(UsageError):
    """The format does not exist or does not fit the answer."""

    code = "unknown-format"
    http_status = 406


class StoreAddress(UsageError):
    """The address of a remote store is no address that can be asked."""

    code = "store-address"


class NotRemote(UsageError):
    """The command works on files or releases and not on a remote store."""

    code = "not-remote"


class InputError(Error):
    """A file, a query text, the store or the system is at fault."""

    code = "input"
    http_status = 400


class SyntaxFault(InputError):
    """A data file is not well formed."""

    code = "syntax"


class EncodingFault(InputError):
    """A file is not UTF-8."""

    code = "encoding"


class RemoteContext(InputError):
    """A JSON-LD document names a context that would have to be fetched."""

    code = "remote-context"


class XmlEntities(InputError):
    """An RDF/XML document declares external or exploding entities."""

    code = "xml-entities"


class WorkbookFault(InputError):
    """A workbook or a table cannot be read, or holds what is not taken over."""

    code = "workbook"


class UnknownFileType(InputError):
    """The ending of a file says no format that can be read."""

    code = "unknown-file-type"


class MissingFile(InputError):
    """A file or folder that is needed is not there or cannot be read."""

    code = "missing-file"


class LinkRefused(InputError):
    """A link among the files of a project leads out of it, to a folder, or nowhere."""

    code = "link-refused"


class QueryHeader(InputError):
    """The header of a stored query is broken."""

    code = "query-header"


class QuerySyntax(InputError):
    """A SPARQL text is not well formed."""

    code = "query-syntax"


class QueryRefused(InputError):
    """A SPARQL text asks for something that is not allowed or would stop the engine."""

    code = "query-refused"


class UpdateRefused(QueryRefused):
    """A SPARQL text would change data."""

    code = "update-refused"
    http_status = 403


class QueryStopped(InputError):
    """A query took more time or memory than it was given."""

    code = "query-stopped"
    http_status = 503


class Busy(InputError):
    """As many queries wait as may wait."""

    code = "busy"
    http_status = 503


class TooMany(InputError):
    """One who asks has as many queries waiting as may be."""

    code = "too-many"
    http_status = 429


class AddressFault(InputError):
    """The server cannot listen at the address that it was given."""

    code = "address"


class TooLarge(InputError):
    """A request is longer than it may be."""

    code = "too-large"
    http_status = 413


class MappingFault(InputError):
    """The mapping of an import is broken or does not fit its file."""

    code = "mapping"


class ImportRefused(InputError):
    """Records hold values that cannot be taken over; nothing was written."""

    code = "import-refused"


class ShapeFault(InputError):
    """A shapes file uses an unknown SHACL term, has a target that matches nothing, or cannot be used as it is."""

    code = "shape"


class GitFault(InputError):
    """What has changed cannot be asked of git: it is not there, or there is no repository or revision."""

    code = "git"


class SettingsFault(InputError):
    """The settings of a project are broken."""

    code = "settings"


class Unwritable(InputError):
    """A file or folder cannot be written."""

    code = "unwritable"


class MissingExtra(InputError):
    """A library that is only installed on demand is not there."""

    code = "missing-extra"


class CheckFailed(Error):
    """The data has violations, so no release is made of it."""

    code = "check-failed"
    exit_status = 1
    http_status = 409


class DamagedRelease(InputError):
    """A release on disk is not whole."""

    code = "damaged-release"
    http_status = 500


class NewerRelease(InputError):
    """A release was made by a version that this one does not understand."""

    code = "newer-release"
    http_status = 500


class Locked(InputError):
    """Another process is writing releases of this project, or the same site."""

    code = "locked"
    http_status = 409


class ForeignFiles(InputError):
    """The folder of a site holds files that are not of the site."""

    code = "foreign-files"
    http_status = 409


class UnusableName(InputError):
    """An address of the site cannot be the name of a file on every disk and host."""

    code = "unusable-name"


class SourcesChanged(InputError):
    """The source files changed while a release was made from them."""

    code = "sources-changed"
    http_status = 409


class InvalidTerm(InputError):
    """A text cannot be part of an RDF term."""

    code = "invalid-term"


class EndpointUnreachable(InputError):
    """No connection to a remote store can be made, or it breaks off before an answer."""

    code = "endpoint-unreachable"
    http_status = 502


class EndpointTimeout(InputError):
    """A remote store does not answer in time."""

    code = "endpoint-timeout"
    http_status = 504


class EndpointRedirect(InputError):
    """A remote store leads somewhere that is not followed."""

    code = "endpoint-redirect"
    http_status = 502


class EndpointRefused(InputError):
    """A remote store answers that it cannot or will not."""

    code = "endpoint-refused"
    http_status = 502


class EndpointAnswer(InputError):
    """The answer of a remote store cannot be read, is not whole, or is too large."""

    code = "endpoint-answer"
    http_status = 502
