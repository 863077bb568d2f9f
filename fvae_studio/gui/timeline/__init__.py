"""The timeline: photos and sliders at times, playing them, and what of the clip the canvas shows."""
