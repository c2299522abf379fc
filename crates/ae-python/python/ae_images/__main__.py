"""``python -m ae_images``: the command ``ae``, where its folder is not on the path."""

import sys

from ._command import main

sys.exit(main())
