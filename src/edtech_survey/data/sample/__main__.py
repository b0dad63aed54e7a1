"""Write the sample again: ``python -m edtech_survey.data.sample``."""

from edtech_survey.data.sample import write_sample

if __name__ == "__main__":
    for path in write_sample():
        print("/".join(path.parts[-2:]))
