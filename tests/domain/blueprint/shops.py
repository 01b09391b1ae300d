"""Blueprints that tests begin with."""

from xsconsole.domain.blueprint import (
    Blueprint,
    Disk,
    Interface,
    Member,
    Parameter,
    ParameterKind,
    Reference,
    Source,
)
from xsconsole.domain.ids import BlueprintId, ConfigurationId, Uuid

GIB = 1024**3
WEB, DB = Uuid("00000000-0000-4000-8000-000000000001"), Uuid("00000000-0000-4000-8000-000000000002")
USER_DATA = """#cloud-config
hostname: {{ machine|lower }}
fqdn: {{ machine }}.{{ domain|quoted }}
{% if is_debug %}debug: true
{% endif %}hosts:
{% for one in members %}  - {{ one.name }}{% if not loop.last %},{% endif %}
{% endfor %}"""


def shop() -> Blueprint:
    """Return a blueprint that uses everything that there is."""
    return Blueprint(
        id=BlueprintId("shop"),
        name="Shop",
        version=3,
        summary="Two machines",
        service="shop",
        changes="more memory",
        author="anna",
        source=Source(configuration=ConfigurationId("c1"), name="shop 3.4", stage="Production", skew_ms=1800),
        networks=("front", "back"),
        parameters=(
            Parameter(name="web_memory", kind=ParameterKind.SIZE, default=2 * GIB, least=GIB, most=8 * GIB),
            Parameter(name="web_vcpus", kind=ParameterKind.INTEGER, default=2, least=1, most=8),
            Parameter(name="domain", kind=ParameterKind.TEXT, label="Domain", pattern="[a-z.]+", default="example.org"),
            Parameter(name="is_debug", kind=ParameterKind.BOOLEAN, default=False),
            Parameter(name="size", kind=ParameterKind.CHOICE, choices=("small", "large"), default="small"),
            Parameter(name="address", kind=ParameterKind.ADDRESS, help="Of the database."),
            Parameter(name="lan", kind=ParameterKind.NETWORK, default="back", required=False),
        ),
        members=(
            Member(
                id="web",
                name_pattern="{{ service }}-web-{{ number }}",
                role="web",
                template=WEB,
                template_name="shop-web (library)",
                vcpus=Reference(parameter="web_vcpus"),
                memory=Reference(parameter="web_memory"),
                disks=(Disk(position=0, role="system"),),
                interfaces=(Interface(device=0, network="front"),),
                order=2,
                start_delay=5,
                user_data=USER_DATA,
            ),
            Member(
                id="db",
                name_pattern="{{ service }}-db",
                role="db",
                template=DB,
                vcpus=2,
                memory=4 * GIB,
                disks=(
                    Disk(position=0, role="system", size=20 * GIB),
                    Disk(position=1, role="data", size=50 * GIB, name="{{ machine }} data", is_new=True),
                ),
                interfaces=(Interface(device=0, network=Reference(parameter="lan")),),
                order=1,
                shutdown_delay=10,
                network_config="addresses: [{{ address }}]\nkind: {{ size }}\n",
            ),
        ),
    )
