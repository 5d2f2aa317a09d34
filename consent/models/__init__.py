from consent.models.directive import Directive
from consent.models.emergency import Emergency
from consent.models.relationship import Relationship

__all__ = ["Directive", "Emergency", "Relationship"]
