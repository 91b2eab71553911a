"""What changed from release to release, told once for each, and newest first."""

from dataclasses import dataclass, field

from whatworks.differences import Differences
from whatworks.errors import DamagedRelease
from whatworks.publish.edition import Edition
from whatworks.release import Release


@dataclass(frozen=True, slots=True)
class Step:
    """A release, and what it changed.

    Attributes:
        release: The release.
        before: The one that was built before it; None where that is not here.
        changes: What differs between the two; None where that cannot be told.
        fault: Why it cannot be told.
    """

    release: Release
    before: Release | None
    changes: Differences | None = None
    fault: str = ""


@dataclass(slots=True)
class History:
    """The releases of an edition and what each changed; what was told is kept.

    Attributes:
        edition: What is published.
    """

    edition: Edition
    _told: dict[tuple[str, str], Step] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        """Return what each release changed, the newest first."""
        found = self.edition.releases()
        return [self._step(each, before) for before, each in zip([None, *found], found, strict=False)][::-1]

    def step(self, name: str) -> Step | None:
        """Return what a release changed; None where there is none of this name."""
        found = self.edition.releases()
        pairs = zip([None, *found], found, strict=False)
        return next((self._step(each, before) for before, each in pairs if each.name == name), None)

    def _step(self, release: Release, before: Release | None) -> Step:
        if before is None:
            return Step(release, None)
        key = (before.name, release.name)
        if key not in self._told:
            try:
                self._told[key] = Step(release, before, self.edition.kg.diff_releases(before, release))
            except DamagedRelease as error:  # one that is damaged does not keep the others from being told
                return Step(release, before, fault=error.message)
        return self._told[key]
