"""Everything that the owner may decide, checked as a whole when it is saved."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import fields, settings_form
from visit import connection, visit

router = APIGatewayHttpRouter()


@router.get("/console/c/<connection_id>/settings")
def show(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    here = visit(router)
    form = fields.build(settings_form.SettingsForm, found, None, here.language)
    return here.page("settings.html", found, form=form, sections=settings_form.SECTIONS)


@router.post("/console/c/<connection_id>/settings")
def save(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    here = visit(router)
    form = fields.build(settings_form.SettingsForm, found, here.form, here.language)
    if not form.validate():
        return here.page("settings.html", found, status=422, form=form, sections=settings_form.SECTIONS)
    bootstrap.change(found.id, form.changed)
    return here.redirect(f"/console/c/{found.id}/settings", "saved")
