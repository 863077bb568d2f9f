"""The sentences of errors in the window's language.

`core`, `model` and `pipeline` know nothing of languages: they raise English sentences, in which names and numbers are
already filled in. Here every such sentence is listed with gaps ("{}"), so that it can be recognised, and its words
translated around what fills the gaps. A test compares the list with the places that raise.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from PySide6.QtCore import QCoreApplication

from fvae_studio.gui.translation import translate_later as _T

SENTENCES: Final = (
    # Photos that cannot be read.
    _T("errors", "There is no file {}. Check the name and the folder."),
    _T("errors", "{} is not there any more."),
    _T("errors", "{} is not the file that was edited. Show the photo, look at its edit, and export it again."),
    _T("errors", "There is no photo in {}."),
    _T("errors", "{} is a folder. Choose a photo in it."),
    _T("errors", "{} is a pipe or a device. Save the photo as an ordinary file first."),
    _T("errors", "{} is no possible name of a file."),
    _T("errors", "The system does not let {} be read. Change its permissions or copy it elsewhere."),
    _T("errors", "{} cannot be read: the system says '{}'."),
    _T("errors", "{} cannot be written or read: the system says '{}'."),
    _T("errors", "{} cannot be read: the system says '{}'. Check the disk."),
    _T("errors", "{} is empty (0 bytes). Get a fresh copy of it."),
    _T("errors", "{} is not an image that this program reads. Choose a {} file."),
    _T("errors", "{} is {}, which this program does not read. Export it as {}."),
    _T("errors", "JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP or GIF"),
    _T("errors", "a camera raw file"), _T("errors", "a film or another media file"), _T("errors", "a PDF document"),
    _T("errors", "a Photoshop document"), _T("errors", "an archive or an office document"),
    _T("errors", "a JPEG XL image"), _T("errors", "a JPEG 2000 image"), _T("errors", "an OpenEXR image"),
    _T("errors", "a Radiance HDR image"), _T("errors", "an SVG drawing"), _T("errors", "an XML document"),
    _T("errors", "a web page"),
    _T("errors", "{} is a camera raw file. Develop it and export it as TIFF or JPEG."),
    _T("errors", "{} is incomplete: the file ends before the picture does. Get a fresh copy."),
    _T("errors", "{} is damaged: its content makes no sense as a picture. Get a fresh copy."),
    _T("errors", "{} has {} x {} pixels ({} megapixels); at most {} megapixels are read. Scale it down first."),
    _T("errors", "{} is a {} file of {} GB; at most {} GB are read. Save it as TIFF or scale it down first."),
    _T("errors", "There is not enough memory for {}. Close other programs or scale the photo down."),
    _T("errors", "{} is a JPEG of {} bits per channel, of which only 8 are read. Export it as PNG or TIFF."),
    _T("errors", "{} is an AVIF image, which this build cannot read. Export it as JPEG."),
    _T("errors", "{} is a {} image, and the library that reads it is missing or broken ({}). Install the program "
                 "again, or export the photo as JPEG."),
    _T("errors", "{} is a TIFF of a colour space or a layout that is not read. Export it as plain RGB."),
    _T("errors", "{} is a TIFF of signed, floating-point or more than 16-bit values, which are not read. Export it "
                 "with 8 or 16 bits per channel."),
    _T("errors", "Content Credentials could not be added ({}). Export without them, or in another format."),
    _T("errors", "Content Credentials need the library c2pa-python, which is not installed. Install it with: pip "
                 "install \"fvae-studio[credentials]\""),
    # Files that cannot be written, or not as they should be.
    _T("errors", "All of {} was encoded anew, because {}."),
    _T("errors", "a quality was asked for"), _T("errors", "its size was changed"),
    _T("errors", "the original holds ink (CMYK)"), _T("errors", "its colours were converted"),
    _T("errors", "its EXIF block was replaced"), _T("errors", "it uses arithmetic coding"),
    _T("errors", "the original file was changed or removed since it was opened"),
    _T("errors", "it has more than {} megapixels"), _T("errors", "its blocks cannot be read apart ({})"),
    _T("errors", "its colours are not stored as light and colour differences"),
    _T("errors", "its blocks do not cover the picture in the usual way"),
    _T("errors", "it is grey and the edit brought colours into it"),
    _T("errors", "{} exists already. Choose another name, or ask for it to be overwritten."),
    _T("errors", "{} is the photo itself. Choose another name, or ask for the source to be overwritten."),
    _T("errors", "{} holds {} pictures, of which only the first would be left. Choose another name."),
    _T("errors", "Cannot write {}: it is a folder. Give the name of a file."),
    _T("errors", "Cannot write {}: it is a device or a pipe. Give the name of an ordinary file."),
    _T("errors", "Cannot write {}: the folder {} does not exist. Create it first."),
    _T("errors", "Cannot write {}: {} What was there before is unchanged."),
    _T("errors", "The FFmpeg here cannot encode {}; for a {} file there is {}."),
    _T("errors", "none; choose .webp or .gif"),
    _T("errors", "{} exists; choose another name or allow it to be overwritten."),
    _T("errors", "{} exists; choose another folder or add --overwrite."),
    _T("errors", "The folder {} cannot be made: {}."),
    _T("errors", "The video could not be encoded: {}."),
    _T("errors", "the disk is full. Free some space or choose another folder."),
    _T("errors", "the system does not allow it. Choose another folder or change the permissions."),
    _T("errors", "the name is too long. Choose a shorter one."),
    _T("errors", "the system says '{}'."),
    _T("errors", "Cannot write to a path with a null character in it."),
    _T("errors", "Cannot write {} as {}: the encoder failed ({}). Try another format, such as PNG."),
    _T("errors", "There is not enough memory to write {}. Close other programs."),
    _T("errors", "{} {}. End the name in .jpg, .png, .tif, .webp, .heic or .avif."),
    _T("errors", "has the unknown suffix {}"), _T("errors", "has no suffix"),
    _T("errors", "{}: an edited photo cannot be written as {}. Choose PNG instead."),
    _T("errors", "{}: {} cannot hold 16 bits per channel. Choose PNG or TIFF."),
    _T("errors", "{} cannot hold 16 bits per channel. Choose PNG or TIFF."),
    _T("errors", "{}: {} cannot hold more than {} pixels per side, and the photo has {} x {}. Choose TIFF."),
    _T("errors", "The quality {} is out of range; give 1 to 100."),
    _T("errors", "A photo cannot be written with {} bits; give 8 or 16."),
    _T("errors", "There is no format {}; choose one of {}."),
    _T("errors", "The name pattern has {} in it; there are {}."),
    _T("errors", "The name pattern has a brace without its partner."),
    _T("errors", "The name pattern has one of the characters < > : \" / \\ | ? * in it. Take it out."),
    _T("errors", "The name pattern is empty. Write for instance {}-edited."),
    _T("errors", "The size {} is out of range; give a number above 0."),
    _T("errors", "This photo was pasted and has no folder of its own. Choose a folder to export to."),
    _T("errors", "The pasted picture could not be kept in {}."),
    # Presets and projects.
    _T("errors", "a preset is for everybody: its mouth is closed or built_in, not that of a photo"),
    _T("errors", "a preset needs a name of 1 to {} characters, not {}"),
    _T("errors", "the file is no preset of FVAE Studio"),
    _T("errors", "the preset is not JSON: {}"),
    _T("errors", "the preset has schema {}; this version reads schema {}"),
    _T("errors", "a preset needs a name and strengths"),
    _T("errors", "there is no preset called {}"),
    _T("errors", "there is a preset called {} already; choose another name"),
    _T("errors", "{} cannot be read: {}"),
    _T("errors", "{} is no project of FVAE Studio."),
    _T("errors", "The project {} cannot be read: {}."),
    _T("errors", "The project {} is damaged: {}."),
    _T("errors", "The project {} is damaged: its version is {}."),
    _T("errors", "The project {} was saved by a newer FVAE Studio (version {} of the file, this one reads {}); update "
                 "the program to open it."),
    # Faces.
    _T("errors", "Face {}"),
    _T("errors", "{} is cut off at the {} edge of the photo; use a photo that shows all of it."),
    _T("errors", "left"), _T("errors", "right"), _T("errors", "top"), _T("errors", "bottom"),
    _T("errors", "{} is turned away by about {} degrees, more than the {} that an edit can follow; use a photo in "
                 "which it looks towards the camera."),
    _T("errors", "{} is too small: about {} pixels between the ears, at least {} are needed; use a larger copy of the "
                 "photo or one taken from nearer."),
    _T("errors", "No face was found in the photo; use one in which a face is sharp, lit, and looks towards the "
                 "camera."),
    _T("errors", "There is no face {}: the photo shows {}."),
    _T("errors", "No face was found."),
    _T("errors", "one face, number 1"), _T("errors", "faces 1 to {}, counted from the left"),
    _T("errors", "No face can be seen in this frame. Draw it around the whole face, from the brows to the chin; a face "
                 "that is turned far away, hidden or very small cannot be edited."),
    _T("errors", "The frame is too small; draw it around the whole face, at least {} pixels wide."),
    # Mouths.
    _T("errors", "The mouth cannot be taken from {}: {}"),
    _T("errors", "It shows {} faces; choose a photo of the person alone."),
    _T("errors", "The mouth in the other photo is closed; choose a photo that shows teeth."),
    _T("errors", "The network that finds glasses is missing ({}). Install the program again."),
    _T("errors", "The network that finds glasses is damaged ({}). Install the program again."),
    _T("errors", "{} is no network that finds glasses. Install the program again."),
    _T("errors", "There are no built-in teeth in {}; install the program again, or use a photo."),
    _T("errors", "The built-in teeth in {} are damaged ({}); install the program again."),
    _T("errors", "The picture of the built-in teeth {} has no matte; install the program again."),
    _T("errors", "the donor {} has schema {}; this version reads {}"),
    # Clips.
    _T("errors", "The timeline has no photo yet: drop one on it."),
    _T("errors", "A clip of no pictures was asked for; it needs one at least."),
    _T("errors", "A moment of {} photos needs a share for each; it has {} of motion and {} of blend."),
    _T("errors", "A contact sheet needs a frame and a column at least."),
    _T("errors", "The contact sheet would have {} x {} pixels; ask for fewer or smaller pictures."),
    _T("errors", "There are {} faces in the photo, counted from the left; say which one is meant."),
    _T("errors", "There is no room for another key."),
    # Models and devices.
    _T("errors", "There is no weights file at {}. Check the path, or name an installed model."),
    _T("errors", "{} is damaged: {}. Download or copy the file again."),
    _T("errors", "{} could not be read: {}."),
    _T("errors", "{} is a safetensors file of another program. Choose one made by `fvae-train release`."),
    _T("errors", "{} is no safetensors file. Choose a file made by `fvae-train release`."),
    _T("errors", "{} is no weights file: it has only {} bytes."),
    _T("errors", "{} is a pickle; pickles can run code, so they are never opened. Use a .safetensors file made by "
                 "`fvae-train release`."),
    _T("errors", "{} is a zip archive, as torch.save writes it, with a pickle inside; pickles can run code, so they "
                 "are never opened. Use a .safetensors file made by `fvae-train release`."),
    _T("errors", "{} says it holds {}, not {}."),
    _T("errors", "{} was written by a newer FVAE Studio (format {}, this one reads up to {}). Update the program."),
    _T("errors", "{} was trained on crops of template {} ({} px); this build aligns faces to {} ({} px). Train it "
                 "again from `fvae-train prepare` on, or use the program version it was made for."),
    _T("errors", "{} was trained with crop preparation {}; this build uses {}. Train it again from `fvae-train "
                 "prepare` on."),
    _T("errors", "{} is not the file that {} describes (another checksum). Install the program again."),
    _T("errors", "No default model is installed in {}. Name one with --model, put a weights file into {}, or make one "
                 "with `fvae-train train` and `fvae-train release`."),
    _T("errors", "There is no model called {}; installed: {}. Give one of these names or the path of a {} file."),
    _T("errors", "{} cannot be read ({}). Install the program again."),
    _T("errors", "{} makes no sense ({}). Install the program again."),
    _T("errors", "There is no device called {}; choose auto, cpu, cuda or mps."),
    _T("errors", "Device mps was asked for, but PyTorch finds none here. Choose auto or cpu."),
    _T("errors", "Device {} was asked for, but PyTorch finds {} of that kind here. Choose auto or cpu."),
    _T("errors", "A process of the batch died, perhaps for want of memory. Photos that were written are whole; go on "
       "with fewer --jobs."),
    _T("errors", "Device {} was asked for, but PyTorch, which computes there, is not installed. Choose auto or cpu."),
    _T("errors", "none"),
    _T("errors", "The device {} failed ({}); choose the CPU instead."),
    _T("errors", "There is no expression called {}. {}"),
    _T("errors", "Did you mean {}?"), _T("errors", "There are: {}."), _T("errors", "This model has no directions."),
    _T("errors", "Stopped: cancelled by the user."),
)  # fmt: skip

_SEVERAL_FACES: Final = re.compile(r"(?<=\.) (?=Face \d)")


def in_words(sentence: str) -> str:
    """The sentence of an error in the window's language; one that is not known, as it is."""
    for template, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            translated = QCoreApplication.translate("errors", template)
            return sentence if translated == template else translated.format(*map(in_words, found.groups()))
    return sentence


def notes_in_words(notes: str) -> str:
    """The same for several sentences about faces, one after the other."""
    return " ".join(in_words(note) for note in _SEVERAL_FACES.split(notes))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    # The longest first: it says more than one with wider gaps.
    return tuple(
        (template, re.compile("(.+?)".join(map(re.escape, template.split("{}"))), re.DOTALL))
        for template in sorted(SENTENCES, key=len, reverse=True)
    )
