"""Names, places and departments for made-up people."""

import unicodedata
from functools import cache
from typing import NamedTuple

_FIRST_NAMES = (
    "Amara Anaïs Andrei Anika Antonio Aoife Arjun Astrid Ayşe Beatriz Bjørn Camille Carlos Chiara Chidi "
    "Claire Dalia Daniel Dmitri Elena Elif Emeka Emma Esther Farah Fatima Felix Finn Freya Giulia Grace "
    "Hana Hannah Haruto Helena Henrik Hiroshi Ibrahim Ines Ingrid Isabel Ivan Jakub James Jana João Jonas "
    "José Julia Kaito Kamila Karim Katarzyna Kavya Keiko Khalid Kofi Lars Layla Leila Lena Liam Linh "
    "Lucas Lucía Luka Maeve Magnus Malik Marek Mariana Marta Mateo Matthias Mei Mia Miguel Milan Min-jun "
    "Mohammed Nadia Naomi Nasrin Ngozi Niamh Nikos Noah Nora Olga Olivia Omar Oscar Pablo Petra Priya "
    "Rafael Rahul Rania Ravi Rosa Sakura Samir Sanna Santiago Sara Sebastián Seo-yeon Sofia Stefan Sunita "
    "Svetlana Tariq Tatiana Thandiwe Theo Thomas Tomás Uchenna Valentina Viktor Wei Xin Yara Yuki Yusuf "
    "Zainab Zofia Zoë"
)
FIRST_NAMES = tuple(_FIRST_NAMES.split())
_LAST_NAMES = (
    "Abadi Adeyemi Afolabi Ahmed Almeida Andersson Bakker Banerjee Becker Benali Berg Bianchi Boateng "
    "Bondarenko Brown Çelik Chen Chowdhury Clarke Costa Carvalho Das Visser Demir Diallo Dubois Eriksen "
    "Estrada Evans Ferrari Fischer Flores Fontaine Fraser García Ghosh Gonçalves Grant Gruber Gupta "
    "Haddad Hansen Hernández Hoang Horvat Hughes Huang Ito Ivanova Jansen Jensen Johansson Jovanović Kang "
    "Kapoor Kaya Khan Kim Kowalski Kumar Laurent Lee Lindqvist Lopes Lund Mäkinen Malik Marino Martin "
    "Mbeki Mehta Meyer Moreau Morales Moretti Murphy Müller Nakamura Ndlovu Nguyen Nielsen Nowak O’Brien "
    "Okafor Okonkwo Olsen Ortiz Osei Papadopoulos Park Patel Pereira Petrov Popescu Quinn Rahman Ramos "
    "Reyes Ricci Robinson Rossi Ruiz Sánchez Sato Schmidt Schneider Sharma Silva Singh Smith Sørensen "
    "Suzuki Takahashi Tan Taylor Torres Tran Tremblay Mulder Vargas Virtanen Walker Wang Weber Williams "
    "Wong Yamamoto Yildiz Young Zhang Zimmermann"
)
LAST_NAMES = tuple(_LAST_NAMES.split())


class Place(NamedTuple):
    """A city with its country and the region a company counts it to."""

    city: str
    country: str
    usage_location: str
    region: str


PLACES = tuple(
    Place(*line.split("|"))
    for line in (
        "London|United Kingdom|GB|EMEA",
        "Dublin|Ireland|IE|EMEA",
        "Zürich|Switzerland|CH|EMEA",
        "Munich|Germany|DE|EMEA",
        "Paris|France|FR|EMEA",
        "Madrid|Spain|ES|EMEA",
        "Milan|Italy|IT|EMEA",
        "Warsaw|Poland|PL|EMEA",
        "Stockholm|Sweden|SE|EMEA",
        "Lagos|Nigeria|NG|EMEA",
        "Cape Town|South Africa|ZA|EMEA",
        "Dubai|United Arab Emirates|AE|EMEA",
        "New York|United States|US|Americas",
        "Seattle|United States|US|Americas",
        "Toronto|Canada|CA|Americas",
        "São Paulo|Brazil|BR|Americas",
        "Mexico City|Mexico|MX|Americas",
        "Bogotá|Colombia|CO|Americas",
        "Tokyo|Japan|JP|APAC",
        "Singapore|Singapore|SG|APAC",
        "Sydney|Australia|AU|APAC",
        "Mumbai|India|IN|APAC",
        "Seoul|South Korea|KR|APAC",
        "Auckland|New Zealand|NZ|APAC",
    )
)

DEPARTMENTS = (
    ("Sales", ("Account Executive", "Sales Manager", "Inside Sales Representative", "Solution Specialist")),
    ("Marketing", ("Brand Manager", "Content Strategist", "Event Coordinator")),
    ("Engineering", ("Software Engineer", "Test Engineer", "Engineering Manager", "Site Reliability Engineer")),
    ("Finance", ("Controller", "Accountant", "Financial Analyst")),
    ("Human Resources", ("Recruiter", "People Partner")),
    ("Operations", ("Logistics Planner", "Plant Supervisor", "Buyer")),
    ("Customer Service", ("Service Agent", "Team Lead")),
    ("Legal", ("Counsel", "Contract Manager")),
    ("IT", ("Systems Administrator", "Service Desk Analyst", "Security Analyst")),
)

_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "’": "", " ": ""})


@cache
def ascii_name(name: str) -> str:
    """A name as it stands in an address: ``Søren O’Brien`` gives ``sorenobrien``."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(c for c in plain if c.isascii()).lower()
