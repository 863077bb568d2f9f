; Installer for one person, without administrator's rights. Inno Setup 6.3 or later:
;   iscc /DVersion=1.2.3 packaging\windows\fvae-studio.iss
; With a certificate, add /DSign and name a sign tool "fvae" in Inno Setup (/Sfvae=...): see docs/packaging.md.

#ifndef Version
  #error Say which version: iscc /DVersion=1.2.3 packaging\windows\fvae-studio.iss
#endif

[Setup]
AppId={{3B0C6E0B-5F0B-4B57-9C0A-6C2F7B7B1E57}
AppName=FVAE Studio
AppVersion={#Version}
AppPublisher=The FVAE Studio authors
VersionInfoVersion={#Version}
DefaultDirName={autopf}\FVAE Studio
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\icons\fvae-studio.ico
UninstallDisplayIcon={app}\fvae-studio-window.exe
OutputDir=..\..\dist
OutputBaseFilename=fvae-studio-{#Version}-windows-x64-setup
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
ChangesEnvironment=yes
#ifdef Sign
SignTool=fvae
SignedUninstaller=yes
#endif

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.CommandLine=Let the command fvae-studio be found in terminals
de.CommandLine=Den Befehl fvae-studio in Terminals auffindbar machen
en.OpenWith=Offer FVAE Studio under "Open with" for photos
de.OpenWith=FVAE Studio für Fotos unter „Öffnen mit“ anbieten
en.Project=FVAE Studio project
de.Project=Projekt von FVAE Studio

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "openwith"; Description: "{cm:OpenWith}"
Name: "commandline"; Description: "{cm:CommandLine}"; Flags: unchecked

[InstallDelete]
; An older version's libraries must not be found beside the new ones.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "..\..\dist\fvae-studio\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\FVAE Studio"; Filename: "{app}\fvae-studio-window.exe"
Name: "{autodesktop}\FVAE Studio"; Filename: "{app}\fvae-studio-window.exe"; Tasks: desktopicon

[Registry]
; Projects open in the Studio; for photos it is offered, and nobody's choice is changed.
Root: HKA; Subkey: "Software\Classes\.fvae"; ValueType: string; ValueData: "FvaeStudio.Project"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\FvaeStudio.Project"; ValueType: string; ValueData: "{cm:Project}"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\FvaeStudio.Project\DefaultIcon"; ValueType: string; ValueData: "{app}\fvae-studio-window.exe,0"
Root: HKA; Subkey: "Software\Classes\FvaeStudio.Project\shell\open\command"; ValueType: string; ValueData: """{app}\fvae-studio-window.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Applications\fvae-studio-window.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "FVAE Studio"; Flags: uninsdeletekey; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\fvae-studio-window.exe\shell\open\command"; ValueType: string; ValueData: """{app}\fvae-studio-window.exe"" ""%1"""; Tasks: openwith
#define Photo(str Suffix) 'Root: HKA; Subkey: "Software\Classes\Applications\fvae-studio-window.exe\SupportedTypes"; ValueType: string; ValueName: "' + Suffix + '"; ValueData: ""; Tasks: openwith'
#emit Photo(".jpg")
#emit Photo(".jpeg")
#emit Photo(".png")
#emit Photo(".tif")
#emit Photo(".tiff")
#emit Photo(".webp")
#emit Photo(".heic")
#emit Photo(".heif")
#emit Photo(".avif")
#emit Photo(".bmp")
#emit Photo(".gif")
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: commandline; Check: IsMissingFromPath

[Run]
Filename: "{app}\fvae-studio-window.exe"; Description: "{cm:LaunchProgram,FVAE Studio}"; Flags: nowait postinstall skipifsilent

[Code]
function PathOfThisPerson: string;
begin
  if not RegQueryStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Result) then
    Result := '';
end;

function IsMissingFromPath: Boolean;
begin
  Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(PathOfThisPerson) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Kept: string;
  Place: Integer;
begin
  if Step <> usPostUninstall then
    Exit;
  Kept := ';' + PathOfThisPerson + ';';
  Place := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', Uppercase(Kept));
  if Place = 0 then
    Exit;
  Delete(Kept, Place, Length(ExpandConstant('{app}')) + 1);
  Kept := Copy(Kept, 2, Length(Kept) - 2);
  RegWriteExpandStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Kept);
end;
