"""What is wrong with an archive, or surprises those who read it: what it means, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...base.units import counted
from ..records import Finding
from .grouping import FIRST_DOT

if TYPE_CHECKING:
    from .file import TarFile

LINKS = {"1": "hard links", "2": "links"}
DEVICES = {"3": "devices", "4": "devices", "6": "pipes"}

SORT = "write it again with the members of a sample side by side (tar --sort=name)"


def findings_of(file: TarFile) -> list[Finding]:
    return [*_of_the_walk(file), *_of_names(file), *_of_records(file), *_of_types(file), *file.beside.findings]


def _of_the_walk(file: TarFile) -> Iterator[Finding]:
    told = file.index.told
    if told.damaged:
        where = "; ".join(f"bytes {first:,} to {end:,}" for first, end in told.damaged[:5])
        meaning = (
            "headers are damaged: members there are lost, and readers stop with an error; what lies behind is shown"
        )
        yield Finding("damaged", len(told.damaged), where, meaning, "copy or write the archive again")
    where = f"byte {told.position:,}"
    if told.problem is not None:
        kind = "truncated" if "cut off" in told.problem else "not-read" if "only the" in told.problem else "damaged"
        meaning = f"{told.problem}; what lies before is shown, and readers stop here with an error"
        yield Finding(kind, 1, where, meaning, "copy or write the archive again")
    elif told.ended and not told.end_mark:
        meaning = "the archive has no end mark: it ends where a member does, as a download that broke off may"
        yield Finding("no-end-mark", 1, where, meaning, "compare its size with the original's")
    if told.behind >= 0:
        meaning = "more lies behind the archive's end, as after `cat a.tar b.tar`; readers stop at the end and lose it"
        remedy = "keep the archives apart, or join them with tar --concatenate"
        yield Finding("behind-the-end", 1, f"byte {told.behind:,}", meaning, remedy)
    if file.source.problem is not None:
        yield Finding("not-read", 1, file.path.name, file.source.problem, "decompress it, or copy it again")


def _of_names(file: TarFile) -> Iterator[Finding]:
    facts, records = file.index.groups.facts, len(file.index.groups.ends)
    if facts.dotted:
        name = file.name(facts.first_dotted)
        folder, slash, base = name.rpartition("/")
        first, last = base.partition("."), base.rpartition(".")
        here = "the first dot" if facts.rule == FIRST_DOT else "the last dot"
        meaning = (
            f"two rules split these names differently: webdataset and datasets read field {first[2]!r} of sample "
            f"{folder + slash + first[0]!r} (first dot), others {last[2]!r} of {folder + slash + last[0]!r} (last "
            f"dot); here {here} ends the key, and webdataset makes {counted(facts.runs, 'sample')} of {records:,}"
        )
        yield Finding("dotted-names", facts.dotted, name, meaning, "write names whose only dot is before the ending")
    if facts.upper:
        meaning = (
            "these endings have capital letters: webdataset makes them small, datasets keeps them, so a field has "
        )
        meaning += "two names"
        yield Finding(
            "field-case", facts.upper, file.name(facts.first_upper), meaning, "write endings in small letters"
        )
    if facts.cased:
        meaning = (
            "these keys differ from others in case alone: unpacked where case does not count, one replaces the other"
        )
        yield Finding("key-case", facts.cased, file.name(facts.first_cased), meaning, "rename one of the two")
    if facts.notes:
        meaning = "members called __x__ are notes, which webdataset passes over; they are no samples here either"
        yield Finding(
            "notes", facts.notes, file.name(facts.first_notes), meaning, "nothing, unless samples are called so"
        )
    if facts.undotted:
        meaning = "these members have no ending; webdataset passes over them, and they are no records here"
        yield Finding("no-ending", facts.undotted, file.name(facts.first_undotted), meaning, "give samples an ending")


def _of_records(file: TarFile) -> Iterator[Finding]:
    facts, records = file.index.groups.facts, len(file.index.groups.ends)
    if facts.interleaved:
        meaning = (
            f"the members of these samples do not lie side by side: webdataset and datasets make {facts.runs:,} "
            f"samples of the {records:,}, without a word, and image and label are parted"
        )
        yield Finding("interleaved", facts.interleaved, file.name(facts.first_interleaved), meaning, SORT)
    if facts.repeated:
        meaning = (
            "a member of the same name came before: unpacked, the later one replaces it; webdataset refuses two in a "
        )
        meaning += "row, and reads them as two samples where others lie between"
        yield Finding(
            "duplicate-keys", facts.repeated, file.name(facts.first_repeated), meaning, "write each sample once"
        )
    if facts.no_image:
        meaning = "no member of these samples is called like an image, where the others have one"
        remedy = "leave them out when loading, or write the archive again with their images"
        yield Finding("no-image", facts.no_image, file.name(facts.first_no_image), meaning, remedy)
    if facts.pickled:
        meaning = (
            "these members are pickles, which webdataset executes when it decodes them: a stranger's code may run; "
        )
        meaning += "here they are read as plain data, and nothing is executed"
        remedy = "decode them only where the archive's writer is trusted; write .json or .npy instead"
        yield Finding("pickled-fields", facts.pickled, file.name(facts.first_pickled), meaning, remedy)


def _of_types(file: TarFile) -> Iterator[Finding]:
    for kind, types, what in (("links", LINKS, "lead elsewhere"), ("devices", DEVICES, "are no files")):
        count, first = file.of_types("".join(types))
        if count:
            meaning = (
                f"these members are {' or '.join(dict.fromkeys(types.values()))}: they {what}, are listed and never "
            )
            meaning += "followed, and loaders have no sample for them"
            yield Finding(kind, count, file.name(first), meaning, "write the files themselves (tar --dereference)")
    count, first = file.of_types("S")
    if count:
        meaning = (
            "these members are sparse: holes are left out, and what is stored is not the file's bytes; not read here"
        )
        yield Finding("sparse", count, file.name(first), meaning, "write the archive again without --sparse")
