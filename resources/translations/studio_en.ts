<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_GB" sourcelanguage="en_GB">
<context>
    <name>BatchDialog</name>
    <message numerus="yes">
        <source>%n photo(s) will be edited.</source>
        <translation>
            <numerusform>%n photo will be edited.</numerusform>
            <numerusform>%n photos will be edited.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ClipExportDialog</name>
    <message numerus="yes">
        <source>%n picture(s)</source>
        <translation>
            <numerusform>%n picture</numerusform>
            <numerusform>%n pictures</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Commands</name>
    <message numerus="yes">
        <source>{names} and %n more</source>
        <translation>
            <numerusform>{names} and one more</numerusform>
            <numerusform>{names} and %n more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n photo(s) were not found there.</source>
        <translation>
            <numerusform>%n photo was not found there.</numerusform>
            <numerusform>%n photos were not found there.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message numerus="yes">
        <source>All edited photos (%n)</source>
        <translation>
            <numerusform>All edited photos (%n)</numerusform>
            <numerusform>All edited photos (%n)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Export %n photos</source>
        <translation>
            <numerusform>Export %n photo</numerusform>
            <numerusform>Export %n photos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>and one more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Replaces %n original photo(s).</source>
        <translation>
            <numerusform>Replaces one original photo.</numerusform>
            <numerusform>Replaces %n original photos.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Replace %n original photos?</source>
        <translation>
            <numerusform>Replace the original photo?</numerusform>
            <numerusform>Replace %n original photos?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportQueue</name>
    <message numerus="yes">
        <source>Exporting, %n to go</source>
        <translation>
            <numerusform>Exporting, one to go</numerusform>
            <numerusform>Exporting, %n to go</numerusform>
        </translation>
    </message>
</context>
</TS>
