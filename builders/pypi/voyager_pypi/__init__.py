"""The parts of fetch.py and pin.py. Of other packages they import only what `index.open_index` installs."""
