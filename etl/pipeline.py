"""The six steps in order: the only composer. The command line and the DAGs call nothing else."""
