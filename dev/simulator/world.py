"""
The demo world: three tenants with believable people, the same ones at every start.

In Contoso the nested group "Sales Department" holds some 250 people; most lack Microsoft 365 E5, some have it, some
inherit it or Power BI Pro from a group, three members have no usage location, one holds a plan that conflicts with
Teams, one account is disabled, and there are guests (without usage location) and a device.
"""

import random
from collections.abc import Sequence

from dev.simulator.engine import Engine
from dev.simulator.generate import new_alias
from dev.simulator.loader import build_tenant
from dev.simulator.names import DEPARTMENTS, FIRST_NAMES, LAST_NAMES, PLACES
from dev.simulator.spec import DeviceSpec, GroupSpec, LicenceSpec, SkuSpec, TenantSpec, UserSpec

CONTOSO = "3f1c6a52-8d0b-4f6e-9a1d-5b7c2e9d4a10"
FABRIKAM = "7a2e9d4b-1c5f-4e8a-b3d6-9f0c4a7e2b21"
ADATUM = "c5d8b1e7-6a3f-4d2c-8e9b-2a6f1d0c7e32"
SALES_DEPARTMENT = "d1a5e7c0-3b2f-4a6d-8c9e-0f1b2a3c4d50"
SALES_LAPTOP = "5d0f2c1e-9b8a-4c7d-a6e5-1f2e3d4c5b60"
SEED = 20_260_501
_DOMAINS = {CONTOSO: "contoso.onmicrosoft.com", FABRIKAM: "fabrikam.onmicrosoft.com", ADATUM: "adatum.onmicrosoft.com"}


class _People:
    """Draws people of one tenant."""

    def __init__(self, tenant: str) -> None:
        self.domain = _DOMAINS[tenant]
        self.rng = random.Random(f"{SEED}/{tenant}")
        self.users: list[UserSpec] = []
        self._taken: dict[str, int] = {}

    def draw(self, department: str, regions: Sequence[str] = ("EMEA", "Americas", "APAC")) -> UserSpec:
        """Add one member of a department who works in one of the regions."""
        rng = self.rng
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        place = rng.choice([each for each in PLACES if each.region in regions])
        alias = new_alias(first, last, self._taken)
        upn = f"{alias}@{self.domain}"
        number = len(self.users) + 1
        user = UserSpec(
            user_principal_name=upn,
            display_name=f"{first} {last}",
            given_name=first,
            surname=last,
            mail=upn,
            mail_nickname=alias,
            job_title=rng.choice(dict(DEPARTMENTS)[department]),
            department=department,
            company_name=self.domain.split(".")[0].capitalize(),
            office_location=f"{place.city} {rng.randint(1, 12)}/{rng.randint(100, 499)}",
            employee_id=f"{number:05d}",
            employee_type="Employee" if rng.random() < 0.92 else "Contractor",
            city=place.city,
            country=place.country,
            usage_location=place.usage_location,
            preferred_language="en-US",
            created_date_time=f"20{rng.randint(19, 25)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T08:30:00Z",
            last_sign_in=f"2026-{rng.randint(1, 4):02d}-{rng.randint(1, 28):02d}T{rng.randint(6, 19):02d}:15:00Z",
            proxy_addresses=[f"SMTP:{upn}"],
            extension_attributes=[f"CC-{rng.randint(100, 140)}"],
        )
        self.users.append(user)
        return user

    def guest(self, department: str, company: str) -> UserSpec:
        """Add a guest of another company."""
        user = self.draw(department)
        alias = user.user_principal_name.partition("@")[0]
        user.user_principal_name = f"{alias}_{company}.example#EXT#@{self.domain}"
        user.mail = f"{alias}@{company}.example"
        user.proxy_addresses = [f"SMTP:{user.mail}"]
        user.user_type, user.external_user_state, user.usage_location = "Guest", "Accepted", None
        user.company_name = company.capitalize()
        return user


def _hold(sku: str, *disabled: str) -> LicenceSpec:
    return LicenceSpec(sku_id=sku, disabled_plans=list(disabled))


def _upns(users: Sequence[UserSpec]) -> list[str]:
    return [user.user_principal_name for user in users]


def _base_licences(rng: random.Random, users: Sequence[UserSpec]) -> None:
    """What people of an ordinary company hold before anyone assigns anything in bulk."""
    for user in users:
        if user.licenses or user.user_type == "Guest":
            continue
        draw = rng.random()
        if draw < 0.55:
            user.licenses = [_hold("SPE_E3")]
        elif draw < 0.68:
            user.licenses = [_hold("SPE_E3", "SWAY", "YAMMER_ENTERPRISE")]
        elif draw < 0.80:
            user.licenses = [_hold("STANDARDPACK")]
        elif draw < 0.88:
            user.licenses = [_hold("SPE_F1")]
        elif draw < 0.93:
            user.licenses = [_hold("SPE_E3"), _hold("MCOEV")]
        if draw > 0.85:
            user.licenses = [*user.licenses, _hold("FLOW_FREE")]


def contoso() -> TenantSpec:
    """The demo tenant."""
    people = _People(CONTOSO)
    rng = people.rng
    sales = {
        region: [people.draw("Sales", [region]) for _ in range(size)]
        for region, size in (("EMEA", 98), ("Americas", 84), ("APAC", 61))
    }
    guests = [
        people.guest("Sales", company)
        for company in ("northwind", "northwind", "tailspin", "tailspin", "wingtip", "wingtip")
    ]
    everyone_in_sales = [user for users in sales.values() for user in users]
    for user in rng.sample(everyone_in_sales, 22):
        user.licenses = [_hold("SPE_E5")]
    plain = [user for user in everyone_in_sales if not user.licenses]
    no_location = rng.sample(plain, 3)
    for user in no_location:
        user.usage_location = None
    special = [user for user in plain if user not in no_location]
    leaver, conflicting, pilots, analysts = special[0], special[1], special[2:8], special[8:20]
    leaver.account_enabled = False
    conflicting.licenses = [_hold("TEAMS_FREE")]
    for user in (*no_location, *pilots):  # a licence of their own would hide what they inherit, and needs a location
        user.licenses = [_hold("POWER_BI_STANDARD")] if user in pilots else []
    bare = {id(user) for user in no_location}
    others = [department for department, _ in DEPARTMENTS if department != "Sales"]
    office = [people.draw(rng.choice(others)) for _ in range(151)]
    for user in rng.sample(office, 18):
        user.licenses = [_hold("SPE_E5"), _hold("POWER_BI_PRO")]
    _base_licences(rng, [user for user in people.users if id(user) not in bare])
    dach = [user for user in sales["EMEA"] if user.usage_location in ("DE", "CH")]
    iberia = [user for user in sales["EMEA"] if user.usage_location == "ES"]
    japan = [user for user in sales["APAC"] if user.usage_location == "JP"]
    return TenantSpec(
        display_name="Contoso",
        domains=["contoso.onmicrosoft.com", "contoso.example"],
        country_letter_code="US",
        seed=SEED,
        skus=[
            SkuSpec(sku_part_number="SPE_E3", enabled=400),
            SkuSpec(sku_part_number="SPE_E5", enabled=300),
            SkuSpec(sku_part_number="SPE_F1", enabled=60),
            SkuSpec(sku_part_number="STANDARDPACK", enabled=80),
            SkuSpec(sku_part_number="EXCHANGESTANDARD", enabled=25),
            SkuSpec(sku_part_number="POWER_BI_PRO", enabled=300),
            SkuSpec(sku_part_number="POWER_BI_STANDARD", enabled=1_000_000),
            SkuSpec(sku_part_number="MCOEV", enabled=60),
            SkuSpec(sku_part_number="PROJECTPROFESSIONAL", enabled=10),
            SkuSpec(sku_part_number="Microsoft_365_Copilot", enabled=40),
            SkuSpec(sku_part_number="EMS", enabled=0, suspended=50, capability_status="Suspended"),
            SkuSpec(sku_part_number="AAD_PREMIUM", enabled=20, warning=5, capability_status="Warning"),
            SkuSpec(sku_part_number="FLOW_FREE", enabled=10_000),
            SkuSpec(sku_part_number="TEAMS_FREE", enabled=5),
        ],
        users=people.users,
        devices=[DeviceSpec(id=SALES_LAPTOP, display_name="SALES-KIOSK-01")],
        groups=[
            GroupSpec(display_name="Sales DACH", description="Germany and Switzerland", members=_upns(dach)),
            GroupSpec(display_name="Sales Iberia", members=_upns(iberia)),
            GroupSpec(display_name="Sales Japan", members=_upns(japan)),
            GroupSpec(
                display_name="Sales EMEA",
                members=[
                    "Sales DACH",
                    "Sales Iberia",
                    *_upns([u for u in sales["EMEA"] if u not in dach and u not in iberia]),
                ],
            ),
            GroupSpec(display_name="Sales Americas", members=_upns(sales["Americas"])),
            GroupSpec(
                display_name="Sales APAC", members=["Sales Japan", *_upns([u for u in sales["APAC"] if u not in japan])]
            ),
            GroupSpec(
                display_name="Sales Department",
                id=SALES_DEPARTMENT,
                description="Everybody in sales, by region",
                members=["Sales EMEA", "Sales Americas", "Sales APAC", *_upns(guests), SALES_LAPTOP],
            ),
            GroupSpec(display_name="E5 Pilot", members=_upns(pilots), licenses=[_hold("SPE_E5")]),
            GroupSpec(display_name="Sales Analysts", members=_upns(analysts), licenses=[_hold("POWER_BI_PRO")]),
            GroupSpec(
                display_name="Engineering",
                membership_rule='user.department -eq "Engineering"',
                members=_upns([user for user in office if user.department == "Engineering"]),
            ),
            GroupSpec(display_name="All Company", members=_upns(people.users)),
        ],
    )


def _small(tenant: str, name: str, country: str, people_count: int, skus: dict[str, int], licence: str) -> TenantSpec:
    people = _People(tenant)
    departments = [department for department, _ in DEPARTMENTS]
    for _ in range(people_count):
        user = people.draw(people.rng.choice(departments))
        draw = people.rng.random()
        if draw < 0.02:
            user.usage_location = None
        elif draw < 0.7:
            user.licenses = [_hold(licence)]
    groups = [
        GroupSpec(
            display_name=department, members=_upns([user for user in people.users if user.department == department])
        )
        for department in departments
    ]
    return TenantSpec(
        display_name=name,
        domains=[people.domain],
        country_letter_code=country,
        seed=SEED,
        skus=[SkuSpec(sku_part_number=part, enabled=seats) for part, seats in skus.items()],
        users=people.users,
        groups=groups,
    )


def world() -> dict[str, TenantSpec]:
    """The three tenants by id."""
    return {
        CONTOSO: contoso(),
        FABRIKAM: _small(
            FABRIKAM,
            "Fabrikam",
            "DE",
            120,
            {"SPB": 110, "EXCHANGESTANDARD": 20, "POWER_BI_PRO": 15, "SPE_E5": 10, "FLOW_FREE": 10_000},
            "SPB",
        ),
        ADATUM: _small(
            ADATUM,
            "A. Datum",
            "GB",
            60,
            {"ENTERPRISEPACK": 50, "ENTERPRISEPREMIUM": 5, "MCOEV": 5, "EMS": 30, "POWER_BI_PRO": 10},
            "ENTERPRISEPACK",
        ),
    }


def load_world(engine: Engine) -> None:
    """Load the demo tenants."""
    for tenant, spec in world().items():
        engine.put_tenant(build_tenant(tenant, spec, engine.clock.now()))
