"""Writes the list of tests/surface.toml as a table in C."""

import json
import sys
import tomllib


def text(value: object) -> str:
    return json.dumps(value)


def table(name: str, rows: list[tuple[str, str, str | None, str | None, str | None]]) -> str:
    def cell(value: str | None) -> str:
        return "NULL" if value is None else text(value)

    lines = [f"    {{{', '.join(cell(v) for v in row)}}}," for row in rows]
    return f"static const struct surface_case {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


with open(sys.argv[1], "rb") as file:
    listed = tomllib.load(file)
verbs, functions = [], []
for verb in listed["verb"]:
    for bad in verb["bad"]:
        verbs.append((verb["name"], json.dumps(bad["arguments"]), None, None, bad["error"]))
for function in listed["function"]:
    for good in function["good"]:
        result = good.get("result")
        if result is not None:
            result = json.dumps(json.loads(result), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        functions.append((function["name"], json.dumps(good["arguments"]), result, good.get("contains"), None))
    for bad in function["bad"]:
        functions.append((function["name"], json.dumps(bad["arguments"]), None, None, bad["error"]))
print("struct surface_case {\n    const char *name, *arguments, *result, *contains, *error;\n};")
print(table("verb_cases", verbs))
print(table("function_cases", functions))
