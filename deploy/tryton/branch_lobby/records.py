"""Parties and opportunities that a branch keeps in step: whose they are there, and how new what is written here is.

A record is written only with a pair (epoch, version) that is not older than the one it has. So two couriers, an answer
that was lost, and a branch that came back from an old back-up cannot turn a record back.
"""

import hashlib

from trytond.exceptions import UserError
from trytond.model import Index, Unique, fields
from trytond.pool import PoolMeta
from trytond.rpc import RPC


class _KeptInStep:
    """The fields by which a branch finds its record again. The views show them and let nobody write them."""

    __slots__ = ()

    external_id = fields.Char("External id")
    external_version = fields.Integer("External version")
    external_epoch = fields.Integer("External epoch")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints.append(
            ("external_id_unique", Unique(table, table.external_id), "branch_lobby.msg_external_id_unique")
        )

    @classmethod
    def copy(cls, records, default=None):
        """A copy is a person's own record, not the branch's."""
        default = {} if default is None else dict(default)
        for name in ("external_id", "external_version", "external_epoch"):
            default.setdefault(name, None)
        return super().copy(records, default=default)

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        """Refuse what is older than what is here."""
        super().check_modification(mode, records, values=values, external=external)
        if mode != "write" or "external_version" not in (values or {}):
            return
        told = (values.get("external_epoch") or 0, values["external_version"] or 0)
        for record in records:
            if told < (record.external_epoch or 0, record.external_version or 0):
                raise UserError("branch_lobby.older", record.external_id or "")


class Party(_KeptInStep, metaclass=PoolMeta):
    """A customer as the branch knows them."""

    __name__ = "party.party"


class Opportunity(_KeptInStep, metaclass=PoolMeta):
    """A referral. Its own state is kept beside Tryton's, which knows fewer and lets sales decide the rest."""

    __name__ = "sale.opportunity"

    external_state = fields.Char("External state")
    external_branch = fields.Char("External branch")
    external_day = fields.Char("External day")
    external_line = fields.Char("Product line")
    external_need = fields.Char("Need")
    external_referrer = fields.Char("Referred by")
    external_receiver = fields.Char("Taken by")
    external_amount = fields.Char("Booked amount, minor units")
    external_currency = fields.Char("Currency of the amount")
    external_booking = fields.Char("Booking")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_indexes.add(
            Index(table, (table.external_branch, Index.Equality()), (table.external_day, Index.Range()))
        )
        cls.__rpc__["external_digest"] = RPC()

    @classmethod
    def external_digest(cls, branch, first_day, last_day, after, up_to):
        """How many records of a branch lie between two days and two ids, and what their lines come to.

        A line is `id|version|state|amount` and a line feed; the digest is SHA-256 over the sorted lines.
        """
        where = [
            ("external_branch", "=", branch),
            ("external_day", ">=", first_day),
            ("external_day", "<=", last_day),
            ("external_id", ">", after),
            ("external_id", "<=", up_to),
        ]
        names = ["external_id", "external_version", "external_state", "external_amount"]
        rows = cls.search_read(where, fields_names=[*names])
        lines = sorted("|".join("" if row[name] is None else str(row[name]) for name in names) + "\n" for row in rows)
        return [len(lines), hashlib.sha256("".join(lines).encode()).hexdigest()]
