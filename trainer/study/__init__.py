"""Table 2's study: people say of single portraits whether they are real photos or edited ones."""
