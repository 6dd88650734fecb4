"""What helpdesks and app stores export, as it comes: which fields hold the customer's words."""

from __future__ import annotations

from txtal.formats.reading import Fields
from txtal.formats.shapes import Shape


def _zendesk(fields: Fields) -> bool:
    keys = fields.keys()
    return keys >= {"subject", "description"} and bool(
        keys & {"requester_id", "submitter_id", "via", "ticket_form_id", "satisfaction_rating"}
    )


def _zendesk_view(fields: Fields) -> bool:
    """A view or a report as CSV, with columns as its users named them."""
    keys = fields.keys()
    return keys >= {"Id", "Subject", "Requester"} and bool(keys & {"Description", "Comments"})


def _freshdesk(fields: Fields) -> bool:
    keys = fields.keys()
    return keys >= {"subject", "description_text"} or (
        keys >= {"subject", "description"} and bool(keys & {"responder_id", "fr_escalated", "spam"})
    )


def _intercom(fields: Fields) -> bool:
    source = fields.get("source")
    return isinstance(source, dict) and "body" in source and (
        fields.get("type") == "conversation" or "conversation_parts" in fields
    )  # fmt: skip


def _play_csv(fields: Fields) -> bool:
    return fields.keys() >= {"Package Name", "Star Rating"}


def _play_scraped(fields: Fields) -> bool:
    return fields.keys() >= {"reviewId", "content", "score"}


def _app_store_connect(fields: Fields) -> bool:
    return fields.get("type") == "customerReviews" and isinstance(fields.get("attributes"), dict)


def _app_store_feed(fields: Fields) -> bool:
    return "im:rating" in fields and isinstance(fields.get("content"), dict)


def _app_store_scraped(fields: Fields) -> bool:
    return fields.keys() >= {"title", "review", "rating"}


def _label_of(value: object) -> object:
    return value.get("label") if isinstance(value, dict) else value


def _feed(fields: Fields) -> Fields:
    """Apple's feed holds each value as ``{"label": …}``."""
    return {key: _label_of(value) for key, value in fields.items() if key not in ("link", "author")}


def _attributes(fields: Fields) -> Fields:
    inner = {key: value for key, value in fields.items() if key != "attributes"}
    return inner | dict(fields["attributes"])


def _conversation(fields: Fields) -> Fields:
    source = fields["source"]
    return fields | {"subject": source.get("subject"), "body": source.get("body")}


SHAPES = (
    Shape(
        "Freshdesk",
        _freshdesk,
        text=("subject", "description_text|description"),
        markup=True,
        id="id",
    ),
    Shape("Zendesk", _zendesk, text=("subject", "description"), markup=True, id="id"),
    Shape(
        "Zendesk",
        _zendesk_view,
        text=("Subject", "Description|Comments"),
        markup=True,
        id="Id",
    ),
    Shape(
        "Intercom",
        _intercom,
        flat=_conversation,
        text=("subject", "body"),
        markup=True,
        id="id",
    ),
    Shape("Google Play", _play_csv, text=("Review Title", "Review Text"), id="Review Link"),
    Shape("Google Play", _play_scraped, text=("content",), id="reviewId"),
    Shape("App Store", _app_store_connect, flat=_attributes, text=("title", "body"), id="id"),
    Shape("App Store", _app_store_feed, flat=_feed, text=("title", "content"), id="id"),
    Shape("App Store", _app_store_scraped, text=("title", "review"), id="id"),
)
