"""What is remembered between passes: connections, links, cursors, leases, runs and the journal."""
