"""Write the sample again: ``python -m tools.sample_waves``."""

from tools.sample_waves import write_sample

if __name__ == "__main__":
    for path in write_sample():
        print("/".join(path.parts[-2:]))
