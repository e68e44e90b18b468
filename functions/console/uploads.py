"""A form that carries a file, as a browser sends it: fields and files apart."""

from collections.abc import Mapping
from email import policy
from email.parser import BytesParser

from storesync.console.fields import FormData

MULTIPART = "multipart/form-data"


def parted(content_type: str, body: bytes) -> tuple[FormData, Mapping[str, bytes]]:
    """What cannot be read is no field."""
    head = f"content-type: {content_type}\r\n\r\n".encode("ascii", "replace")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    fields, files = FormData(), {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = str(part.get_param("name", "", header="content-disposition"))
        content = part.get_payload(decode=True)
        if not name or not isinstance(content, bytes):
            continue
        if part.get_filename() is not None:
            files[name] = content
        else:
            fields.setdefault(name, []).append(content.decode("utf-8", "replace"))
    return fields, files
