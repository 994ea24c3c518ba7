"""``toiya found-operator``: what an empty production installation needs before anybody can sign in."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from toiya.core.errors import Refusal
from toiya.directory.founding import OperatorDetails, found_operator
from toiya.programme.countries import known_countries
from toiya.programme.web_mail import DOMAIN, plain_domain


class Command(BaseCommand):
    """The operator's organisation and its first administrator, once."""

    help = "Set up an empty installation: programme, operator, first administrator with a temporary password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The questions that only the operator can answer."""
        parser.add_argument("--name", required=True, help="name of the operator, like 'Example Cloud'")
        parser.add_argument("--domain", required=True, help="domain of its user names, like example.com")
        parser.add_argument("--country", required=True, help="two-letter code, like JP")
        parser.add_argument("--language", choices=["ja", "en"], default="ja")
        parser.add_argument("--administrator", required=True, help="full name of the first administrator")
        parser.add_argument("--email", required=True, help="mail address of the first administrator")
        parser.add_argument("--user", default="admin", help="user name before the @")

    def handle(self, *_arguments: object, **options: str) -> None:
        """Set up, and print the password once."""
        domain, country = plain_domain(options["domain"]), options["country"].upper()
        if not DOMAIN.fullmatch(domain):
            raise CommandError(f"--domain is “{options['domain']}”; it must be a domain like example.com.")
        if country not in dict(known_countries()):
            raise CommandError(f"--country is “{options['country']}”; it must be a two-letter code like JP.")
        try:
            founded = found_operator(
                OperatorDetails(
                    name=options["name"],
                    domain=domain,
                    country=country,
                    language=options["language"],
                    administrator_name=options["administrator"],
                    administrator_email=options["email"],
                    user=options["user"].lower(),
                )
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"User name:          {founded.administrator.user_name}")
        self.stdout.write(f"Temporary password: {founded.temporary_password}")
        self.stdout.write("The password works once, within 24 hours. It cannot be shown again.")
