#!/usr/bin/env bash
# FVAE Studio.app as a disk image; notarised where a profile of `notarytool store-credentials` is named.
#
#   packaging/macos/make_dmg.sh VERSION
#
# FVAE_SIGN_IDENTITY  the "Developer ID Application" certificate that also signed the app while it was built
# FVAE_NOTARY_PROFILE a keychain profile of notarytool; without it the image is not notarised
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1
app="dist/FVAE Studio.app"
image="dist/fvae-studio-$version-macos-$(uname -m).dmg"
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT

codesign --verify --deep --strict "$app"
ditto "$app" "$staging/FVAE Studio.app"
ln -s /Applications "$staging/Applications"
hdiutil create -volname "FVAE Studio" -srcfolder "$staging" -format ULMO -ov "$image"
if [[ -n "${FVAE_SIGN_IDENTITY:-}" ]]; then
  codesign --sign "$FVAE_SIGN_IDENTITY" --timestamp "$image"
fi
if [[ -n "${FVAE_NOTARY_PROFILE:-}" ]]; then
  xcrun notarytool submit "$image" --keychain-profile "$FVAE_NOTARY_PROFILE" --wait
  xcrun stapler staple "$image"
fi
(cd dist && shasum -a 256 "$(basename "$image")" > SHA256SUMS)
