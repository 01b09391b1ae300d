"""What the audit would say of facts that a console left, sealed and signed as a home does."""

from collections.abc import Sequence

from tests.engine.memory_port import EPOCH
from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.record import Fact, Verdict
from xsconsole.store.chain import FIRST_PREVIOUS, ChainRow, GroupSignature, Head, group_bytes, head_after, seal
from xsconsole.store.fields import Circumstances, encoded_fields
from xsconsole.store.keys import SigningKey
from xsconsole.store.verification import verify

CHAIN = "chain"
WRITTEN = Circumstances(
    at=EPOCH, zone="UTC", monotonic_ns=0, console=ConsoleId("console"), console_name="desk", os_user="somebody"
)


def verdicts(facts: Sequence[Fact], key: SigningKey) -> tuple[Verdict, ...]:
    """Return the verdict of each check on a chain of these facts, in one signed group."""
    head = Head(chain_id=CHAIN, seq=0, digest=FIRST_PREVIOUS)
    rows: list[ChainRow] = []
    for fact in facts:
        rows.append(seal(head, encoded_fields((fact,), WRITTEN)[0], bytes))
        head = head_after(rows[-1])
    signature = GroupSignature(
        chain_id=CHAIN,
        first_seq=1,
        last_seq=head.seq,
        head=head.digest,
        fingerprint=key.fingerprint,
        signature=key.sign(group_bytes(CHAIN, 1, head.seq, head.digest)),
    )
    return verify(
        CHAIN,
        rows,
        [signature] if rows else [],
        {key.fingerprint: key.public_key},
        expected_keys=frozenset({key.fingerprint}),
    )
