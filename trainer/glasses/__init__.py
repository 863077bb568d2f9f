"""Finding glasses, learnt from drawn ones: no photo of the data sets shows any."""
