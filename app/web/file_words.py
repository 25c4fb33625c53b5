"""What the pages say about files that are being sent; the scripts look these words up by the codes of refusals."""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


FILE_WORDS = {
    "remove_file": _("Remove {name}"),
    "sending_file": _("Sending {name}"),
    "file_ready": _("{name} is ready to send."),
    "file_waits": _("Waiting for the connection…"),
    "five_files": _("At most five files per message."),
    "file_too_large": _("Too large: the limit is {limit} MB."),
    "too_large": _("Too large: the limit is {limit} MB."),
    "file_empty": _("The file is empty."),
    "file_executable": _("Programs and scripts can’t be sent."),
    "file_unknown": _("This type of file can’t be sent."),
    "picture_broken": _("The picture can’t be read."),
    "picture_too_large": _("The picture is too large to show."),
    "too_many": _("Too many files at once. Please wait a moment."),
    "too_many_files": _("Too many files at once. Please wait a moment."),
    "storage_full": _("There’s no room for files right now."),
    "file_failed": _("The file couldn’t be sent."),
    "refused": _("Not kept."),
    "refused_file_too_large": _("Not kept: too large."),
    "refused_file_empty": _("Not kept: empty."),
    "refused_file_executable": _("Not kept: a program or a script."),
    "refused_file_unknown": _("Not kept: unknown file type."),
    "refused_picture_broken": _("Not kept: the picture can’t be read."),
    "refused_picture_too_large": _("Not kept: the picture is too large to show."),
    "refused_too_many_files": _("Not kept: too many files."),
}


def refusal_words(code: str) -> str:
    """Why a file that came by mail has no content, to be translated."""
    return FILE_WORDS.get(f"refused_{code}", FILE_WORDS["refused"])
