"""Sets of whole numbers as the bits of one number: what Python joins, cuts and counts at the speed of the machine.

A set of a hundred thousand things takes 12 kB and microseconds. `Tally` adds up weights for all members at once: it
keeps the sums as binary digits, one set for each digit, and adds as one does on paper, with a carry.
"""

import struct
from collections.abc import Iterator, Sequence

_LIST, _FIELD = b"L", b"F"


def bits_of(numbers: Sequence[int]) -> int:
    """Return the set of these numbers."""
    if not numbers:
        return 0
    field = bytearray(max(numbers) // 8 + 1)
    for number in numbers:
        field[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(field, "little")


def members(bits: int) -> Iterator[int]:
    """Yield the members of a set, lowest first."""
    for place, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        if byte:
            for low in range(8):
                if byte >> low & 1:
                    yield place * 8 + low


def packed(numbers: Sequence[int]) -> bytes:
    """Return a set as bytes: a list of numbers where they are few, else a field of bits."""
    if len(numbers) * 128 <= max(numbers, default=0):
        return _LIST + struct.pack(f"<{len(numbers)}I", *numbers)
    bits = bits_of(numbers)
    return _FIELD + bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def unpacked(content: bytes) -> int:
    """Return the set that `packed` wrote."""
    found = Joined()
    found.add(content)
    return found.bits


def has(content: bytes, number: int) -> bool:
    """Say whether a number is in the set that `packed` wrote, without making the set."""
    if content[:1] != _FIELD:
        wanted = struct.pack("<I", number)
        place = content.find(wanted, 1)
        while place > 0 and place % 4 != 1:  # parts of two numbers
            place = content.find(wanted, place + 1)
        return place > 0
    place = 1 + (number >> 3)
    return place < len(content) and bool(content[place] >> (number & 7) & 1)


class Joined:
    """Sets that `packed` wrote, put together; those that are short lists cost next to nothing."""

    __slots__ = ("_bits", "_numbers")

    def __init__(self) -> None:
        self._bits, self._numbers = 0, list[int]()

    def add(self, content: bytes) -> None:
        """Add a set."""
        if content[:1] == _FIELD:
            self._bits |= int.from_bytes(content[1:], "little")
        else:
            self._numbers += struct.unpack(f"<{len(content) // 4}I", content[1:])

    @property
    def bits(self) -> int:
        """The members of all."""
        if self._numbers:
            self._bits, self._numbers = self._bits | bits_of(self._numbers), []
        return self._bits


class Tally:
    """Sums of whole weights for every number at once."""

    def __init__(self) -> None:
        self._digits: list[int] = []

    def add(self, bits: int, weight: int = 1) -> None:
        """Add a weight to every member of a set."""
        place = 0
        while weight:
            if weight & 1:
                self._carry(bits, place)
            weight >>= 1
            place += 1

    def _carry(self, bits: int, place: int) -> None:
        while bits:
            while place >= len(self._digits):
                self._digits.append(0)
            digit = self._digits[place]
            self._digits[place] = digit ^ bits
            bits &= digit
            place += 1

    def best(self, within: int, count: int) -> list[tuple[int, int]]:
        """Return the `count` members of a set with the highest sums, highest first, and their sums.

        Of equal sums the lower number comes first.
        """
        found: list[tuple[int, int]] = []

        def walk(bits: int, place: int, total: int) -> None:
            if not bits or len(found) >= count:
                return
            if place < 0:
                while bits and len(found) < count:
                    low = bits & -bits
                    found.append((low.bit_length() - 1, total))
                    bits ^= low
                return
            high = bits & self._digits[place]
            walk(high, place - 1, total + (1 << place))
            walk(bits ^ high, place - 1, total)

        walk(within, len(self._digits) - 1, 0)
        return found

    def at_least(self, least: int, within: int) -> int:
        """Return the members of a set whose sum is at least so much."""
        surely, still = 0, within
        for place in reversed(range(max(len(self._digits), least.bit_length()))):
            digit = self._digits[place] if place < len(self._digits) else 0
            if least >> place & 1:
                still &= digit
            else:
                surely |= still & digit
                still ^= still & digit
        return surely | still
