"""The paper's tables and figures on open data, one module each; every one ends in an `ExperimentResult`."""
