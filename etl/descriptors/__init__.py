"""What describes a snapshot as a whole to people and programs, one file each kind of description."""
