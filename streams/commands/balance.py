"""`flowdrop balance`: the live balance of an account."""

from __future__ import annotations

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say


@click.command()
@click.argument("account")
@as_json_option()
def balance(account: str, *, as_json: bool) -> None:
    """Show the live balance of ACCOUNT, as committed by the worker that owns it.

    Example: flowdrop balance cj:17
    """
    from flowdrop.settings import Addresses, load
    from streams.inspect.balances import live_balance
    from streams.settings import StreamSettings

    token = load(StreamSettings).worker_token.get_secret_value()
    body = live_balance(load(Addresses).worker, account, token)
    if as_json:
        print_json(body)
        return
    as_of = body.pop("as_of")
    print_rows([body], title=account)
    say(f"as of {as_of['time']}, partition {as_of['partition']}, offset {as_of['offset']:,}")
