"""Direct object permissions of django-guardian: on hospitals, never on patients (measured: design,
5).
"""

from django.db import models
from guardian.models import UserObjectPermissionBase


class HospitalUserObjectPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey("alliance.Hospital", models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
