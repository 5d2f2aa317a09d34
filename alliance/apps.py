"""WHO takes part."""

from django.apps import AppConfig


class AllianceConfig(AppConfig):
    name = "alliance"

    def ready(self) -> None:
        from alliance.auth import signals  # noqa: F401
        from alliance.consultations.consultation_effects import carry_out_consultation_verb
        from alliance.consultations.consultation_table import CONSULTATION_TABLES
        from alliance.database import connection_guard
        from alliance.directory.places import keep_place
        from alliance.operations.system_checks import register_checks
        from alliance.referrals.hand_on import keep_proposal
        from alliance.referrals.keep_plan import HOME_EFFECTS
        from alliance.referrals.referral_table import REFERRAL_TABLES
        from alliance.services.administrator_clients import ADMINISTRATOR_CLIENT_ACT
        from alliance.services.alliance_role import ALLIANCE_ROLE_ACT
        from alliance.services.appointments import APPOINTMENT_ACT
        from alliance.services.clients import CLIENT_LAUNCH_ACT, CLIENT_SCOPES_ACT
        from alliance.services.membership import CREDIT_CODE_ACT, READMIT_ACT, RESUME_ACT
        from alliance.services.proposals import PROPOSAL_ACTS
        from alliance.workflow import notices  # noqa: F401
        from alliance.workflow.deadline_changes import DEADLINES_ACT
        from alliance.workflow.registry import MOVE_EFFECTS, STATE_TABLES

        STATE_TABLES.update(REFERRAL_TABLES)
        MOVE_EFFECTS.extend(e for e in HOME_EFFECTS if e not in MOVE_EFFECTS)
        STATE_TABLES.update(CONSULTATION_TABLES)
        MOVE_EFFECTS.append(carry_out_consultation_verb)
        MOVE_EFFECTS.extend((keep_place, keep_proposal))
        PROPOSAL_ACTS.update(
            {
                "alliance-role": ALLIANCE_ROLE_ACT,
                "appointment": APPOINTMENT_ACT,
                "resume": RESUME_ACT,
                "readmit": READMIT_ACT,
                "credit-code": CREDIT_CODE_ACT,
                "client-scopes": CLIENT_SCOPES_ACT,
                "client-launch": CLIENT_LAUNCH_ACT,
                "admin-client": ADMINISTRATOR_CLIENT_ACT,
                "deadlines": DEADLINES_ACT,
            }
        )
        connection_guard.install_connection_guard()
        register_checks()
