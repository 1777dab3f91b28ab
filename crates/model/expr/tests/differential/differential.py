"""Writes down what CPython makes of the snippets in this folder.

Run it with any CPython from 3.11 on: `python3 tests/differential/differential.py`. Each snippet is
wrapped into a function as the engine does it; its result or exception becomes one line of
`expected.jsonl`. Snippets in `*.txt` are separated by lines of `---`.
"""

import json
import pathlib
import traceback

HERE = pathlib.Path(__file__).parent


def evaluate(source):
    lines = "".join(
        "    " + line if line.strip() else line for line in source.splitlines(keepends=True)
    )
    wrapped = f"def handler():\n{lines}\nresult = handler()\n"
    scope = {}
    try:
        code = compile(wrapped, "snippet", "exec")
    except SyntaxError as error:
        return {"syntax": error.msg, "line": (error.lineno or 0) - 1}
    try:
        exec(code, scope)
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == "snippet"]
        return {
            "error": type(error).__name__,
            "message": str(error),
            "line": frames[-1].lineno - 1,
        }
    result = scope["result"]
    if hasattr(result, "__next__"):
        try:
            result = list(result)
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)}
    return {"result": repr(result)}


def main():
    with open(HERE / "expected.jsonl", "w") as out:
        for path in sorted(HERE.glob("*.txt")):
            for source in path.read_text().split("\n---\n"):
                source = source.strip("\n")
                if source:
                    record = {"file": path.stem, "source": source, **evaluate(source)}
                    out.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
