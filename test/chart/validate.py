"""Validates manifests on standard input against the strict schemas of the versions that are named; one line for each fault."""

import sys

import kubernetes_validate
import yaml

# Kinds of other projects, which have no schema here.
FOREIGN = ("tradewind.dev/", "monitoring.coreos.com/", "cert-manager.io/")

objects = [item for item in yaml.safe_load_all(sys.stdin) if item is not None]
checked = 0
for version in sys.argv[1:]:
    for item in objects:
        if item["apiVersion"].startswith(FOREIGN):
            continue
        name = f"{version} {item['kind']}/{item['metadata']['name']}"
        try:
            used = kubernetes_validate.validate(item, version, strict=True)
            if used != version:
                print(f"{name}: there is no schema, {used} was used")
            checked += 1
        except kubernetes_validate.ValidationError as error:
            print(f"{name}: {'.'.join(str(part) for part in error.path)}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            print(f"{name}: {error.message}")
print(f"checked {checked}")
