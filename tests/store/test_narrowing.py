"""What the database leaves out of a page is only what the filter itself would have left out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.store.homes import Home
from tests.store.test_ledger import OPENED, of_step
from xsconsole.domain.audit_filter import audit_schema
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, Uuid
from xsconsole.domain.query.matching import asked_of_many
from xsconsole.domain.query.parser import parse
from xsconsole.domain.query.values import Query
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome

ACME, BETA = Uuid("22222222-0000-0000-0000-00000000000a"), Uuid("22222222-0000-0000-0000-00000000000b")
POOLS = {ACME: "Acme Production", BETA: "beta"}
TEXTS = {
    "who": ("alice", "ALICE", "al*", "*-os", "Straße", "nobody"),
    "what": ("shop", "console", '"took the"', '"from staging to"', '"did: start shop-web"', "*(done)", "Stra*"),
    "event": ("run", "run.opened", "run.o", "console.started", "run*", "*opened"),
    "outcome": ("done", "fail", "*"),
    "configuration": ("shop", '"shop 1.3.0"', "SHOP*", "id-a", "ID-Ä", "id-ä", "ı*"),
    "stage": ("prod", "staging"),
    "from": ("staging", "s*"),
    "to": ("production",),
    "reason": ("release", '"two words"', "a?b", "*"),
    "console": ("laptop", '"laptop of alice"'),
    "run": ("4711", "RUN-4711", "run-*", "none"),
    "pool": ("acme", '"acme prod"', "2222", "BETA", "nowhere", "*a"),
}
AMOUNTS = {
    "row": ("1", "3", "99", "2.5"),
    "age": ("1h", "3d", "300y", "9999999999y", "0"),
    "time": ("2026", "2026-11", "2026-11-23", "2026-11-23T14", "2026-13", "0001", "9999-12-31"),
}


def facts() -> list[Fact]:
    return [
        Fact(event=AuditEvent.CONSOLE_STARTED),
        Fact(event=AuditEvent.RUN_INTERRUPTED, actor="alice", pool=ACME, run=RunId("run-4711"), reason="Release"),
        Fact(event=AuditEvent.RUN_CLOSED, actor="ALICE", pool=BETA, run=RunId("Run-4712"), outcome=Outcome.DONE),
        Fact(
            event=AuditEvent.OBSERVED,
            configuration=ConfigurationId("id-a"),
            configuration_name="shop 1.3.0",
            source=StageId("staging"),
            target=StageId("production"),
            outcome=Outcome.FAILED,
            reason="two\nwords, and aXb",
        ),
        Fact(event=AuditEvent.OBSERVED, configuration=ConfigurationId("ID-Ä"), configuration_name="Straße"),
        Fact(event=AuditEvent.OBSERVED, actor="STRASSE", pool=ACME, configuration=ConfigurationId("İd")),
        OPENED,
        replace(of_step(AuditEvent.STEP_INTENDED, "a"), details={"what": "Start shop-web-1"}),
        replace(
            of_step(AuditEvent.STEP_SETTLED, "a"),
            outcome=Outcome.DONE,
            details={"what": "Start shop-web-1", "took_s": 4.2},
        ),
        replace(of_step(AuditEvent.UNDO_INTENDED, "a"), details={"what": "Start crm"}),
        Fact(event=AuditEvent.CLOSED, reason="Week-end", details={"what": "hold of crm, by ann"}),
        Fact(event=AuditEvent.LIFTED, outcome=Outcome.DONE, details={"what": "odd\n\u202ething " + "long " * 50}),
        Fact(event=AuditEvent.DECIDED, details={"what": "approve: crm", "decision": {"actor": ""}}),
        Fact(event=AuditEvent.AUDIT_READ, actor="bob", reason="\ufb03 100% _ ' \"", details={"what": "shop"}),
    ]


def filters() -> list[Query]:
    texts = [
        f"{field}{operator}{text}" for field, all_ in TEXTS.items() for text in all_ for operator in (":", "=", "!=")
    ]
    amounts = [
        f"{field}{operator}{text}"
        for field, all_ in AMOUNTS.items()
        for text in all_
        for operator in (":", "=", "!=", "<", "<=", ">", ">=")
    ]
    words = [
        "shop",
        "SHOP 1.3",
        "strasse",
        "a?b",
        "sh*0",
        "ffi",
        "100%",
        "_",
        "-shop",
        "alice or row>5",
        "shop or what:read",
        *(
            "start",
            "did",
            "held",
            "begins",
            "web-1",
            "fro",
            '"Did: start"',
            '"put back by “Start"',
            "lifted thing",
            "long",
        ),
        *(
            '"(put back)"',
            "pool shop",
            "production",
            "*: start*",
            "took",
            "—",
            "-begins",
            '"approved by file: crm"',
            "4.2",
        ),
    ]
    both = [f"{first} {second}" for first, second in zip(texts, reversed(amounts), strict=False)]
    either = [f"{first} or {second}" for first, second in zip(texts[::3], texts[1::3], strict=False)]
    parsed = [parse(text, audit_schema(POOLS)) for text in (*texts, *amounts, *words, *both, *either)]
    return [one.query for one in parsed if one.fault is None]


async def test_a_page_holds_what_a_look_at_every_row_finds(home: Home) -> None:
    ledger = await home.ledger()
    for fact in facts():
        await ledger.record(fact)
        home.clock.instant += timedelta(hours=9)
    rows, now = await ledger.page(AuditQuery()), datetime(2026, 11, 26, 1, tzinfo=UTC)
    wrong = {
        query: (found, expected)
        for query in filters()
        if (found := [row.seq for row in await ledger.page(AuditQuery(filter=query, now=now, pools=POOLS))])
        != (
            expected := [
                row.seq
                for row, fits in zip(rows, asked_of_many(query, audit_schema(POOLS), now)(rows), strict=True)
                if fits
            ]
        )
    }
    await ledger.close()

    assert wrong == {}
    assert len(filters()) > 300
    assert len(rows) > len(facts())  # the clock was set between them, and says so
