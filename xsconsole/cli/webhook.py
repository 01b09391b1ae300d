"""The verbs about the webhook: where others are told of what this console does."""

import argparse
import asyncio
import getpass
import os
import sys

from xsconsole.cli import output
from xsconsole.cli.session import Given, is_at_terminal, no_passphrase, pass_on_notices
from xsconsole.console import Console, Secret, goes_in_clear
from xsconsole.console.webhook import NO_SECRET, SECRET_VARIABLE
from xsconsole.errors import Refused


async def set_(options: argparse.Namespace) -> int:
    secret = None if options.unsigned else await _secret(options)
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        pass_on_notices(console)
        is_kept = await console.home.webhook.set(options.url, secret)
    finally:
        await console.close()
    if goes_in_clear(options.url):
        output.note("What is sent there can be read on the way: prefer https.")
    if not is_kept:
        output.note(f"There is no keyring that could keep the secret: give it to each console in {SECRET_VARIABLE}.")
    output.say("The webhook is set. `xsconsole webhook test` tries it.")
    return 0


async def show(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        webhook = console.home.webhook
        hook = webhook.hook
        has_secret = hook is not None and await webhook.secret(hook) is not None
    finally:
        await console.close()
    if options.json:
        output.print_json(
            {
                "url": hook.url if hook is not None else None,
                "is_signed": hook is not None and hook.is_signed,
                "has_secret": has_secret,
            }
        )
    elif hook is None:
        output.say("There is no webhook.")
    else:
        at_hand = "" if has_secret else f"; its secret is not at hand, so nothing is sent: give it in {SECRET_VARIABLE}"
        output.say(f"{output.cell(hook.url, 2000)}, {f'signed{at_hand}' if hook.is_signed else 'not signed'}")
    return 0


async def clear(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        await console.home.webhook.clear()
    finally:
        await console.close()
    output.say("Nobody is told any more.")
    return 0


async def test(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        why = await console.home.webhook.test()
    finally:
        await console.close()
    if why:
        mend = "" if why == NO_SECRET else "Look at its program, and test it again."
        raise Refused(reason=f"The webhook was not told. {why}", mend=mend)
    output.say("The webhook took it.")
    return 0


async def _secret(options: argparse.Namespace) -> Secret:
    """Return the secret that signs: from standard input, the environment, or typed.

    Raises:
        Refused: there is none.
    """
    found = os.environ.get(SECRET_VARIABLE, "")
    if options.secret_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
    elif not found and is_at_terminal():
        found = await asyncio.to_thread(getpass.getpass, "Secret that signs what is sent: ")
    if not found:
        raise Refused(
            reason="There is no secret.",
            mend=f"Give one by --secret-stdin or {SECRET_VARIABLE}, or say --unsigned.",
        )
    return Secret(found)
