"""What is synchronised and by which rules: pure, standard library only."""
