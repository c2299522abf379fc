"""What can go wrong.

Every error of the package is an :class:`AeError`, and one of Python's usual ones where there is one for it, so that
``except ValueError`` and ``except OSError`` catch it as well.
"""


class AeError(Exception):
    """Something that the package could not do."""


class InvalidArgumentError(AeError, ValueError):
    """An argument that makes no sense, or a layout that the array's shape doesn't tell."""


class DataError(AeError, ValueError):
    """Images or codes that cannot be used: not numbers, of another shape than the model's, or a file that is damaged."""


class ModelError(AeError, ValueError):
    """A file that is no model, a damaged one, or a directory without one."""


class UnsupportedError(AeError, TypeError):
    """The model is of a kind that cannot do what was asked: a codec doesn't denoise, a U-Net has no codes."""


class FileError(AeError, OSError):
    """A file, a lock or the disk. ``errno`` says which, where the operating system did."""


class NotFoundError(FileError, FileNotFoundError):
    """There is no such file or directory."""


class DivergedError(AeError, ArithmeticError):
    """Training met a number that is not finite; the last weights that were good are kept in the run's directory."""


class DeviceError(AeError, RuntimeError):
    """A device that failed, or memory that there is not enough of."""


class InternalError(AeError, RuntimeError):
    """A bug in ae."""
