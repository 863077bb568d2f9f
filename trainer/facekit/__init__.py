"""ICT-FaceKit: a 3D face fitted to photos, and exact flow and visibility from it (method of docs/method.md)."""
