"""The shared vocabulary: frozen records every room may import, and nothing else."""
