"""What the sync costs, beside a sequential connector and beside what the network and the shops allow. Ratios of one run, never of two."""
