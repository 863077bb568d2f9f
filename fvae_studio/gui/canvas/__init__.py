"""The photo on the screen: zoom and pan, faces, comparison, overlays."""
