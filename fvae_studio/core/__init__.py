"""Geometry, warping, compositing and files: numpy and OpenCV only."""
