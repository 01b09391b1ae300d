"""What can be done about requests from anywhere, as actions like all others."""

from xsconsole_ui.situation import Action, ByFile

YOUR_KEY = Action(
    id="key.show",
    text="Your &key…",
    tip="See the key by which this console signs, and give it to whoever edits the workflow",
    perform=lambda _, hands: hands.show_key(),
)
DECIDE_FILE = Action(
    id="request.decide-file",
    text="Decide on a &request in a file…",
    tip="Approve or reject what somebody asks for on a pool that this console does not reach",
    perform=lambda _, hands: hands.by_file(ByFile.DECIDE),
)
TAKE_IN = Action(
    id="request.take-in",
    text="&Take in a decision in a file…",
    tip="Leave on the pool what somebody decided who has no way to it",
    perform=lambda _, hands: hands.by_file(ByFile.TAKE_IN),
    why_not=lambda situation: "" if situation.is_live else "Connect to the pool of the request first.",
)

FILES = (DECIDE_FILE, TAKE_IN)
