"""Where the method ends (the paper's section 7), measured: light, pose, glasses, and groups of people."""
