"""``python -m edtech_survey`` is the command line."""

from edtech_survey.cli import main

if __name__ == "__main__":
    main()
