"""Routes of the pages: fulfilment."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.fulfilment import call_backs, connectors, queue

app_name = "fulfilment"
urlpatterns: list[URLPattern | URLResolver] = [
    path("operator/fulfilment/", queue.tasks, name="queue"),
    path("operator/fulfilment/export.<str:form>", queue.export, name="export"),
    path("operator/fulfilment/tasks/<uuid:task_id>/", queue.task, name="task"),
    path("operator/fulfilment/tasks/<uuid:task_id>/retry/", queue.retry, name="retry"),
    path("operator/fulfilment/tasks/<uuid:task_id>/cancellation/", queue.cancel, name="cancel"),
    path("operator/fulfilment/connectors/", connectors.listing, name="connectors"),
    path("operator/fulfilment/connectors/new/", connectors.create, name="create"),
    path("operator/fulfilment/connectors/<uuid:connector_id>/", connectors.connector, name="connector"),
    path("operator/fulfilment/connectors/<uuid:connector_id>/secret/", connectors.rotate, name="rotate"),
    path("operator/fulfilment/connectors/<uuid:connector_id>/pause/", connectors.pause, name="pause"),
    path("operator/fulfilment/connectors/<uuid:connector_id>/pause/end/", connectors.resume, name="resume"),
    path("operator/fulfilment/connectors/<uuid:connector_id>/test/", connectors.try_out, name="try_out"),
    path("call-backs/tasks/<uuid:task_id>/", call_backs.receive, name="call_back"),
]
