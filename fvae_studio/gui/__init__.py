"""The Studio's window: widgets that show values and report what people want. No torch, no mediapipe, no OpenCV."""
