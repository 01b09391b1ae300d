"""Machine accounts of Windows guests: told where a fence lets them look out, and where they leave it."""

from ipaddress import IPv4Network

from tests.inventories import inventory_of
from xsconsole.domain.fence.accounts import accounts_of, findings_inside, findings_outside
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VM, GuestMetrics, Inventory

GROUND = Ground(
    outside=Uuid("lan"),
    outside_name="LAN",
    subnet=IPv4Network("192.0.2.0/24"),
    pool=(),
    barred=(IPv4Network("10.0.0.0/8"),),
)


def guests(*told: tuple[str, dict[str, str], dict[str, str], dict[str, str]]) -> tuple[list[VM], Inventory]:
    vms = [
        VM(ref=Ref(name), uuid=Uuid(name), name_label=name, guest_metrics=Ref(f"m-{name}"), platform=platform)
        for name, _, _, platform in told
    ]
    metrics = [
        GuestMetrics(ref=Ref(f"m-{name}"), uuid=Uuid(f"m-{name}"), os_version=system, netbios_name=names)
        for name, system, names, _ in told
    ]
    return vms, inventory_of(*vms, *metrics)


def test_windows_guests_are_known_by_their_agents_or_their_settings_and_told_where_they_can_look_out() -> None:
    vms, inventory = guests(
        ("app", {"distro": "windows"}, {"host_name": "APP-1", "domain": "acme.example"}, {}),
        ("old", {"name": "Microsoft Windows Server 2008|C:"}, {}, {}),
        ("mute", {}, {}, {"viridian": "true"}),
        ("db", {"distro": "debian"}, {}, {"viridian": "true"}),
    )
    accounts = accounts_of(vms, inventory)
    assert [one.words for one in accounts] == ["“app” (acme.example\\APP-1)", "“old”", "“mute”"]

    (finding,) = findings_inside(FenceMode.OUT_ONLY, accounts, GROUND)
    assert not finding.is_error
    assert "are Windows, and can look out to everything but 10.0.0.0/8" in finding.sentence
    assert "Whether “old” and “mute” are joined to a domain is not known" in finding.sentence
    assert list(findings_inside(FenceMode.ISOLATED, accounts, GROUND)) == []
    assert list(findings_inside(FenceMode.IN_AND_OUT, (), GROUND)) == []

    (leaving,) = findings_outside(accounts[1:2], ("shop 1",))
    assert "“old” is Windows, with the host name and machine account of an original that stays (shop 1)" in (
        leaving.sentence
    )
    assert leaving.sentence.endswith(
        "Whether it is joined to a domain is not known: a pool tells it only where the guest's agent says so."
    )
    assert list(findings_outside(accounts, ())) == []
