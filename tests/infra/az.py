"""Stands in for the Azure CLI in front of a directory and a function app that are a JSON file: ``az.py STATE args…``.

It knows the commands that the scripts of ``infra/`` give, and refuses any other. It answers as the CLI does: nothing
for what is null, 3 for what is not there.
"""

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

HOME = "99999999-0000-4000-8000-000000000000"
GRAPH, EXCHANGE = "00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000"
NOT_THERE = 3
APPLICATION = re.compile(r"appRoles\[\?value=='(.+?)' && contains\(allowedMemberTypes, 'Application'\)\]\.id \| \[0\]")
SCOPE = re.compile(r"oauth2PermissionScopes\[\?value=='(\w+)'\]\.id \| \[0\]")
PERMISSIONS = {
    "Organization.Read.All", "User.Read.All", "User.ReadWrite.All", "GroupMember.Read.All", "MailboxSettings.Read",
    "LicenseAssignment.ReadWrite.All", "Directory.Read.All", "Exchange.ManageAsApp", "openid", "profile", "email",
}  # fmt: skip


def id_of(name: str) -> str:
    """The id of something by its name, the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def answer(state: Json, words: str, option: Json) -> str | int:
    """What a command prints, or the status with which it fails; ``state`` is what it leaves behind."""
    applications: Json = state["applications"]
    match words:
        case "account show":
            return HOME
        case "ad app list":
            name = re.fullmatch(r"displayName eq '(.+)'", option["filter"])[1]  # pyright: ignore[reportOptionalSubscript]
            found = [(id, each["appId"]) for id, each in applications.items() if each["displayName"] == name]
            return "\n".join("\t".join(pair) for pair in found)
        case "ad app create":
            number = str(len(applications))
            created = {"displayName": option["display-name"], "appId": id_of("client" + number), "trusts": []}
            applications[id_of("object" + number)] = created
            return f"{id_of('object' + number)}\t{created['appId']}"
        case "ad sp show":
            return _principal(state, option)
        case "ad sp create":
            state["principals"].append(option["id"])
            return ""
        case "ad app federated-credential list":
            subject = re.search(r"subject=='(.+?)'", option["query"])[1]  # pyright: ignore[reportOptionalSubscript]
            return next(
                (each["name"] for each in applications[option["id"]]["trusts"] if each["subject"] == subject), ""
            )
        case "ad app federated-credential create":
            applications[option["id"]]["trusts"].append(json.loads(option["parameters"]))
            return ""
        case "rest":
            return _rest(state, option)
        case "functionapp keys list":
            state["looks"] += 1
            return "true" if state["looks"] > state["key_after"] else "false"
        case "deployment group create":
            state["deployed"].append(option)
            return ""
        case _:
            raise SystemExit(f"az: {words} is not known here")


def _principal(state: Json, option: Json) -> str | int:
    query = option.get("query", "")
    permission = APPLICATION.fullmatch(query) or SCOPE.fullmatch(query)
    if permission:
        return id_of(permission[1]) if permission[1] in PERMISSIONS else ""
    if option["id"] not in state["principals"]:
        return NOT_THERE
    return id_of("principal" + option["id"]) if query == "id" else ""


def _rest(state: Json, option: Json) -> str | int:
    method, path = option["method"], option["url"].removeprefix("https://graph.microsoft.com/v1.0")
    assigned: Json = state["assigned"]
    if method == "PATCH" and (found := re.fullmatch(r"/applications/([\w-]+)", path)):
        state["applications"][found[1]] |= json.loads(option["body"])
        return ""
    if method == "GET" and path.startswith("/roleManagement/directory/roleDefinitions?$filter=displayName%20eq%20'"):
        return id_of(path.rpartition("eq%20")[2].strip("'").replace("%20", " "))
    if method == "GET" and path.startswith("/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'"):
        return next(iter(assigned), "")
    if method == "POST" and path == "/roleManagement/directory/roleAssignments":
        assigned[id_of("assignment")] = json.loads(option["body"])
        return ""
    if method == "DELETE" and path.startswith("/roleManagement/directory/roleAssignments/"):
        del assigned[path.rpartition("/")[2]]
        return ""
    raise SystemExit(f"az: {method} {path} is not known here")


def main() -> None:
    """Carry out one command."""
    file, *arguments = sys.argv[1:]
    first = next((place for place, word in enumerate(arguments) if word.startswith("--")), len(arguments))
    option: Json = {}
    for word in arguments[first:]:
        if word.startswith("--"):
            option[word[2:]] = []
        else:
            option[list(option)[-1]].append(word)
    state = json.loads(Path(file).read_text())
    told = answer(state, " ".join(arguments[:first]), {name: " ".join(words) for name, words in option.items()})
    Path(file).write_text(json.dumps(state))
    if isinstance(told, int):
        raise SystemExit(told)
    if told and option.get("output") != ["none"]:
        print(told)  # noqa: T201 - that is how the CLI answers


if __name__ == "__main__":
    main()
