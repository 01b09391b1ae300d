"""What administrators set on pools and hosts beside VMs, and what a pool that has no such thing says to it."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from embedded import EmbeddedPool, embedded_pool
from fleet import host_named

from xsconsole.simpool import certificates

NULL = "OpaqueRef:NULL"
Refusal = Callable[..., list[str]]


@pytest.fixture
def api(session: Any) -> Any:
    return session.xenapi


@pytest.fixture
def pool_ref(api: Any) -> str:
    found: str = api.pool.get_all()[0]
    return found


@pytest.fixture(scope="module")
def tls_pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--tls", "--speed", "50") as served:
        yield served


def test_remote_shells_are_opened_for_a_time_and_closed(api: Any, pool_ref: str, refusal: Refusal) -> None:
    host = host_named_one(api)

    api.pool.set_ssh_enabled_timeout(pool_ref, "600")
    api.pool.enable_ssh(pool_ref)

    assert api.host.get_ssh_enabled(host)
    assert api.host.get_ssh_expiry(host).value > api.host.get_servertime(host).value
    api.host.disable_ssh(host)
    assert not api.host.get_ssh_enabled(host)
    assert refusal(api.host.set_ssh_enabled_timeout, host, "200000")[:2] == ["INVALID_VALUE", "ssh_enabled_timeout"]


def test_a_licence_is_one_that_the_host_knows(api: Any, pool_ref: str, refusal: Refusal) -> None:
    host = host_named_one(api)

    api.host.apply_edition(host, "xcp-ng")

    assert refusal(api.host.apply_edition, host, "platinum") == ["INVALID_EDITION", "platinum"]
    assert refusal(api.pool.apply_edition, pool_ref, "platinum") == ["INVALID_EDITION", "platinum"]
    assert refusal(api.host.license_add, host, "YQ==") == ["LICENSE_PROCESSING_ERROR"]


def test_updates_come_from_repositories_that_can_be_chosen_and_not_be_reached(
    api: Any, pool_ref: str, refusal: Refusal
) -> None:
    url = "https://updates.example/8/base"
    repository = api.Repository.introduce("base", "", url, f"{url}/src", True)

    assert refusal(api.pool.sync_updates, pool_ref, False) == ["NO_REPOSITORY_ENABLED"]
    api.pool.set_repositories(pool_ref, [repository])
    assert refusal(api.Repository.introduce, "other", "", url, url, True) == ["REPOSITORY_ALREADY_EXISTS", repository]
    assert refusal(api.Repository.introduce, "bad", "", "ftp://x", url, True) == ["INVALID_BASE_URL", "ftp://x"]
    assert refusal(api.pool.sync_updates, pool_ref, False) == ["REPOSYNC_FAILED", repository]
    assert refusal(api.Repository.forget, repository) == ["REPOSITORY_IS_IN_USE"]
    assert api.pool.check_update_readiness(pool_ref, False) == []
    api.pool.remove_repository(pool_ref, repository)
    api.Repository.forget(repository)
    assert api.Repository.get_all() == []


def test_a_proxy_keeps_its_password_as_a_secret(api: Any, pool_ref: str, refusal: Refusal) -> None:
    api.pool.configure_repository_proxy(pool_ref, "http://proxy.example:3128", "who", "what")

    secret = api.pool.get_repository_proxy_password(pool_ref)
    assert api.secret.get_value(secret) == "what"
    refused = refusal(api.pool.configure_repository_proxy, pool_ref, "http://proxy.example", "who", "")
    assert refused == ["INVALID_REPOSITORY_PROXY_CREDENTIAL"]
    api.pool.disable_repository_proxy(pool_ref)
    assert secret not in api.secret.get_all()


def test_a_pool_says_which_services_and_hardware_it_has_not(api: Any, pool_ref: str, refusal: Refusal) -> None:
    pif = api.PIF.get_all()[0]
    restrictions = api.pool.get_restrictions(pool_ref)

    assert refusal(api.Cluster.create, pif, "corosync", True) == ["LICENCE_RESTRICTION", "Corosync"]
    assert (restrictions["restrict_corosync"], restrictions["restrict_vlan"]) == ("true", "false")
    assert refusal(api.pool.retrieve_wlb_configuration) == ["WLB_NOT_INITIALIZED"]
    assert refusal(api.pool.initialize_wlb, "wlb.example:8012", "a", "b", "c", "d") == ["WLB_CONNECTION_REFUSED"]
    assert refusal(api.network_sriov.create, pif, api.network.get_all()[0]) == ["PIF_IS_NOT_SRIOV_CAPABLE", pif]
    assert refusal(api.pool_patch.apply, NULL, NULL) == ["HANDLE_INVALID", "pool_patch", NULL]
    assert api.Caller.query_all_usage() == []


def test_databases_are_copied_to_storage_and_forgotten_there(api: Any, pool_ref: str, refusal: Refusal) -> None:
    sr, iso = (
        api.SR.get_by_name_label("NFS-silver")[0],
        next(ref for ref, row in api.SR.get_all_records().items() if row["content_type"] == "iso"),
    )

    api.SR.enable_database_replication(sr)
    api.pool.enable_redo_log(sr)

    kinds = [api.VDI.get_type(vdi) for vdi in api.SR.get_VDIs(sr)]
    assert (kinds.count("metadata"), kinds.count("redo_log")) == (1, 1)
    assert api.pool.get_redo_log_enabled(pool_ref)
    api.pool.disable_redo_log()
    api.SR.disable_database_replication(sr)
    assert "metadata" not in [api.VDI.get_type(vdi) for vdi in api.SR.get_VDIs(sr)]
    assert not api.pool.get_redo_log_enabled(pool_ref)
    api.VDI.destroy(api.pool.get_redo_log_vdi(pool_ref))
    assert refusal(api.SR.assert_supports_database_replication, iso) == ["SR_OPERATION_NOT_SUPPORTED", iso]


def test_what_a_host_caches_is_local_and_the_host_is_out_of_service(api: Any, refusal: Refusal) -> None:
    host, shared = host_named_one(api), api.SR.get_by_name_label("NFS-silver")[0]

    assert refusal(api.host.enable_local_storage_caching, host, shared) == ["HOST_NOT_DISABLED"]
    api.host.disable(host)
    assert refusal(api.host.enable_local_storage_caching, host, shared) == ["SR_OPERATION_NOT_SUPPORTED"]
    api.host.enable(host)


def test_authorities_are_trusted_by_name(api: Any, refusal: Refusal) -> None:
    text = certificates.public_part(certificates.make_certificate("127.9.9.9"))

    api.pool.install_ca_certificate("mine.pem", text)

    (kept,) = [row for row in api.Certificate.get_all_records().values() if row["type"] == "ca"]
    assert (kept["name"], kept["host"], api.pool.certificate_list()) == ("mine.pem", NULL, ["mine.pem"])
    assert refusal(api.pool.install_ca_certificate, "mine.pem", text) == ["CERTIFICATE_ALREADY_EXISTS", "mine.pem"]
    assert refusal(api.pool.install_ca_certificate, "../x", text) == ["CERTIFICATE_NAME_INVALID", "../x"]
    assert refusal(api.pool.install_ca_certificate, "x.pem", "no") == ["TRUSTED_CERTIFICATE_INVALID"]
    api.pool.uninstall_ca_certificate("mine.pem")
    assert api.pool.certificate_list() == []
    assert refusal(api.pool.crl_install, "no.pem", "no") == ["CRL_CORRUPT", "no.pem"]


def test_a_pool_without_a_directory_knows_only_its_superuser() -> None:
    with embedded_pool("--speed", "50") as pool, pool.plain_session() as session:
        ref = session.xenapi.pool.get_all()[0]
        with pool.plain_session("alice"):
            session.xenapi.pool.disable_external_auth(ref, {})
        with pytest.raises(Exception, match="SESSION_AUTHENTICATION_FAILED"), pool.plain_session("alice"):
            pass

        session.xenapi.pool.enable_external_auth(ref, {"user": "a", "pass": "b"}, "acme.example", "AD")

        with pool.plain_session("alice") as alice:
            assert alice.xenapi.VM.get_all()
        with pytest.raises(Exception, match="POOL_AUTH_ALREADY_ENABLED"):
            session.xenapi.pool.enable_external_auth(ref, {"user": "a", "pass": "b"}, "acme.example", "AD")


def test_a_host_leaves_the_pool_when_it_is_empty(fresh_pool: EmbeddedPool, refusal: Refusal) -> None:
    with fresh_pool.plain_session() as session:
        api, host = session.xenapi, host_named(session, "xen-4")
        coordinator = api.pool.get_master(api.pool.get_all()[0])
        api.host.evacuate(host)

        api.pool.eject(host)

        assert host not in api.host.get_all()
        assert all(pbd["host"] != host for pbd in api.PBD.get_all_records().values())
        assert all(row["PBDs"] for row in api.SR.get_all_records().values())
        assert refusal(api.pool.eject, coordinator)[0] == "INTERNAL_ERROR"
        with pytest.raises(ConnectionRefusedError), fresh_pool.lasting_session(url=fresh_pool.hosts[3].url):
            pass


def test_a_host_that_is_known_by_a_name_has_a_certificate_too(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        host = host_named(session, "xen-2")
        for address in ("xen-2.example", "höst"):
            session.xenapi.host.set_address(host, address)

            session.xenapi.host.refresh_server_certificate(host)

            assert session.xenapi.host.get_server_certificate(host).startswith("-----BEGIN CERTIFICATE-----")


def test_a_host_shows_the_certificate_that_was_installed(tls_pool: EmbeddedPool, refusal: Refusal) -> None:
    with tls_pool.plain_session() as session:
        api, host = session.xenapi, host_named(session, "xen-1")
        pem = certificates.make_certificate("127.0.0.1")
        key, _, rest = pem.decode().partition("-----BEGIN CERTIFICATE-----")
        certificate = f"-----BEGIN CERTIFICATE-----{rest}"
        foreign = certificates.make_certificate("127.0.0.1").decode().partition("-----BEGIN CERT")[0]

        assert shown(tls_pool) == api.host.get_server_certificate(host)
        assert refusal(api.host.install_server_certificate, host, certificate, foreign) == [
            "SERVER_CERTIFICATE_KEY_MISMATCH"
        ]
        api.host.install_server_certificate(host, certificate, key)

        assert shown(tls_pool) == certificate == api.host.get_server_certificate(host)
        (record,) = [
            row for row in api.Certificate.get_all_records().values() if (row["host"], row["type"]) == (host, "host")
        ]
        assert record["fingerprint_sha256"] == certificates.fingerprint(pem)
        api.host.reset_server_certificate(host)
        assert shown(tls_pool) == api.host.get_server_certificate(host) != certificate


def test_an_older_release_says_no_operations_that_its_clients_do_not_know() -> None:
    with embedded_pool("--version", "8.2") as pool, pool.plain_session() as session:
        said = {
            operation
            for cls in (session.xenapi.VM, session.xenapi.host, session.xenapi.pool)
            for record in cls.get_all_records().values()
            for operation in record["allowed_operations"]
        }

        assert {"clean_shutdown", "evacuate", "designate_new_master"} <= said
        assert not said & {"sysprep", "create_vtpm", "enable", "sync_updates"}


def host_named_one(api: Any) -> str:
    found: str = api.host.get_by_name_label("xen-3")[0]
    return found


def shown(pool: EmbeddedPool) -> str:
    address = urlsplit(pool.url)
    assert address.hostname is not None
    assert address.port is not None
    return ssl.get_server_certificate((address.hostname, address.port))
