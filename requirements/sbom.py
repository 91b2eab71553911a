"""Write the bill of materials of the wheel: what `requirements/run.txt` pins and what lies in it, as CycloneDX JSON.

`make lock` and `make sbom` run it. Nothing in the file depends on the day, the machine or the Python that wrote it.
"""

import argparse
import json
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "run.txt"
SBOM = ROOT / "requirements" / "whatworks.cdx.json"
VENDORED = ROOT / "src" / "whatworks" / "pages" / "static" / "vendor" / "VENDORED.md"
NAME = "whatworks"
# What the metadata of a package says in words that SPDX does not know.
WORDS = {
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause license": "BSD-3-Clause",
    "MIT License": "MIT",
}
# What the metadata of a package does not say clearly enough, read from its licence file.
READ = {"colorama": "BSD-3-Clause", "sparqlwrapper": "W3C"}


@dataclass
class Pin:
    """A package of the lock file, and the packages because of which it is there."""

    name: str
    version: str
    marker: str
    via: list[str] = field(default_factory=list)

    @property
    def purl(self) -> str:
        """The package URL, which is the reference inside the file as well."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pins(lock: Path = LOCK) -> Iterator[Pin]:
    """Read the pins of a lock file in its order."""
    pin: Pin | None = None
    for line in lock.read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            if pin:
                yield pin
            requirement = Requirement(line.removesuffix("\\").strip())
            version = str(requirement.specifier).removeprefix("==")
            pin = Pin(canonicalize_name(requirement.name), version, str(requirement.marker or ""))
        elif pin and (why := re.fullmatch(r"    # (?:via )? *(?P<name>[a-z0-9-]+)(?: \(pyproject\.toml\))?", line)):
            pin.via.append(why["name"])
    if pin:
        yield pin


def licence(distribution: Distribution) -> str:
    """Give the licence of a package as an SPDX expression.

    Raises:
        SystemExit: When the metadata does not say it in a form that is known here.
    """
    metadata = distribution.metadata
    name = canonicalize_name(metadata["Name"])
    classifiers = [
        words.rsplit(" :: ", 1)[1] for words in metadata.get_all("Classifier", []) if words.startswith("License ::")
    ]
    stated = [*metadata.get_all("License-Expression", []), READ.get(name, ""), *metadata.get_all("License", [])]
    for words in (*stated, *(classifiers if len(classifiers) == 1 else [])):
        try:
            return str(canonicalize_license_expression(WORDS.get(words, words)))
        except InvalidLicenseExpression:
            continue
    sys.exit(f"sbom: the licence of {name} is not clear from its metadata; read it and put it into READ in {__file__}")


def licences(folders: list[str], written: dict[str, Any]) -> dict[str, str]:
    """Give licences by package URL: of what is in `folders` (else installed), else as written before."""
    found = {
        component["purl"]: choice["license"]["id"] if "license" in choice else choice["expression"]
        for component in written.get("components", [])
        for choice in component["licenses"]
    }
    wanted = {pin.purl for pin in pins()}
    for distribution in distributions(path=folders) if folders else distributions():
        purl = f"pkg:pypi/{canonicalize_name(distribution.metadata['Name'])}@{distribution.version}"
        if purl in wanted:
            found[purl] = licence(distribution)
    if missing := sorted(wanted - found.keys()):
        sys.exit(f"sbom: these packages are neither here nor in {SBOM.name}: {', '.join(missing)}; run: make lock")
    return found


def component(kind: str, purl: str, name: str, version: str, expression: str) -> dict[str, Any]:
    """Make a component of the file."""
    simple = " " not in expression
    return {
        "type": kind,
        "bom-ref": purl,
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": expression}} if simple else {"expression": expression}],
        "purl": purl,
    }


def vendored() -> Iterator[dict[str, Any]]:
    """Yield the parts that lie in the package as others published them, from the list beside them, each once."""
    found: dict[str, dict[str, Any]] = {}
    for line in VENDORED.read_text(encoding="utf-8").splitlines()[6:]:
        file, package, version, words, _, checksum = (each.strip(" `") for each in line.strip("|").split("|"))
        if not file.endswith(".txt"):
            purl = f"pkg:npm/{package.replace('@', '%40')}@{version}"
            expression = str(canonicalize_license_expression(words.partition(",")[0]))
            made = component("library", purl, package, version, expression)
            known = found.setdefault(purl, {**made, "hashes": []})
            known["hashes"].append({"alg": "SHA-256", "content": checksum})
    yield from found.values()


def sbom(known: dict[str, str]) -> dict[str, Any]:
    """Make the bill of materials."""
    listed = list(pins())
    version_file = (ROOT / "src" / NAME / "version.py").read_text(encoding="utf-8")
    version = re.findall(r'^__version__ = "(.+)"$', version_file, re.MULTILINE)[0]
    own = Pin(NAME, version, "")
    components = []
    for pin in listed:
        made = component("library", pin.purl, pin.name, pin.version, known[pin.purl])
        if pin.marker:
            made["properties"] = [{"name": "whatworks:marker", "value": pin.marker}]
        components.append(made)
    dependencies = [
        {"ref": above.purl, "dependsOn": sorted(pin.purl for pin in listed if above.name in pin.via)}
        for above in (own, *listed)
    ]
    content = {
        "metadata": {
            "lifecycles": [{"phase": "pre-build"}],
            "component": {
                **component("application", own.purl, NAME, version, "Apache-2.0"),
                "components": list(vendored()),
            },
        },
        "components": components,
        "dependencies": dependencies,
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        **content,
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=SBOM)
    parser.add_argument("folders", nargs="*", help="where the packages of the lock file are; else what is installed")
    arguments = parser.parse_args()
    written = json.loads(SBOM.read_text(encoding="utf-8")) if SBOM.exists() else {}
    text = json.dumps(sbom(licences(arguments.folders, written)), indent=2) + "\n"
    arguments.output.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
