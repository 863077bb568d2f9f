<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en_GB">
<context>
    <name>AboutDialog</name>
    <message>
        <source>Licences</source>
        <translation>Lizenzen</translation>
    </message>
    <message>
        <source>This program runs from its source: every library lies beside it as it was installed, with its licence in its own folder. The list under Libraries names them.</source>
        <translation>Dieses Programm läuft aus seinem Quelltext: Jede Bibliothek liegt so daneben, wie sie installiert wurde, mit ihrer Lizenz im eigenen Ordner. Die Liste unter Bibliotheken nennt sie.</translation>
    </message>
    <message>
        <source>About FVAE Studio</source>
        <translation>Über FVAE Studio</translation>
    </message>
    <message>
        <source>Changes the expression of a face with the photo&apos;s own pixels: a network tells where each pixel moves, and nothing is painted in. Photos never leave this computer.</source>
        <translation>Ändert den Ausdruck eines Gesichts mit den Pixeln des Fotos selbst: Ein Netz sagt, wohin sich jedes Pixel bewegt, und nichts wird hinzugemalt. Fotos verlassen diesen Computer nie.</translation>
    </message>
    <message>
        <source>Model: {title}, on {device}</source>
        <translation>Modell: {title}, auf {device}</translation>
    </message>
    <message>
        <source>Facts</source>
        <translation>Angaben</translation>
    </message>
    <message>
        <source>Libraries</source>
        <translation>Bibliotheken</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>Notices</source>
        <translation>Hinweise</translation>
    </message>
    <message>
        <source>Of everything that the program is built on, with their texts</source>
        <translation>Von allem, worauf das Programm aufbaut, mit ihrem Wortlaut</translation>
    </message>
    <message>
        <source>Copy versions</source>
        <translation>Versionen kopieren</translation>
    </message>
    <message>
        <source>For the report of a problem</source>
        <translation>Für die Meldung eines Problems</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>AmountSlider</name>
    <message>
        <source>Amount</source>
        <translation>Stärke</translation>
    </message>
    <message>
        <source>Scales the whole edit; 100 is as it was made. Double click resets.</source>
        <translation>Verstärkt oder mildert die ganze Bearbeitung; 100 ist unverändert. Doppelklick setzt zurück.</translation>
    </message>
    <message>
        <source>Amount, number</source>
        <translation>Stärke, Zahl</translation>
    </message>
</context>
<context>
    <name>BatchDialog</name>
    <message>
        <source>written</source>
        <translation>geschrieben</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>übersprungen</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>Apply a preset to a folder</source>
        <translation>Vorgabe auf einen Ordner anwenden</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Edit all photos of the folder; the originals stay</source>
        <translation>Bearbeitet alle Fotos des Ordners; die Originale bleiben erhalten</translation>
    </message>
    <message>
        <source>Save report…</source>
        <translation>Bericht speichern …</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>As a table for spreadsheets (CSV)</source>
        <translation>Als Tabelle für Tabellenprogramme (CSV)</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Finish no further photo; those that are done stay</source>
        <translation>Kein weiteres Foto bearbeiten; fertige bleiben erhalten</translation>
    </message>
    <message>
        <source>Folder with photos</source>
        <translation>Ordner mit Fotos</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen …</translation>
    </message>
    <message>
        <source>Choose the folder with photos</source>
        <translation>Ordner mit Fotos wählen</translation>
    </message>
    <message>
        <source>Also photos in its folders</source>
        <translation>Auch Fotos in Unterordnern</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorgabe</translation>
    </message>
    <message>
        <source>What all faces of all photos get</source>
        <translation>Was alle Gesichter aller Fotos bekommen</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>Stärke</translation>
    </message>
    <message>
        <source>Scales the preset</source>
        <translation>Verstärkt oder mildert die Vorgabe</translation>
    </message>
    <message>
        <source>Photos</source>
        <translation>Fotos</translation>
    </message>
    <message>
        <source>Closed lips</source>
        <translation>Lippen zu</translation>
    </message>
    <message>
        <source>Built-in teeth</source>
        <translation>Mitgelieferte Zähne</translation>
    </message>
    <message>
        <source>If lips part</source>
        <translation>Im Mund</translation>
    </message>
    <message>
        <source>What is seen where the preset parts lips that are closed in the photo. Built-in teeth are an average of many people&apos;s; the files say so.</source>
        <translation>Was zu sehen ist, wo die Vorgabe Lippen öffnet, die im Foto geschlossen sind. Die mitgelieferten Zähne sind ein Mittel aus vielen Menschen; die Dateien sagen das.</translation>
    </message>
    <message>
        <source>Keep camera data, place, author and texts (EXIF, XMP, IPTC)</source>
        <translation>Kameradaten, Ort, Urheber und Texte behalten (EXIF, XMP, IPTC)</translation>
    </message>
    <message>
        <source>Keep metadata</source>
        <translation>Metadaten behalten</translation>
    </message>
    <message>
        <source>Note in the files that the photos were edited</source>
        <translation>In den Dateien vermerken, dass die Fotos bearbeitet sind</translation>
    </message>
    <message>
        <source>Note the edit</source>
        <translation>Bearbeitung vermerken</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>Name and place</source>
        <translation>Name und Ort</translation>
    </message>
    <message>
        <source>Progress of the batch</source>
        <translation>Fortschritt der Stapelverarbeitung</translation>
    </message>
    <message>
        <source>Photo</source>
        <translation>Foto</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Faces</source>
        <translation>Gesichter</translation>
    </message>
    <message>
        <source>File or reason</source>
        <translation>Datei oder Grund</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <source>Double click shows a file in its folder</source>
        <translation>Doppelklick zeigt eine Datei in ihrem Ordner</translation>
    </message>
    <message>
        <source>Choose a folder with photos.</source>
        <translation>Wählen Sie einen Ordner mit Fotos.</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>Diesen Ordner gibt es nicht.</translation>
    </message>
    <message>
        <source>There is no preset yet. Save one first.</source>
        <translation>Es gibt noch keine Vorgabe. Speichern Sie zuerst eine.</translation>
    </message>
    <message>
        <source>There are no photos in this folder.</source>
        <translation>In diesem Ordner sind keine Fotos.</translation>
    </message>
    <message numerus="yes">
        <source>%n photo(s) will be edited.</source>
        <translation>
            <numerusform>%n Foto wird bearbeitet.</numerusform>
            <numerusform>%n Fotos werden bearbeitet.</numerusform>
        </translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>{done} written, {skipped} skipped, {failed} failed</source>
        <translation>{done} geschrieben, {skipped} übersprungen, {failed} fehlgeschlagen</translation>
    </message>
    <message>
        <source>Photo {number} of {total}</source>
        <translation>Foto {number} von {total}</translation>
    </message>
</context>
<context>
    <name>BestMomentDialog</name>
    <message>
        <source>Best moment</source>
        <translation>Bester Moment</translation>
    </message>
    <message>
        <source>Moments of the clip</source>
        <translation>Momente des Clips</translation>
    </message>
    <message>
        <source>Finer around it</source>
        <translation>Feiner um ihn herum</translation>
    </message>
    <message>
        <source>Whole clip</source>
        <translation>Ganzer Clip</translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>Dorthin</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Finer around the chosen moment</source>
        <translation>Feiner um den gewählten Moment herum</translation>
    </message>
    <message>
        <source>Twelve moments between its neighbours (double click)</source>
        <translation>Zwölf Momente zwischen seinen Nachbarn (Doppelklick)</translation>
    </message>
    <message>
        <source>Twelve moments of the whole clip</source>
        <translation>Zwölf Momente des ganzen Clips</translation>
    </message>
    <message>
        <source>Put the playhead on the chosen moment and close</source>
        <translation>Den Abspielkopf auf den gewählten Moment setzen und schließen</translation>
    </message>
    <message>
        <source>Put the chosen moment on the clipboard, at full resolution</source>
        <translation>Den gewählten Moment in voller Auflösung in die Zwischenablage legen</translation>
    </message>
    <message>
        <source>Choose a moment.</source>
        <translation>Einen Moment wählen.</translation>
    </message>
    <message>
        <source>Export as a photo…</source>
        <translation>Als Foto exportieren …</translation>
    </message>
    <message>
        <source>Export as a photo</source>
        <translation>Als Foto exportieren</translation>
    </message>
    <message>
        <source>Write the chosen moment at full resolution</source>
        <translation>Den gewählten Moment in voller Auflösung schreiben</translation>
    </message>
</context>
<context>
    <name>BestMoments</name>
    <message>
        <source>The timeline&apos;s photos are not read yet.</source>
        <translation>Die Fotos der Zeitleiste sind noch nicht gelesen.</translation>
    </message>
    <message>
        <source>The moment is on the clipboard.</source>
        <translation>Der Moment liegt in der Zwischenablage.</translation>
    </message>
    <message>
        <source>Export this moment</source>
        <translation>Diesen Moment exportieren</translation>
    </message>
</context>
<context>
    <name>BorrowDialog</name>
    <message>
        <source>Take from another photo</source>
        <translation>Von einem anderen Foto nehmen</translation>
    </message>
    <message>
        <source>choose one</source>
        <translation>auswählen</translation>
    </message>
    <message>
        <source>Another file…</source>
        <translation>Andere Datei…</translation>
    </message>
    <message>
        <source>Other photo</source>
        <translation>Anderes Foto</translation>
    </message>
    <message>
        <source>Of the same person, who has open eyes or shows teeth there</source>
        <translation>Von derselben Person, die dort offene Augen hat oder Zähne zeigt</translation>
    </message>
    <message>
        <source>Eyes</source>
        <translation>Augen</translation>
    </message>
    <message>
        <source>Mouth</source>
        <translation>Mund</translation>
    </message>
    <message>
        <source>Eyes and mouth</source>
        <translation>Augen und Mund</translation>
    </message>
    <message>
        <source>Its expression, with its pixels where it shows more</source>
        <translation>Den Ausdruck, mit Pixeln von dort, wo es mehr zeigt</translation>
    </message>
    <message>
        <source>What is taken</source>
        <translation>Was genommen wird</translation>
    </message>
    <message>
        <source>The rest of the face moves along, with its own pixels</source>
        <translation>Das übrige Gesicht bewegt sich mit, mit seinen eigenen Pixeln</translation>
    </message>
    <message>
        <source>Face {number}</source>
        <translation>Gesicht {number}</translation>
    </message>
    <message>
        <source>Face in this photo</source>
        <translation>Gesicht in diesem Foto</translation>
    </message>
    <message>
        <source>Faces are numbered from the left</source>
        <translation>Gesichter sind von links gezählt</translation>
    </message>
    <message>
        <source>best match</source>
        <translation>am ähnlichsten</translation>
    </message>
    <message>
        <source>Counted from the left; the best match is the one whose shape differs least</source>
        <translation>Von links gezählt; am ähnlichsten ist das, dessen Form am wenigsten abweicht</translation>
    </message>
    <message>
        <source>Face in the other photo</source>
        <translation>Gesicht im anderen Foto</translation>
    </message>
    <message>
        <source>New photo</source>
        <translation>Neues Foto</translation>
    </message>
    <message>
        <source>Where the result is written; both photos stay as they are</source>
        <translation>Wohin das Ergebnis geschrieben wird; beide Fotos bleiben, wie sie sind</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen…</translation>
    </message>
    <message>
        <source>Choose the file of the new photo</source>
        <translation>Datei des neuen Fotos wählen</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>Take</source>
        <translation>Nehmen</translation>
    </message>
    <message>
        <source>Into</source>
        <translation>Für</translation>
    </message>
    <message>
        <source>Face there</source>
        <translation>Gesicht dort</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Light and colours are matched, and the two photos meet without a seam.</source>
        <translation>Licht und Farben werden angeglichen, und die beiden Fotos gehen ohne Naht ineinander über.</translation>
    </message>
    <message>
        <source>The sliders&apos; edit of this photo is not in the new one; copy it there with Copy edit.</source>
        <translation>Was die Regler an diesem Foto ändern, ist im neuen nicht enthalten; mit „Bearbeitung kopieren“ kommt es dorthin.</translation>
    </message>
    <message>
        <source>Take it</source>
        <translation>Übernehmen</translation>
    </message>
    <message>
        <source>Write the new photo and open it</source>
        <translation>Das neue Foto schreiben und öffnen</translation>
    </message>
    <message>
        <source>Another photo of the person</source>
        <translation>Ein anderes Foto der Person</translation>
    </message>
</context>
<context>
    <name>Borrowing</name>
    <message>
        <source>The photo is not in memory any more; close this window and try again.</source>
        <translation>Das Foto ist nicht mehr im Speicher; schließen Sie dieses Fenster und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>{name} may show another person.</source>
        <translation>{name} zeigt vielleicht eine andere Person.</translation>
    </message>
    <message>
        <source>The faces&apos; shapes differ by {times:.1f} times what one person&apos;s do: look closely.</source>
        <translation>Die Formen der Gesichter weichen {times:.1f}-mal so weit voneinander ab wie bei einer Person: Sehen Sie genau hin.</translation>
    </message>
    <message>
        <source>{name} was written.</source>
        <translation>{name} wurde geschrieben.</translation>
    </message>
</context>
<context>
    <name>CanvasDisplay</name>
    <message>
        <source>Photo</source>
        <translation>Foto</translation>
    </message>
    <message>
        <source>Faces found: {number}</source>
        <translation>Gefundene Gesichter: {number}</translation>
    </message>
    <message>
        <source>; face {number} is chosen</source>
        <translation>; Gesicht {number} ist gewählt</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>Original</translation>
    </message>
    <message>
        <source>Edited</source>
        <translation>Bearbeitet</translation>
    </message>
</context>
<context>
    <name>CanvasView</name>
    <message>
        <source>Edit face {number}</source>
        <translation>Gesicht {number} bearbeiten</translation>
    </message>
    <message>
        <source>Zoom to face {number}</source>
        <translation>Gesicht {number} heranzoomen</translation>
    </message>
    <message>
        <source>This is no face: remove its frame</source>
        <translation>Das ist kein Gesicht: Rahmen entfernen</translation>
    </message>
    <message>
        <source>Face {number}</source>
        <translation>Gesicht {number}</translation>
    </message>
    <message>
        <source>{face}, edited</source>
        <translation>{face}, bearbeitet</translation>
    </message>
</context>
<context>
    <name>ClipEdits</name>
    <message>
        <source>Put {name} on the timeline</source>
        <translation>{name} auf die Zeitleiste legen</translation>
    </message>
    <message>
        <source>Put {number} photos on the timeline</source>
        <translation>{number} Fotos auf die Zeitleiste legen</translation>
    </message>
    <message>
        <source>Animate the edit of {name}</source>
        <translation>Bearbeitung von {name} animieren</translation>
    </message>
    <message>
        <source>Timeline, undone: {label}</source>
        <translation>Zeitleiste, rückgängig: {label}</translation>
    </message>
    <message>
        <source>Timeline, done again: {label}</source>
        <translation>Zeitleiste, wiederholt: {label}</translation>
    </message>
    <message>
        <source>Close {name}</source>
        <translation>{name} schließen</translation>
    </message>
</context>
<context>
    <name>ClipExportDialog</name>
    <message>
        <source>MP4, H.264: plays everywhere</source>
        <translation>MP4, H.264: läuft überall</translation>
    </message>
    <message>
        <source>MP4, HEVC: smaller files</source>
        <translation>MP4, HEVC: kleinere Dateien</translation>
    </message>
    <message>
        <source>MP4, AV1: the smallest files, slow to write</source>
        <translation>MP4, AV1: die kleinsten Dateien, langsam zu schreiben</translation>
    </message>
    <message>
        <source>WebM, VP9: for web pages</source>
        <translation>WebM, VP9: für Webseiten</translation>
    </message>
    <message>
        <source>GIF: 256 colours</source>
        <translation>GIF: 256 Farben</translation>
    </message>
    <message>
        <source>WebP, animated</source>
        <translation>WebP, animiert</translation>
    </message>
    <message>
        <source>PNG sequence: a folder of numbered pictures</source>
        <translation>PNG-Sequenz: ein Ordner mit nummerierten Bildern</translation>
    </message>
    <message>
        <source>TIFF sequence: full size and depth</source>
        <translation>TIFF-Sequenz: volle Größe und Farbtiefe</translation>
    </message>
    <message>
        <source>JPEG sequence</source>
        <translation>JPEG-Sequenz</translation>
    </message>
    <message>
        <source>Contact sheet: one picture of twelve moments</source>
        <translation>Kontaktbogen: ein Bild aus zwölf Momenten</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Kind of file</source>
        <translation>Art der Datei</translation>
    </message>
    <message>
        <source>Longer side</source>
        <translation>Längere Seite</translation>
    </message>
    <message>
        <source>Of the pictures; larger than the photo is never worth it</source>
        <translation>Der Bilder; größer als das Foto lohnt sich nie</translation>
    </message>
    <message>
        <source>as fits the format</source>
        <translation>passend zum Format</translation>
    </message>
    <message>
        <source>other</source>
        <translation>andere</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Longer side of the pictures</source>
        <translation>Längere Seite der Bilder</translation>
    </message>
    <message>
        <source>as the timeline ({number:g})</source>
        <translation>wie die Zeitleiste ({number:g})</translation>
    </message>
    <message>
        <source>Frames per second</source>
        <translation>Bilder pro Sekunde</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>as the timeline (there and back)</source>
        <translation>wie die Zeitleiste (hin und zurück)</translation>
    </message>
    <message>
        <source>as the timeline (one way)</source>
        <translation>wie die Zeitleiste (einfach)</translation>
    </message>
    <message>
        <source>one way</source>
        <translation>einfach</translation>
    </message>
    <message>
        <source>there and back</source>
        <translation>hin und zurück</translation>
    </message>
    <message>
        <source>Way</source>
        <translation>Weg</translation>
    </message>
    <message>
        <source>There and back repeats without a jump</source>
        <translation>Hin und zurück wiederholt sich ohne Sprung</translation>
    </message>
    <message>
        <source>for ever</source>
        <translation>endlos</translation>
    </message>
    <message>
        <source>Times</source>
        <translation>Male</translation>
    </message>
    <message>
        <source>How often a GIF or WebP is shown; players decide about videos</source>
        <translation>Wie oft ein GIF oder WebP gezeigt wird; bei Videos entscheidet der Player</translation>
    </message>
    <message>
        <source>The whole timeline, not only from the in to the out point</source>
        <translation>Die ganze Zeitleiste, nicht nur von In bis Out</translation>
    </message>
    <message>
        <source>Whole timeline</source>
        <translation>Ganze Zeitleiste</translation>
    </message>
    <message>
        <source>From the start to the last key</source>
        <translation>Vom Anfang bis zum letzten Keyframe</translation>
    </message>
    <message>
        <source>Note in the files that the expressions were edited</source>
        <translation>In den Dateien vermerken, dass die Mimik bearbeitet wurde</translation>
    </message>
    <message>
        <source>Note the edit</source>
        <translation>Bearbeitung vermerken</translation>
    </message>
    <message>
        <source>In comments and XMP, as photos have it; not in the picture</source>
        <translation>In Kommentar und XMP, wie bei Fotos; nicht im Bild</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Where the clip is written; a folder for numbered pictures</source>
        <translation>Wohin der Clip geschrieben wird; bei nummerierten Bildern ein Ordner</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen …</translation>
    </message>
    <message>
        <source>Choose a place</source>
        <translation>Einen Ort wählen</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Motion</source>
        <translation>Bewegung</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Write the clip; you can go on working meanwhile</source>
        <translation>Den Clip schreiben; währenddessen kann man weiterarbeiten</translation>
    </message>
    <message>
        <source>Write nothing</source>
        <translation>Nichts schreiben</translation>
    </message>
    <message>
        <source>Give the whole path of a file that can be written.</source>
        <translation>Geben Sie den ganzen Pfad einer Datei an, die geschrieben werden kann.</translation>
    </message>
    <message>
        <source>Choose a place that is there: the folder {path} is not.</source>
        <translation>Bitte einen Ort wählen, den es gibt: den Ordner {path} gibt es nicht.</translation>
    </message>
    <message numerus="yes">
        <source>%n picture(s)</source>
        <translation>
            <numerusform>%n Bild</numerusform>
            <numerusform>%n Bilder</numerusform>
        </translation>
    </message>
    <message>
        <source>, numbered, in a folder</source>
        <translation>, nummeriert, in einem Ordner</translation>
    </message>
    <message>
        <source>, {seconds:.1f} s</source>
        <translation>, {seconds:.1f} s</translation>
    </message>
    <message>
        <source>longer side {side} px</source>
        <translation>längere Seite {side} px</translation>
    </message>
    <message>
        <source>Export clip</source>
        <translation>Clip exportieren</translation>
    </message>
</context>
<context>
    <name>ClipExports</name>
    <message>
        <source>The timeline&apos;s photos are not read yet.</source>
        <translation>Die Fotos der Zeitleiste sind noch nicht gelesen.</translation>
    </message>
    <message>
        <source>{path} is one of the photos.</source>
        <translation>{path} ist eines der Fotos.</translation>
    </message>
</context>
<context>
    <name>CollapsibleGroup</name>
    <message>
        <source>Close {name}</source>
        <translation>{name} zuklappen</translation>
    </message>
    <message>
        <source>Open {name}</source>
        <translation>{name} aufklappen</translation>
    </message>
</context>
<context>
    <name>Commands</name>
    <message>
        <source>Bring back your last edits?</source>
        <translation>Letzte Bearbeitungen wiederherstellen?</translation>
    </message>
    <message>
        <source>FVAE Studio did not end well the last time; your edits were saved by themselves.</source>
        <translation>FVAE Studio wurde beim letzten Mal nicht ordentlich beendet; Ihre Bearbeitungen wurden automatisch gesichert.</translation>
    </message>
    <message>
        <source>Bring them back</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Discard them</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Ask me later</source>
        <translation>Später fragen</translation>
    </message>
    <message>
        <source>Open photos</source>
        <translation>Fotos öffnen</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>Choose a photo of the same person that shows teeth</source>
        <translation>Ein Foto derselben Person wählen, das Zähne zeigt</translation>
    </message>
    <message>
        <source>Projects (*{suffix})</source>
        <translation>Projekte (*{suffix})</translation>
    </message>
    <message>
        <source>Open project</source>
        <translation>Projekt öffnen</translation>
    </message>
    <message>
        <source>Save project</source>
        <translation>Projekt speichern</translation>
    </message>
    <message>
        <source>Close {name}?</source>
        <translation>{name} schließen?</translation>
    </message>
    <message>
        <source>Its edit was neither exported nor saved in a project, and would be lost.</source>
        <translation>Die Bearbeitung wurde weder exportiert noch in einem Projekt gespeichert und ginge verloren.</translation>
    </message>
    <message>
        <source>Close without saving</source>
        <translation>Ohne Speichern schließen</translation>
    </message>
    <message>
        <source>Stop the exports?</source>
        <translation>Exporte stoppen?</translation>
    </message>
    <message>
        <source>Still being written: {names}</source>
        <translation>Wird noch geschrieben: {names}</translation>
    </message>
    <message>
        <source>Stop them</source>
        <translation>Exporte stoppen</translation>
    </message>
    <message>
        <source>Wait</source>
        <translation>Warten</translation>
    </message>
    <message>
        <source>Save the edits?</source>
        <translation>Bearbeitungen speichern?</translation>
    </message>
    <message>
        <source>Some edits were neither exported nor saved in a project.</source>
        <translation>Manche Bearbeitungen wurden weder exportiert noch in einem Projekt gespeichert.</translation>
    </message>
    <message>
        <source>Discard edits</source>
        <translation>Verwerfen</translation>
    </message>
    <message numerus="yes">
        <source>{names} and %n more</source>
        <translation>
            <numerusform>{names} und eine weitere</numerusform>
            <numerusform>{names} und %n weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>Nothing yet</source>
        <translation>Noch nichts</translation>
    </message>
    <message>
        <source>Clear this list</source>
        <translation>Liste leeren</translation>
    </message>
    <message>
        <source>Where are these photos?</source>
        <translation>Wo sind diese Fotos?</translation>
    </message>
    <message>
        <source>They were moved or deleted since the project was saved: {names}</source>
        <translation>Sie wurden seit dem Speichern des Projekts verschoben oder gelöscht: {names}</translation>
    </message>
    <message>
        <source>Look in a folder…</source>
        <translation>In einem Ordner suchen …</translation>
    </message>
    <message>
        <source>Go on without them</source>
        <translation>Ohne sie weitermachen</translation>
    </message>
    <message>
        <source>Look for the photos</source>
        <translation>Fotos suchen</translation>
    </message>
    <message numerus="yes">
        <source>%n photo(s) were not found there.</source>
        <translation>
            <numerusform>%n Foto wurde dort nicht gefunden.</numerusform>
            <numerusform>%n Fotos wurden dort nicht gefunden.</numerusform>
        </translation>
    </message>
    <message>
        <source>Reset the edit?</source>
        <translation>Bearbeitung zurücksetzen?</translation>
    </message>
    <message>
        <source>The file is not the one that was edited: {names}. If an export replaced it, the edit is in it already, and the sliders would apply it once more.</source>
        <translation>Die Datei ist nicht mehr die, die bearbeitet wurde: {names}. Hat ein Export sie ersetzt, ist die Bearbeitung schon in ihr, und die Regler würden sie noch einmal anwenden.</translation>
    </message>
    <message>
        <source>Reset the edit</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Keep the sliders</source>
        <translation>Regler behalten</translation>
    </message>
    <message>
        <source>Photos ({patterns})</source>
        <translation>Fotos ({patterns})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Same for all faces</source>
        <translation>Gleich für alle Gesichter</translation>
    </message>
    <message>
        <source>Same for all photos</source>
        <translation>Gleich für alle Fotos</translation>
    </message>
</context>
<context>
    <name>DialogCommands</name>
    <message>
        <source>Move a slider first; then its position can be saved as a preset.</source>
        <translation>Bewegen Sie zuerst einen Regler; dann lässt sich das als Vorgabe speichern.</translation>
    </message>
    <message>
        <source>Save as preset</source>
        <translation>Als Vorgabe speichern</translation>
    </message>
    <message>
        <source>Replace the preset {name}?</source>
        <translation>Vorgabe {name} ersetzen?</translation>
    </message>
    <message>
        <source>Its strengths will be those of the present edit.</source>
        <translation>Sie bekommt die Werte der aktuellen Bearbeitung.</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Rename preset</source>
        <translation>Vorgabe umbenennen</translation>
    </message>
    <message>
        <source>Delete the preset {name}?</source>
        <translation>Vorgabe {name} löschen?</translation>
    </message>
    <message>
        <source>Edits that were made with it stay.</source>
        <translation>Bearbeitungen, die mit ihr gemacht wurden, bleiben.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Presets (*.json)</source>
        <translation>Vorgaben (*.json)</translation>
    </message>
    <message>
        <source>Import presets</source>
        <translation>Vorgaben importieren</translation>
    </message>
    <message>
        <source>Export preset</source>
        <translation>Vorgabe exportieren</translation>
    </message>
    <message>
        <source>Name of the preset</source>
        <translation>Name der Vorgabe</translation>
    </message>
    <message>
        <source>{name} was imported.</source>
        <translation>{name} wurde importiert.</translation>
    </message>
    <message>
        <source>Remove the model {name}?</source>
        <translation>Modell {name} entfernen?</translation>
    </message>
    <message>
        <source>Its file is deleted from your models.</source>
        <translation>Seine Datei wird aus Ihren Modellen gelöscht.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
</context>
<context>
    <name>Document</name>
    <message>
        <source>Opened</source>
        <translation>Geöffnet</translation>
    </message>
    <message>
        <source>Pasted photo</source>
        <translation>Eingefügtes Foto</translation>
    </message>
</context>
<context>
    <name>DragHandle</name>
    <message>
        <source>Drag the result</source>
        <translation>Ergebnis ziehen</translation>
    </message>
    <message>
        <source>Drag the edited photo from here into a folder or another program; or drag the photo with Ctrl held</source>
        <translation>Das bearbeitete Foto von hier in einen Ordner oder ein anderes Programm ziehen; oder das Foto mit gedrückter Strg-Taste ziehen</translation>
    </message>
</context>
<context>
    <name>EmptyState</name>
    <message>
        <source>Open photos…</source>
        <translation>Fotos öffnen …</translation>
    </message>
    <message>
        <source>Choose photos to edit</source>
        <translation>Fotos zum Bearbeiten wählen</translation>
    </message>
    <message>
        <source>Try a sample</source>
        <translation>Beispielfoto öffnen</translation>
    </message>
    <message>
        <source>Open a portrait that comes with the program; it shows nobody</source>
        <translation>Ein mitgeliefertes Porträt öffnen; es zeigt keinen wirklichen Menschen</translation>
    </message>
    <message>
        <source>Opening {name}</source>
        <translation>{name} wird geöffnet</translation>
    </message>
    <message>
        <source>Drop a photo here</source>
        <translation>Foto hier ablegen</translation>
    </message>
    <message>
        <source>JPEG, PNG, TIFF, WebP, HEIC and more. Photos stay on this computer.</source>
        <translation>JPEG, PNG, TIFF, WebP, HEIC und mehr. Die Fotos bleiben auf diesem Computer.</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>This photo</source>
        <translation>Dieses Foto</translation>
    </message>
    <message numerus="yes">
        <source>All edited photos (%n)</source>
        <translation>
            <numerusform>Alle bearbeiteten Fotos (%n)</numerusform>
            <numerusform>Alle bearbeiteten Fotos (%n)</numerusform>
        </translation>
    </message>
    <message>
        <source>Export this photo</source>
        <translation>Dieses Foto exportieren</translation>
    </message>
    <message>
        <source>Export all edited photos</source>
        <translation>Alle bearbeiteten Fotos exportieren</translation>
    </message>
    <message>
        <source>Keep camera data, place, author and texts (EXIF, XMP, IPTC)</source>
        <translation>Kameradaten, Ort, Urheber und Texte behalten (EXIF, XMP, IPTC)</translation>
    </message>
    <message>
        <source>Keep metadata</source>
        <translation>Metadaten behalten</translation>
    </message>
    <message>
        <source>The colour profile is kept in any case</source>
        <translation>Das Farbprofil bleibt auf jeden Fall erhalten</translation>
    </message>
    <message>
        <source>Note in the file that the photo was edited</source>
        <translation>In der Datei vermerken, dass das Foto bearbeitet ist</translation>
    </message>
    <message>
        <source>Note the edit</source>
        <translation>Bearbeitung vermerken</translation>
    </message>
    <message>
        <source>Writes IPTC&apos;s digital source type into XMP, so that others can know</source>
        <translation>Schreibt die digitale Herkunft nach IPTC in die XMP-Daten, damit andere es erfahren</translation>
    </message>
    <message>
        <source>Sign what was done (Content Credentials)</source>
        <translation>Signieren, was getan wurde (Content Credentials)</translation>
    </message>
    <message>
        <source>Content Credentials</source>
        <translation>Content Credentials</translation>
    </message>
    <message>
        <source>With a certificate of this computer that names nobody</source>
        <translation>Mit einem Zertifikat dieses Computers, das niemanden nennt</translation>
    </message>
    <message>
        <source>Needs the library c2pa-python, which is not installed</source>
        <translation>Braucht die Bibliothek c2pa-python, die nicht installiert ist</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Metadata</source>
        <translation>Metadaten</translation>
    </message>
    <message>
        <source>Name and place</source>
        <translation>Name und Ort</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Write the files; you can go on editing meanwhile</source>
        <translation>Dateien schreiben; Sie können währenddessen weiterarbeiten</translation>
    </message>
    <message>
        <source>Write nothing</source>
        <translation>Nichts schreiben</translation>
    </message>
    <message numerus="yes">
        <source>Export %n photos</source>
        <translation>
            <numerusform>%n Foto exportieren</numerusform>
            <numerusform>%n Fotos exportieren</numerusform>
        </translation>
    </message>
    <message>
        <source>No photo has edits.</source>
        <translation>Kein Foto ist bearbeitet.</translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>und ein weiteres</numerusform>
            <numerusform>und %n weitere</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Replaces %n original photo(s).</source>
        <translation>
            <numerusform>Ersetzt ein Originalfoto.</numerusform>
            <numerusform>Ersetzt %n Originalfotos.</numerusform>
        </translation>
    </message>
    <message>
        <source>{format}, {width} × {height} pixels</source>
        <translation>{format}, {width} × {height} Pixel</translation>
    </message>
    <message>
        <source>Replace the original photo?</source>
        <translation>Originalfoto ersetzen?</translation>
    </message>
    <message numerus="yes">
        <source>Replace %n original photos?</source>
        <translation>
            <numerusform>Originalfoto ersetzen?</numerusform>
            <numerusform>%n Originalfotos ersetzen?</numerusform>
        </translation>
    </message>
    <message>
        <source>{names} will hold the edited photo. The original cannot be brought back.</source>
        <translation>{names} enthält danach das bearbeitete Foto. Das Original lässt sich nicht zurückholen.</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Keep both</source>
        <translation>Beide behalten</translation>
    </message>
</context>
<context>
    <name>ExportQueue</name>
    <message>
        <source>written</source>
        <translation>geschrieben</translation>
    </message>
    <message>
        <source>cancelled, the pictures so far stay</source>
        <translation>abgebrochen, die bisherigen Bilder bleiben</translation>
    </message>
    <message>
        <source>cancelled, nothing was written</source>
        <translation>abgebrochen, nichts geschrieben</translation>
    </message>
    <message numerus="yes">
        <source>Exporting, %n to go</source>
        <translation>
            <numerusform>Export läuft, noch %n offen</numerusform>
            <numerusform>Export läuft, noch %n offen</numerusform>
        </translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>Cancel all</source>
        <translation>Alle abbrechen</translation>
    </message>
    <message>
        <source>Stop all exports; files that are done stay</source>
        <translation>Alle Exporte abbrechen; fertige Dateien bleiben</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <source>Take finished exports off this list; the files stay</source>
        <translation>Fertige Exporte aus der Liste nehmen; die Dateien bleiben</translation>
    </message>
    <message>
        <source>All exports are done</source>
        <translation>Alle Exporte sind fertig</translation>
    </message>
    <message>
        <source>Not all exports were written</source>
        <translation>Nicht alle Exporte wurden geschrieben</translation>
    </message>
    <message>
        <source>Nothing is exported</source>
        <translation>Nichts wird exportiert</translation>
    </message>
</context>
<context>
    <name>ExportRow</name>
    <message>
        <source>being written</source>
        <translation>wird geschrieben</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>Drag this file into another program</source>
        <translation>Diese Datei in ein anderes Programm ziehen</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>Progress of {name}</source>
        <translation>Fortschritt von {name}</translation>
    </message>
    <message>
        <source>Cancel {name}</source>
        <translation>{name} abbrechen</translation>
    </message>
    <message>
        <source>Show {name} in its folder</source>
        <translation>{name} im Ordner zeigen</translation>
    </message>
    <message>
        <source>Go on with {name}</source>
        <translation>{name} fortsetzen</translation>
    </message>
    <message>
        <source>Write what is missing, of the clip as it was</source>
        <translation>Schreiben, was fehlt, vom Clip, wie er war</translation>
    </message>
</context>
<context>
    <name>Exports</name>
    <message>
        <source>Exports</source>
        <translation>Exporte</translation>
    </message>
    <message>
        <source>The edited photo is on the clipboard.</source>
        <translation>Das bearbeitete Foto ist in der Zwischenablage.</translation>
    </message>
</context>
<context>
    <name>FaceChoice</name>
    <message>
        <source>Face</source>
        <translation>Gesicht</translation>
    </message>
    <message>
        <source>Which face the sliders are for</source>
        <translation>Für welches Gesicht die Regler gelten</translation>
    </message>
    <message>
        <source>All faces</source>
        <translation>Alle Gesichter</translation>
    </message>
    <message>
        <source>Face {number}</source>
        <translation>Gesicht {number}</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>The sliders are for: {name}</source>
        <translation>Die Regler gelten für: {name}</translation>
    </message>
    <message>
        <source>No face yet</source>
        <translation>Noch kein Gesicht</translation>
    </message>
</context>
<context>
    <name>FirstStepsDialog</name>
    <message>
        <source>First steps</source>
        <translation>Erste Schritte</translation>
    </message>
    <message>
        <source>Your first edit</source>
        <translation>Ihre erste Bearbeitung</translation>
    </message>
    <message>
        <source>Drop a photo on the window</source>
        <translation>Foto auf das Fenster ziehen</translation>
    </message>
    <message>
        <source>Faces are found by themselves. A face looks best from the front and sharp.</source>
        <translation>Gesichter werden automatisch gefunden. Am besten gelingen scharfe Gesichter von vorn.</translation>
    </message>
    <message>
        <source>Choose a face</source>
        <translation>Gesicht wählen</translation>
    </message>
    <message>
        <source>Click it, or press Tab. With none chosen, the sliders move all faces.</source>
        <translation>Anklicken oder Tab drücken. Ist keines gewählt, gelten die Regler für alle Gesichter.</translation>
    </message>
    <message>
        <source>Move a slider</source>
        <translation>Regler bewegen</translation>
    </message>
    <message>
        <source>Double click takes it back, Shift moves in fine steps. A dashed track means: look closely there.</source>
        <translation>Doppelklick setzt zurück, mit Umschalt geht es in feinen Schritten. Wo die Spur gestrichelt ist: genau hinsehen.</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Hold the O key to see the original, or drag the split line over the photo.</source>
        <translation>Die Taste O gedrückt halten zeigt das Original; oder die Trennlinie über das Foto ziehen.</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>The file has all pixels of your photo and its camera data. The original stays as it is.</source>
        <translation>Die Datei hat alle Pixel Ihres Fotos und seine Kameradaten. Das Original bleibt, wie es ist.</translation>
    </message>
    <message>
        <source>Show this at every start</source>
        <translation>Bei jedem Start zeigen</translation>
    </message>
    <message>
        <source>It is also in the Help menu</source>
        <translation>Steht auch im Menü Hilfe</translation>
    </message>
    <message>
        <source>Try a sample</source>
        <translation>Beispielfoto öffnen</translation>
    </message>
    <message>
        <source>Open a portrait that came with the program</source>
        <translation>Ein mitgeliefertes Porträt öffnen</translation>
    </message>
    <message>
        <source>Open a photo…</source>
        <translation>Foto öffnen …</translation>
    </message>
    <message>
        <source>Open a photo</source>
        <translation>Foto öffnen</translation>
    </message>
    <message>
        <source>Choose a photo of your own</source>
        <translation>Ein eigenes Foto wählen</translation>
    </message>
</context>
<context>
    <name>FormatFields</name>
    <message>
        <source>As the photo</source>
        <translation>Wie das Foto</translation>
    </message>
    <message>
        <source>As the photo ({format})</source>
        <translation>Wie das Foto ({format})</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>Kind of file</source>
        <translation>Art der Datei</translation>
    </message>
    <message>
        <source>Quality as the photo</source>
        <translation>Qualität wie das Foto</translation>
    </message>
    <message>
        <source>A JPEG keeps the compression that it had; other photos get one that is hard to see</source>
        <translation>Ein JPEG behält seine Kompression; andere Fotos bekommen eine, die kaum zu sehen ist</translation>
    </message>
    <message>
        <source>Leave untouched parts of a JPEG exactly as they are</source>
        <translation>Unberührte Teile eines JPEGs genau so lassen, wie sie sind</translation>
    </message>
    <message>
        <source>Leave untouched parts exactly as they are</source>
        <translation>Unberührte Teile genau so lassen, wie sie sind</translation>
    </message>
    <message>
        <source>Blocks that no edit touches keep their very data; for JPEG photos at full size and quality as they are</source>
        <translation>Blöcke, die keine Bearbeitung berührt, behalten ihre Daten; für JPEG-Fotos in voller Größe und unveränderter Qualität</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>8 bits per channel</source>
        <translation>8 Bit pro Kanal</translation>
    </message>
    <message>
        <source>16 bits per channel</source>
        <translation>16 Bit pro Kanal</translation>
    </message>
    <message>
        <source>Bit depth</source>
        <translation>Farbtiefe</translation>
    </message>
    <message>
        <source>16 bits keep fine steps for further editing (PNG, TIFF)</source>
        <translation>16 Bit bewahren feine Abstufungen für die weitere Bearbeitung (PNG, TIFF)</translation>
    </message>
    <message>
        <source>Full size</source>
        <translation>Volle Größe</translation>
    </message>
    <message>
        <source>Long edge</source>
        <translation>Lange Kante</translation>
    </message>
    <message>
        <source>Short edge</source>
        <translation>Kurze Kante</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>Per cent</source>
        <translation>Prozent</translation>
    </message>
    <message>
        <source>Megapixels</source>
        <translation>Megapixel</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Photos are made smaller, never larger</source>
        <translation>Fotos werden verkleinert, nie vergrößert</translation>
    </message>
    <message>
        <source>Size, number</source>
        <translation>Größe, Zahl</translation>
    </message>
    <message>
        <source>How large</source>
        <translation>Wie groß</translation>
    </message>
</context>
<context>
    <name>HistoryPanel</name>
    <message>
        <source>History</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Click a step to go back or forward to it</source>
        <translation>Ein Klick auf einen Schritt führt zu ihm zurück oder vor</translation>
    </message>
    <message>
        <source>Every change of a slider will be listed here.</source>
        <translation>Hier wird jede Änderung eines Reglers aufgelistet.</translation>
    </message>
</context>
<context>
    <name>KeyInspector</name>
    <message>
        <source>Motion</source>
        <translation>Bewegung</translation>
    </message>
    <message>
        <source>Goes on</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>choose</source>
        <translation>wählen</translation>
    </message>
    <message>
        <source>as the motion</source>
        <translation>wie die Bewegung</translation>
    </message>
    <message>
        <source>Time of the key</source>
        <translation>Zeit des Keyframes</translation>
    </message>
    <message>
        <source>When, in seconds</source>
        <translation>Wann, in Sekunden</translation>
    </message>
    <message>
        <source>Strength of the key</source>
        <translation>Stärke des Keyframes</translation>
    </message>
    <message>
        <source>On top of the photos&apos; own edits</source>
        <translation>Zusätzlich zu den Bearbeitungen der Fotos</translation>
    </message>
    <message>
        <source>How the key goes on</source>
        <translation>Wie es weitergeht</translation>
    </message>
    <message>
        <source>How the face moves on to the next key</source>
        <translation>Wie sich das Gesicht zum nächsten Keyframe bewegt</translation>
    </message>
    <message>
        <source>How the pixels go on</source>
        <translation>Wie die Pixel weitergehen</translation>
    </message>
    <message>
        <source>How the pixels pass over to the next photo</source>
        <translation>Wie die Pixel zum nächsten Foto übergehen</translation>
    </message>
    <message>
        <source>Face of the photo</source>
        <translation>Gesicht des Fotos</translation>
    </message>
    <message>
        <source>Which face takes part</source>
        <translation>Welches Gesicht teilnimmt</translation>
    </message>
    <message>
        <source>Blend</source>
        <translation>Blende</translation>
    </message>
    <message>
        <source>Face</source>
        <translation>Gesicht</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>Stärke</translation>
    </message>
    <message>
        <source>Duplicate the key</source>
        <translation>Keyframe duplizieren</translation>
    </message>
    <message>
        <source>The same key once more, at the playhead (D)</source>
        <translation>Derselbe Keyframe noch einmal, am Abspielkopf (D)</translation>
    </message>
    <message>
        <source>Delete the key</source>
        <translation>Keyframe löschen</translation>
    </message>
    <message>
        <source>Take the key away (Del)</source>
        <translation>Den Keyframe entfernen (Entf)</translation>
    </message>
    <message>
        <source>at</source>
        <translation>bei</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Expression</source>
        <translation>Ausdruck</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Photos</source>
        <translation>Fotos</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>Zeitleiste</translation>
    </message>
    <message>
        <source>Pane&amp;ls</source>
        <translation>Be&amp;dienfelder</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>Zuletzt &amp;verwendet</translation>
    </message>
    <message>
        <source>No face was found. With Face &gt; Draw a face you can show where one is.</source>
        <translation>Es wurde kein Gesicht gefunden. Mit „Gesicht &gt; Übersehenes Gesicht einzeichnen“ können Sie zeigen, wo eines ist.</translation>
    </message>
    <message>
        <source>Opened</source>
        <translation>Geöffnet</translation>
    </message>
    <message>
        <source>What you see is not this edit. {reason}</source>
        <translation>Was Sie sehen, ist nicht diese Bearbeitung. {reason}</translation>
    </message>
    <message>
        <source>The graphics processor failed</source>
        <translation>Der Grafikprozessor ist ausgefallen</translation>
    </message>
    <message>
        <source>Editing goes on with the processor (CPU), more slowly. {reason}</source>
        <translation>Es geht mit dem Prozessor (CPU) weiter, nur langsamer. {reason}</translation>
    </message>
    <message>
        <source>Opening…</source>
        <translation>Wird geöffnet …</translation>
    </message>
    <message>
        <source>Finding faces…</source>
        <translation>Gesichter werden gesucht …</translation>
    </message>
    <message>
        <source>Looking for a face…</source>
        <translation>Gesicht wird gesucht …</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>Modell wird geladen …</translation>
    </message>
    <message>
        <source>Making pictures…</source>
        <translation>Macht Bilder …</translation>
    </message>
    <message>
        <source>Only an address was dropped. Copy the picture in the browser and paste it here.</source>
        <translation>Abgelegt wurde nur eine Adresse. Kopieren Sie das Bild im Browser und fügen Sie es hier ein.</translation>
    </message>
</context>
<context>
    <name>MessageDialog</name>
    <message>
        <source>Copy details</source>
        <translation>Details kopieren</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>Messages</name>
    <message>
        <source>FVAE Studio ended by a crash the last time.</source>
        <translation>FVAE Studio ist beim letzten Mal abgestürzt.</translation>
    </message>
    <message>
        <source>What is known about it was written to {path}. It stays on this computer; nothing was sent.</source>
        <translation>Was darüber bekannt ist, steht in {path}. Es bleibt auf diesem Computer; nichts wurde gesendet.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>ModelsDialog</name>
    <message>
        <source>in use</source>
        <translation>in Gebrauch</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Models that are installed</source>
        <translation>Installierte Modelle</translation>
    </message>
    <message>
        <source>About this model</source>
        <translation>Über dieses Modell</translation>
    </message>
    <message>
        <source>Where it comes from, and what was measured</source>
        <translation>Woher es kommt und was gemessen wurde</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>Dieses Modell verwenden</translation>
    </message>
    <message>
        <source>Load it now and at every start</source>
        <translation>Jetzt und bei jedem Start laden</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>Importieren …</translation>
    </message>
    <message>
        <source>Import a model</source>
        <translation>Modell importieren</translation>
    </message>
    <message>
        <source>Copy a weights file (.safetensors) to your models</source>
        <translation>Eine Datei mit Gewichten (.safetensors) zu Ihren Modellen kopieren</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>Entfernen …</translation>
    </message>
    <message>
        <source>Remove this model</source>
        <translation>Dieses Modell entfernen</translation>
    </message>
    <message>
        <source>Delete its file from your models</source>
        <translation>Löscht seine Datei aus Ihren Modellen</translation>
    </message>
    <message>
        <source>No model is installed. Import one.</source>
        <translation>Es ist kein Modell installiert. Importieren Sie eines.</translation>
    </message>
    <message>
        <source>Origin</source>
        <translation>Herkunft</translation>
    </message>
    <message>
        <source>Came with the program</source>
        <translation>Mit dem Programm geliefert</translation>
    </message>
    <message>
        <source>Your own</source>
        <translation>Ihr eigenes</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Checksum</source>
        <translation>Prüfsumme</translation>
    </message>
    <message>
        <source>Measured on people it has not seen</source>
        <translation>Gemessen an Menschen, die es nicht gesehen hat</translation>
    </message>
    <message>
        <source>Made of</source>
        <translation>Gemacht aus</translation>
    </message>
    <message>
        <source>Models (*.safetensors);;All files (*)</source>
        <translation>Modelle (*.safetensors);;Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>MouthBox</name>
    <message>
        <source>From {name}…</source>
        <translation>Aus {name} …</translation>
    </message>
    <message>
        <source>From a photo…</source>
        <translation>Aus einem Foto …</translation>
    </message>
    <message>
        <source>Behind closed lips</source>
        <translation>Hinter geschlossenen Lippen</translation>
    </message>
    <message>
        <source>Mouth, teeth</source>
        <translation>Mund, Zähne</translation>
    </message>
    <message>
        <source>What is seen where an expression parts lips that are closed in the photo. Built-in teeth are an average of many people&apos;s, not this person&apos;s own; exported files say so.</source>
        <translation>Was zu sehen ist, wo ein Ausdruck Lippen öffnet, die im Foto geschlossen sind. Die mitgelieferten Zähne sind ein Mittel aus denen vieler Menschen, nicht die eigenen; exportierte Dateien sagen das.</translation>
    </message>
    <message>
        <source>If lips part</source>
        <translation>Im Mund</translation>
    </message>
    <message>
        <source>Closed lips</source>
        <translation>Lippen zu</translation>
    </message>
    <message>
        <source>Built-in teeth</source>
        <translation>Mitgelieferte Zähne</translation>
    </message>
</context>
<context>
    <name>OverlayLegend</name>
    <message>
        <source>Legend of the overlay</source>
        <translation>Legende der Überlagerung</translation>
    </message>
    <message>
        <source>Nothing is edited yet.</source>
        <translation>Noch ist nichts bearbeitet.</translation>
    </message>
    <message>
        <source>guessed</source>
        <translation>geraten</translation>
    </message>
    <message>
        <source>certain</source>
        <translation>sicher</translation>
    </message>
    <message>
        <source>Motion, colours</source>
        <translation>Bewegung, Farben</translation>
    </message>
    <message>
        <source>Motion, arrows</source>
        <translation>Bewegung, Pfeile</translation>
    </message>
    <message>
        <source>Motion, grid</source>
        <translation>Bewegung, Gitter</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>Verlässlichkeit</translation>
    </message>
    <message>
        <source>Landmarks</source>
        <translation>Gesichtsmerkmale</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>Blend of the clip</source>
        <translation>Überblendung des Clips</translation>
    </message>
    <message>
        <source>The hue tells from where a pixel comes; the rim is {share} of the face&apos;s frame.</source>
        <translation>Der Farbton sagt, woher ein Pixel kommt; der Rand steht für {share} des Gesichtsrahmens.</translation>
    </message>
    <message>
        <source>From where pixels come to where they are seen, in true length.</source>
        <translation>Woher Pixel kommen und wo sie zu sehen sind, in wahrer Länge.</translation>
    </message>
    <message>
        <source>A straight grid on the photo, bent as the face is.</source>
        <translation>Ein gerades Gitter auf dem Foto, gebogen wie das Gesicht.</translation>
    </message>
    <message>
        <source>How far the photo shows what the edit needs.</source>
        <translation>Wie weit das Foto zeigt, was die Bearbeitung braucht.</translation>
    </message>
    <message>
        <source>The points that were found on each face, moved by the edit.</source>
        <translation>Die gefundenen Punkte jedes Gesichts, von der Bearbeitung bewegt.</translation>
    </message>
    <message>
        <source>Yellow: what may change. Dashed: what the model sees.</source>
        <translation>Gelb: was sich ändern kann. Gestrichelt: was das Modell sieht.</translation>
    </message>
    <message>
        <source>Which photo of the timeline is seen: blue the first, orange the second.</source>
        <translation>Welches Foto der Zeitleiste zu sehen ist: blau das erste, orange das zweite.</translation>
    </message>
</context>
<context>
    <name>Pasting</name>
    <message>
        <source>There is no photo on the clipboard.</source>
        <translation>In der Zwischenablage ist kein Foto.</translation>
    </message>
</context>
<context>
    <name>PhotoEdits</name>
    <message>
        <source>Remove face {number}</source>
        <translation>Gesicht {number} entfernen</translation>
    </message>
    <message>
        <source>Find faces again</source>
        <translation>Gesichter neu suchen</translation>
    </message>
    <message>
        <source>{label}, face {number}</source>
        <translation>{label}, Gesicht {number}</translation>
    </message>
    <message>
        <source>Closed lips</source>
        <translation>Lippen zu</translation>
    </message>
    <message>
        <source>Built-in teeth</source>
        <translation>Mitgelieferte Zähne</translation>
    </message>
    <message>
        <source>Teeth from {name}</source>
        <translation>Zähne aus {name}</translation>
    </message>
    <message>
        <source>Amount {percent}</source>
        <translation>Stärke {percent}</translation>
    </message>
    <message>
        <source>Reset face {number}</source>
        <translation>Gesicht {number} zurücksetzen</translation>
    </message>
    <message>
        <source>Reset all</source>
        <translation>Alles zurücksetzen</translation>
    </message>
    <message>
        <source>Paste edit</source>
        <translation>Bearbeitung einfügen</translation>
    </message>
    <message>
        <source>Add face {number}</source>
        <translation>Gesicht {number} hinzufügen</translation>
    </message>
</context>
<context>
    <name>PhotoList</name>
    <message>
        <source>Pasted photo</source>
        <translation>Eingefügtes Foto</translation>
    </message>
    <message>
        <source>There is no photo in {0}.</source>
        <translation>In {0} ist kein Foto.</translation>
    </message>
</context>
<context>
    <name>PhotoStrip</name>
    <message>
        <source>Open photos</source>
        <translation>Geöffnete Fotos</translation>
    </message>
    <message>
        <source>being opened</source>
        <translation>wird geöffnet</translation>
    </message>
    <message>
        <source>exported</source>
        <translation>exportiert</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>bearbeitet</translation>
    </message>
    <message>
        <source>Close photo</source>
        <translation>Foto schließen</translation>
    </message>
    <message>
        <source>Show its folder</source>
        <translation>Ordner zeigen</translation>
    </message>
</context>
<context>
    <name>PhotoTrack</name>
    <message>
        <source>Photos of the clip</source>
        <translation>Fotos des Clips</translation>
    </message>
    <message>
        <source>Drop photos of one person here: from the row of photos, or from a folder</source>
        <translation>Fotos einer Person hierher ziehen: aus der Fotoleiste oder aus einem Ordner</translation>
    </message>
    <message>
        <source>{name} at {seconds:.2f} s</source>
        <translation>{name} bei {seconds:.2f} s</translation>
    </message>
    <message>
        <source>No photos yet</source>
        <translation>Noch keine Fotos</translation>
    </message>
</context>
<context>
    <name>PlaceFields</name>
    <message>
        <source>Choose a folder.</source>
        <translation>Wählen Sie einen Ordner.</translation>
    </message>
    <message>
        <source>{path} is a file, not a folder.</source>
        <translation>{path} ist eine Datei, kein Ordner.</translation>
    </message>
    <message>
        <source>Give the whole path of the folder.</source>
        <translation>Geben Sie den ganzen Pfad des Ordners an.</translation>
    </message>
    <message>
        <source>Name pattern</source>
        <translation>Namensmuster</translation>
    </message>
    <message>
        <source>Name without suffix; fields stand in braces</source>
        <translation>Name ohne Endung; Felder stehen in geschweiften Klammern</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>Einfügen</translation>
    </message>
    <message>
        <source>Insert a field</source>
        <translation>Feld einfügen</translation>
    </message>
    <message>
        <source>Put a field into the name pattern</source>
        <translation>Ein Feld in das Namensmuster einfügen</translation>
    </message>
    <message>
        <source>Name of the photo</source>
        <translation>Name des Fotos</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Nummer</translation>
    </message>
    <message>
        <source>Date of today</source>
        <translation>Heutiges Datum</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>Beside the photo</source>
        <translation>Neben dem Foto</translation>
    </message>
    <message>
        <source>In a folder</source>
        <translation>In einem Ordner</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Where the files go</source>
        <translation>Wohin die Dateien kommen</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Folder of the exported files; it is made if it is not there</source>
        <translation>Ordner der exportierten Dateien; er wird angelegt, wenn es ihn nicht gibt</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen …</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>Ordner wählen</translation>
    </message>
    <message>
        <source>Keep it and add a number</source>
        <translation>Behalten und Nummer anhängen</translation>
    </message>
    <message>
        <source>Replace it</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>If a file is there</source>
        <translation>Wenn es die Datei gibt</translation>
    </message>
    <message>
        <source>What happens when a file of that name exists; an original is never replaced without a question</source>
        <translation>Was geschieht, wenn es eine Datei dieses Namens gibt; ein Original wird nie ohne Rückfrage ersetzt</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>If it exists</source>
        <translation>Falls vorhanden</translation>
    </message>
</context>
<context>
    <name>PresetPanel</name>
    <message>
        <source>Click a preset to apply it.</source>
        <translation>Ein Klick wendet eine Vorgabe an.</translation>
    </message>
    <message>
        <source>Open a photo with a face to use presets.</source>
        <translation>Öffnen Sie ein Foto mit einem Gesicht, um Vorgaben zu verwenden.</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Search presets</source>
        <translation>Vorgaben suchen</translation>
    </message>
    <message>
        <source>Show only presets whose name has this in it</source>
        <translation>Nur Vorgaben zeigen, in deren Namen das vorkommt</translation>
    </message>
    <message>
        <source>Save the present edit as a preset</source>
        <translation>Aktuelle Bearbeitung als Vorgabe speichern</translation>
    </message>
    <message>
        <source>More about presets</source>
        <translation>Mehr zu Vorgaben</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>Apply “{name}”</source>
        <translation>„{name}“ anwenden</translation>
    </message>
    <message>
        <source>Apply to all faces of this photo</source>
        <translation>Auf alle Gesichter dieses Fotos anwenden</translation>
    </message>
    <message>
        <source>Apply to all open photos</source>
        <translation>Auf alle geöffneten Fotos anwenden</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>Umbenennen …</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Löschen …</translation>
    </message>
    <message>
        <source>Export “{name}”…</source>
        <translation>„{name}“ exportieren …</translation>
    </message>
    <message>
        <source>Import presets…</source>
        <translation>Vorgaben importieren …</translation>
    </message>
</context>
<context>
    <name>PresetShelf</name>
    <message>
        <source>Built-in teeth</source>
        <translation>Mitgelieferte Zähne</translation>
    </message>
    <message>
        <source>Closed lips</source>
        <translation>Lippen zu</translation>
    </message>
</context>
<context>
    <name>QualitySlider</name>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>100 is the best and largest</source>
        <translation>100 ist das Beste und Größte</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Works from the next start on.</source>
        <translation>Wirkt ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Changes work at once.</source>
        <translation>Änderungen wirken sofort.</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Set all options of this window to their defaults</source>
        <translation>Alle Einstellungen dieses Fensters zurücksetzen</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>Datei wählen</translation>
    </message>
    <message>
        <source>{name}: works from the next start on.</source>
        <translation>{name}: wirkt ab dem nächsten Start.</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Search commands or keys</source>
        <translation>Befehle oder Tasten suchen</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
    <message>
        <source>Choose a command to change its key</source>
        <translation>Befehl wählen, um seine Taste zu ändern</translation>
    </message>
    <message>
        <source>New key</source>
        <translation>Neue Taste</translation>
    </message>
    <message>
        <source>Press the new key here</source>
        <translation>Neue Taste hier drücken</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Default key</source>
        <translation>Standardtaste</translation>
    </message>
    <message>
        <source>Give this command its default key again</source>
        <translation>Diesem Befehl wieder seine Standardtaste geben</translation>
    </message>
    <message>
        <source>Restore all defaults</source>
        <translation>Alle zurücksetzen</translation>
    </message>
    <message>
        <source>Give all commands their default keys</source>
        <translation>Allen Befehlen ihre Standardtasten geben</translation>
    </message>
    <message>
        <source>On the photo</source>
        <translation>Auf dem Foto</translation>
    </message>
    <message>
        <source>Next or previous face</source>
        <translation>Nächstes oder voriges Gesicht</translation>
    </message>
    <message>
        <source>Tab, Shift with Tab</source>
        <translation>Tab, Umschalt mit Tab</translation>
    </message>
    <message>
        <source>All faces</source>
        <translation>Alle Gesichter</translation>
    </message>
    <message>
        <source>See the original while it is held</source>
        <translation>Original zeigen, solange gedrückt</translation>
    </message>
    <message>
        <source>Larger, smaller</source>
        <translation>Größer, kleiner</translation>
    </message>
    <message>
        <source>Fit the window, actual pixels</source>
        <translation>Einpassen, Originalgröße</translation>
    </message>
    <message>
        <source>Pan</source>
        <translation>Verschieben</translation>
    </message>
    <message>
        <source>Arrows, or drag with Space</source>
        <translation>Pfeile, oder mit Leertaste ziehen</translation>
    </message>
    <message>
        <source>Drag the result out of the window</source>
        <translation>Ergebnis aus dem Fenster ziehen</translation>
    </message>
    <message>
        <source>drag with Ctrl</source>
        <translation>mit Strg ziehen</translation>
    </message>
    <message>
        <source>Move the split line</source>
        <translation>Trennlinie bewegen</translation>
    </message>
    <message>
        <source>Shift with arrows</source>
        <translation>Umschalt mit Pfeilen</translation>
    </message>
    <message>
        <source>On a slider</source>
        <translation>Auf einem Regler</translation>
    </message>
    <message>
        <source>By 1, by 10</source>
        <translation>Um 1, um 10</translation>
    </message>
    <message>
        <source>Arrows, Page keys</source>
        <translation>Pfeile, Bildtasten</translation>
    </message>
    <message>
        <source>By a tenth</source>
        <translation>Um ein Zehntel</translation>
    </message>
    <message>
        <source>Back to zero</source>
        <translation>Zurück auf null</translation>
    </message>
    <message>
        <source>Del, double click</source>
        <translation>Entf, Doppelklick</translation>
    </message>
    <message>
        <source>On the timeline</source>
        <translation>Auf der Zeitleiste</translation>
    </message>
    <message>
        <source>Play or pause</source>
        <translation>Abspielen oder anhalten</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>Leertaste</translation>
    </message>
    <message>
        <source>By a frame, by ten</source>
        <translation>Um ein Bild, um zehn</translation>
    </message>
    <message>
        <source>Left, Right; Shift with them</source>
        <translation>Links, Rechts; dazu Umschalt</translation>
    </message>
    <message>
        <source>To the previous or next key</source>
        <translation>Zum vorigen oder nächsten Keyframe</translation>
    </message>
    <message>
        <source>Up, Down</source>
        <translation>Auf, Ab</translation>
    </message>
    <message>
        <source>To the start, to the end</source>
        <translation>Zum Anfang, zum Ende</translation>
    </message>
    <message>
        <source>Home, End</source>
        <translation>Pos1, Ende</translation>
    </message>
    <message>
        <source>Put a key of the chosen track at the playhead</source>
        <translation>Einen Keyframe der gewählten Spur am Abspielkopf setzen</translation>
    </message>
    <message>
        <source>Move the chosen key by a frame</source>
        <translation>Den gewählten Keyframe um ein Bild verschieben</translation>
    </message>
    <message>
        <source>Alt with Left, Right</source>
        <translation>Alt mit Links, Rechts</translation>
    </message>
    <message>
        <source>Strength of the chosen key</source>
        <translation>Stärke des gewählten Keyframes</translation>
    </message>
    <message>
        <source>Alt with Up, Down</source>
        <translation>Alt mit Auf, Ab</translation>
    </message>
    <message>
        <source>Duplicate, delete the chosen key</source>
        <translation>Den gewählten Keyframe verdoppeln, löschen</translation>
    </message>
    <message>
        <source>D, Del</source>
        <translation>D, Entf</translation>
    </message>
    <message>
        <source>In point, out point at the playhead</source>
        <translation>Anfang, Ende des Ausschnitts am Abspielkopf</translation>
    </message>
    <message>
        <source>Zoom the time axis, show all of it</source>
        <translation>Die Zeitachse zoomen, alles zeigen</translation>
    </message>
    <message>
        <source>Show the photo in place of the clip</source>
        <translation>Das Foto an Stelle des Clips zeigen</translation>
    </message>
    <message>
        <source>Choose a command, then press its new key.</source>
        <translation>Wählen Sie einen Befehl und drücken Sie dann seine neue Taste.</translation>
    </message>
    <message>
        <source>{key} was taken from: {names}.</source>
        <translation>{key} gehörte bisher zu: {names}.</translation>
    </message>
</context>
<context>
    <name>SliderHeader</name>
    <message>
        <source>Key at the playhead</source>
        <translation>Keyframe am Abspielkopf</translation>
    </message>
    <message>
        <source>Remove this track</source>
        <translation>Diese Spur entfernen</translation>
    </message>
    <message>
        <source>Curve of {name}</source>
        <translation>Kurve von {name}</translation>
    </message>
    <message>
        <source>Open or close the curve</source>
        <translation>Die Kurve auf- oder zuklappen</translation>
    </message>
    <message>
        <source>What is set here comes on top of the photos&apos; own edits.</source>
        <translation>Was hier eingestellt wird, kommt zu den Bearbeitungen der Fotos hinzu.</translation>
    </message>
    <message>
        <source>{name} at the playhead, per cent</source>
        <translation>{name} am Abspielkopf, Prozent</translation>
    </message>
    <message>
        <source>Strength at the playhead; another one puts a key there</source>
        <translation>Stärke am Abspielkopf; eine andere setzt dort einen Keyframe</translation>
    </message>
    <message>
        <source>Key of {name} at the playhead</source>
        <translation>Keyframe von {name} am Abspielkopf</translation>
    </message>
    <message>
        <source>Put a key at the playhead, or take it away</source>
        <translation>Am Abspielkopf einen Keyframe setzen oder entfernen</translation>
    </message>
    <message>
        <source>Remove the track of {name}</source>
        <translation>Die Spur von {name} entfernen</translation>
    </message>
</context>
<context>
    <name>SliderPanel</name>
    <message>
        <source>Search sliders</source>
        <translation>Regler suchen</translation>
    </message>
    <message>
        <source>Show only sliders whose name or description has this in it</source>
        <translation>Nur Regler zeigen, in deren Name oder Beschreibung das vorkommt</translation>
    </message>
    <message>
        <source>Only changed</source>
        <translation>Nur geänderte</translation>
    </message>
    <message>
        <source>Show only sliders that are not at zero</source>
        <translation>Nur Regler zeigen, die nicht auf null stehen</translation>
    </message>
    <message>
        <source>Link left and right</source>
        <translation>Links und rechts verbinden</translation>
    </message>
    <message>
        <source>The model is being loaded…</source>
        <translation>Das Modell wird geladen …</translation>
    </message>
    <message>
        <source>Reset all</source>
        <translation>Alles zurücksetzen</translation>
    </message>
    <message>
        <source>Set every slider of this choice to zero</source>
        <translation>Alle Regler dieser Auswahl auf null stellen</translation>
    </message>
    <message>
        <source>Reset all sliders</source>
        <translation>Alle Regler zurücksetzen</translation>
    </message>
    <message>
        <source>Left and right move together. Click to move them apart.</source>
        <translation>Links und rechts bewegen sich gemeinsam. Ein Klick trennt sie.</translation>
    </message>
    <message>
        <source>Left and right move apart. Click to move them together.</source>
        <translation>Links und rechts bewegen sich getrennt. Ein Klick verbindet sie.</translation>
    </message>
    <message>
        <source>No slider is called like that.</source>
        <translation>Kein Regler heißt so.</translation>
    </message>
    <message>
        <source>All sliders stand at zero.</source>
        <translation>Alle Regler stehen auf null.</translation>
    </message>
</context>
<context>
    <name>SliderTrackView</name>
    <message>
        <source>Keys of {name}</source>
        <translation>Keyframes von {name}</translation>
    </message>
    <message>
        <source>Double click puts a key; drag keys in time, in an open track also in strength</source>
        <translation>Doppelklick setzt einen Keyframe; Keyframes in der Zeit ziehen, in einer offenen Spur auch in der Stärke</translation>
    </message>
    <message>
        <source>{percent:.0f} % at {seconds:.2f} s</source>
        <translation>{percent:.0f} % bei {seconds:.2f} s</translation>
    </message>
</context>
<context>
    <name>StrengthSlider</name>
    <message>
        <source>{name}, number</source>
        <translation>{name}, Zahl</translation>
    </message>
    <message>
        <source>Type a number from -200 to 200</source>
        <translation>Eine Zahl von -200 bis 200 eingeben</translation>
    </message>
    <message>
        <source>Beyond {low:.0f} to {high:.0f}, results were not checked: look closely.</source>
        <translation>Außerhalb von {low:.0f} bis {high:.0f} wurden Ergebnisse nicht geprüft: genau hinsehen.</translation>
    </message>
    <message>
        <source>Double click resets; Shift moves in fine steps.</source>
        <translation>Doppelklick setzt zurück; Umschalt bewegt in feinen Schritten.</translation>
    </message>
</context>
<context>
    <name>StudioDialog</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Close this window</source>
        <translation>Dieses Fenster schließen</translation>
    </message>
</context>
<context>
    <name>StudioStatusBar</name>
    <message>
        <source>What is being done</source>
        <translation>Was gerade geschieht</translation>
    </message>
    <message>
        <source>Position and colour under the pointer</source>
        <translation>Position und Farbe unter dem Mauszeiger</translation>
    </message>
    <message>
        <source>Zoom: screen pixels per photo pixel</source>
        <translation>Zoom: Bildschirmpixel pro Fotopixel</translation>
    </message>
    <message>
        <source>Time that the last preview took</source>
        <translation>Dauer der letzten Vorschau</translation>
    </message>
    <message>
        <source>Where the networks run</source>
        <translation>Worauf die Netze rechnen</translation>
    </message>
</context>
<context>
    <name>StudioToolBar</name>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Overlay</source>
        <translation>Überlagerung</translation>
    </message>
    <message>
        <source>Show what happens: motion, confidence, landmarks</source>
        <translation>Zeigen, was geschieht: Bewegung, Verlässlichkeit, Gesichtsmerkmale</translation>
    </message>
    <message>
        <source>Strength of the overlay</source>
        <translation>Deckkraft der Überlagerung</translation>
    </message>
    <message>
        <source>How strongly the overlay covers the photo</source>
        <translation>Wie stark die Überlagerung das Foto verdeckt</translation>
    </message>
</context>
<context>
    <name>TimeRuler</name>
    <message>
        <source>Time of the clip</source>
        <translation>Zeit des Clips</translation>
    </message>
    <message>
        <source>Drag to look at the clip; drag the marks below for what is played</source>
        <translation>Ziehen, um den Clip anzusehen; die Marken darunter ziehen für den Abspielbereich</translation>
    </message>
</context>
<context>
    <name>TimelineCommands</name>
    <message>
        <source>Clear the timeline</source>
        <translation>Zeitleiste leeren</translation>
    </message>
</context>
<context>
    <name>TimelineDesk</name>
    <message>
        <source>Repeat of the clip</source>
        <translation>Wiederholung des Clips</translation>
    </message>
    <message>
        <source>Frames per second</source>
        <translation>Bilder pro Sekunde</translation>
    </message>
    <message>
        <source>What the clip shows</source>
        <translation>Was der Clip zeigt</translation>
    </message>
    <message>
        <source>Add track {name}</source>
        <translation>Spur {name} hinzufügen</translation>
    </message>
    <message>
        <source>Delete key of {name}</source>
        <translation>Keyframe von {name} löschen</translation>
    </message>
    <message>
        <source>In point</source>
        <translation>In-Punkt</translation>
    </message>
    <message>
        <source>Out point</source>
        <translation>Out-Punkt</translation>
    </message>
    <message>
        <source>Duplicate key of {name}</source>
        <translation>Keyframe von {name} duplizieren</translation>
    </message>
    <message>
        <source>Move key of {name}</source>
        <translation>Keyframe von {name} verschieben</translation>
    </message>
    <message>
        <source>a photo</source>
        <translation>einem Foto</translation>
    </message>
    <message>
        <source>What is played</source>
        <translation>Abspielbereich</translation>
    </message>
    <message>
        <source>Change key of {name}</source>
        <translation>Keyframe von {name} ändern</translation>
    </message>
    <message>
        <source>Add key of {name}</source>
        <translation>Keyframe von {name} hinzufügen</translation>
    </message>
    <message>
        <source>Remove track {name}</source>
        <translation>Spur {name} entfernen</translation>
    </message>
</context>
<context>
    <name>TimelinePanel</name>
    <message>
        <source>The first photo gives frame and background; the next ones are what its face turns into.</source>
        <translation>Das erste Foto gibt Rahmen und Hintergrund; die nächsten sind, wozu sein Gesicht wird.</translation>
    </message>
    <message>
        <source>Drag the ruler to look at the clip; Space plays it. Click a key to change it.</source>
        <translation>Am Lineal ziehen, um den Clip anzusehen; die Leertaste spielt ihn ab. Ein Klick auf einen Keyframe ändert ihn.</translation>
    </message>
    <message>
        <source>Part of the clip that is seen</source>
        <translation>Sichtbarer Teil des Clips</translation>
    </message>
</context>
<context>
    <name>TrackHeader</name>
    <message>
        <source>Photos</source>
        <translation>Fotos</translation>
    </message>
    <message>
        <source>The first photo gives frame, size and background</source>
        <translation>Das erste Foto gibt Rahmen, Größe und Hintergrund</translation>
    </message>
    <message>
        <source>Put the shown photo on the timeline, after the last one</source>
        <translation>Das gezeigte Foto hinter das letzte auf die Zeitleiste legen</translation>
    </message>
</context>
<context>
    <name>TransportBar</name>
    <message>
        <source>Playhead / end, in minutes, seconds and frames. This is frame {number}.</source>
        <translation>Abspielkopf / Ende, in Minuten, Sekunden und Bildern. Das ist Bild {number}.</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>Abspielen</translation>
    </message>
    <message>
        <source>Play or pause (Space)</source>
        <translation>Abspielen oder anhalten (Leertaste)</translation>
    </message>
    <message>
        <source>To the start</source>
        <translation>Zum Anfang</translation>
    </message>
    <message>
        <source>To the start of what is played (Home)</source>
        <translation>Zum Anfang des Abspielbereichs (Pos1)</translation>
    </message>
    <message>
        <source>To the previous key</source>
        <translation>Zum vorigen Keyframe</translation>
    </message>
    <message>
        <source>To the previous key (Up)</source>
        <translation>Zum vorigen Keyframe (Pfeil auf)</translation>
    </message>
    <message>
        <source>To the next key</source>
        <translation>Zum nächsten Keyframe</translation>
    </message>
    <message>
        <source>To the next key (Down)</source>
        <translation>Zum nächsten Keyframe (Pfeil ab)</translation>
    </message>
    <message>
        <source>To the end</source>
        <translation>Zum Ende</translation>
    </message>
    <message>
        <source>To the end of what is played (End)</source>
        <translation>Zum Ende des Abspielbereichs (Ende)</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>In</source>
        <translation>In</translation>
    </message>
    <message>
        <source>Play and export from the playhead on (I)</source>
        <translation>Ab dem Abspielkopf abspielen und exportieren (I)</translation>
    </message>
    <message>
        <source>Out</source>
        <translation>Out</translation>
    </message>
    <message>
        <source>Play and export up to the playhead (O)</source>
        <translation>Bis zum Abspielkopf abspielen und exportieren (O)</translation>
    </message>
    <message>
        <source>Once</source>
        <translation>Einmal</translation>
    </message>
    <message>
        <source>Loop</source>
        <translation>Schleife</translation>
    </message>
    <message>
        <source>Ping-pong</source>
        <translation>Hin und zurück</translation>
    </message>
    <message>
        <source>{number:g} fps</source>
        <translation>{number:g} B/s</translation>
    </message>
    <message>
        <source>Whole photo</source>
        <translation>Ganzes Foto</translation>
    </message>
    <message>
        <source>Face only</source>
        <translation>Nur Gesicht</translation>
    </message>
    <message>
        <source>Repeat</source>
        <translation>Wiederholung</translation>
    </message>
    <message>
        <source>What happens at the end of the clip</source>
        <translation>Was am Ende des Clips geschieht</translation>
    </message>
    <message>
        <source>Frames per second</source>
        <translation>Bilder pro Sekunde</translation>
    </message>
    <message>
        <source>What is seen</source>
        <translation>Was zu sehen ist</translation>
    </message>
    <message>
        <source>The whole first photo with its face changing, or the square around the face</source>
        <translation>Das ganze erste Foto mit wechselndem Gesicht, oder das Quadrat um das Gesicht</translation>
    </message>
    <message>
        <source>Show the clip</source>
        <translation>Clip zeigen</translation>
    </message>
    <message>
        <source>The canvas shows the clip at the playhead, or the photo (Esc)</source>
        <translation>Die Leinwand zeigt den Clip am Abspielkopf oder das Foto (Esc)</translation>
    </message>
    <message>
        <source>Add track</source>
        <translation>Spur dazu</translation>
    </message>
    <message>
        <source>Add a slider track</source>
        <translation>Eine Reglerspur hinzufügen</translation>
    </message>
    <message>
        <source>Animate a slider: its keys come on top of the photos&apos; own edits</source>
        <translation>Einen Regler animieren: Seine Keyframes kommen zu den Bearbeitungen der Fotos hinzu</translation>
    </message>
    <message>
        <source>Best moment…</source>
        <translation>Bester Moment …</translation>
    </message>
    <message>
        <source>Look at many in-betweens at once and take one</source>
        <translation>Viele Zwischenbilder auf einmal ansehen und eines nehmen</translation>
    </message>
    <message>
        <source>Export clip…</source>
        <translation>Clip exportieren …</translation>
    </message>
    <message>
        <source>Write the clip into a file</source>
        <translation>Den Clip in eine Datei schreiben</translation>
    </message>
    <message>
        <source>Zoom the time axis out</source>
        <translation>Zeitachse verkleinern</translation>
    </message>
    <message>
        <source>Less room for a second (−)</source>
        <translation>Weniger Platz für eine Sekunde (−)</translation>
    </message>
    <message>
        <source>Zoom the time axis in</source>
        <translation>Zeitachse vergrößern</translation>
    </message>
    <message>
        <source>More room for a second (+)</source>
        <translation>Mehr Platz für eine Sekunde (+)</translation>
    </message>
    <message>
        <source>Show all of the clip</source>
        <translation>Den ganzen Clip zeigen</translation>
    </message>
    <message>
        <source>Fit the clip to the width (0)</source>
        <translation>Den Clip in die Breite einpassen (0)</translation>
    </message>
    <message>
        <source>How the clip runs</source>
        <translation>Wie der Clip abläuft</translation>
    </message>
</context>
<context>
    <name>TrustReadout</name>
    <message>
        <source>Face {number}: {sentence}</source>
        <translation>Gesicht {number}: {sentence}</translation>
    </message>
    <message>
        <source>The least sure part of what moves is vouched for to {percent}. {sentence}</source>
        <translation>Der unsicherste Teil dessen, was sich bewegt, ist zu {percent} verlässlich. {sentence}</translation>
    </message>
    <message>
        <source>Trust: {percent}</source>
        <translation>Verlässlichkeit: {percent}</translation>
    </message>
    <message>
        <source>The edit is not shown</source>
        <translation>Die Bearbeitung wird nicht gezeigt</translation>
    </message>
    <message>
        <source>The teeth are built in: they are not this person&apos;s own.</source>
        <translation>Die Zähne sind mitgeliefert: Es sind nicht die eigenen.</translation>
    </message>
    <message>
        <source>The mouth&apos;s inside comes from the other photo.</source>
        <translation>Das Innere des Mundes stammt aus dem anderen Foto.</translation>
    </message>
    <message>
        <source>The photo shows what this expression needs.</source>
        <translation>Das Foto zeigt, was dieser Ausdruck braucht.</translation>
    </message>
    <message>
        <source>Parts of the mouth are guessed: look at lips and teeth.</source>
        <translation>Teile des Mundes sind geraten: Lippen und Zähne prüfen.</translation>
    </message>
    <message>
        <source>Parts of the eyes are guessed: look at lids and pupils.</source>
        <translation>Teile der Augen sind geraten: Lider und Pupillen prüfen.</translation>
    </message>
    <message>
        <source>Parts of the brows are guessed: look at the skin around them.</source>
        <translation>Teile der Brauen sind geraten: die Haut um sie herum prüfen.</translation>
    </message>
    <message>
        <source>The face&apos;s outline is guessed in places: look at chin, cheeks and hair.</source>
        <translation>Der Umriss des Gesichts ist stellenweise geraten: Kinn, Wangen und Haare prüfen.</translation>
    </message>
    <message>
        <source>Parts of this expression are guessed: look at the mouth and the eyes.</source>
        <translation>Teile dieses Ausdrucks sind geraten: Mund und Augen prüfen.</translation>
    </message>
    <message>
        <source>What is dark below the teeth is drawn: the photo does not show it.</source>
        <translation>Das Dunkle unter den Zähnen ist gezeichnet: das Foto zeigt es nicht.</translation>
    </message>
    <message>
        <source>The mouth would show what this photo lacks: use less, or choose teeth in the Mouth group.</source>
        <translation>Der Mund würde zeigen, was diesem Foto fehlt: weniger nehmen, oder unter „Mund“ Zähne wählen.</translation>
    </message>
    <message>
        <source>The eyes would show what this photo lacks, such as an eye behind its lid; use less.</source>
        <translation>Dem Foto fehlt, was die Augen zeigen würden, etwa die Iris; weniger nehmen.</translation>
    </message>
    <message>
        <source>The brows would show skin that this photo lacks; use less.</source>
        <translation>Dem Foto fehlt Haut, die bei den Brauen zu sehen wäre; weniger nehmen.</translation>
    </message>
    <message>
        <source>Behind the face lies what this photo lacks: the outline would smear; use less.</source>
        <translation>Dem Foto fehlt, was hinter dem Gesicht liegt: Der Umriss verschmiert; weniger nehmen.</translation>
    </message>
    <message>
        <source>This expression needs what the photo lacks, such as teeth behind closed lips; use less of it.</source>
        <translation>Dem Foto fehlt, was dieser Ausdruck braucht, etwa Zähne; weniger davon nehmen.</translation>
    </message>
</context>
<context>
    <name>actions</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>F&amp;ace</source>
        <translation>&amp;Gesicht</translation>
    </message>
    <message>
        <source>&amp;Timeline</source>
        <translation>&amp;Zeitleiste</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;Open photos…</source>
        <translation>Fotos ö&amp;ffnen …</translation>
    </message>
    <message>
        <source>Open photos</source>
        <translation>Fotos öffnen</translation>
    </message>
    <message>
        <source>Open &amp;folder…</source>
        <translation>&amp;Ordner öffnen …</translation>
    </message>
    <message>
        <source>Open pro&amp;ject…</source>
        <translation>Pro&amp;jekt öffnen …</translation>
    </message>
    <message>
        <source>&amp;Save project</source>
        <translation>Projekt &amp;speichern</translation>
    </message>
    <message>
        <source>Save project &amp;as…</source>
        <translation>Projekt speichern &amp;unter …</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>E&amp;xportieren …</translation>
    </message>
    <message>
        <source>Write the edited photo into a file</source>
        <translation>Das bearbeitete Foto in eine Datei schreiben</translation>
    </message>
    <message>
        <source>Export all e&amp;dited photos…</source>
        <translation>A&amp;lle bearbeiteten Fotos exportieren …</translation>
    </message>
    <message>
        <source>Show e&amp;xports</source>
        <translation>Exporte &amp;zeigen</translation>
    </message>
    <message>
        <source>Apply a prese&amp;t to a folder…</source>
        <translation>Vorgabe auf einen Ordner an&amp;wenden …</translation>
    </message>
    <message>
        <source>&amp;Close photo</source>
        <translation>Foto s&amp;chließen</translation>
    </message>
    <message>
        <source>Close all photos</source>
        <translation>Alle Fotos schließen</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>Be&amp;enden</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>&amp;Copy the edited photo</source>
        <translation>Bearbeitetes Foto &amp;kopieren</translation>
    </message>
    <message>
        <source>&amp;Paste a photo</source>
        <translation>Foto &amp;einfügen</translation>
    </message>
    <message>
        <source>Copy e&amp;dit</source>
        <translation>Bearbeitung ko&amp;pieren</translation>
    </message>
    <message>
        <source>Copy all strengths of the chosen face</source>
        <translation>Alle Werte des gewählten Gesichts kopieren</translation>
    </message>
    <message>
        <source>Pa&amp;ste edit</source>
        <translation>Bearbeitung ei&amp;nfügen</translation>
    </message>
    <message>
        <source>Give the chosen face the copied strengths</source>
        <translation>Die kopierten Werte auf das gewählte Gesicht übertragen</translation>
    </message>
    <message>
        <source>Give this edit to all &amp;faces</source>
        <translation>Auf alle &amp;Gesichter übertragen</translation>
    </message>
    <message>
        <source>Give this edit to all open p&amp;hotos</source>
        <translation>Auf alle geöffneten F&amp;otos übertragen</translation>
    </message>
    <message>
        <source>Rese&amp;t all</source>
        <translation>&amp;Alles zurücksetzen</translation>
    </message>
    <message>
        <source>Back to the photo as it was</source>
        <translation>Zurück zum unveränderten Foto</translation>
    </message>
    <message>
        <source>Sa&amp;ve as preset…</source>
        <translation>Als &amp;Vorgabe speichern …</translation>
    </message>
    <message>
        <source>Sett&amp;ings…</source>
        <translation>E&amp;instellungen …</translation>
    </message>
    <message>
        <source>Take from another p&amp;hoto…</source>
        <translation>Von einem anderen F&amp;oto nehmen…</translation>
    </message>
    <message>
        <source>Give a face the eyes or the mouth of another photo of the person</source>
        <translation>Einem Gesicht die Augen oder den Mund eines anderen Fotos der Person geben</translation>
    </message>
    <message>
        <source>&amp;Blend of the clip</source>
        <translation>Überblen&amp;dung des Clips</translation>
    </message>
    <message>
        <source>Show the &amp;timeline</source>
        <translation>&amp;Zeitleiste zeigen</translation>
    </message>
    <message>
        <source>Make a clip of photos of one person</source>
        <translation>Aus Fotos einer Person einen Clip machen</translation>
    </message>
    <message>
        <source>Put this &amp;photo on the timeline</source>
        <translation>Dieses &amp;Foto auf die Zeitleiste legen</translation>
    </message>
    <message>
        <source>Put the shown photo after the last one of the timeline</source>
        <translation>Das gezeigte Foto hinter das letzte der Zeitleiste legen</translation>
    </message>
    <message>
        <source>&amp;Animate this edit</source>
        <translation>Diese Bearbeitung &amp;animieren</translation>
    </message>
    <message>
        <source>Let the edit of the shown photo grow from nothing</source>
        <translation>Die Bearbeitung des gezeigten Fotos aus dem Nichts wachsen lassen</translation>
    </message>
    <message>
        <source>P&amp;lay or pause</source>
        <translation>Abs&amp;pielen oder anhalten</translation>
    </message>
    <message>
        <source>Overlays tell of the photo be&amp;fore</source>
        <translation>Überlagerungen vom Foto &amp;davor</translation>
    </message>
    <message>
        <source>O&amp;verlays tell of the photo after</source>
        <translation>Überlagerungen vom Foto da&amp;nach</translation>
    </message>
    <message>
        <source>Best &amp;moment…</source>
        <translation>Bester &amp;Moment …</translation>
    </message>
    <message>
        <source>Look at many in-betweens at once and take one</source>
        <translation>Viele Zwischenbilder auf einmal ansehen und eines nehmen</translation>
    </message>
    <message>
        <source>&amp;Export clip…</source>
        <translation>Clip &amp;exportieren …</translation>
    </message>
    <message>
        <source>Write the clip into a file</source>
        <translation>Den Clip in eine Datei schreiben</translation>
    </message>
    <message>
        <source>&amp;Clear the timeline</source>
        <translation>Zeitleiste &amp;leeren</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts…</source>
        <translation>&amp;Tastenkürzel …</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>Ver&amp;größern</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>Ver&amp;kleinern</translation>
    </message>
    <message>
        <source>&amp;Fit the window</source>
        <translation>In das Fenster ein&amp;passen</translation>
    </message>
    <message>
        <source>&amp;Actual pixels</source>
        <translation>&amp;Originalgröße (100 %)</translation>
    </message>
    <message>
        <source>Co&amp;mpare</source>
        <translation>Verg&amp;leichen</translation>
    </message>
    <message>
        <source>O&amp;verlay</source>
        <translation>&amp;Überlagerung</translation>
    </message>
    <message>
        <source>Appea&amp;rance</source>
        <translation>Er&amp;scheinungsbild</translation>
    </message>
    <message>
        <source>Open a sa&amp;mple photo</source>
        <translation>&amp;Beispielfoto öffnen</translation>
    </message>
    <message>
        <source>Reset the ch&amp;osen face</source>
        <translation>Gewähltes Gesicht &amp;zurücksetzen</translation>
    </message>
    <message>
        <source>Fit the &amp;chosen face</source>
        <translation>Gewähltes Gesicht &amp;einpassen</translation>
    </message>
    <message>
        <source>&amp;Previous photo</source>
        <translation>&amp;Voriges Foto</translation>
    </message>
    <message>
        <source>&amp;Next photo</source>
        <translation>&amp;Nächstes Foto</translation>
    </message>
    <message>
        <source>Full &amp;screen</source>
        <translation>Voll&amp;bild</translation>
    </message>
    <message>
        <source>&amp;Hide panels</source>
        <translation>Bedienfelder &amp;ausblenden</translation>
    </message>
    <message>
        <source>&amp;Edited only</source>
        <translation>Nur &amp;bearbeitet</translation>
    </message>
    <message>
        <source>&amp;Split line</source>
        <translation>&amp;Trennlinie</translation>
    </message>
    <message>
        <source>Original left of a line that you can drag, edited right of it</source>
        <translation>Original links, Bearbeitung rechts einer Linie, die sich ziehen lässt</translation>
    </message>
    <message>
        <source>Side &amp;by side</source>
        <translation>&amp;Nebeneinander</translation>
    </message>
    <message>
        <source>&amp;None</source>
        <translation>&amp;Keine</translation>
    </message>
    <message>
        <source>Motion as &amp;colours</source>
        <translation>Bewegung als &amp;Farben</translation>
    </message>
    <message>
        <source>Motion as &amp;arrows</source>
        <translation>Bewegung als &amp;Pfeile</translation>
    </message>
    <message>
        <source>Motion as bent &amp;grid</source>
        <translation>Bewegung als gebogenes &amp;Gitter</translation>
    </message>
    <message>
        <source>Con&amp;fidence</source>
        <translation>&amp;Verlässlichkeit</translation>
    </message>
    <message>
        <source>&amp;Landmarks</source>
        <translation>Gesichts&amp;merkmale</translation>
    </message>
    <message>
        <source>&amp;Region that may change</source>
        <translation>&amp;Bereich, der sich ändern kann</translation>
    </message>
    <message>
        <source>After the &amp;system</source>
        <translation>Wie das &amp;System</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Hell</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>&amp;Dunkel</translation>
    </message>
    <message>
        <source>&amp;All faces</source>
        <translation>&amp;Alle Gesichter</translation>
    </message>
    <message>
        <source>&amp;Next face</source>
        <translation>&amp;Nächstes Gesicht</translation>
    </message>
    <message>
        <source>&amp;Previous face</source>
        <translation>&amp;Voriges Gesicht</translation>
    </message>
    <message>
        <source>&amp;Draw a face that was missed</source>
        <translation>Übersehenes Gesicht ein&amp;zeichnen</translation>
    </message>
    <message>
        <source>Drag a rectangle around a face that was not found</source>
        <translation>Ein Rechteck um ein Gesicht ziehen, das nicht gefunden wurde</translation>
    </message>
    <message>
        <source>&amp;Remove the chosen face</source>
        <translation>Gewähltes Gesicht &amp;entfernen</translation>
    </message>
    <message>
        <source>Take the frame away; the photo stays as it is</source>
        <translation>Nimmt den Rahmen weg; das Foto bleibt, wie es ist</translation>
    </message>
    <message>
        <source>&amp;Find faces again</source>
        <translation>Gesichter neu &amp;suchen</translation>
    </message>
    <message>
        <source>&amp;First steps</source>
        <translation>&amp;Erste Schritte</translation>
    </message>
    <message>
        <source>&amp;Models…</source>
        <translation>&amp;Modelle …</translation>
    </message>
    <message>
        <source>Open the &amp;log folder</source>
        <translation>&amp;Log-Ordner öffnen</translation>
    </message>
    <message>
        <source>&amp;About FVAE Studio</source>
        <translation>&amp;Über FVAE Studio</translation>
    </message>
</context>
<context>
    <name>directions</name>
    <message>
        <source>Emotions</source>
        <translation>Emotionen</translation>
    </message>
    <message>
        <source>Eyes</source>
        <translation>Augen</translation>
    </message>
    <message>
        <source>Mouth</source>
        <translation>Mund</translation>
    </message>
    <message>
        <source>Brows</source>
        <translation>Brauen</translation>
    </message>
    <message>
        <source>Own</source>
        <translation>Eigene</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>Kopf</translation>
    </message>
    <message>
        <source>Smile</source>
        <translation>Lächeln</translation>
    </message>
    <message>
        <source>A friendly smile, lips a little apart if the photo shows teeth. Below 0 it takes away as much of a smile as the photo shows.</source>
        <translation>Ein freundliches Lächeln; die Lippen öffnen sich etwas, wenn das Foto Zähne zeigt. Unter 0 nimmt es so viel Lächeln weg, wie das Foto zeigt.</translation>
    </message>
    <message>
        <source>Big smile</source>
        <translation>Strahlen</translation>
    </message>
    <message>
        <source>A broad smile that narrows the eyes; parts the lips.</source>
        <translation>Ein breites Lächeln, das die Augen verengt und die Lippen öffnet.</translation>
    </message>
    <message>
        <source>Sad</source>
        <translation>Traurig</translation>
    </message>
    <message>
        <source>Corners of the mouth down, inner brows up.</source>
        <translation>Mundwinkel nach unten, innere Brauen nach oben.</translation>
    </message>
    <message>
        <source>Angry</source>
        <translation>Wütend</translation>
    </message>
    <message>
        <source>Brows down and together, lips pressed.</source>
        <translation>Brauen gesenkt und zusammengezogen, Lippen gepresst.</translation>
    </message>
    <message>
        <source>Surprised</source>
        <translation>Überrascht</translation>
    </message>
    <message>
        <source>Brows up, eyes wide, jaw dropped.</source>
        <translation>Brauen gehoben, Augen weit offen, Kiefer gesenkt.</translation>
    </message>
    <message>
        <source>Disgusted</source>
        <translation>Angewidert</translation>
    </message>
    <message>
        <source>Nose wrinkled, upper lip raised.</source>
        <translation>Nase gerümpft, Oberlippe gehoben.</translation>
    </message>
    <message>
        <source>Afraid</source>
        <translation>Ängstlich</translation>
    </message>
    <message>
        <source>Brows up and drawn together, eyes wide, mouth stretched.</source>
        <translation>Brauen gehoben und zusammengezogen, Augen weit offen, Mund gedehnt.</translation>
    </message>
    <message>
        <source>Squint</source>
        <translation>Augen verengen</translation>
    </message>
    <message>
        <source>Eyes narrowed from below.</source>
        <translation>Die Augen von unten verengt.</translation>
    </message>
    <message>
        <source>Close eyes</source>
        <translation>Augen schließen</translation>
    </message>
    <message>
        <source>Both eyes closed.</source>
        <translation>Beide Augen geschlossen.</translation>
    </message>
    <message>
        <source>Close left eye</source>
        <translation>Linkes Auge zu</translation>
    </message>
    <message>
        <source>The person&apos;s own left eye closed.</source>
        <translation>Das linke Auge der Person geschlossen.</translation>
    </message>
    <message>
        <source>Close right eye</source>
        <translation>Rechtes Auge zu</translation>
    </message>
    <message>
        <source>The person&apos;s own right eye closed.</source>
        <translation>Das rechte Auge der Person geschlossen.</translation>
    </message>
    <message>
        <source>Wide eyes</source>
        <translation>Augen weit</translation>
    </message>
    <message>
        <source>Upper lids raised.</source>
        <translation>Oberlider gehoben.</translation>
    </message>
    <message>
        <source>Widen left eye</source>
        <translation>Auge weit, links</translation>
    </message>
    <message>
        <source>The person&apos;s own left upper lid raised.</source>
        <translation>Das linke Oberlid der Person gehoben.</translation>
    </message>
    <message>
        <source>Widen right eye</source>
        <translation>Auge weit, rechts</translation>
    </message>
    <message>
        <source>The person&apos;s own right upper lid raised.</source>
        <translation>Das rechte Oberlid der Person gehoben.</translation>
    </message>
    <message>
        <source>Open mouth</source>
        <translation>Mund öffnen</translation>
    </message>
    <message>
        <source>Jaw dropped, lips apart.</source>
        <translation>Kiefer gesenkt, Lippen geöffnet.</translation>
    </message>
    <message>
        <source>Pucker</source>
        <translation>Lippen spitzen</translation>
    </message>
    <message>
        <source>Lips pushed forward, mouth narrow.</source>
        <translation>Lippen vorgeschoben, Mund schmal.</translation>
    </message>
    <message>
        <source>Lip corners down</source>
        <translation>Mundwinkel ab</translation>
    </message>
    <message>
        <source>Corners of the mouth down.</source>
        <translation>Die Mundwinkel nach unten.</translation>
    </message>
    <message>
        <source>Lip corner up, left</source>
        <translation>Winkel hoch, links</translation>
    </message>
    <message>
        <source>The person&apos;s own left corner of the mouth raised.</source>
        <translation>Der linke Mundwinkel der Person gehoben.</translation>
    </message>
    <message>
        <source>Lip corner up, right</source>
        <translation>Winkel hoch, rechts</translation>
    </message>
    <message>
        <source>The person&apos;s own right corner of the mouth raised.</source>
        <translation>Der rechte Mundwinkel der Person gehoben.</translation>
    </message>
    <message>
        <source>Press lips</source>
        <translation>Lippen pressen</translation>
    </message>
    <message>
        <source>Lips pressed on each other.</source>
        <translation>Lippen aufeinandergepresst.</translation>
    </message>
    <message>
        <source>Brows up</source>
        <translation>Brauen heben</translation>
    </message>
    <message>
        <source>Brows raised over their whole length.</source>
        <translation>Die Brauen auf ganzer Länge gehoben.</translation>
    </message>
    <message>
        <source>Brows down</source>
        <translation>Brauen senken</translation>
    </message>
    <message>
        <source>Brows lowered and drawn together.</source>
        <translation>Die Brauen gesenkt und zusammengezogen.</translation>
    </message>
    <message>
        <source>Inner brows up</source>
        <translation>Brauen innen hoch</translation>
    </message>
    <message>
        <source>Inner ends of the brows raised.</source>
        <translation>Die inneren Enden der Brauen gehoben.</translation>
    </message>
    <message>
        <source>Brow up, left</source>
        <translation>Braue hoch, links</translation>
    </message>
    <message>
        <source>The person&apos;s own left brow raised over its whole length.</source>
        <translation>Die linke Braue der Person über ihre ganze Länge gehoben.</translation>
    </message>
    <message>
        <source>Brow up, right</source>
        <translation>Braue hoch, rechts</translation>
    </message>
    <message>
        <source>The person&apos;s own right brow raised over its whole length.</source>
        <translation>Die rechte Braue der Person über ihre ganze Länge gehoben.</translation>
    </message>
    <message>
        <source>Brow down, left</source>
        <translation>Braue tief, links</translation>
    </message>
    <message>
        <source>The person&apos;s own left brow lowered.</source>
        <translation>Die linke Braue der Person gesenkt.</translation>
    </message>
    <message>
        <source>Brow down, right</source>
        <translation>Braue tief, rechts</translation>
    </message>
    <message>
        <source>The person&apos;s own right brow lowered.</source>
        <translation>Die rechte Braue der Person gesenkt.</translation>
    </message>
    <message>
        <source>Turn head</source>
        <translation>Kopf drehen</translation>
    </message>
    <message>
        <source>Head turned to the person&apos;s own left; below zero to the right.</source>
        <translation>Kopf von der Person aus nach links gedreht; unter null nach rechts.</translation>
    </message>
    <message>
        <source>Nod</source>
        <translation>Nicken</translation>
    </message>
    <message>
        <source>Chin lowered; below zero raised.</source>
        <translation>Kinn gesenkt; unter null gehoben.</translation>
    </message>
</context>
<context>
    <name>errors</name>
    <message>
        <source>There is no file {}. Check the name and the folder.</source>
        <translation>Es gibt keine Datei {}. Prüfen Sie Namen und Ordner.</translation>
    </message>
    <message>
        <source>{} is not there any more.</source>
        <translation>{} ist nicht mehr da.</translation>
    </message>
    <message>
        <source>{} is not the file that was edited. Show the photo, look at its edit, and export it again.</source>
        <translation>{} ist nicht mehr die Datei, die bearbeitet wurde. Bitte das Foto zeigen, die Bearbeitung prüfen und noch einmal exportieren.</translation>
    </message>
    <message>
        <source>There is no photo in {}.</source>
        <translation>In {} ist kein Foto.</translation>
    </message>
    <message>
        <source>{} is a folder. Choose a photo in it.</source>
        <translation>{} ist ein Ordner. Wählen Sie ein Foto darin.</translation>
    </message>
    <message>
        <source>{} is a pipe or a device. Save the photo as an ordinary file first.</source>
        <translation>{} ist eine Pipe oder ein Gerät. Speichern Sie das Foto zuerst als gewöhnliche Datei.</translation>
    </message>
    <message>
        <source>{} is no possible name of a file.</source>
        <translation>{} ist kein möglicher Dateiname.</translation>
    </message>
    <message>
        <source>The system does not let {} be read. Change its permissions or copy it elsewhere.</source>
        <translation>Das System lässt {} nicht lesen. Ändern Sie die Rechte oder kopieren Sie die Datei an einen anderen Ort.</translation>
    </message>
    <message>
        <source>{} cannot be read: the system says &apos;{}&apos;.</source>
        <translation>{} lässt sich nicht lesen; das System meldet „{}“.</translation>
    </message>
    <message>
        <source>{} cannot be written or read: the system says &apos;{}&apos;.</source>
        <translation>{} lässt sich nicht schreiben oder lesen; das System meldet „{}“.</translation>
    </message>
    <message>
        <source>{} cannot be read: the system says &apos;{}&apos;. Check the disk.</source>
        <translation>{} lässt sich nicht lesen; das System meldet „{}“. Prüfen Sie den Datenträger.</translation>
    </message>
    <message>
        <source>{} is empty (0 bytes). Get a fresh copy of it.</source>
        <translation>{} ist leer (0 Byte). Holen Sie eine frische Kopie.</translation>
    </message>
    <message>
        <source>{} is not an image that this program reads. Choose a {} file.</source>
        <translation>{} ist kein Bild, das dieses Programm liest. Wählen Sie eine Datei der Art {}.</translation>
    </message>
    <message>
        <source>{} is {}, which this program does not read. Export it as {}.</source>
        <translation>{} ist {}; das liest dieses Programm nicht. Exportieren Sie es als {}.</translation>
    </message>
    <message>
        <source>JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP or GIF</source>
        <translation>JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP oder GIF</translation>
    </message>
    <message>
        <source>a camera raw file</source>
        <translation>eine Rohdatei einer Kamera</translation>
    </message>
    <message>
        <source>a film or another media file</source>
        <translation>ein Film oder eine andere Mediendatei</translation>
    </message>
    <message>
        <source>a PDF document</source>
        <translation>ein PDF-Dokument</translation>
    </message>
    <message>
        <source>a Photoshop document</source>
        <translation>ein Photoshop-Dokument</translation>
    </message>
    <message>
        <source>an archive or an office document</source>
        <translation>ein Archiv oder ein Office-Dokument</translation>
    </message>
    <message>
        <source>a JPEG XL image</source>
        <translation>ein JPEG-XL-Bild</translation>
    </message>
    <message>
        <source>a JPEG 2000 image</source>
        <translation>ein JPEG-2000-Bild</translation>
    </message>
    <message>
        <source>an OpenEXR image</source>
        <translation>ein OpenEXR-Bild</translation>
    </message>
    <message>
        <source>a Radiance HDR image</source>
        <translation>ein Radiance-HDR-Bild</translation>
    </message>
    <message>
        <source>an SVG drawing</source>
        <translation>eine SVG-Zeichnung</translation>
    </message>
    <message>
        <source>an XML document</source>
        <translation>ein XML-Dokument</translation>
    </message>
    <message>
        <source>a web page</source>
        <translation>eine Webseite</translation>
    </message>
    <message>
        <source>{} is a camera raw file. Develop it and export it as TIFF or JPEG.</source>
        <translation>{} ist eine Rohdatei einer Kamera. Entwickeln Sie sie und exportieren Sie sie als TIFF oder JPEG.</translation>
    </message>
    <message>
        <source>{} is incomplete: the file ends before the picture does. Get a fresh copy.</source>
        <translation>{} ist unvollständig: Die Datei endet vor dem Bild. Holen Sie eine frische Kopie.</translation>
    </message>
    <message>
        <source>{} is damaged: its content makes no sense as a picture. Get a fresh copy.</source>
        <translation>{} ist beschädigt: Der Inhalt ergibt kein Bild. Holen Sie eine frische Kopie.</translation>
    </message>
    <message>
        <source>{} has {} x {} pixels ({} megapixels); at most {} megapixels are read. Scale it down first.</source>
        <translation>{} hat {} × {} Pixel ({} Megapixel); gelesen werden höchstens {} Megapixel. Verkleinern Sie das Foto zuerst.</translation>
    </message>
    <message>
        <source>{} is a {} file of {} GB; at most {} GB are read. Save it as TIFF or scale it down first.</source>
        <translation>{} ist eine {}-Datei von {} GB; gelesen werden höchstens {} GB. Speichern Sie sie als TIFF oder verkleinern Sie das Foto zuerst.</translation>
    </message>
    <message>
        <source>There is not enough memory for {}. Close other programs or scale the photo down.</source>
        <translation>Der Arbeitsspeicher reicht nicht für {}. Schließen Sie andere Programme oder verkleinern Sie das Foto.</translation>
    </message>
    <message>
        <source>{} is a JPEG of {} bits per channel, of which only 8 are read. Export it as PNG or TIFF.</source>
        <translation>{} ist ein JPEG mit {} Bit pro Kanal; gelesen werden nur 8. Exportieren Sie es als PNG oder TIFF.</translation>
    </message>
    <message>
        <source>{} is an AVIF image, which this build cannot read. Export it as JPEG.</source>
        <translation>{} ist ein AVIF-Bild; diese Fassung des Programms kann es nicht lesen. Exportieren Sie es als JPEG.</translation>
    </message>
    <message>
        <source>{} is a {} image, and the library that reads it is missing or broken ({}). Install the program again, or export the photo as JPEG.</source>
        <translation>{} ist ein {}-Bild, und die Bibliothek dafür fehlt oder ist defekt ({}). Installieren Sie das Programm neu oder exportieren Sie das Foto als JPEG.</translation>
    </message>
    <message>
        <source>{} is a TIFF of a colour space or a layout that is not read. Export it as plain RGB.</source>
        <translation>{} ist ein TIFF mit einem Farbraum oder Aufbau, der nicht gelesen wird. Exportieren Sie es als einfaches RGB.</translation>
    </message>
    <message>
        <source>{} is a TIFF of signed, floating-point or more than 16-bit values, which are not read. Export it with 8 or 16 bits per channel.</source>
        <translation>{} ist ein TIFF mit Vorzeichen, Gleitkommawerten oder mehr als 16 Bit; das wird nicht gelesen. Exportieren Sie es mit 8 oder 16 Bit pro Kanal.</translation>
    </message>
    <message>
        <source>Content Credentials could not be added ({}). Export without them, or in another format.</source>
        <translation>Content Credentials konnten nicht hinzugefügt werden ({}). Exportieren Sie ohne sie oder in einem anderen Format.</translation>
    </message>
    <message>
        <source>Content Credentials need the library c2pa-python, which is not installed. Install it with: pip install &quot;fvae-studio[credentials]&quot;</source>
        <translation>Content Credentials brauchen die Bibliothek c2pa-python, die nicht installiert ist. Installieren Sie sie mit: pip install &quot;fvae-studio[credentials]&quot;</translation>
    </message>
    <message>
        <source>All of {} was encoded anew, because {}.</source>
        <translation>{} wurde ganz neu kodiert, denn {}.</translation>
    </message>
    <message>
        <source>a quality was asked for</source>
        <translation>eine Qualität wurde verlangt</translation>
    </message>
    <message>
        <source>its size was changed</source>
        <translation>die Größe wurde geändert</translation>
    </message>
    <message>
        <source>the original holds ink (CMYK)</source>
        <translation>das Original enthält Druckfarben (CMYK)</translation>
    </message>
    <message>
        <source>its colours were converted</source>
        <translation>die Farben wurden umgerechnet</translation>
    </message>
    <message>
        <source>its EXIF block was replaced</source>
        <translation>der EXIF-Block wurde ersetzt</translation>
    </message>
    <message>
        <source>it uses arithmetic coding</source>
        <translation>es verwendet arithmetische Kodierung</translation>
    </message>
    <message>
        <source>the original file was changed or removed since it was opened</source>
        <translation>die Originaldatei wurde seit dem Öffnen geändert oder entfernt</translation>
    </message>
    <message>
        <source>it has more than {} megapixels</source>
        <translation>es hat mehr als {} Megapixel</translation>
    </message>
    <message>
        <source>its blocks cannot be read apart ({})</source>
        <translation>die Blöcke lassen sich nicht einzeln lesen ({})</translation>
    </message>
    <message>
        <source>its colours are not stored as light and colour differences</source>
        <translation>die Farben sind nicht als Helligkeit und Farbdifferenzen gespeichert</translation>
    </message>
    <message>
        <source>its blocks do not cover the picture in the usual way</source>
        <translation>die Blöcke decken das Bild nicht wie üblich ab</translation>
    </message>
    <message>
        <source>it is grey and the edit brought colours into it</source>
        <translation>es ist grau und die Bearbeitung brachte Farben hinein</translation>
    </message>
    <message>
        <source>{} exists already. Choose another name, or ask for it to be overwritten.</source>
        <translation>{} gibt es schon. Wählen Sie einen anderen Namen oder lassen Sie die Datei ersetzen.</translation>
    </message>
    <message>
        <source>{} is the photo itself. Choose another name, or ask for the source to be overwritten.</source>
        <translation>{} ist das Foto selbst. Wählen Sie einen anderen Namen oder lassen Sie das Original ersetzen.</translation>
    </message>
    <message>
        <source>{} holds {} pictures, of which only the first would be left. Choose another name.</source>
        <translation>{} enthält {} Bilder, von denen nur das erste übrig bliebe. Wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <source>Cannot write {}: it is a folder. Give the name of a file.</source>
        <translation>{} lässt sich nicht schreiben: Das ist ein Ordner. Geben Sie den Namen einer Datei an.</translation>
    </message>
    <message>
        <source>Cannot write {}: it is a device or a pipe. Give the name of an ordinary file.</source>
        <translation>{} lässt sich nicht schreiben: Das ist ein Gerät oder eine Pipe. Geben Sie den Namen einer gewöhnlichen Datei an.</translation>
    </message>
    <message>
        <source>Cannot write {}: the folder {} does not exist. Create it first.</source>
        <translation>{} lässt sich nicht schreiben: Den Ordner {} gibt es nicht. Legen Sie ihn zuerst an.</translation>
    </message>
    <message>
        <source>Cannot write {}: {} What was there before is unchanged.</source>
        <translation>{} lässt sich nicht schreiben: {} Was vorher da war, ist unverändert.</translation>
    </message>
    <message>
        <source>The FFmpeg here cannot encode {}; for a {} file there is {}.</source>
        <translation>Das FFmpeg hier kann {} nicht schreiben; für eine {}-Datei gibt es {}.</translation>
    </message>
    <message>
        <source>none; choose .webp or .gif</source>
        <translation>nichts, wählen Sie .webp oder .gif</translation>
    </message>
    <message>
        <source>{} exists; choose another name or allow it to be overwritten.</source>
        <translation>{} gibt es schon; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <source>{} exists; choose another folder or add --overwrite.</source>
        <translation>{} gibt es schon; wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>The folder {} cannot be made: {}.</source>
        <translation>Der Ordner {} kann nicht angelegt werden: {}.</translation>
    </message>
    <message>
        <source>The video could not be encoded: {}.</source>
        <translation>Das Video konnte nicht geschrieben werden: {}.</translation>
    </message>
    <message>
        <source>the disk is full. Free some space or choose another folder.</source>
        <translation>Der Datenträger ist voll. Schaffen Sie Platz oder wählen Sie einen anderen Ordner.</translation>
    </message>
    <message>
        <source>the system does not allow it. Choose another folder or change the permissions.</source>
        <translation>Das System erlaubt es nicht. Wählen Sie einen anderen Ordner oder ändern Sie die Rechte.</translation>
    </message>
    <message>
        <source>the name is too long. Choose a shorter one.</source>
        <translation>Der Name ist zu lang. Wählen Sie einen kürzeren.</translation>
    </message>
    <message>
        <source>the system says &apos;{}&apos;.</source>
        <translation>Das System meldet „{}“.</translation>
    </message>
    <message>
        <source>Cannot write to a path with a null character in it.</source>
        <translation>Ein Pfad mit einem Nullzeichen darin lässt sich nicht schreiben.</translation>
    </message>
    <message>
        <source>Cannot write {} as {}: the encoder failed ({}). Try another format, such as PNG.</source>
        <translation>{} lässt sich nicht als {} schreiben: Der Kodierer ist gescheitert ({}). Versuchen Sie ein anderes Format, etwa PNG.</translation>
    </message>
    <message>
        <source>There is not enough memory to write {}. Close other programs.</source>
        <translation>Der Arbeitsspeicher reicht nicht, um {} zu schreiben. Schließen Sie andere Programme.</translation>
    </message>
    <message>
        <source>{} {}. End the name in .jpg, .png, .tif, .webp, .heic or .avif.</source>
        <translation>{} {}. Der Name muss auf .jpg, .png, .tif, .webp, .heic oder .avif enden.</translation>
    </message>
    <message>
        <source>has the unknown suffix {}</source>
        <translation>hat die unbekannte Endung {}</translation>
    </message>
    <message>
        <source>has no suffix</source>
        <translation>hat keine Endung</translation>
    </message>
    <message>
        <source>{}: an edited photo cannot be written as {}. Choose PNG instead.</source>
        <translation>{}: Ein bearbeitetes Foto lässt sich nicht als {} schreiben. Wählen Sie stattdessen PNG.</translation>
    </message>
    <message>
        <source>{}: {} cannot hold 16 bits per channel. Choose PNG or TIFF.</source>
        <translation>{}: {} kann keine 16 Bit pro Kanal enthalten. Wählen Sie PNG oder TIFF.</translation>
    </message>
    <message>
        <source>{} cannot hold 16 bits per channel. Choose PNG or TIFF.</source>
        <translation>{} kann keine 16 Bit pro Kanal enthalten. Wählen Sie PNG oder TIFF.</translation>
    </message>
    <message>
        <source>{}: {} cannot hold more than {} pixels per side, and the photo has {} x {}. Choose TIFF.</source>
        <translation>{}: {} kann höchstens {} Pixel pro Seite enthalten, das Foto hat {} × {}. Wählen Sie TIFF.</translation>
    </message>
    <message>
        <source>The quality {} is out of range; give 1 to 100.</source>
        <translation>Die Qualität {} gibt es nicht; erlaubt ist 1 bis 100.</translation>
    </message>
    <message>
        <source>A photo cannot be written with {} bits; give 8 or 16.</source>
        <translation>Ein Foto lässt sich nicht mit {} Bit schreiben; erlaubt sind 8 und 16.</translation>
    </message>
    <message>
        <source>There is no format {}; choose one of {}.</source>
        <translation>Das Format {} gibt es nicht; zur Wahl stehen {}.</translation>
    </message>
    <message>
        <source>The name pattern has {} in it; there are {}.</source>
        <translation>Im Namensmuster steht {}; es gibt {}.</translation>
    </message>
    <message>
        <source>The name pattern has a brace without its partner.</source>
        <translation>Im Namensmuster fehlt eine geschweifte Klammer.</translation>
    </message>
    <message>
        <source>The name pattern has one of the characters &lt; &gt; : &quot; / \ | ? * in it. Take it out.</source>
        <translation>Im Namensmuster steht eines der Zeichen &lt; &gt; : &quot; / \ | ? *. Nehmen Sie es heraus.</translation>
    </message>
    <message>
        <source>The name pattern is empty. Write for instance {}-edited.</source>
        <translation>Das Namensmuster ist leer. Schreiben Sie zum Beispiel {}-bearbeitet.</translation>
    </message>
    <message>
        <source>The size {} is out of range; give a number above 0.</source>
        <translation>Die Größe {} gibt es nicht; geben Sie eine Zahl über 0 an.</translation>
    </message>
    <message>
        <source>This photo was pasted and has no folder of its own. Choose a folder to export to.</source>
        <translation>Dieses Foto wurde eingefügt und hat keinen eigenen Ordner. Wählen Sie einen Ordner für den Export.</translation>
    </message>
    <message>
        <source>The pasted picture could not be kept in {}.</source>
        <translation>Das eingefügte Bild konnte nicht in {} abgelegt werden.</translation>
    </message>
    <message>
        <source>a preset is for everybody: its mouth is closed or built_in, not that of a photo</source>
        <translation>Eine Vorgabe ist für alle da: Ihr Mund ist geschlossen oder mitgeliefert, nicht der eines Fotos</translation>
    </message>
    <message>
        <source>a preset needs a name of 1 to {} characters, not {}</source>
        <translation>Eine Vorgabe braucht einen Namen von 1 bis {} Zeichen, nicht {}</translation>
    </message>
    <message>
        <source>the file is no preset of FVAE Studio</source>
        <translation>Die Datei ist keine Vorgabe von FVAE Studio</translation>
    </message>
    <message>
        <source>the preset is not JSON: {}</source>
        <translation>Die Vorgabe ist kein JSON: {}</translation>
    </message>
    <message>
        <source>the preset has schema {}; this version reads schema {}</source>
        <translation>Die Vorgabe hat das Schema {}; diese Version liest Schema {}</translation>
    </message>
    <message>
        <source>a preset needs a name and strengths</source>
        <translation>Eine Vorgabe braucht einen Namen und Werte</translation>
    </message>
    <message>
        <source>there is no preset called {}</source>
        <translation>Es gibt keine Vorgabe namens {}</translation>
    </message>
    <message>
        <source>there is a preset called {} already; choose another name</source>
        <translation>Es gibt schon eine Vorgabe namens {}; wählen Sie einen anderen Namen</translation>
    </message>
    <message>
        <source>{} cannot be read: {}</source>
        <translation>{} lässt sich nicht lesen: {}</translation>
    </message>
    <message>
        <source>{} is no project of FVAE Studio.</source>
        <translation>{} ist kein Projekt von FVAE Studio.</translation>
    </message>
    <message>
        <source>The project {} cannot be read: {}.</source>
        <translation>Das Projekt {} lässt sich nicht lesen: {}.</translation>
    </message>
    <message>
        <source>The project {} is damaged: {}.</source>
        <translation>Das Projekt {} ist beschädigt: {}.</translation>
    </message>
    <message>
        <source>The project {} is damaged: its version is {}.</source>
        <translation>Das Projekt {} ist beschädigt: Seine Version ist {}.</translation>
    </message>
    <message>
        <source>The project {} was saved by a newer FVAE Studio (version {} of the file, this one reads {}); update the program to open it.</source>
        <translation>Das Projekt {} wurde mit einem neueren FVAE Studio gespeichert (Version {} der Datei, dieses liest {}); aktualisieren Sie das Programm, um es zu öffnen.</translation>
    </message>
    <message>
        <source>Face {}</source>
        <translation>Gesicht {}</translation>
    </message>
    <message>
        <source>{} is cut off at the {} edge of the photo; use a photo that shows all of it.</source>
        <translation>{} ist am Rand ({}) des Fotos abgeschnitten; nehmen Sie ein Foto, das es ganz zeigt.</translation>
    </message>
    <message>
        <source>left</source>
        <translation>links</translation>
    </message>
    <message>
        <source>right</source>
        <translation>rechts</translation>
    </message>
    <message>
        <source>top</source>
        <translation>oben</translation>
    </message>
    <message>
        <source>bottom</source>
        <translation>unten</translation>
    </message>
    <message>
        <source>{} is turned away by about {} degrees, more than the {} that an edit can follow; use a photo in which it looks towards the camera.</source>
        <translation>{} ist um etwa {} Grad abgewandt, mehr als die {}, denen eine Bearbeitung folgen kann; nehmen Sie ein Foto, auf dem es zur Kamera schaut.</translation>
    </message>
    <message>
        <source>{} is too small: about {} pixels between the ears, at least {} are needed; use a larger copy of the photo or one taken from nearer.</source>
        <translation>{} ist zu klein: etwa {} Pixel zwischen den Ohren, nötig sind {}; nehmen Sie eine größere Fassung des Fotos oder eines aus größerer Nähe.</translation>
    </message>
    <message>
        <source>No face was found in the photo; use one in which a face is sharp, lit, and looks towards the camera.</source>
        <translation>Im Foto wurde kein Gesicht gefunden; nehmen Sie eines, auf dem ein Gesicht scharf und beleuchtet ist und zur Kamera schaut.</translation>
    </message>
    <message>
        <source>There is no face {}: the photo shows {}.</source>
        <translation>Ein Gesicht {} gibt es nicht: Das Foto zeigt {}.</translation>
    </message>
    <message>
        <source>one face, number 1</source>
        <translation>ein Gesicht, Nummer 1</translation>
    </message>
    <message>
        <source>faces 1 to {}, counted from the left</source>
        <translation>die Gesichter 1 bis {}, von links gezählt</translation>
    </message>
    <message>
        <source>No face was found.</source>
        <translation>Es wurde kein Gesicht gefunden.</translation>
    </message>
    <message>
        <source>No face can be seen in this frame. Draw it around the whole face, from the brows to the chin; a face that is turned far away, hidden or very small cannot be edited.</source>
        <translation>In diesem Rahmen ist kein Gesicht zu erkennen. Ziehen Sie ihn um das ganze Gesicht, von den Brauen bis zum Kinn; weit abgewandte, verdeckte oder sehr kleine Gesichter lassen sich nicht bearbeiten.</translation>
    </message>
    <message>
        <source>The frame is too small; draw it around the whole face, at least {} pixels wide.</source>
        <translation>Der Rahmen ist zu klein; ziehen Sie ihn um das ganze Gesicht, mindestens {} Pixel breit.</translation>
    </message>
    <message>
        <source>The mouth cannot be taken from {}: {}</source>
        <translation>Der Mund kann nicht aus {} genommen werden: {}</translation>
    </message>
    <message>
        <source>It shows {} faces; choose a photo of the person alone.</source>
        <translation>Es zeigt {} Gesichter; bitte ein Foto wählen, das nur diese Person zeigt.</translation>
    </message>
    <message>
        <source>The mouth in the other photo is closed; choose a photo that shows teeth.</source>
        <translation>Der Mund im anderen Foto ist geschlossen; bitte eines wählen, das Zähne zeigt.</translation>
    </message>
    <message>
        <source>The network that finds glasses is missing ({}). Install the program again.</source>
        <translation>Das Netz, das Brillen findet, fehlt ({}). Bitte das Programm neu installieren.</translation>
    </message>
    <message>
        <source>The network that finds glasses is damaged ({}). Install the program again.</source>
        <translation>Das Netz, das Brillen findet, ist beschädigt ({}). Bitte das Programm neu installieren.</translation>
    </message>
    <message>
        <source>{} is no network that finds glasses. Install the program again.</source>
        <translation>{} ist kein Netz, das Brillen findet. Bitte das Programm neu installieren.</translation>
    </message>
    <message>
        <source>There are no built-in teeth in {}; install the program again, or use a photo.</source>
        <translation>In {} gibt es keine mitgelieferten Zähne; bitte das Programm neu installieren oder ein Foto verwenden.</translation>
    </message>
    <message>
        <source>The built-in teeth in {} are damaged ({}); install the program again.</source>
        <translation>Die mitgelieferten Zähne in {} sind beschädigt ({}); bitte das Programm neu installieren.</translation>
    </message>
    <message>
        <source>The picture of the built-in teeth {} has no matte; install the program again.</source>
        <translation>Dem Bild {} der mitgelieferten Zähne fehlt die Maske; bitte das Programm neu installieren.</translation>
    </message>
    <message>
        <source>the donor {} has schema {}; this version reads {}</source>
        <translation>der Spender {} hat Schema {}; diese Version liest {}</translation>
    </message>
    <message>
        <source>The timeline has no photo yet: drop one on it.</source>
        <translation>Die Zeitleiste hat noch kein Foto: eines darauf ziehen.</translation>
    </message>
    <message>
        <source>A clip of no pictures was asked for; it needs one at least.</source>
        <translation>Ein Clip ohne Bilder wurde verlangt; mindestens eines muss er haben.</translation>
    </message>
    <message>
        <source>A moment of {} photos needs a share for each; it has {} of motion and {} of blend.</source>
        <translation>Ein Moment aus {} Fotos braucht für jedes einen Anteil; er hat {} der Bewegung und {} der Überblendung.</translation>
    </message>
    <message>
        <source>A contact sheet needs a frame and a column at least.</source>
        <translation>Ein Kontaktbogen braucht mindestens ein Bild und eine Spalte.</translation>
    </message>
    <message>
        <source>The contact sheet would have {} x {} pixels; ask for fewer or smaller pictures.</source>
        <translation>Der Kontaktbogen hätte {} x {} Pixel; bitte weniger oder kleinere Bilder wählen.</translation>
    </message>
    <message>
        <source>There are {} faces in the photo, counted from the left; say which one is meant.</source>
        <translation>Im Foto sind {} Gesichter, von links gezählt; bitte sagen, welches gemeint ist.</translation>
    </message>
    <message>
        <source>There is no room for another key.</source>
        <translation>Für einen weiteren Keyframe ist kein Platz.</translation>
    </message>
    <message>
        <source>There is no weights file at {}. Check the path, or name an installed model.</source>
        <translation>Unter {} gibt es keine Datei mit Gewichten. Prüfen Sie den Pfad oder nennen Sie ein installiertes Modell.</translation>
    </message>
    <message>
        <source>{} is damaged: {}. Download or copy the file again.</source>
        <translation>{} ist beschädigt: {}. Laden oder kopieren Sie die Datei noch einmal.</translation>
    </message>
    <message>
        <source>{} could not be read: {}.</source>
        <translation>{} konnte nicht gelesen werden: {}.</translation>
    </message>
    <message>
        <source>{} is a safetensors file of another program. Choose one made by `fvae-train release`.</source>
        <translation>{} ist eine safetensors-Datei eines anderen Programms. Wählen Sie eine von „fvae-train release“.</translation>
    </message>
    <message>
        <source>{} is no safetensors file. Choose a file made by `fvae-train release`.</source>
        <translation>{} ist keine safetensors-Datei. Wählen Sie eine von „fvae-train release“.</translation>
    </message>
    <message>
        <source>{} is no weights file: it has only {} bytes.</source>
        <translation>{} ist keine Datei mit Gewichten: Sie hat nur {} Byte.</translation>
    </message>
    <message>
        <source>{} is a pickle; pickles can run code, so they are never opened. Use a .safetensors file made by `fvae-train release`.</source>
        <translation>{} ist eine Pickle-Datei; die kann Programme ausführen und wird deshalb nie geöffnet. Nehmen Sie eine .safetensors-Datei von „fvae-train release“.</translation>
    </message>
    <message>
        <source>{} is a zip archive, as torch.save writes it, with a pickle inside; pickles can run code, so they are never opened. Use a .safetensors file made by `fvae-train release`.</source>
        <translation>{} ist ein Zip-Archiv von torch.save mit einer Pickle-Datei darin; die kann Programme ausführen und wird deshalb nie geöffnet. Nehmen Sie eine .safetensors-Datei von „fvae-train release“.</translation>
    </message>
    <message>
        <source>{} says it holds {}, not {}.</source>
        <translation>{} enthält nach eigener Angabe {}, nicht {}.</translation>
    </message>
    <message>
        <source>{} was written by a newer FVAE Studio (format {}, this one reads up to {}). Update the program.</source>
        <translation>{} wurde von einem neueren FVAE Studio geschrieben (Format {}, dieses liest bis {}). Aktualisieren Sie das Programm.</translation>
    </message>
    <message>
        <source>{} was trained on crops of template {} ({} px); this build aligns faces to {} ({} px). Train it again from `fvae-train prepare` on, or use the program version it was made for.</source>
        <translation>{} wurde mit Ausschnitten der Vorlage {} ({} px) trainiert; dieses Programm richtet Gesichter nach {} ({} px) aus. Trainieren Sie es ab „fvae-train prepare“ neu, oder nehmen Sie die Programmversion, für die es gemacht ist.</translation>
    </message>
    <message>
        <source>{} was trained with crop preparation {}; this build uses {}. Train it again from `fvae-train prepare` on.</source>
        <translation>{} wurde mit der Aufbereitung {} trainiert; dieses Programm verwendet {}. Trainieren Sie es ab „fvae-train prepare“ neu.</translation>
    </message>
    <message>
        <source>{} is not the file that {} describes (another checksum). Install the program again.</source>
        <translation>{} ist nicht die Datei, die {} beschreibt (andere Prüfsumme). Installieren Sie das Programm neu.</translation>
    </message>
    <message>
        <source>No default model is installed in {}. Name one with --model, put a weights file into {}, or make one with `fvae-train train` and `fvae-train release`.</source>
        <translation>In {} ist kein Standardmodell installiert. Nennen Sie eines mit --model, legen Sie eine Datei mit Gewichten nach {}, oder machen Sie eines mit „fvae-train train“ und „fvae-train release“.</translation>
    </message>
    <message>
        <source>There is no model called {}; installed: {}. Give one of these names or the path of a {} file.</source>
        <translation>Es gibt kein Modell namens {}; installiert: {}. Geben Sie einen dieser Namen an oder den Pfad einer {}-Datei.</translation>
    </message>
    <message>
        <source>{} cannot be read ({}). Install the program again.</source>
        <translation>{} lässt sich nicht lesen ({}). Installieren Sie das Programm neu.</translation>
    </message>
    <message>
        <source>{} makes no sense ({}). Install the program again.</source>
        <translation>{} ist unverständlich ({}). Installieren Sie das Programm neu.</translation>
    </message>
    <message>
        <source>There is no device called {}; choose auto, cpu, cuda or mps.</source>
        <translation>Es gibt kein Gerät namens {}; zur Wahl stehen auto, cpu, cuda und mps.</translation>
    </message>
    <message>
        <source>Device mps was asked for, but PyTorch finds none here. Choose auto or cpu.</source>
        <translation>Gewünscht ist das Gerät mps, doch PyTorch findet hier keines. Wählen Sie auto oder cpu.</translation>
    </message>
    <message>
        <source>Device {} was asked for, but PyTorch finds {} of that kind here. Choose auto or cpu.</source>
        <translation>Gewünscht ist das Gerät {}; PyTorch findet hier von dieser Art: {}. Wählen Sie auto oder cpu.</translation>
    </message>
    <message>
        <source>A process of the batch died, perhaps for want of memory. Photos that were written are whole; go on with fewer --jobs.</source>
        <translation>Ein Prozess des Stapels ist abgebrochen, vielleicht aus Mangel an Speicher. Geschriebene Fotos sind vollständig; machen Sie mit weniger --jobs weiter.</translation>
    </message>
    <message>
        <source>Device {} was asked for, but PyTorch, which computes there, is not installed. Choose auto or cpu.</source>
        <translation>Verlangt wurde das Gerät {}, aber PyTorch, das dort rechnet, ist nicht installiert. Wählen Sie auto oder cpu.</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keines</translation>
    </message>
    <message>
        <source>The device {} failed ({}); choose the CPU instead.</source>
        <translation>Das Gerät {} ist ausgefallen ({}); wählen Sie stattdessen die CPU.</translation>
    </message>
    <message>
        <source>There is no expression called {}. {}</source>
        <translation>Es gibt keinen Ausdruck namens {}. {}</translation>
    </message>
    <message>
        <source>Did you mean {}?</source>
        <translation>Meinten Sie {}?</translation>
    </message>
    <message>
        <source>There are: {}.</source>
        <translation>Es gibt: {}.</translation>
    </message>
    <message>
        <source>This model has no directions.</source>
        <translation>Dieses Modell hat keine Ausdrücke.</translation>
    </message>
    <message>
        <source>Stopped: cancelled by the user.</source>
        <translation>Abgebrochen.</translation>
    </message>
</context>
<context>
    <name>messages</name>
    <message>
        <source>The photo is not there</source>
        <translation>Das Foto ist nicht da</translation>
    </message>
    <message>
        <source>The photo cannot be read</source>
        <translation>Das Foto lässt sich nicht lesen</translation>
    </message>
    <message>
        <source>This is not a photo that can be opened</source>
        <translation>Das ist kein Foto, das sich öffnen lässt</translation>
    </message>
    <message>
        <source>The photo is damaged</source>
        <translation>Das Foto ist beschädigt</translation>
    </message>
    <message>
        <source>The photo is too large</source>
        <translation>Das Foto ist zu groß</translation>
    </message>
    <message>
        <source>The file exists already</source>
        <translation>Die Datei gibt es schon</translation>
    </message>
    <message>
        <source>The photo could not be written</source>
        <translation>Das Foto konnte nicht geschrieben werden</translation>
    </message>
    <message>
        <source>The photo cannot be used</source>
        <translation>Das Foto lässt sich nicht verwenden</translation>
    </message>
    <message>
        <source>The export could not be signed</source>
        <translation>Der Export konnte nicht signiert werden</translation>
    </message>
    <message>
        <source>No face was found</source>
        <translation>Es wurde kein Gesicht gefunden</translation>
    </message>
    <message>
        <source>This face is too small to edit</source>
        <translation>Dieses Gesicht ist zu klein zum Bearbeiten</translation>
    </message>
    <message>
        <source>This face is turned too far</source>
        <translation>Dieses Gesicht ist zu weit abgewandt</translation>
    </message>
    <message>
        <source>This face is cut off</source>
        <translation>Dieses Gesicht ist angeschnitten</translation>
    </message>
    <message>
        <source>This face cannot be edited</source>
        <translation>Dieses Gesicht lässt sich nicht bearbeiten</translation>
    </message>
    <message>
        <source>The model cannot be used</source>
        <translation>Das Modell lässt sich nicht verwenden</translation>
    </message>
    <message>
        <source>This edit cannot be used</source>
        <translation>Diese Bearbeitung lässt sich nicht verwenden</translation>
    </message>
    <message>
        <source>The project cannot be used</source>
        <translation>Das Projekt lässt sich nicht verwenden</translation>
    </message>
    <message>
        <source>The graphics processor cannot be used</source>
        <translation>Der Grafikprozessor lässt sich nicht verwenden</translation>
    </message>
    <message>
        <source>This edit has no place in the photo</source>
        <translation>Diese Bearbeitung hat keinen Platz im Foto</translation>
    </message>
    <message>
        <source>There is not enough memory</source>
        <translation>Der Arbeitsspeicher reicht nicht</translation>
    </message>
    <message>
        <source>The system does not allow it</source>
        <translation>Das System erlaubt es nicht</translation>
    </message>
    <message>
        <source>The file is not there</source>
        <translation>Die Datei ist nicht da</translation>
    </message>
    <message>
        <source>A file could not be read or written</source>
        <translation>Eine Datei konnte nicht gelesen oder geschrieben werden</translation>
    </message>
    <message>
        <source>Something went wrong</source>
        <translation>Etwas ist schiefgegangen</translation>
    </message>
    <message>
        <source>FVAE Studio met an error that it does not know. Your photo and your edits are still there.</source>
        <translation>FVAE Studio ist auf einen unbekannten Fehler gestoßen. Ihr Foto und Ihre Bearbeitungen sind noch da.</translation>
    </message>
    <message>
        <source>Close other photos or other programs and try again.</source>
        <translation>Schließen Sie andere Fotos oder Programme und versuchen Sie es noch einmal.</translation>
    </message>
</context>
<context>
    <name>models</name>
    <message>
        <source>Trained on photos of 97 people, in rendered and in real expressions.</source>
        <translation>Trainiert mit Fotos von 97 Menschen, in berechneten und in echten Gesichtsausdrücken.</translation>
    </message>
    <message>
        <source>PSNR in the face</source>
        <translation>PSNR im Gesicht</translation>
    </message>
    <message>
        <source>gained over no motion</source>
        <translation>Gewinn gegenüber keiner Bewegung</translation>
    </message>
    <message>
        <source>gained, weighted by confidence</source>
        <translation>Gewinn, nach Verlässlichkeit gewichtet</translation>
    </message>
    <message>
        <source>PSNR of the crop</source>
        <translation>PSNR des Ausschnitts</translation>
    </message>
    <message>
        <source>of the gain that is possible</source>
        <translation>des möglichen Gewinns</translation>
    </message>
    <message>
        <source>of it, fitted between two photos</source>
        <translation>davon, zwischen zwei Fotos angepasst</translation>
    </message>
    <message>
        <source>of a real smile&apos;s motion that the slider makes</source>
        <translation>eines echten Lächelns macht der Regler</translation>
    </message>
    <message>
        <source>the same, there and back</source>
        <translation>dasselbe, hin und zurück</translation>
    </message>
    <message>
        <source>the same, with teeth between parted lips</source>
        <translation>dasselbe, mit Zähnen zwischen geöffneten Lippen</translation>
    </message>
    <message>
        <source>of faces in which the least clear expression is recognised</source>
        <translation>der Gesichter, in denen der undeutlichste Ausdruck erkannt wird</translation>
    </message>
    <message>
        <source>strength at which it does so</source>
        <translation>Wert, bei dem er das tut</translation>
    </message>
    <message>
        <source>sharpness that is kept</source>
        <translation>erhaltene Schärfe</translation>
    </message>
    <message>
        <source>change outside of the moving part</source>
        <translation>Änderung außerhalb des bewegten Teils</translation>
    </message>
    <message>
        <source>error of the flow</source>
        <translation>Fehler des Flusses</translation>
    </message>
    <message>
        <source>error of the flow of an edit</source>
        <translation>Fehler des Flusses einer Bearbeitung</translation>
    </message>
    <message>
        <source>confidence: area under the curve</source>
        <translation>Verlässlichkeit: Fläche unter der Kurve</translation>
    </message>
    <message>
        <source>confidence: calibration error</source>
        <translation>Verlässlichkeit: Kalibrierungsfehler</translation>
    </message>
</context>
<context>
    <name>numbers</name>
    <message>
        <source>{number}%</source>
        <translation>{number} %</translation>
    </message>
</context>
<context>
    <name>presets</name>
    <message>
        <source>Soft smile</source>
        <translation>Sanftes Lächeln</translation>
    </message>
    <message>
        <source>Smile</source>
        <translation>Lächeln</translation>
    </message>
    <message>
        <source>Smile with the eyes</source>
        <translation>Lächelnde Augen</translation>
    </message>
    <message>
        <source>Beaming</source>
        <translation>Strahlend</translation>
    </message>
    <message>
        <source>Friendly look</source>
        <translation>Freundlicher Blick</translation>
    </message>
    <message>
        <source>Wide awake</source>
        <translation>Hellwach</translation>
    </message>
    <message>
        <source>Relaxed brow</source>
        <translation>Entspannte Stirn</translation>
    </message>
    <message>
        <source>Earnest</source>
        <translation>Ernst</translation>
    </message>
    <message>
        <source>Thoughtful</source>
        <translation>Nachdenklich</translation>
    </message>
    <message>
        <source>Sceptical</source>
        <translation>Skeptisch</translation>
    </message>
    <message>
        <source>Sad</source>
        <translation>Traurig</translation>
    </message>
    <message>
        <source>Surprised</source>
        <translation>Überrascht</translation>
    </message>
    <message>
        <source>Wink</source>
        <translation>Zwinkern</translation>
    </message>
</context>
<context>
    <name>settings</name>
    <message>
        <source>Appearance</source>
        <translation>Erscheinungsbild</translation>
    </message>
    <message>
        <source>Editing</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Computing</source>
        <translation>Rechnen</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>Light, dark, or as the system has it.</source>
        <translation>Hell, dunkel oder wie das System.</translation>
    </message>
    <message>
        <source>After the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Of menus and texts; from the next start on.</source>
        <translation>Der Menüs und Texte; ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>Textgröße</translation>
    </message>
    <message>
        <source>Height of ordinary text in pixels.</source>
        <translation>Höhe von normalem Text in Pixeln.</translation>
    </message>
    <message>
        <source>Profile of the screen</source>
        <translation>Bildschirmprofil</translation>
    </message>
    <message>
        <source>An ICC file that describes the screen; empty takes what the system knows.</source>
        <translation>Eine ICC-Datei, die den Bildschirm beschreibt; leer gilt, was das System weiß.</translation>
    </message>
    <message>
        <source>Colour profiles</source>
        <translation>Farbprofile</translation>
    </message>
    <message>
        <source>Link left and right</source>
        <translation>Links und rechts verbinden</translation>
    </message>
    <message>
        <source>Move the sliders of the left and the right half of the face together.</source>
        <translation>Die Regler der linken und der rechten Gesichtshälfte gemeinsam bewegen.</translation>
    </message>
    <message>
        <source>The mouse wheel</source>
        <translation>Mausrad</translation>
    </message>
    <message>
        <source>Over the photo. Ctrl with the wheel and pinching always zoom; two fingers always scroll.</source>
        <translation>Über dem Foto. Strg mit dem Rad und Spreizen zweier Finger zoomen immer; zwei Finger auf dem Touchpad verschieben immer.</translation>
    </message>
    <message>
        <source>Zooms</source>
        <translation>Zoomt</translation>
    </message>
    <message>
        <source>Scrolls</source>
        <translation>Verschiebt</translation>
    </message>
    <message>
        <source>Save for recovery every</source>
        <translation>Automatisch sichern alle</translation>
    </message>
    <message>
        <source>After a crash the edits are offered again; 0 switches this off.</source>
        <translation>Nach einem Absturz werden die Bearbeitungen wieder angeboten; 0 schaltet das aus.</translation>
    </message>
    <message>
        <source>Compute on</source>
        <translation>Rechnen auf</translation>
    </message>
    <message>
        <source>If the graphics processor fails, the processor takes over.</source>
        <translation>Fällt der Grafikprozessor aus, springt der Prozessor ein.</translation>
    </message>
    <message>
        <source>The fastest</source>
        <translation>Am schnellsten</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>NVIDIA graphics</source>
        <translation>NVIDIA-Grafik</translation>
    </message>
    <message>
        <source>Apple graphics</source>
        <translation>Apple-Grafik</translation>
    </message>
    <message>
        <source>Memory for open photos</source>
        <translation>Speicher für Fotos</translation>
    </message>
    <message>
        <source>Photos that are not shown are read again when they are needed, if they take more.</source>
        <translation>Brauchen die geöffneten Fotos mehr, werden nicht gezeigte bei Bedarf neu gelesen.</translation>
    </message>
</context>
<context>
    <name>time</name>
    <message>
        <source>a few seconds</source>
        <translation>wenige Sekunden</translation>
    </message>
    <message>
        <source>{number} s</source>
        <translation>{number} s</translation>
    </message>
    <message>
        <source>{number} min</source>
        <translation>{number} min</translation>
    </message>
    <message>
        <source>{hours} h {number} min</source>
        <translation>{hours} h {number} min</translation>
    </message>
</context>
<context>
    <name>timeline</name>
    <message>
        <source>Even</source>
        <translation>Gleichmäßig</translation>
    </message>
    <message>
        <source>Ease</source>
        <translation>Sanft</translation>
    </message>
    <message>
        <source>Ease in</source>
        <translation>Sanft beginnen</translation>
    </message>
    <message>
        <source>Ease out</source>
        <translation>Sanft enden</translation>
    </message>
    <message>
        <source>Smooth through the keys</source>
        <translation>Glatt durch die Keyframes</translation>
    </message>
    <message>
        <source>Hold</source>
        <translation>Halten</translation>
    </message>
    <message>
        <source>At constant speed to the next key</source>
        <translation>Mit gleicher Geschwindigkeit zum nächsten Keyframe</translation>
    </message>
    <message>
        <source>Slow at both ends</source>
        <translation>Langsam an beiden Enden</translation>
    </message>
    <message>
        <source>Slow at the start</source>
        <translation>Langsam am Anfang</translation>
    </message>
    <message>
        <source>Slow at the end</source>
        <translation>Langsam am Ende</translation>
    </message>
    <message>
        <source>Along a smooth curve through all keys</source>
        <translation>Auf einer glatten Kurve durch alle Keyframes</translation>
    </message>
    <message>
        <source>Stay until the next key, then jump</source>
        <translation>Bis zum nächsten Keyframe bleiben, dann springen</translation>
    </message>
    <message>
        <source>Show this photo</source>
        <translation>Dieses Foto zeigen</translation>
    </message>
    <message>
        <source>Duplicate at the playhead</source>
        <translation>Am Abspielkopf duplizieren</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Motion to the next photo</source>
        <translation>Bewegung zum nächsten Foto</translation>
    </message>
    <message>
        <source>Blend to the next photo</source>
        <translation>Überblendung zum nächsten Foto</translation>
    </message>
    <message>
        <source>As the motion</source>
        <translation>Wie die Bewegung</translation>
    </message>
    <message>
        <source>Face that takes part</source>
        <translation>Gesicht, das mitwirkt</translation>
    </message>
    <message>
        <source>Face {number}</source>
        <translation>Gesicht {number}</translation>
    </message>
    <message>
        <source>Goes on</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>A photo of the timeline is not open any more.</source>
        <translation>Ein Foto der Zeitleiste ist nicht mehr offen.</translation>
    </message>
    <message>
        <source>{name} cannot take part: {reason}</source>
        <translation>{name} kann nicht mitwirken: {reason}</translation>
    </message>
    <message>
        <source>No face was found in {name}: take it off the timeline, or draw a frame around its face.</source>
        <translation>In {name} wurde kein Gesicht gefunden: Nehmen Sie es von der Zeitleiste, oder ziehen Sie einen Rahmen um das Gesicht.</translation>
    </message>
    <message>
        <source>{name} shows {number} faces: choose which one takes part (right click on it).</source>
        <translation>{name} zeigt {number} Gesichter: Wählen Sie, welches mitwirkt (Rechtsklick darauf).</translation>
    </message>
    <message>
        <source>{names} may show another person than the first photo: in-betweens of two people look like neither.</source>
        <translation>{names} zeigt vielleicht jemand anderen als das erste Foto: Zwischenbilder zweier Menschen sehen keinem von beiden ähnlich.</translation>
    </message>
    <message>
        <source>In {names} the head is turned otherwise than in the first photo: ears, hair and collars tear in between.</source>
        <translation>In {names} ist der Kopf anders gedreht als im ersten Foto: Ohren, Haare und Kragen zerreißen dazwischen.</translation>
    </message>
</context>
</TS>
