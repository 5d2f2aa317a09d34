"""Every address below /sync/: how a member's system sends, receives and proves (docs/sync.md)."""

from django.urls import path

from records.api.sync.acceptance import AcceptanceView
from records.api.sync.checkpoint import CheckpointView
from records.api.sync.digests import DigestsView
from records.api.sync.feed import FeedView
from records.api.sync.heads import HeadsView
from records.api.sync.heartbeat import HeartbeatView
from records.api.sync.views import BatchesView, BatchView, DeadLettersView, StreamView

urlpatterns = [
    path("<slug:hospital>/batches", BatchesView.as_view(), name="sync-batches"),
    path("<slug:hospital>/batches/<str:stream>", StreamView.as_view(), name="sync-stream"),
    path(
        "<slug:hospital>/batches/<str:stream>/<str:number>", BatchView.as_view(), name="sync-batch"
    ),
    path("<slug:hospital>/acceptance", AcceptanceView.as_view(), name="sync-acceptance"),
    path("<slug:hospital>/heartbeat", HeartbeatView.as_view(), name="sync-heartbeat"),
    path("<slug:hospital>/dead-letters", DeadLettersView.as_view(), name="sync-dead-letters"),
    path("<slug:hospital>/digests", DigestsView.as_view(), name="sync-digests"),
    path("<slug:hospital>/feed", FeedView.as_view(), name="sync-feed"),
    path("<slug:hospital>/checkpoint", CheckpointView.as_view(), name="sync-checkpoint"),
    path("<slug:hospital>/heads", HeadsView.as_view(), name="sync-heads"),
]
