"""`python -m whatworks` is the command line."""

from whatworks.cli import main

if __name__ == "__main__":
    main()
