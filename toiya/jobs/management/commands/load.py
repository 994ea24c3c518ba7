"""``toiya load``: synthetic data, to see how the pages behave at a size."""

from django.core.management.base import CommandParser

from toiya.bulk.load import load
from toiya.jobs.command import SpeakingCommand


class Command(SpeakingCommand):
    """Adds synthetic customers with subscriptions, in a family of their own."""

    help = "Add synthetic customers and subscriptions of a given size. For measuring; never into real data."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many."""
        parser.add_argument("--customers", type=int, default=10_000)
        parser.add_argument("--subscriptions-each", type=int, default=3)
        parser.add_argument("--orders-each", type=int, default=0)
        parser.add_argument("--resellers", type=int, default=1, help="at most ten")
        parser.add_argument("--with-users", action="store_true", help="one user and an account each")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *_arguments: object, **options: int) -> None:
        """Make them, and say who may look at them."""
        made = load(
            customers=options["customers"],
            subscriptions_each=options["subscriptions_each"],
            orders_each=options["orders_each"],
            resellers=options["resellers"],
            with_users=bool(options["with_users"]),
            seed=options["seed"],
            tell=self.stdout.write,
        )
        self.stdout.write(f"agent {made.agent.pk} {made.agent.user_name}")
        self.stdout.write(f"offer {made.offer.pk}")
        for reseller in made.resellers:
            self.stdout.write(f"reseller {reseller.pk}")
