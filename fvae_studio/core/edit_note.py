"""The note in XMP that tells other programs that a photo's faces were edited."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fvae_studio.core.mouth_choice import MouthChoice, tell_mouths
from fvae_studio.core.program import program_version
from fvae_studio.core.types import Photo

DIGITAL_SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's "augmentation, correction or enhancement using a generative AI model".

Every pixel is the photo's own, or (in a mouth that was opened) another photo's or an average of them, but a trained
network decides where it goes and the expression of a person changes. "algorithmicallyEnhanced" would claim that the
main content did not change; "compositeCapture" and "compositeSynthetic", which fit opened mouths, hide the network.
Only one type can be told, so it is the one that claims least for the picture; the history tells of the mouth.
"""

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_MEDIA: Final = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT: Final = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"

_END_OF_RDF = re.compile(r"</[\w.-]+:RDF\s*>")
_ABOUT = re.compile(r"""<[\w.-]+:Description\b[^>]*?\b[\w.-]+:about\s*=\s*("[^"]*"|'[^']*')""")
_OLD_TYPE_ATTRIBUTE = re.compile(r"""\s[\w.-]+:DigitalSourceType\s*=\s*("[^"]*"|'[^']*')""")
_OLD_TYPE_ELEMENT = re.compile(
    r"<([\w.-]+:DigitalSourceType)\b(?:[^>]*/>|[^>]*>.*?</\1\s*>)",
    re.DOTALL,
)
_HISTORY = re.compile(r"<([\w.-]+:History)\b[^>]*>.*?(?=</[\w.-]+:Seq\s*>\s*</\1\s*>)", re.DOTALL)
_EMPTY_PACKET: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n <rdf:RDF xmlns:rdf="{_RDF}">\n </rdf:RDF>\n</x:xmpmeta>\n'
    '<?xpacket end="w"?>'
)


def with_edit_note(
    packet: bytes | None, *, when: datetime, mouths: Iterable[MouthChoice] = (), of_clip: bool = False
) -> bytes:
    """The XMP packet with the digital source type and a line in the history; everything else stays.

    Args:
        packet: as found; one that cannot be understood gives way to a new one.
        when: time of the edit, with time zone.
        mouths: of faces whose mouths were opened: where their insides come from.
        of_clip: the mouths are those of a clip, of which not every picture opens one.
    """
    # Here: it brings Python's whole web client, which no start of the program shall wait for.
    from xml.sax.saxutils import escape, quoteattr

    parameters = what_was_done(mouths, of_clip=of_clip)
    text = _decode(packet)
    if text is None or _END_OF_RDF.search(text) is None:
        text = _EMPTY_PACKET
    text = _OLD_TYPE_ELEMENT.sub("", _OLD_TYPE_ATTRIBUTE.sub("", text))
    about_found = _ABOUT.search(text)
    # All descriptions of one packet must be about the same thing.
    about = about_found.group(1) if about_found else '""'
    step = (
        f'<rdf:li xmlns:rdf="{_RDF}" xmlns:stEvt="{_EVENT}" rdf:parseType="Resource"><stEvt:action>edited'
        f"</stEvt:action><stEvt:when>{when.isoformat(timespec='seconds')}</stEvt:when><stEvt:softwareAgent>FVAE Studio "
        f"{program_version()}</stEvt:softwareAgent><stEvt:parameters>{escape(parameters)}</stEvt:parameters></rdf:li>"
    )
    history = ""
    if _HISTORY.search(text):
        text = _HISTORY.sub(lambda found: found.group(0) + step, text, count=1)
    else:
        history = f"<xmpMM:History><rdf:Seq>{step}</rdf:Seq></xmpMM:History>"
    note = (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about={about} xmlns:Iptc4xmpExt="{_IPTC}" xmlns:xmpMM="{_MEDIA}" '
        f"Iptc4xmpExt:DigitalSourceType={quoteattr(DIGITAL_SOURCE_TYPE)}>{history}</rdf:Description>\n "
    )
    end = list(_END_OF_RDF.finditer(text))[-1].start()
    return (text[:end] + note + text[end:]).encode("utf-8")


def _told(mouths: Iterable[MouthChoice], *, of_clip: bool) -> str:
    told = tell_mouths(mouths)
    return f"where lips part, {told}" if of_clip and told else told


def what_was_done(mouths: Iterable[MouthChoice] = (), *, of_clip: bool = False) -> str:
    """The edit in words, for records in files; arguments as for `with_edit_note`."""
    return "; ".join(filter(None, ("facial expression", _told(mouths, of_clip=of_clip))))


def mark_edited(
    photo: Photo, *, when: datetime, mouths: Iterable[MouthChoice] = (), alone: bool = False, of_clip: bool = False
) -> Photo:
    """The photo with the edit note.

    Args:
        photo: edited.
        when: time of the edit, with time zone.
        mouths: see `with_edit_note`.
        alone: of the rest of its metadata nothing stays but what belongs to colours.
        of_clip: see `with_edit_note`.
    """
    metadata = photo.metadata
    if alone:
        colour_only = tuple(block for block in metadata.carried if block[0].startswith("png:"))
        metadata = replace(metadata, exif=None, xmp=None, iptc=None, text={}, carried=colour_only)
    packet = with_edit_note(metadata.xmp, when=when, mouths=mouths, of_clip=of_clip)
    return replace(photo, metadata=replace(metadata, xmp=packet))


@dataclass(frozen=True)
class ClipNote:
    """What is told with a clip, as XMP where a file has a place for it, else in its comment.

    Attributes:
        when: time of the export, with time zone.
        mouths: what is seen where lips part, of all photos that take part.
        photos: those photos; a picture that is one of them as it was read gets no note.
    """

    when: datetime
    mouths: tuple[MouthChoice, ...] = ()
    photos: tuple[Photo, ...] = ()

    @property
    def text(self) -> str:
        """A sentence and the digital source type, for people and for programs that know no XMP."""
        told = _told(self.mouths, of_clip=True)
        mouths = f" {told[0].upper()}{told[1:]}." if told else ""
        return (
            f"Facial expressions in this clip were edited with FVAE Studio {program_version()}: a neural network moved "
            f"the pixels of photos.{mouths} Digital source type: {DIGITAL_SOURCE_TYPE}"
        )

    @property
    def xmp(self) -> bytes:
        """A packet of its own."""
        return with_edit_note(None, when=self.when, mouths=self.mouths, of_clip=True)

    def on(self, picture: Photo) -> Photo:
        """A picture of the clip with the note in its XMP."""
        if any(picture is photo for photo in self.photos):
            return picture
        return mark_edited(picture, when=self.when, mouths=self.mouths, of_clip=True)


def _decode(packet: bytes | None) -> str | None:
    if not packet:
        return None
    for codec in ("utf-8", "utf-16", "utf-32"):
        try:
            text = packet.rstrip(b"\0").decode(codec)
        except UnicodeDecodeError:
            continue
        if "RDF" in text:
            return text
    return None
