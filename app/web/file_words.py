"""What the pages say about files that are being sent; the scripts look these words up by the codes of refusals."""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


FILE_WORDS = {
    "remove_file": _("Remove {name}"),
    "sending_file": _("Sending {name}"),
    "file_ready": _("{name} is ready to send."),
    "file_waits": _("Waiting for the connection…"),
    "five_files": _("Five files at most in one message."),
    "file_too_large": _("Too large: {limit} MB at most."),
    "too_large": _("Too large: {limit} MB at most."),
    "file_empty": _("The file is empty."),
    "file_executable": _("Programs and scripts cannot be sent."),
    "file_unknown": _("This kind of file cannot be sent."),
    "picture_broken": _("The picture cannot be read."),
    "picture_too_large": _("The picture is too large to be shown."),
    "too_many": _("Too many files at once. Please wait a little."),
    "too_many_files": _("Too many files at once. Please wait a little."),
    "storage_full": _("There is no room for files at the moment."),
    "file_failed": _("The file could not be sent."),
    "refused": _("Not kept."),
    "refused_file_too_large": _("Not kept: too large."),
    "refused_file_empty": _("Not kept: empty."),
    "refused_file_executable": _("Not kept: a program or a script."),
    "refused_file_unknown": _("Not kept: an unknown kind of file."),
    "refused_picture_broken": _("Not kept: the picture cannot be read."),
    "refused_picture_too_large": _("Not kept: the picture is too large to be shown."),
    "refused_too_many_files": _("Not kept: too many files."),
}


def refusal_words(code: str) -> str:
    """Why a file that came by mail has no content, to be translated."""
    return FILE_WORDS.get(f"refused_{code}", FILE_WORDS["refused"])
