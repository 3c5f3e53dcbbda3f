#!/usr/bin/env python3
"""Generates host/models/data/catalog.json: dated limits and capabilities of models.

The source is LiteLLM's data file (MIT), extracted from its wheel without installing or importing it:

    pip download --no-deps litellm==1.110.2
    scripts/make-catalog.py litellm-1.110.2-*.whl 2026-11-24

SUPPLEMENT lists models that the source lacks, with date and origin. Prices come from the crate genai-prices.
"""
import json
import re
import sys
import zipfile

MEMBER = "litellm/model_prices_and_context_window_backup.json"
PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
NOT_FOR_TEXT = re.compile(
    r"audio|realtime|tts|image|search-preview|transcribe|ft:|robotics|lyria|learnlm|gemma|computer-use|deep-research|omni|exp-|daybreak|instruct|codex|container|cyber|-law|rosalind|search-api|customtools"
)

# From the vendors' model pages and SDKs, 2026-11-24: models that are retired or newer than the source.
SUPPLEMENT = {
    "anthropic/claude-sonnet-4-20250514": dict(context=200_000, output=64_000, status="deprecated", schema=True),
    "anthropic/claude-opus-4-20250514": dict(context=200_000, output=32_000, status="deprecated", schema=True),
    "anthropic/claude-fable-5-2": dict(context=1_000_000, output=128_000, status="ga", schema=True),
    "openai/gpt-6.1-terra": dict(context=1_050_000, output=128_000, status="ga", schema=True),
}


def features(provider, model, entry):
    found = ["streaming"]
    tools = bool(entry.get("supports_function_calling"))
    schema = bool(entry.get("supports_response_schema") or entry.get("supports_native_structured_output"))
    if provider == "anthropic":
        schema = True  # assumed; the host falls back if the service rejects it
    if tools:
        found.append("tools")
        if entry.get("supports_parallel_function_calling", provider != "openai"):
            found.append("parallel-tools")
    if schema:
        found.append("json-schema")
        old_gemini = provider == "google" and re.match(r"gemini-[12]", model)
        if tools and not old_gemini:
            found.append("json-schema-with-tools")
    for name, flag in (("reasoning", "supports_reasoning"), ("prompt-cache", "supports_prompt_caching"), ("vision", "supports_vision")):
        if entry.get(flag):
            found.append(name)
    return sorted(found)


def status(model, entry, as_of):
    gone = entry.get("deprecation_date")
    if gone and gone <= as_of:
        return None
    if "preview" in model or "latest" in model:
        return "preview"
    return "deprecated" if gone else "ga"


def main(wheel, as_of):
    version = re.search(r"litellm-([0-9.]+)-", wheel).group(1)
    source = json.loads(zipfile.ZipFile(wheel).read(MEMBER))
    models = {}
    for key, entry in source.items():
        provider = PROVIDERS.get(entry.get("litellm_provider"))
        model = key.split("/", 1)[-1]
        state = status(model, entry, as_of)
        if not provider or entry.get("mode") not in ("chat", "responses") or NOT_FOR_TEXT.search(key) or not state:
            continue
        row = {
            "provider": provider,
            "id": model,
            "context_tokens": entry.get("max_input_tokens"),
            "max_output_tokens": entry.get("max_output_tokens"),
            "features": features(provider, model, entry),
            "status": state,
        }
        if entry.get("deprecation_date"):
            row["shutdown"] = entry["deprecation_date"]
        models[f"{provider}/{model}"] = row
    for name, extra in SUPPLEMENT.items():
        provider, model = name.split("/", 1)
        have = ["parallel-tools", "prompt-cache", "reasoning", "streaming", "tools"]
        have += ["json-schema", "json-schema-with-tools"] if extra["schema"] else []
        models.setdefault(name, {
            "provider": provider, "id": model, "context_tokens": extra["context"],
            "max_output_tokens": extra["output"], "features": sorted(have), "status": extra["status"],
        })
    rows = ",\n".join("    " + json.dumps(models[name]) for name in sorted(models))
    head = json.dumps({"as_of": as_of, "source": f"litellm {version} (MIT), trimmed; supplement in scripts/make-catalog.py"})
    with open("host/models/data/catalog.json", "w") as out:
        out.write(head[:-1] + ', "models": [\n' + rows + "\n]}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
