"""The connect dialog: clear sentences inside, certificates decided by a person, rights said before the first view."""

import pytest
from embedded import embedded_pool
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from tests.ui.live_console import open_console, until
from xsconsole.console import Connection, Estate
from xsconsole.domain.record import AuditQuery
from xsconsole.errors import CertificateChanged, CertificateUnknown
from xsconsole_ui.certificate_box import CertificateBox
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.dialogs import answered
from xsconsole_ui.jobs import Jobs

SHOWN = "ab:cd:ef:01:23:45:67:89" * 4
EXPECTED = "00:11:22:33:44:55:66:77" * 4


@pytest.fixture
def pool():
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
async def console(tmp_path):
    async with open_console(tmp_path) as opened:
        yield opened


@pytest.fixture
async def dialog(console, qapp):
    made = ConnectDialog(Estate.of(console))
    made.open()
    yield made
    made.close()
    made.deleteLater()


def answer(dialog, url, user, password):
    dialog.address.setText(url)
    dialog.user.setText(user)
    dialog.password.setText(password)


async def settled(dialog):
    await until(lambda: dialog.state.text() == "")


async def test_enter_connects_and_closes_the_dialog(dialog, console, pool):
    answer(dialog, pool.url, pool.user, pool.password)

    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    await until(lambda: not dialog.isVisible())

    assert dialog.result() == QDialog.DialogCode.Accepted
    assert console.identity.pool_name == "acme"
    assert dialog.password.text() == ""


async def test_it_can_be_awaited_while_other_work_goes_on(console, qapp, pool):
    dialog = ConnectDialog(Estate.of(console), Connection(url=pool.url, user=pool.user))
    outcomes = []
    jobs = Jobs(on_error=outcomes.append, on_bug=outcomes.append)

    async def ask():
        outcomes.append(await answered(dialog))

    jobs.start(ask(), "ask")
    await until(dialog.isVisible)
    dialog.password.setText(pool.password)
    dialog.go.click()

    await until(lambda: outcomes == [True])
    await jobs.close()


async def test_a_wrong_password_is_said_inside_and_can_be_corrected(dialog, pool):
    answer(dialog, pool.url, "alice", "not hers")

    dialog.go.click()
    await settled(dialog)
    said = dialog.news.text
    dialog.password.setText(pool.passwords["alice"])
    dialog.go.click()
    await until(lambda: not dialog.isVisible())

    assert said.startswith("The pool does not accept this password for alice.")
    assert dialog.result() == QDialog.DialogCode.Accepted


async def test_a_wrong_password_is_typed_over_at_once(dialog, pool):
    answer(dialog, pool.url, "alice", "not hers")

    QTest.keyClick(dialog.password, Qt.Key.Key_Return)
    await settled(dialog)
    QTest.keyClicks(dialog.focusWidget(), pool.passwords["alice"])
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    await until(lambda: not dialog.isVisible())

    assert dialog.result() == QDialog.DialogCode.Accepted


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "127.0.0.1:9", "no address at all"])
async def test_an_unreachable_address_is_one_clear_sentence(dialog, url):
    answer(dialog, url, "root", "x")

    dialog.go.click()
    await until(dialog.news.isVisible)

    assert dialog.news.text.split("\n")[0].endswith(".")
    assert dialog.isVisible()
    assert dialog.go.isEnabled()


async def test_a_password_in_the_address_is_refused_and_kept_nowhere(dialog, console, pool):
    address = pool.url.replace("://", f"://root:{pool.password}@")
    answer(dialog, address, "root", pool.password)

    dialog.go.click()
    await until(dialog.news.isVisible)
    said = dialog.news.text
    dialog.address.setText(pool.url + "/")
    dialog.go.click()
    await until(lambda: not dialog.isVisible())

    assert "user or a password" in said
    assert pool.password not in said
    assert [known.url for known in console.home.settings.pools] == [pool.url]
    assert not [row for row in await console.audit_page(AuditQuery()) if pool.password in str(row.fact.details)]


async def test_what_the_role_may_not_do_is_said_before_the_first_view(dialog, console, pool):
    answer(dialog, pool.url, "dave", pool.passwords["dave"])

    dialog.go.click()
    await until(dialog.rights.isVisible)
    said = dialog.rights.text
    dialog.go.click()

    assert "Connected as dave. The role vm-operator may look, but not:" in said
    assert "promote and demote configurations (needs pool-operator)" in said
    assert dialog.result() == QDialog.DialogCode.Accepted


async def test_it_says_what_is_missing_before_it_connects(dialog):
    dialog.address.setText("")

    reasons = [dialog.go.toolTip()]
    dialog.address.setText("xen-1.example")
    dialog.user.setText(" ")
    reasons.append(dialog.go.toolTip())
    dialog.user.setText("root")
    reasons.append(dialog.go.toolTip())

    assert reasons == ["Enter the address of a host of the pool.", "Enter a user.", "Enter the password."]
    assert not dialog.go.isEnabled()
    assert dialog.url == "https://xen-1.example"


async def test_that_a_password_goes_in_clear_is_said_before_it_goes(dialog):
    said = []
    for url in (
        "http://xen-1.example",
        "xen-1.example",
        "http://127.0.0.1:8080",
        "http://[::1]",
        "http://localhost",
        "http://[::",
    ):
        dialog.address.setText(url)
        said.append(dialog.state.text())

    assert said == [
        "Without TLS the password goes in clear.",
        "",
        "",
        "",
        "",
        "Without TLS the password goes in clear.",
    ]


async def test_escape_gives_up_and_nothing_is_connected(dialog, console):
    QTest.keyClick(dialog, Qt.Key.Key_Escape)

    assert dialog.result() == QDialog.DialogCode.Rejected
    assert console.identity is None


async def test_the_known_pool_is_proposed_next_time(console, qapp, pool, dialog):
    answer(dialog, pool.url, "alice", pool.passwords["alice"])
    dialog.go.click()
    await until(lambda: not dialog.isVisible())
    proposed_meanwhile = ConnectDialog(Estate.of(console))
    await console.disconnect()

    again = ConnectDialog(Estate.of(console))

    assert proposed_meanwhile.address.text() == ""  # there is a connection to it
    assert (again.address.text(), again.user.text(), again.password.text()) == (pool.url, "alice", "")
    again.deleteLater()


async def test_a_password_reaches_neither_the_record_nor_the_settings(dialog, console, pool, tmp_path):
    answer(dialog, pool.url, "alice", "Very-Secret-Words")

    dialog.go.click()
    await settled(dialog)
    rows = await console.audit_page(AuditQuery())

    assert "Very-Secret-Words" not in repr(rows)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"Very-Secret-Words" in path.read_bytes()]


async def test_a_certificate_is_trusted_once_and_a_changed_one_is_alarming(dialog, console, qapp):
    with embedded_pool("--tls") as first:
        answer(dialog, first.url, first.user, first.password)
        dialog.go.click()
        await until(dialog.certificate.isVisible)
        asked = dialog.go.text()
        dialog.go.click()
        await until(lambda: not dialog.isVisible())
        await console.disconnect()
    pinned = console.home.known_connection(first.url, None, None).fingerprint
    port = first.url.rpartition(":")[2]

    with embedded_pool("--tls", "--port", port) as second:
        again = ConnectDialog(Estate.of(console))
        again.open()
        again.password.setText(second.password)
        again.go.click()
        await until(again.certificate.isVisible)
        await until(again.certificate.typed.hasFocus)
        alarm = (again.go.isEnabled(), again.go.isDefault(), again.certificate.expected.text())
        again.certificate.typed.setText(again.certificate.shown.text()[-11:])
        again.go.click()
        await until(lambda: not again.isVisible())
        await console.disconnect()
    again.deleteLater()

    assert asked == "Trust and connect"
    assert pinned is not None
    assert alarm[:2] == (False, False)
    assert alarm[2].replace("\n", "").replace(":", "").casefold() == pinned.replace(":", "").casefold()
    assert again.result() == QDialog.DialogCode.Accepted


def unknown():
    return CertificateUnknown(url="https://x", reason="Nobody has accepted it.", mend="Compare.", fingerprint=SHOWN)


def changed():
    return CertificateChanged(
        url="https://x", reason="Another certificate.", mend="Do not connect.", fingerprint=SHOWN, expected=EXPECTED
    )


def test_an_unknown_certificate_shows_its_whole_fingerprint(qtbot):
    box = CertificateBox()
    qtbot.addWidget(box)

    box.show_unknown(unknown())

    assert box.shown.text().replace("\n", "") == SHOWN.upper().replace("89AB", "89:AB")
    assert box.expected.isHidden()


def test_a_changed_certificate_shows_both_and_wants_the_end_of_the_new_one_typed(qtbot):
    box = CertificateBox()
    qtbot.addWidget(box)

    box.show_changed(changed())
    at_first = box.is_confirmed
    box.typed.setText("45:67:88")
    wrong = box.is_confirmed
    too_short = (box.is_confirmed, box.hint.text())
    box.typed.setText("23456788")
    not_the_end = box.hint.text()
    box.typed.setText("23:45:67:89")
    with_colons = (box.is_confirmed, box.hint.text())
    box.typed.setText("23456789")

    assert EXPECTED[:8] in box.expected.text()
    assert (at_first, wrong, box.is_confirmed) == (False, False, True)
    assert too_short == (
        False,
        "Type the last 4 pairs of the fingerprint shown now, with or without colons: 6 of 8 digits.",
    )
    assert not_the_end == "That is not the end of the fingerprint shown now."
    assert with_colons == (True, "")


async def test_the_words_about_another_host_have_room_at_once(console, qapp):
    dialog = ConnectDialog(Estate.of(console), changed=changed())
    dialog.open()
    qapp.processEvents()

    dialog.certificate.show_changed(
        CertificateChanged(url="https://y", reason="Longer. " * 30, mend="Words. " * 30, fingerprint=SHOWN, expected="")
    )
    dialog.certificate.typed.setText("a")
    qapp.processEvents()
    height, needed = dialog.height(), dialog.sizeHint().height()
    dialog.close()
    dialog.deleteLater()

    assert height >= needed
