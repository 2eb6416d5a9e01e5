"""`python -m cavendish` is the command line."""

from cavendish.cli import main

if __name__ == "__main__":
    main()
