"""What files are and what they are called: by their content, whatever the sender says, and safe on every system."""

import unicodedata
import zipfile
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.files.naming import LONGEST, LONGEST_BYTES, clean_name
from app.files.sniffing import DANGEROUS, JPEG, PDF, TEXT, Kind, sniff
from core.errors import Invalid


def zipped(*names: str) -> bytes:
    box = BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return box.getvalue()


def drawn(form: str) -> bytes:
    box = BytesIO()
    Image.new("RGB", (4, 3), (200, 10, 10)).save(box, form)
    return box.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TAKEN = [
    (drawn("JPEG"), "a.png", "image/jpeg"),
    (drawn("PNG"), "photo.exe", "image/png"),
    (drawn("WEBP"), "", "image/webp"),
    (drawn("GIF"), "a.gif", "image/gif"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "IMG_0001.HEIC", "image/heic"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0isom", "film.mp4", "video/mp4"),
    (b"\0\0\0\x14ftypqt  \0\0\0\0", "film.mov", "video/quicktime"),
    (b"\x1a\x45\xdf\xa3\x9f", "film.webm", "video/webm"),
    (b"ID3\x04\0", "voice.mp3", "audio/mpeg"),
    (b"#!AMR\n\x3c", "voice.amr", "audio/amr"),
    (b"%PDF-1.7\n%\xe2\xe3", "invoice.exe", "application/pdf"),
    (b"\xef\xbb\xbf%PDF-1.4", "invoice.pdf", "application/pdf"),
    (zipped("a.txt"), "photos.zip", "application/zip"),
    (
        zipped("[Content_Types].xml"),
        "claim.docx",
        DOCX,
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), "old.xls", "application/vnd.ms-excel"),
    ("订单号,金额\n1001,199.00\n".encode("gb18030"), "导出.csv", "text/csv"),
    ("Grüße".encode("utf-16"), "a.txt", "text/plain"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "logo.svg", "text/plain"),
    (b"<!doctype html><script>alert(1)</script>", "page.html", "text/plain"),
]
REFUSED = [
    (b"", "nothing.jpg", "file_empty"),
    (b"MZ\x90\0\x03\0\0\0", "photo.jpg", "file_executable"),
    (b"\x7fELF\x02\x01", "a", "file_executable"),
    (b"\xca\xfe\xba\xbe\0\0\0\x34", "A.class", "file_executable"),
    (b"#!/bin/sh\nrm -rf /\n", "note.txt", "file_executable"),
    (b"start calc", "note.txt.bat ", "file_executable"),
    (zipped("META-INF/MANIFEST.MF"), "tool.jar", "file_executable"),
    (zipped("word/vbaProject.bin"), "claim.docm", "file_executable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), "setup.msi", "file_executable"),
    (bytes(range(256)), "data.dat", "file_unknown"),
    (b"\0\0\0\x18ftypXXXX", "a.mp4", "file_unknown"),
    (b" \n\t ", "a.txt", "file_unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "name", "media_type"), TAKEN)
def test_the_content_decides(head: bytes, name: str, media_type: str) -> None:
    assert sniff(head, name).media_type == media_type


@pytest.mark.parametrize(("head", "name", "code"), REFUSED)
def test_what_is_not_taken(head: bytes, name: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        sniff(head, name)
    assert refused.value.code == code


@settings(max_examples=300, deadline=None, derandomize=True)
@given(head=st.binary(max_size=200), name=st.text(max_size=30))
def test_any_bytes_get_an_answer(head: bytes, name: str) -> None:
    try:
        found = sniff(head, name).media_type
    except Invalid as refused:
        found = refused.code
    assert found not in {"text/html", "image/svg+xml", "text/xml", "application/xhtml+xml"}


@pytest.mark.parametrize(
    ("said", "kind", "called"),
    [
        ("photo.jpg", JPEG, "photo.jpg"),
        ("Kaputte Lampe.JPEG", JPEG, "Kaputte Lampe.jpeg"),
        ("破损照片.jpg", JPEG, "破损照片.jpg"),
        ("photo.png", JPEG, "photo.jpg"),
        ("invoice.pdf.exe", PDF, "invoice.pdf"),
        ("holiday.exe.jpg", JPEG, "holiday_exe.jpg"),
        ("invoice\u202efdp.exe", PDF, "invoicefdp.pdf"),
        ("\u200b.htaccess", TEXT, "htaccess.txt"),
        ("../../etc/passwd", TEXT, "passwd.txt"),
        ("C:\\Users\\Ines\\bill.pdf", PDF, "bill.pdf"),
        ("a\0b\r\n.pdf", PDF, "ab.pdf"),
        ("CON", TEXT, "_CON.txt"),
        ("nul.pdf", PDF, "_nul.pdf"),
        ("v1.2 final", PDF, "v1.2 final.pdf"),
        ('<img src=x onerror="a">.jpg', JPEG, "_img src=x onerror=_a__.jpg"),
        ("page.html", TEXT, "page.txt"),
        ("...", PDF, "file.pdf"),
        ("", PDF, "file.pdf"),
    ],
)
def test_names(said: str, kind: Kind, called: str) -> None:
    assert clean_name(said, kind) == called


PIECES = st.sampled_from(
    [".", "/", "\\", "\u202e", "\u200b", "\0", "con", "exe", ".exe", ".jpg", ".pdf", " ", "图", "😀", "e\u0301", ":"]
)
SAID = st.one_of(st.text(max_size=3_000), st.lists(PIECES | st.just("\ud800"), max_size=40).map("".join))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(said=SAID, kind=st.sampled_from([JPEG, PDF, TEXT]))
@example(said="a." * 2_000, kind=PDF)
@example(said="图" * 3_000, kind=JPEG)
def test_a_name_is_safe_whatever_was_said(said: str, kind: Kind) -> None:
    name = clean_name(said, kind)
    stem, _, extension = name.rpartition(".")
    assert extension in kind.extensions
    assert stem
    assert len(name) <= LONGEST
    assert len(name.encode()) <= LONGEST_BYTES
    assert not set(name) & set('/\\<>:"|?*')
    assert not name.startswith((".", " "))
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in name)
    assert not DANGEROUS & {part.lower() for part in name.split(".")[1:]}
    assert clean_name(name, kind) == name
